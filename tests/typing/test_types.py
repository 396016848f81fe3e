"""mypy and pyright refuse exactly the calls that violate a rule that types can express."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support.readme_code import write_python_blocks
from tests.typing.candidates import KINDS, candidates
from tests.typing.checkers import Messages, Refused, mypy, mypy_messages, pyright, pyright_messages
from tests.typing.share import share
from wanlib.spec import Spec, load

HERE = Path(__file__).parent
LEGAL, ILLEGAL = HERE / "legal.py", HERE / "illegal.py"
SINGLE_MISTAKES = HERE / "single_mistakes.py"
_ARGUMENTS = ("reportCallIssue", "reportArgumentType")
PYRIGHT = {
    "call-overload": _ARGUMENTS,
    "call-arg": _ARGUMENTS,
    "arg-type": _ARGUMENTS,
    "attr-defined": ("reportAttributeAccessIssue",),
    "return-value": ("reportReturnType",),
    "misc": ("reportGeneralTypeIssues",),
}


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load()


def written(spec: Spec, folder: Path) -> tuple[Path, list[bool]]:
    """A module with a line for each candidate, and for each line whether it must be refused."""
    found = list(candidates(spec))
    lines = [
        "from wanlib import Wan",
        "def calls(wan: Wan) -> None:",
        *(f"    {case.text()}" for case in found),
    ]
    file = folder / "drawn.py"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file.resolve(), [False, False, *(case.refused for case in found)]


@pytest.mark.long
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_type_checkers_refuse_exactly_the_illegal_calls(
    spec: Spec, tmp_path: Path, checker: Callable[[Sequence[Path]], Refused]
) -> None:
    drawn, is_illegal = written(spec, tmp_path)
    assert is_illegal.count(True) > 600 and is_illegal.count(False) > 400
    readme = write_python_blocks(tmp_path) + write_python_blocks(tmp_path, "Test without a key")
    found = checker([LEGAL, ILLEGAL, drawn, *readme])
    assert [found[file.name] for file in (LEGAL, *readme) if found.get(file.name)] == []
    expected = expected_errors(ILLEGAL)
    assert set(found[ILLEGAL.name]) == set(expected)
    assert [line for line, errors in found[ILLEGAL.name].items() if not errors <= expected[line]] == []
    lines = list(enumerate(drawn.read_text("utf-8").splitlines(), 1))
    passed = [line for number, line in lines if is_illegal[number - 1] and number not in found[drawn.name]]
    stopped = [line for number, line in lines if not is_illegal[number - 1] and number in found[drawn.name]]
    assert (passed, stopped) == ([], [])


@pytest.mark.long
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_the_classes_of_models_take_every_legal_call_and_refuse_single_mistakes(
    spec: Spec, tmp_path: Path, checker: Callable[[Sequence[Path]], Refused]
) -> None:
    """Parameters that exclude each other pass: only overloads can refuse them."""
    cases = list(candidates(spec))
    lines = ["from wanlib import Wan", "def calls(wan: Wan) -> None:"]
    file = tmp_path / "bound.py"
    file.write_text("\n".join([*lines, *(f"    {case.bound_text()}" for case in cases)]) + "\n", "utf-8")
    refused = checker([file.resolve()])[file.name]
    numbered = list(enumerate(cases, len(lines) + 1))
    assert [case.bound_text() for line, case in numbered if line in refused and not case.refused] == []
    passed = [case for line, case in numbered if line not in refused and case.refused]
    assert [case.bound_text() for case in passed if case.is_refused_alone(spec)] == []


@pytest.mark.long
@pytest.mark.parametrize(("checker", "max_lines"), [(mypy_messages, 2), (pyright_messages, 12)])
def test_a_single_mistake_is_one_error_whose_first_line_names_it(
    checker: Callable[[Path], Messages], max_lines: int
) -> None:
    lines = SINGLE_MISTAKES.read_text("utf-8").splitlines()
    expected = {
        number: comment[1]
        for number, line in enumerate(lines, 1)
        if (comment := re.search(r"  # (\w+)$", line))
    }
    messages = checker(SINGLE_MISTAKES)
    assert set(messages) == set(expected)
    for number, name in expected.items():
        (message,) = messages[number]
        first, *rest = message.splitlines()
        assert f'"{name}"' in first
        assert len(rest) < max_lines


def expected_errors(file: Path) -> dict[int, set[str]]:
    """By line, the error that its comment names in mypy's words, and pyright's words for it."""
    lines = enumerate(file.read_text("utf-8").splitlines(), 1)
    words = {number: comment[1] for number, line in lines if (comment := re.search(r"  # ([a-z-]+)$", line))}
    return {number: {word, *PYRIGHT[word]} for number, word in words.items()}


def test_every_rule_that_types_can_express_has_an_illegal_call(spec: Spec) -> None:
    left = {rule for rule in share(spec).left if spec.rules[rule].kind in KINDS}
    assert left == {"wan2.6/stream.required:interleave_sync"}  # the verb `stream` sends it, and no other may


def test_the_share_of_the_rules_that_the_types_catch(spec: Spec) -> None:
    found = share(spec)
    assert len(found.caught) > 70
    assert str(found).startswith(f"the types catch {len(found.caught)} of the ")
    assert sum(map(len, found)) == sum(rule.scope == "body" for rule in spec.rules.values())
