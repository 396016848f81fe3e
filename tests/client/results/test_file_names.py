"""Names of picture files: existing files, no partial file after a kill, and complete files on the disk."""

import errno
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from tests.client.response_samples import TASK
from tests.client.results.picture_store import PNG, Store, names, save_pictures
from wanlib.client.results import file_names, partial_file
from wanlib.client.results.file_names import rename_exclusively
from wanlib.errors import DownloadFailedError

DESCRIPTORS = Path("/proc/self/fd")
posix = pytest.mark.skipif(os.name != "posix", reason="pipes, devices and kill -9 are of POSIX")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made, chdir(path.parent):  # its path may have 100 bytes only
        made.bind(path.name)


IN_THE_WAY: dict[str, Callable[[Path], object]] = {
    "a named pipe": lambda path: os.mkfifo(path),
    "a device": lambda path: path.symlink_to(os.devnull),
    "a socket": _socket,
    "a folder": lambda path: path.mkdir(),
    "a symbolic link that leads nowhere": lambda path: path.symlink_to("nowhere"),
}


@posix
@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("kind", IN_THE_WAY)
def test_a_name_that_is_not_a_file_is_kept_and_nothing_is_fetched(
    tmp_path: Path, kind: str, overwrite: bool
) -> None:
    path, store = tmp_path / f"{TASK}-1.png", Store()
    IN_THE_WAY[kind](path)
    if overwrite and "leads nowhere" in kind:
        save_pictures(store, tmp_path, overwrite=True)
        assert path.read_bytes() == PNG["a"] and not path.is_symlink()
        return
    with pytest.raises(DownloadFailedError, match=f"-1.png is {kind}: move it away") as caught:
        save_pictures(store, tmp_path, overwrite=overwrite)
    assert store.asked == ["b"]
    assert caught.value.saved == (tmp_path / f"{TASK}-2.png",)
    assert names(tmp_path) == [f"{TASK}-1.png", f"{TASK}-2.png"]


@posix
@pytest.mark.parametrize("kind", [kind for kind in IN_THE_WAY if kind != "a folder"])
def test_a_folder_that_is_something_else(tmp_path: Path, kind: str) -> None:
    IN_THE_WAY[kind](tmp_path / "out")
    store = Store()
    with pytest.raises(DownloadFailedError, match=f"out is {kind}, not a folder"):
        save_pictures(store, tmp_path / "out", "a")
    assert store.asked == []


@posix
def test_a_pipe_that_appears_during_the_download_is_not_opened(tmp_path: Path) -> None:
    def answer(send: Any) -> Any:
        os.mkfifo(tmp_path / "x-1.png")
        return Store()(send)

    with pytest.raises(DownloadFailedError, match="already exists"):
        save_pictures(answer, tmp_path, "a", stem="x")
    assert names(tmp_path) == ["x-1.png"]


@pytest.mark.parametrize("name", ["x" * 251 + ".png", "ä" * 125 + ".png"])
def test_the_longest_names_that_a_folder_takes(tmp_path: Path, name: str) -> None:
    assert save_pictures(Store(), tmp_path, "a", file=tmp_path / name) == [tmp_path / name]
    assert names(tmp_path) == [name]


def test_a_name_that_is_too_long_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailedError, match="File name too long"):
        save_pictures(Store(), tmp_path, "a", file=tmp_path / ("x" * 252 + ".png"))


def no_links(*_: Any) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


WAYS: dict[str, list[str]] = {"link": [], "system": ["link"], "look": ["link", "system"]}


@pytest.mark.parametrize("failing_ways", WAYS.values(), ids=WAYS)
def test_each_way_of_renaming_replaces_nothing(
    tmp_path: Path, failing_ways: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "link" in failing_ways:
        monkeypatch.setattr(os, "link", no_links)
    if "system" in failing_ways:
        monkeypatch.setattr(file_names, "_call_system", lambda *_: errno.EINVAL)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_text("new")
    target.symlink_to("nowhere")
    assert not rename_exclusively(source, target)
    target.unlink()
    target.write_text("old")
    assert not rename_exclusively(source, target)
    assert (source.read_text(), target.read_text()) == ("new", "old")
    target.unlink()
    assert rename_exclusively(source, target)
    assert names(tmp_path) == ["target"] and target.read_text() == "new"
    with pytest.raises(FileNotFoundError):
        rename_exclusively(source, tmp_path / "other")


@posix
@pytest.mark.parametrize("failing_ways", WAYS.values(), ids=WAYS)
def test_a_process_that_is_killed_leaves_no_half_file(tmp_path: Path, failing_ways: list[str]) -> None:
    """Without hard links, an empty file used to hold the name, and a second run refused to replace it."""
    command = [
        sys.executable,
        "-m",
        "tests.client.results.kill_worker",
        str(tmp_path),
        ",".join(failing_ways),
    ]
    reports = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert len(reports) >= 5, reports
    assert {state for _, state, _ in reports} == {"nothing", "whole"}, reports
    assert {after for _, _, after in reports} == {"whole"}, reports


@pytest.mark.skipif(not DESCRIPTORS.exists(), reason="the names of open files are shown by Linux alone")
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_picture_is_on_the_disk_before_it_has_its_name_and_its_name_before_it_is_reported(
    tmp_path: Path, overwrite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    target = tmp_path / "new" / f"{TASK}-1.png"

    def fsync(descriptor: int) -> None:
        path = (DESCRIPTORS / str(descriptor)).readlink()
        name = "picture" if path.suffix == ".part" else path.name
        if name == "picture":
            assert path.read_bytes() == PNG["a"], "what is in a buffer is not synced"
        steps.append(f"{name}, {'named' if target.exists() else 'not named'}")

    for module in (partial_file, file_names):
        monkeypatch.setattr(module.os, "fsync", fsync)
    save_pictures(Store(), target.parent, "a", overwrite=overwrite)
    assert steps == [f"{tmp_path.name}, not named", "picture, not named", "new, named"]


def test_a_disk_that_fails_to_sync_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(partial_file.os, "fsync", full)
    with pytest.raises(DownloadFailedError, match="No space left on device"):
        save_pictures(Store(), tmp_path, "a")
    assert names(tmp_path) == []
