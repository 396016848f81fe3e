"""Pictures saved as files: under their own names, never over what is there, never half."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.client.response_samples import API, PRO, choices
from tests.client.results.picture_store import ENDED, PNG, TASK, Store, names, result, rules, save_pictures
from tests.support.fake_clock import FakeClock
from wanlib.client.http.messages import ConnectionLostError, Response
from wanlib.client.protocol.effects import Gather, Send
from wanlib.client.results.result import parse_result
from wanlib.client.results.save import save
from wanlib.errors import DownloadFailedError, InvalidArgumentError


def test_each_picture_gets_a_file_of_its_own(tmp_path: Path) -> None:
    files = save_pictures(Store(), tmp_path / "new" / "folder", "a", "b", "a", stem="cat")
    assert [each.name for each in files] == ["cat-1.png", "cat-2.png", "cat-3.png"]
    assert [each.read_bytes() for each in files] == [PNG["a"], PNG["b"], PNG["a"]]
    assert names(tmp_path / "new" / "folder") == ["cat-1.png", "cat-2.png", "cat-3.png"]
    old = os.umask(0o022)
    os.umask(old)
    if os.name == "posix":
        assert files[0].stat().st_mode & 0o777 == 0o666 & ~old


def test_nothing_to_fetch(tmp_path: Path) -> None:
    assert save_pictures(Store(), tmp_path, of=parse_result(API, PRO, choices())) == []


def test_the_pictures_are_fetched_side_by_side(tmp_path: Path) -> None:
    effect = next(save(result("a", "b", "c"), tmp_path, rules(FakeClock()), stem="x", width=2))
    assert isinstance(effect, Gather)
    assert (len(effect.steps), effect.width) == (3, 2)


def test_a_broken_run_is_taken_up_again(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailedError):
        save_pictures(Store(b=ConnectionLostError("cut")), tmp_path)
    store = Store()
    assert [each.name for each in save_pictures(store, tmp_path)] == [f"{TASK}-1.png", f"{TASK}-2.png"]
    assert store.asked == ["b"]
    store = Store()
    save_pictures(store, tmp_path, time=FakeClock(ENDED + 2 * API.life.links_expire_after))
    assert store.asked == [], "what is saved needs no link any more"


def test_overwrite_fetches_existing_pictures_again(tmp_path: Path) -> None:
    save_pictures(Store(a=PNG["c"]), tmp_path, "a")
    assert save_pictures(Store(), tmp_path, "a", overwrite=True)[0].read_bytes() == PNG["a"]


def test_a_name_that_is_not_the_results_own_is_compared(tmp_path: Path) -> None:
    save_pictures(Store(), tmp_path, "a", stem="out")
    store = Store()
    assert save_pictures(store, tmp_path, "a", stem="out") == [tmp_path / "out-1.png"]
    assert store.asked == ["a"]
    with pytest.raises(DownloadFailedError, match="is another file: move it away"):
        save_pictures(Store(), tmp_path, "b", stem="out")
    assert (tmp_path / "out-1.png").read_bytes() == PNG["a"]
    assert names(tmp_path) == ["out-1.png"]


@pytest.mark.parametrize("there", [b"", b"mine", PNG["a"][:-1], PNG["c"] + b"more"])
@pytest.mark.parametrize("linked", [True, False])
def test_an_existing_file_is_overwritten_only_on_request(
    tmp_path: Path, there: bytes, linked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not linked:
        monkeypatch.setattr(os, "link", no_links)
    taken = tmp_path / "x-1.png"
    taken.write_bytes(there)
    with pytest.raises(DownloadFailedError, match=r"x-1\.png already exists") as caught:
        save_pictures(Store(), tmp_path, stem="x")
    assert caught.value.saved == (tmp_path / "x-2.png",)
    assert taken.read_bytes() == there
    assert names(tmp_path) == ["x-1.png", "x-2.png"]
    save_pictures(Store(), tmp_path, stem="x", overwrite=True)
    assert taken.read_bytes() == PNG["a"]


def no_links(*_: Any) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_a_disk_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", no_links)
    assert save_pictures(Store(), tmp_path, "a")[0].read_bytes() == PNG["a"]
    assert names(tmp_path) == [f"{TASK}-1.png"]


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "x-1.png").mkdir()
    for overwrite in (False, True):
        with pytest.raises(DownloadFailedError):
            save_pictures(Store(), tmp_path, "a", stem="x", overwrite=overwrite)
    assert names(tmp_path) == ["x-1.png"]


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(DownloadFailedError, match="out is a file, not a folder: move it away"):
        save_pictures(Store(), tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DownloadFailedError, match="Permission denied"):
        save_pictures(Store(), tmp_path)
    tmp_path.chmod(0o700)


def test_a_full_disk(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(DownloadFailedError, match="No space left on device") as caught:
        save_pictures(Store(a=full), tmp_path)
    assert caught.value.saved == (tmp_path / f"{TASK}-2.png",)
    assert names(tmp_path) == [f"{TASK}-2.png"]


@pytest.mark.parametrize(
    "stem",
    ["", ".", "..", "../x", "a/b", "a\\b", "C:x", "a\0b", "a\nb", ".hidden", " x", "x" * 181, "\ud800"],
)
def test_a_stem_that_is_not_a_file_name(tmp_path: Path, stem: str) -> None:
    store = Store()
    with pytest.raises(InvalidArgumentError, match="allowed"):
        save_pictures(store, tmp_path / "in", stem=stem)
    assert store.asked == []
    assert names(tmp_path) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit()])
def test_an_interrupted_save_leaves_no_partial_file(tmp_path: Path, error: BaseException) -> None:
    def stopped(send: Send) -> Response:
        assert send.sink is not None
        send.sink.start(Response(200, {}, b""))
        send.sink.write(PNG["a"][:20])
        assert len(names(tmp_path)) == 1
        raise error

    with pytest.raises(type(error)):
        save_pictures(stopped, tmp_path, "a")
    assert names(tmp_path) == []


def test_a_fault_of_the_driver_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        save_pictures(Store(a=ZeroDivisionError()), tmp_path)
