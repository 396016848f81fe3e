"""Places to save to that cannot be, through the public client: an error of ours, which keeps the links."""

import errno
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import reply
from tests.client.results.picture_store import PNG, names
from tests.client.service import CREATED, DONE, PHOTO, PRO
from wanlib.client.results import partial_file
from wanlib.client.results.result import Result
from wanlib.errors import DownloadFailedError, InvalidArgumentError, WanError


def output(world: World) -> Any:
    """Return a paid result with one picture."""
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    world.service.on("download", reply(PNG["a"]))
    return world.do(world.wan.edit(PRO, "Make it dusk", images=[PHOTO], n=1))


class BrokenPath:
    """A path object of another library that fails."""

    def __init__(self, path: Any) -> None:
        self._path = path

    def __fspath__(self) -> Any:
        if isinstance(self._path, Exception):
            raise self._path
        return self._path


NOT_PATHS = {
    "NUL": "a\0b",
    "NUL in a file": "a\0b.png",
    "None": None,
    "bytes": b"out",
    "empty": "",
    "number": 7,
    "list": ["out"],
    "lone surrogate": "a\ud800b",
    "path with NUL": Path("a\0b"),
    "broken path": BrokenPath(RuntimeError("no")),
    "path without text": BrokenPath(7),
    "too long a folder": "x" * 256,
    "too long a file": "ä" * 126 + ".png",
    "too long a part": "x" * 256 + "/out",
}


@pytest.mark.parametrize("place", NOT_PATHS.values(), ids=NOT_PATHS)
def test_an_invalid_path_is_refused_and_the_links_are_kept(
    world: World, tmp_path: Path, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paid = output(world)
    with pytest.raises(InvalidArgumentError, match=r"(?s)folder .*; allowed: ") as caught:
        world.do(paid.save(place))
    assert names(tmp_path) == [] and not world.service.count("download")
    assert caught.value.result is paid
    assert world.do(caught.value.result.save("out")) == [Path("out", f"{paid.task_id}-1.png")]


LONG = "/".join(["x" * 200] * 30)
REFUSED_PLACES = {
    "mine": "mine is a file, not a folder",
    "mine/inner": "Not a directory",
    LONG: "File name too long",
    f"{LONG}/a.png": "File name too long",
}


@pytest.mark.parametrize(("place", "reason"), REFUSED_PLACES.items(), ids=[*range(len(REFUSED_PLACES))])
def test_where_nothing_can_be_stored_is_an_error_with_the_links(
    world: World, tmp_path: Path, place: str, reason: str
) -> None:
    (tmp_path / "mine").write_text("mine")
    paid = output(world)
    with pytest.raises(DownloadFailedError, match=reason) as caught:
        world.do(paid.save(tmp_path / place))
    assert caught.value.result is paid and caught.value.task_id == paid.task_id
    assert world.do(caught.value.result.save(tmp_path / "other"))
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize("call", ["open", "fsync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EIO])
def test_a_disk_that_fails_is_an_error_with_the_links(
    world: World, tmp_path: Path, call: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise OSError(number, os.strerror(number))

    paid = output(world)
    with monkeypatch.context() as failing:
        failing.setattr(*((partial_file.os, "fsync") if call == "fsync" else (Path, "open")), fail)
        with pytest.raises(DownloadFailedError, match=os.strerror(number)) as caught:
            world.do(paid.save(tmp_path))
    assert names(tmp_path) == []
    assert caught.value.saved == () and caught.value.result is paid
    assert world.do(caught.value.result.save(tmp_path))


def test_an_error_crosses_processes_with_the_links(world: World, tmp_path: Path) -> None:
    paid = output(world)
    with pytest.raises(WanError) as caught:
        world.do(paid.save(None))
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is InvalidArgumentError and type(again.result) is Result
    assert [picture.url for picture in again.result] == [picture.url for picture in paid]
    shown = repr(caught.value) + str(caught.value) + repr(caught.value.to_dict()) + repr(vars(caught.value))
    assert "Signature" in paid[0].url and "Signature" not in shown
