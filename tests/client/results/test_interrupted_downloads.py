"""Ctrl-C and cancellation while pictures are saved: at once, without half files, with what is saved named."""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.client_fixture import KEY
from tests.client.response_samples import choices, reply
from tests.client.results.picture_store import PNG, names
from tests.client.service import PRO
from tests.client.socket_server import ServerConnection, SocketServer, answer
from tests.support.patience import PATIENCE
from wanlib import AsyncWan, Wan
from wanlib.client.drivers.threads import run_in_threads
from wanlib.client.http.messages import Response
from wanlib.client.results import partial_file
from wanlib.errors import DownloadFailedError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals to a thread are of POSIX")


def interrupt_main_thread() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once a picture has its name."""
    event = threading.Event()
    monkeypatch.setattr(partial_file, "sync_folder", lambda _: event.set())
    return event


class Pictures:
    """A service whose first picture comes and whose others hang.

    `stop` is called once all are asked for and the first is saved.
    """

    def __init__(self, saved: threading.Event, stop: Callable[[], object]) -> None:
        self._saved, self._stop = saved, stop
        self._waiting = threading.Barrier(2, action=self._stop_when_saved)
        self.server = SocketServer(self._serve)

    def _serve(self, connection: ServerConnection) -> None:
        """Answer the requests of a connection, until one of them hangs."""
        while True:
            connection.read()
            path = self.server.seen[-1][1]
            if "/generation" in path:
                parts = [{"image": f"{self.server.url}/{number}.png"} for number in (1, 2, 3)]
                connection.send(answer(reply(choices({"message": {"content": parts}})).body))
            elif "/1.png" in path:
                connection.send(answer(PNG["a"]))
            else:
                connection.send(answer(PNG["a"])[:-10])
                self._waiting.wait(PATIENCE)
                return connection.hang()

    def _stop_when_saved(self) -> None:
        assert self._saved.wait(PATIENCE)
        self._stop()


def test_ctrl_c_ends_at_once(tmp_path: Path, saved: threading.Event) -> None:
    pictures = Pictures(saved, interrupt_main_thread)
    try:
        with Wan(KEY, base_url=pictures.server.url, trust_env=False) as wan:
            output = wan.generate(PRO, "A vase", size="1K", n=3, via="sync")
            with pytest.raises(KeyboardInterrupt) as caught:
                output.save(tmp_path, stem="x")
    finally:
        pictures.server.close()
    assert caught.value.__notes__ == [f"1 of 3 pictures are saved: {tmp_path / 'x-1.png'}"]
    assert not pictures.server.was_outlasted
    assert names(tmp_path) == ["x-1.png"]
    assert output.images[2].url.endswith("/3.png"), "the links are kept"


def test_a_cancelled_save_ends_at_once(tmp_path: Path, saved: threading.Event) -> None:
    async def run() -> Any:
        loop = asyncio.get_running_loop()
        async with AsyncWan(KEY, base_url=pictures.server.url, trust_env=False) as wan:
            output = await wan.generate(PRO, "A vase", size="1K", n=3, via="sync")
            saving = asyncio.ensure_future(output.save(tmp_path, stem="x"))
            stops.append(lambda: loop.call_soon_threadsafe(saving.cancel))
            with pytest.raises(asyncio.CancelledError) as caught:
                await saving
            return caught.value.__notes__

    stops: list[Callable[[], Any]] = []
    pictures = Pictures(saved, lambda: stops[0]())
    try:
        assert asyncio.run(run()) == [f"1 of 3 pictures are saved: {tmp_path / 'x-1.png'}"]
    finally:
        pictures.server.close()
    assert names(tmp_path) == ["x-1.png"]


def test_threads_return_in_order_and_raise_the_first_exception() -> None:
    barrier = threading.Barrier(2)

    def meet(number: int) -> int:
        barrier.wait(PATIENCE)
        return number

    assert run_in_threads([lambda: meet(1), lambda: meet(2)], 2) == [1, 2]
    calls: list[int] = []
    failing: list[Callable[[], Any]] = [lambda: calls.append(1), lambda: [][1], lambda: calls.append(3)]
    with pytest.raises(IndexError):
        run_in_threads(failing, 1)
    assert calls == [1, 3]


def test_an_interrupted_caller_waits_for_no_thread_and_no_further_call_starts() -> None:
    started, release, calls = threading.Event(), threading.Event(), []

    def hold() -> None:
        started.set()
        interrupt_main_thread()
        release.wait(PATIENCE)
        ended.set()

    ended = threading.Event()
    functions: list[Callable[[], Any]] = [hold, lambda: calls.append("late")]
    with pytest.raises(KeyboardInterrupt):
        run_in_threads(functions, 1)
    assert started.is_set() and not ended.is_set()
    release.set()
    assert ended.wait(PATIENCE)
    assert calls == []


def test_a_thread_that_is_left_behind_writes_nothing(tmp_path: Path) -> None:
    part = partial_file.PartialFile(tmp_path / "a.png", 10_000, lambda: 0.0)
    part.open()
    part.start(Response(200, {}, b""))
    part.write(PNG["a"][:20])
    part.discard()
    steps: list[Callable[[], object]] = [
        part.open,
        lambda: part.start(Response(200, {}, b"")),
        lambda: part.write(PNG["a"][20:]),
    ]
    for step in steps:
        with pytest.raises(DownloadFailedError, match="the download was stopped"):
            step()
    assert names(tmp_path) == []


@pytest.mark.parametrize("when", ["before the file is created", "before it is renamed"])
def test_a_download_discarded_meanwhile_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Another thread discards the file between two steps of the one that downloads it."""
    part = partial_file.PartialFile(tmp_path / "new" / "a.png", 10_000, lambda: 0.0)

    def download() -> None:
        part.open()
        part.start(Response(200, {}, b""))
        part.write(PNG["a"])
        part.commit(overwrite=False)

    step = "sync_folder" if when == "before the file is created" else "os.fsync"
    monkeypatch.setattr(f"wanlib.client.results.partial_file.{step}", lambda _: part.discard())
    with pytest.raises(DownloadFailedError, match="the download was stopped"):
        download()
    assert (names(tmp_path / "new"), part.is_saved) == ([], False)


@pytest.mark.parametrize("is_removed", [False, True], ids=["while it is read", "before it is opened"])
def test_an_interruption_does_not_wait_for_a_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_removed: bool
) -> None:
    """The name is taken by a file that has to be read to see whether it is this picture."""
    (tmp_path / "a.png").write_bytes(PNG["a"])
    part = partial_file.PartialFile(tmp_path / "a.png", 10_000, lambda: 0.0)
    part.open()
    part.start(Response(200, {}, b""))
    part.write(PNG["a"])

    def compare(*files: Path, shallow: bool) -> bool:
        assert not part._lock.locked()
        part.discard()
        if is_removed:
            raise FileNotFoundError(files[0])
        return True

    monkeypatch.setattr(partial_file.filecmp, "cmp", compare)
    with pytest.raises(DownloadFailedError, match="the download was stopped"):
        part.commit(overwrite=False)
    assert (names(tmp_path), part.is_saved) == (["a.png"], False)
