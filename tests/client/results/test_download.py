"""Pictures fetched: whole or not at all, from public addresses alone, within a cap."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.client.response_samples import API, KEY, PRO, choice, choices, image, link
from tests.client.results.picture_store import (
    ATTEMPTS,
    ENDED,
    PNG,
    TASK,
    Store,
    names,
    result,
    save_pictures,
)
from tests.support.fake_clock import FakeClock
from wanlib.client.http.messages import ConnectionLostError, NotSentError, Response
from wanlib.client.protocol.effects import Send
from wanlib.client.results.download import MAX_PICTURE_BYTES
from wanlib.client.results.partial_file import PartialFile
from wanlib.client.results.picture_body import IncompletePictureError
from wanlib.client.results.result import parse_result
from wanlib.errors import DownloadFailedError, LinkExpiredError

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
def test_an_incomplete_picture_is_retried(tmp_path: Path, flaw: Any) -> None:
    time = FakeClock(ENDED)
    store = Store(a=[flaw, flaw, PNG["a"]])
    assert save_pictures(store, tmp_path, "a", time=time)[0].read_bytes() == PNG["a"]
    assert len(store.asked) == 3
    assert len(time.slept) == 2
    assert time.slept[0] <= 1.0 < time.slept[1] <= 2.0


@pytest.mark.parametrize("flaw", FLAWS.values(), ids=FLAWS)
def test_a_picture_that_stays_incomplete_fails_and_leaves_no_file(tmp_path: Path, flaw: Any) -> None:
    store = Store(a=flaw)
    with pytest.raises(DownloadFailedError, match=f"in {ATTEMPTS} attempts") as caught:
        save_pictures(store, tmp_path, "a")
    assert type(caught.value) is DownloadFailedError
    assert len(store.asked) == ATTEMPTS
    assert names(tmp_path) == []


def test_a_body_that_was_compressed_on_the_way_has_another_length(tmp_path: Path) -> None:
    answer = (200, {"content-encoding": "gzip", "content-length": "17"}, PNG["a"])
    assert save_pictures(Store(a=answer), tmp_path, "a")


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_dead_link_by_the_store(tmp_path: Path, status: int) -> None:
    store = Store(a=(status, {}, b"<Error>AccessDenied</Error>"))
    with pytest.raises(LinkExpiredError, match=f"HTTP {status}") as caught:
        save_pictures(store, tmp_path, "a")
    assert store.asked == ["a"]
    assert (caught.value.status, caught.value.task_id) == (status, TASK)
    assert names(tmp_path) == []


ODD_ENDS = {
    "1970": 0.0,
    "another zone": ENDED - 8 * 3600,
    "25 hours ago": ENDED - 25 * 3600,
    "a day ago": ENDED - API.life.links_expire_after,
    "tomorrow": ENDED + 86400,
    "none": None,
}


@pytest.mark.parametrize("ended_at", ODD_ENDS.values(), ids=ODD_ENDS)
def test_the_store_decides_whether_a_link_is_dead_and_no_clock(
    tmp_path: Path, ended_at: float | None
) -> None:
    odd = result("a", ended_at=ended_at)
    assert save_pictures(Store(), tmp_path, of=odd) == [tmp_path / f"{TASK}-1.png"]
    for wall in (0.0, ENDED + 2 * API.life.links_expire_after):
        assert save_pictures(Store(), tmp_path / str(wall), of=odd, time=FakeClock(wall))


def test_a_link_that_dies_between_two_attempts(tmp_path: Path) -> None:
    store = Store(a=[ConnectionLostError("cut"), (403, {}, b"")])
    with pytest.raises(LinkExpiredError):
        save_pictures(store, tmp_path, "a")
    assert store.asked == ["a", "a"]


@pytest.mark.parametrize("status", [204, 206, 301, 302, 307, 400, 401, 451])
def test_other_answers_are_not_tried_again(tmp_path: Path, status: int) -> None:
    store = Store(a=(status, {"location": "http://169.254.169.254/"}, b""))
    with pytest.raises(DownloadFailedError, match=f"HTTP {status}, expected 200"):
        save_pictures(store, tmp_path, "a")
    assert store.asked == ["a"]


def test_one_of_four_fails_and_the_others_are_kept(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailedError, match="1 of 4 pictures were not saved") as caught:
        save_pictures(Store(c=(404, {}, b""), b=b"x"), tmp_path, "a", "c", "d", "a")
    assert type(caught.value) is LinkExpiredError
    assert [each.name for each in caught.value.saved] == [f"{TASK}-{number}.png" for number in (1, 3, 4)]
    assert f"{TASK}-2.png" in str(caught.value)
    with pytest.raises(DownloadFailedError, match="2 of 3") as caught:
        save_pictures(Store(c=(404, {}, b""), b=b"x"), tmp_path, "b", "c", "a", stem="y")
    assert type(caught.value) is DownloadFailedError, "not all were dead links"
    assert caught.value.saved == (tmp_path / "y-3.png",)
    assert (caught.value.task_id, caught.value.request_id) == (TASK, "req-2")


@pytest.mark.parametrize("headers", [{}, {"no": "length"}])
def test_the_cap(tmp_path: Path, headers: dict[str, str]) -> None:
    size = len(PNG["a"])
    answer = (200, headers, PNG["a"])
    with pytest.raises(DownloadFailedError, match=f"larger than {size - 1} bytes"):
        save_pictures(Store(a=answer), tmp_path, "a", max_bytes=size - 1)
    assert names(tmp_path) == []
    assert save_pictures(Store(a=answer), tmp_path, "a", max_bytes=size)
    assert MAX_PICTURE_BYTES > 4096 * 4096 * 8


def test_an_oversized_or_foreign_body_is_refused_early(tmp_path: Path) -> None:
    part = PartialFile(tmp_path / "x.png", 100, lambda: 0.0)
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
def test_addresses_that_are_not_requested(tmp_path: Path, url: str) -> None:
    store = Store()
    odd = parse_result(API, PRO, choices(choice({"image": url}, image("b"))))
    with pytest.raises(DownloadFailedError, match="1 of 2") as caught:
        save_pictures(store, tmp_path, of=odd, stem="x")
    assert store.asked == ["b"]
    assert "word" not in str(caught.value)


def test_a_private_address_where_that_is_allowed(tmp_path: Path) -> None:
    local = parse_result(API, PRO, choices(choice({"image": "http://127.0.0.1:8686/a.png"})))
    assert save_pictures(Store(), tmp_path, of=local, stem="x", allow_private=True)


def test_no_link_is_whole_in_an_error(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailedError) as caught:
        save_pictures(Store(a=(500, {}, b""), b=(404, {}, b"")), tmp_path)
    assert KEY not in str(caught.value) + repr(caught.value)
    assert KEY in link("a")


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
            save_pictures(over_http, tmp_path, of=of, stem="x", allow_private=True)
    assert caught.value.saved == (tmp_path / "x-1.png",)
    assert (tmp_path / "x-1.png").read_bytes() == PNG["a"]
    assert names(tmp_path) == ["x-1.png"]
