"""The tree of errors as users import, catch and pickle it."""

import pickle
from pathlib import Path

import pytest

from tests.client.client_fixture import World
from tests.client.service import PRO
from wanlib import errors
from wanlib.base.values import UNDETERMINED
from wanlib.base.violation import Violation

PUBLIC = [getattr(errors, name) for name in errors.__all__]
DETAILS = {"status": 400, "code": "InvalidParameter", "request_id": "req-1", "task_id": "t-1"}


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_each_error_shows_its_public_name(kind: type) -> None:
    assert f"{kind.__module__}.{kind.__qualname__}" == f"wanlib.errors.{kind.__name__}"


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_each_survives_a_pickle(kind: type[Exception]) -> None:
    """As when it crosses the border of a process pool."""
    made = kind("what happened", **DETAILS) if issubclass(kind, errors.WanError) else kind("ignored")  # type: ignore[arg-type]
    if isinstance(made, errors.InvalidRequestError):
        made.violations = (Violation("wan2.7/n.max", "rejected", "/parameters/n", 4, UNDETERMINED),)
    again = pickle.loads(pickle.dumps(made))
    assert (type(again), str(again), vars(again)) == (type(made), str(made), vars(made))
    assert again.args == made.args


def test_the_module_offers_the_whole_tree() -> None:
    def below(kind: type[Exception]) -> set[type[Exception]]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    assert below(errors.WanError) | {errors.IgnoredParameterWarning} == set(PUBLIC)


def test_a_missing_file_is_a_file_not_found_error(world: World) -> None:
    path = Path("no-such-folder", "clock.png").absolute()
    with pytest.raises(FileNotFoundError, match=r"clock\.png' can't be read: No such file") as caught:
        world.do(world.wan.edit(PRO, "Make it dusk", images=[path], n=1))
    assert isinstance(caught.value, errors.MissingFileError)
    assert (caught.value.filename, caught.value.errno) == (str(path), 2)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.filename, again.errno, again.strerror) == (str(path), 2, caught.value.strerror)
    assert not world.service.seen


def test_an_invalid_argument_is_a_value_error(world: World) -> None:
    with pytest.raises(ValueError, match="timeout is 'soon'; allowed: seconds, more than 0"):
        world.do(world.wan.edit(PRO, "Make it dusk", images=["https://a.example.com/a.png"], timeout="soon"))
