"""Pictures fetched into files: whole, under their own names, and never twice what is there."""

import errno
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.client.response_samples import API, KEY, PRO, TASK, choice, choices, image, link
from tests.client.steps_driver import play
from tests.support.fake_clock import FakeClock
from tests.support.image_files import picture
from wanlib.client.http.messages import ConnectionLostError, NotSentError, Request, Response
from wanlib.client.protocol.context import MAX_RETRIES
from wanlib.client.protocol.effects import Gather, Send
from wanlib.client.protocol.timing import Backoff
from wanlib.client.results.download import MAX_PICTURE_BYTES, save
from wanlib.client.results.partial_file import IncompletePictureError, PartialFile
from wanlib.client.results.result import CallContext, Result, parse_result
from wanlib.errors import DownloadFailedError, InvalidArgumentError, LinkExpiredError

ATTEMPTS = 1 + MAX_RETRIES

PNG = {name: picture("png", "RGB", (9, 4 + number)) for number, name in enumerate("abcd")}
ENDED = 1_777_852_860.0


def result(*names: str, **known: Any) -> Result:
    body = choices(choice(*(image(name) for name in names)))
    return parse_result(API, PRO, body, CallContext(**({"task_id": TASK, "ended_at": ENDED} | known)))


def ask(url: str) -> Request:
    return Request("GET", url, {"Accept": "image/png"}, None, 60.0)


class Store:
    """The store of result pictures: an answer for each name, or a list of them, one for each try."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, send: Send) -> Response:
        name = send.request.url.partition("?")[0].rpartition("/")[2].removesuffix(".png")
        self.asked.append(name)
        answer = self.answers.get(name, PNG[name])
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
        reply = Response(
            status, headers if "no" in headers else {"content-length": str(len(body))} | headers, b""
        )
        assert send.sink is not None
        send.sink.start(reply)
        for at in range(0, len(body), 16):
            send.sink.write(body[at : at + 16])
        return reply


def fetch(
    store: Callable[[Send], Response], folder: Path, *names: str, time: FakeClock | None = None, **how: Any
) -> list[Path]:
    of = how.pop("of") if "of" in how else result(*(names or ("a", "b")))
    how = {"stem": TASK, "backoff": Backoff(1.0, 8.0, Random(1))} | how
    clock = time or FakeClock(ENDED)
    return play(save(of, folder, ask, clock, **how), store, clock)


def names(folder: Path) -> list[str]:
    """Every file of a folder, hidden ones too."""
    return sorted(each.name for each in folder.iterdir())


def test_each_picture_gets_a_file_of_its_own(tmp_path: Path) -> None:
    files = fetch(Store(), tmp_path / "new" / "folder", "a", "b", "a", stem="cat")
    assert [each.name for each in files] == ["cat-1.png", "cat-2.png", "cat-3.png"]
    assert [each.read_bytes() for each in files] == [PNG["a"], PNG["b"], PNG["a"]]
    assert names(tmp_path / "new" / "folder") == ["cat-1.png", "cat-2.png", "cat-3.png"]
    old = os.umask(0o022)
    os.umask(old)
    if os.name == "posix":
        assert files[0].stat().st_mode & 0o777 == 0o666 & ~old


def test_nothing_to_fetch(tmp_path: Path) -> None:
    assert fetch(Store(), tmp_path, of=parse_result(API, PRO, choices())) == []


def test_the_pictures_are_fetched_side_by_side(tmp_path: Path) -> None:
    effect = next(save(result("a", "b", "c"), tmp_path, ask, FakeClock(), stem="x", width=2))
    assert isinstance(effect, Gather)
    assert (len(effect.steps), effect.width) == (3, 2)


def test_a_broken_run_is_taken_up_again(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailedError):
        fetch(Store(b=ConnectionLostError("cut")), tmp_path)
    store = Store()
    assert [each.name for each in fetch(store, tmp_path)] == [f"{TASK}-1.png", f"{TASK}-2.png"]
    assert store.asked == ["b"]
    store = Store()
    fetch(store, tmp_path, time=FakeClock(ENDED + 2 * API.life.links_expire_after))
    assert store.asked == [], "what is saved needs no link any more"


def test_overwrite_fetches_what_is_there_again(tmp_path: Path) -> None:
    fetch(Store(a=PNG["c"]), tmp_path, "a")
    assert fetch(Store(), tmp_path, "a", overwrite=True)[0].read_bytes() == PNG["a"]


def test_a_name_that_is_not_the_results_own_is_compared(tmp_path: Path) -> None:
    fetch(Store(), tmp_path, "a", stem="out")
    store = Store()
    assert fetch(store, tmp_path, "a", stem="out") == [tmp_path / "out-1.png"]
    assert store.asked == ["a"]
    with pytest.raises(DownloadFailedError, match="is another file: move it away"):
        fetch(Store(), tmp_path, "b", stem="out")
    assert (tmp_path / "out-1.png").read_bytes() == PNG["a"]
    assert names(tmp_path) == ["out-1.png"]


@pytest.mark.parametrize("there", [b"", b"mine", PNG["a"][:-1], PNG["c"] + b"more"])
@pytest.mark.parametrize("linked", [True, False])
def test_a_file_that_is_there_is_never_overwritten_unasked(
    tmp_path: Path, there: bytes, linked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not linked:
        monkeypatch.setattr(os, "link", no_links)
    taken = tmp_path / "x-1.png"
    taken.write_bytes(there)
    with pytest.raises(DownloadFailedError, match=r"x-1\.png is there already") as caught:
        fetch(Store(), tmp_path, stem="x")
    assert caught.value.saved == (tmp_path / "x-2.png",)
    assert taken.read_bytes() == there
    assert names(tmp_path) == ["x-1.png", "x-2.png"]
    fetch(Store(), tmp_path, stem="x", overwrite=True)
    assert taken.read_bytes() == PNG["a"]


def no_links(*_: Any) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_a_disk_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", no_links)
    assert fetch(Store(), tmp_path, "a")[0].read_bytes() == PNG["a"]
    assert names(tmp_path) == [f"{TASK}-1.png"]


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "x-1.png").mkdir()
    for overwrite in (False, True):
        with pytest.raises(DownloadFailedError):
            fetch(Store(), tmp_path, "a", stem="x", overwrite=overwrite)
    assert names(tmp_path) == ["x-1.png"]


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(DownloadFailedError, match="out is a file, not a folder"):
        fetch(Store(), tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DownloadFailedError, match="Permission denied"):
        fetch(Store(), tmp_path)
    tmp_path.chmod(0o700)


def test_a_full_disk(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(DownloadFailedError, match="No space left on device") as caught:
        fetch(Store(a=full), tmp_path)
    assert caught.value.saved == (tmp_path / f"{TASK}-2.png",)
    assert names(tmp_path) == [f"{TASK}-2.png"]


FLAWS: dict[str, Any] = {
    "cut": ConnectionLostError("the connection broke"),
    "unsent": NotSentError("no connection"),
    "length unmet": (200, {"content-length": str(len(PNG["a"]) + 1)}, PNG["a"]),
    "truncated": PNG["a"][:-1],
    "truncated without a length": (200, {"no": "length"}, PNG["a"][:-9]),
    "empty": b"",
    "a page": b"<html>not now</html>",
    "damaged": PNG["a"][:45] + b"\0" + PNG["a"][46:],
    "busy": (503, {}, b"<Error/>"),
    "too much": (429, {}, b""),
}


@pytest.mark.parametrize("flaw", FLAWS.values(), ids=FLAWS)
def test_what_is_not_the_whole_picture_is_tried_again(tmp_path: Path, flaw: Any) -> None:
    time = FakeClock(ENDED)
    store = Store(a=[flaw, flaw, PNG["a"]])
    assert fetch(store, tmp_path, "a", time=time)[0].read_bytes() == PNG["a"]
    assert len(store.asked) == 3
    assert len(time.slept) == 2
    assert time.slept[0] <= 1.0 < time.slept[1] <= 2.0


@pytest.mark.parametrize("flaw", FLAWS.values(), ids=FLAWS)
def test_what_never_gets_whole_fails_and_leaves_nothing(tmp_path: Path, flaw: Any) -> None:
    store = Store(a=flaw)
    with pytest.raises(DownloadFailedError, match=f"in {ATTEMPTS} tries") as caught:
        fetch(store, tmp_path, "a")
    assert type(caught.value) is DownloadFailedError
    assert len(store.asked) == ATTEMPTS
    assert names(tmp_path) == []


def test_a_body_that_was_compressed_on_the_way_has_another_length(tmp_path: Path) -> None:
    answer = (200, {"content-encoding": "gzip", "content-length": "17"}, PNG["a"])
    assert fetch(Store(a=answer), tmp_path, "a")


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_dead_link_by_the_store(tmp_path: Path, status: int) -> None:
    store = Store(a=(status, {}, b"<Error>AccessDenied</Error>"))
    with pytest.raises(LinkExpiredError, match=f"HTTP {status}") as caught:
        fetch(store, tmp_path, "a")
    assert store.asked == ["a"]
    assert (caught.value.status, caught.value.task_id) == (status, TASK)
    assert names(tmp_path) == []


def test_a_dead_link_by_the_clock(tmp_path: Path) -> None:
    expiry = ENDED + API.life.links_expire_after
    store = Store()
    with pytest.raises(LinkExpiredError, match="has expired"):
        fetch(store, tmp_path, time=FakeClock(expiry))
    assert store.asked == []
    assert len(fetch(store, tmp_path, time=FakeClock(expiry - 1))) == 2
    unknown = result("a", ended_at=None)
    assert fetch(store, tmp_path, of=unknown, stem="y", time=FakeClock(expiry * 2))


def test_a_link_that_dies_between_two_tries(tmp_path: Path) -> None:
    time = FakeClock(ENDED + API.life.links_expire_after - 0.2)
    with pytest.raises(LinkExpiredError):
        fetch(Store(a=ConnectionLostError("cut")), tmp_path, "a", time=time)


@pytest.mark.parametrize("status", [204, 206, 301, 302, 307, 400, 401, 451])
def test_other_answers_are_not_tried_again(tmp_path: Path, status: int) -> None:
    store = Store(a=(status, {"location": "http://169.254.169.254/"}, b""))
    with pytest.raises(DownloadFailedError, match=f"HTTP {status}, 200 was due"):
        fetch(store, tmp_path, "a")
    assert store.asked == ["a"]


def test_one_of_four_fails_and_the_others_are_kept(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailedError, match="1 of 4 pictures were not saved") as caught:
        fetch(Store(c=(404, {}, b""), b=b"x"), tmp_path, "a", "c", "d", "a")
    assert type(caught.value) is LinkExpiredError
    assert [each.name for each in caught.value.saved] == [f"{TASK}-{number}.png" for number in (1, 3, 4)]
    assert f"{TASK}-2.png" in str(caught.value)
    with pytest.raises(DownloadFailedError, match="2 of 3") as caught:
        fetch(Store(c=(404, {}, b""), b=b"x"), tmp_path, "b", "c", "a", stem="y")
    assert type(caught.value) is DownloadFailedError, "not all were dead links"
    assert caught.value.saved == (tmp_path / "y-3.png",)
    assert (caught.value.task_id, caught.value.request_id) == (TASK, "req-2")


@pytest.mark.parametrize("headers", [{}, {"no": "length"}])
def test_the_cap(tmp_path: Path, headers: dict[str, str]) -> None:
    size = len(PNG["a"])
    answer = (200, headers, PNG["a"])
    with pytest.raises(DownloadFailedError, match=f"larger than {size - 1} bytes"):
        fetch(Store(a=answer), tmp_path, "a", max_bytes=size - 1)
    assert names(tmp_path) == []
    assert fetch(Store(a=answer), tmp_path, "a", max_bytes=size)
    assert MAX_PICTURE_BYTES > 4096 * 4096 * 8


def test_what_can_not_be_kept_is_refused_before_it_is_all_there(tmp_path: Path) -> None:
    part = PartialFile(tmp_path / "x.png", 100)
    part.open()
    with pytest.raises(DownloadFailedError, match="larger than 100 bytes"):
        part.start(Response(200, {"content-length": "101"}, b""))
    with pytest.raises(IncompletePictureError, match="not a PNG"):
        part.write(b"<!doctype html>")
    part.discard()
    assert names(tmp_path) == []


URLS = {
    "loopback": "http://127.0.0.1/a.png",
    "metadata": "http://169.254.169.254/latest",
    "in hex": "https://0x7f000001/a.png",
    "localhost": "https://localhost/a.png",
    "file": "file:///etc/passwd",
    "ftp": "ftp://pictures.example.com/a.png",
    "data": "data:image/png;base64,iVBORw0KGgo=",
    "with a user": "https://me:word@pictures.example.com/a.png",
    "a path": "/etc/passwd",
}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_addresses_that_are_not_asked(tmp_path: Path, url: str) -> None:
    store = Store()
    odd = parse_result(API, PRO, choices(choice({"image": url}, image("b"))))
    with pytest.raises(DownloadFailedError, match="1 of 2") as caught:
        fetch(store, tmp_path, of=odd, stem="x")
    assert store.asked == ["b"]
    assert "word" not in str(caught.value)


def test_a_private_address_where_that_is_allowed(tmp_path: Path) -> None:
    local = parse_result(API, PRO, choices(choice({"image": "http://127.0.0.1:8686/a.png"})))
    assert fetch(Store(), tmp_path, of=local, stem="x", allow_private=True)


@pytest.mark.parametrize(
    "stem",
    ["", ".", "..", "../x", "a/b", "a\\b", "C:x", "a\0b", "a\nb", ".hidden", " x", "x" * 181, "\ud800"],
)
def test_a_stem_that_is_no_file_name(tmp_path: Path, stem: str) -> None:
    store = Store()
    with pytest.raises(InvalidArgumentError, match="allowed"):
        fetch(store, tmp_path / "in", stem=stem)
    assert store.asked == []
    assert names(tmp_path) == []


def test_no_link_is_whole_in_an_error(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailedError) as caught:
        fetch(Store(a=(500, {}, b""), b=(404, {}, b"")), tmp_path)
    assert KEY not in str(caught.value) + repr(caught.value)
    assert KEY in link("a")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit()])
def test_whoever_stops_it_finds_no_half_file(tmp_path: Path, error: BaseException) -> None:
    def stopped(send: Send) -> Response:
        assert send.sink is not None
        send.sink.start(Response(200, {}, b""))
        send.sink.write(PNG["a"][:20])
        assert len(names(tmp_path)) == 1
        raise error

    with pytest.raises(type(error)):
        fetch(stopped, tmp_path, "a")
    assert names(tmp_path) == []


def test_a_fault_of_the_driver_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fetch(Store(a=ZeroDivisionError()), tmp_path)


class Shelf(http.server.BaseHTTPRequestHandler):
    """Pictures on a real socket: `whole`, `cut` (closed too early) and `gone`."""

    def do_GET(self) -> None:
        assert "Authorization" not in self.headers
        kind = self.path.partition("?")[0]
        self.send_response(404 if kind == "/gone.png" else 200)
        self.send_header("Content-Length", str(len(PNG["a"])))
        self.end_headers()
        self.wfile.write(PNG["a"][:30] if kind == "/cut.png" else PNG["a"])

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def shelf() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def over_http(send: Send) -> Response:
    import httpx

    assert send.sink is not None
    try:
        with httpx.stream("GET", send.request.url, headers=dict(send.request.headers)) as answer:
            reply = Response(
                answer.status_code, {key.lower(): value for key, value in answer.headers.items()}, b""
            )
            send.sink.start(reply)
            for piece in answer.iter_bytes():
                send.sink.write(piece)
            return reply
    except httpx.TransportError as error:
        raise ConnectionLostError(type(error).__name__) from error


def test_over_a_real_socket(tmp_path: Path) -> None:
    with shelf() as base:
        parts = [{"image": f"{base}/{kind}.png?{KEY}"} for kind in ("whole", "cut", "gone")]
        of = parse_result(API, PRO, choices(choice(*parts)))
        with pytest.raises(DownloadFailedError, match="2 of 3") as caught:
            fetch(over_http, tmp_path, of=of, stem="x", allow_private=True)
    assert caught.value.saved == (tmp_path / "x-1.png",)
    assert (tmp_path / "x-1.png").read_bytes() == PNG["a"]
    assert names(tmp_path) == ["x-1.png"]
