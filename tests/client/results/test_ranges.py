"""Broken and slow downloads: continued by range, given up below the least rate, never mixed."""

from pathlib import Path
from typing import Any

import pytest

from tests.client.response_samples import TASK
from tests.client.results.picture_store import ATTEMPTS, ENDED, PNG, Store, names, save_pictures
from tests.support.fake_clock import FakeClock
from wanlib.boundary.images import encode_image
from wanlib.client.http.messages import ConnectionLostError, Response
from wanlib.client.protocol.effects import Send
from wanlib.client.protocol.settings import STALL_TIMEOUT
from wanlib.client.results.picture_body import MIN_RATE
from wanlib.errors import DownloadFailedError

KIB = 1024
LARGE = encode_image("png", 64, 64, size_bytes=1024 * KIB)
ETAG = '"5B3C1A2E053D763E1B002CC607C5A0FE"'
SIZE = len(PNG["a"])
HALF = SIZE // 2


class Line:
    """A store behind a line that breaks or is slow.

    Args:
        picture: The file in the store.
        cut_after: The bytes of each answer after which the connection breaks; None for never.
        with_ranges: Whether the store serves ranges.
        clock: Advanced by the time that bytes take; None for none.
        rate: Bytes a second.
    """

    def __init__(
        self,
        picture: bytes,
        cut_after: int | None = None,
        *,
        with_ranges: bool = True,
        clock: FakeClock | None = None,
        rate: float = 1e9,
    ) -> None:
        self.ranges: list[str | None] = []
        self._picture, self._cut_after, self._with_ranges = picture, cut_after, with_ranges
        self._clock, self._rate = clock, rate

    def __call__(self, send: Send) -> Response:
        wanted, sink = send.request.headers.get("Range"), send.sink
        assert sink is not None
        self.ranges.append(wanted)
        first = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self._with_ranges else 0
        body, total = self._picture[first:], len(self._picture)
        headers = {"content-length": str(len(body)), "etag": ETAG}
        if first:
            assert send.request.headers["If-Range"] == ETAG
            headers["content-range"] = f"bytes {first}-{total - 1}/{total}"
        reply = Response(206 if first else 200, headers, b"")
        sink.start(reply)
        for at in range(0, len(body), 4 * KIB):
            if self._cut_after is not None and at >= self._cut_after:
                raise ConnectionLostError("the line broke")
            chunk = body[at : at + 4 * KIB]
            if self._clock:
                self._clock.at += len(chunk) / self._rate
            sink.write(chunk)
        return reply


def test_a_broken_download_goes_on_where_it_broke(tmp_path: Path) -> None:
    line = Line(LARGE, 600 * KIB)
    (file,) = save_pictures(line, tmp_path, "a")
    assert file.read_bytes() == LARGE
    assert line.ranges == [None, f"bytes={600 * KIB}-"]
    assert names(tmp_path) == [f"{TASK}-1.png"]


def test_a_line_that_breaks_more_often_than_there_are_attempts_is_enough(tmp_path: Path) -> None:
    line = Line(LARGE, 72 * KIB)
    assert save_pictures(line, tmp_path, "a")[0].read_bytes() == LARGE
    assert len(line.ranges) > 2 * ATTEMPTS


@pytest.mark.parametrize(("cut_after", "with_ranges"), [(8 * KIB, True), (72 * KIB, False)])
def test_attempts_without_progress_are_counted(tmp_path: Path, cut_after: int, with_ranges: bool) -> None:
    line = Line(LARGE, cut_after, with_ranges=with_ranges)
    with pytest.raises(DownloadFailedError, match="the line broke"):
        save_pictures(line, tmp_path, "a")
    assert ATTEMPTS <= len(line.ranges) <= ATTEMPTS + 1
    assert names(tmp_path) == []


def rest(first: int, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """The answer to a request for the rest of picture a."""
    body = PNG["a"][first:]
    known = {"etag": ETAG, "content-range": f"bytes {first}-{SIZE - 1}/{SIZE}"}
    return 206, known | {name.replace("_", "-"): value for name, value in headers.items()}, body


SECOND_ANSWERS: dict[str, tuple[Any, list[str | None]]] = {
    "the rest": (rest(HALF), []),
    "a part of the rest": ((206, rest(HALF)[1], PNG["a"][HALF : HALF + 8]), [f"bytes={HALF + 8}-"]),
    "no total": (rest(HALF, content_range=f"bytes {HALF}-{SIZE - 1}/*"), []),
    "all of it": ((200, {"etag": ETAG}, PNG["a"]), []),
    "all of another": ((200, {"etag": '"other"'}, PNG["a"]), []),
    "another begin": (rest(HALF - 8), [None]),
    "another begin, stated wrong": (rest(HALF - 8, content_range=f"bytes {HALF}-{SIZE - 1}/{SIZE}"), [None]),
    "the rest, stated wrong": (rest(HALF, content_range=f"bytes {HALF - 8}-{SIZE - 1}/{SIZE}"), [None]),
    "another size": (rest(HALF, content_range=f"bytes {HALF}-{SIZE}/{SIZE + 1}"), [None]),
    "another ETag": (rest(HALF, etag='"other"'), [None]),
    "an encoding": (rest(HALF, content_encoding="gzip"), [None]),
    "no Content-Range": ((206, {"etag": ETAG}, PNG["a"][HALF:]), [None]),
    "several ranges": (
        rest(HALF, content_range=f"bytes {HALF}-{HALF + 1},{HALF + 2}-{SIZE - 1}/{SIZE}"),
        [None],
    ),
    "no such range": ((416, {"content-range": f"bytes */{HALF}"}, b""), [None]),
    "busy": ((503, {}, b""), [f"bytes={HALF}-"]),
}


@pytest.mark.parametrize("second", SECOND_ANSWERS.values(), ids=SECOND_ANSWERS)
def test_any_answer_to_a_request_for_the_rest(tmp_path: Path, second: tuple[Any, list[str | None]]) -> None:
    answer, then = second
    broken = (200, {"etag": ETAG, "content-length": str(SIZE)}, PNG["a"][:HALF])
    last = rest(HALF) if then == [f"bytes={HALF}-"] else rest(HALF + 8)
    whole = (200, {"etag": ETAG}, PNG["a"])
    store = Store(a=[broken, answer, whole if then == [None] else last])
    assert save_pictures(store, tmp_path, "a")[0].read_bytes() == PNG["a"]
    assert store.ranges == [None, f"bytes={HALF}-", *then]


@pytest.mark.parametrize("etag", ["", 'W/"weak"', "bare", '"a"b"'])
def test_nothing_is_continued_without_a_strong_etag(tmp_path: Path, etag: str) -> None:
    broken = (200, {"etag": etag, "content-length": str(SIZE)}, PNG["a"][:HALF])
    store = Store(a=[broken, PNG["a"]])
    assert save_pictures(store, tmp_path, "a")[0].read_bytes() == PNG["a"]
    assert store.ranges == [None, None]


def test_a_rest_that_is_not_of_this_picture_is_found_out(tmp_path: Path) -> None:
    broken = (200, {"etag": ETAG, "content-length": str(SIZE)}, PNG["a"][:HALF])
    wrong = (206, rest(HALF)[1], bytes(SIZE - HALF))
    store = Store(a=[broken, wrong, (200, {"etag": ETAG}, PNG["a"])])
    assert save_pictures(store, tmp_path, "a")[0].read_bytes() == PNG["a"]
    assert store.ranges == [None, f"bytes={HALF}-", None]


def test_a_picture_that_is_whole_needs_no_proper_end(tmp_path: Path) -> None:
    class LostEnd(Line):
        def __call__(self, send: Send) -> Response:
            super().__call__(send)
            raise ConnectionLostError("the trailer never came")

    line = LostEnd(PNG["a"])
    assert save_pictures(line, tmp_path, "a")[0].read_bytes() == PNG["a"]
    assert line.ranges == [None]


def test_a_slow_line_is_enough_while_bytes_keep_coming(tmp_path: Path) -> None:
    """9 MB at 1 Mbit/s take 72 s, of which no single attempt had to be shorter."""
    clock = FakeClock(ENDED)
    nine_mb = encode_image("png", 64, 64, size_bytes=9_000_000)
    line = Line(nine_mb, clock=clock, rate=125_000)
    assert save_pictures(line, tmp_path, "a", time=clock)[0].read_bytes() == nine_mb
    assert clock.at - ENDED == pytest.approx(72.0)
    assert line.ranges == [None]


@pytest.mark.parametrize(("factor", "is_enough"), [(1.2, True), (0.8, False)])
def test_the_least_rate(tmp_path: Path, factor: float, is_enough: bool) -> None:
    clock = FakeClock(ENDED)
    picture = encode_image("png", 64, 64, size_bytes=int(4 * STALL_TIMEOUT * MIN_RATE))
    line = Line(picture, with_ranges=False, clock=clock, rate=factor * MIN_RATE)

    def run() -> Any:
        return save_pictures(line, tmp_path, "a", time=clock)

    if is_enough:
        assert run()[0].read_bytes() == picture
        return
    with pytest.raises(DownloadFailedError, match="fewer than 1,024 a second"):
        run()
    assert clock.at - ENDED < ATTEMPTS * 2 * STALL_TIMEOUT


def test_the_time_for_all_attempts_ends(tmp_path: Path) -> None:
    clock = FakeClock(ENDED)
    line = Line(LARGE, 72 * KIB, clock=clock, rate=72 * KIB)
    with pytest.raises(DownloadFailedError, match="before the timeout"):
        save_pictures(line, tmp_path, "a", time=clock, seconds=10.0)
    assert clock.at - ENDED < 11.0


def test_an_answer_that_refuses_without_end_is_cut(tmp_path: Path) -> None:
    store = Store(a=(404, {"no": "length"}, bytes(5 * KIB)))
    with pytest.raises(DownloadFailedError, match="larger than 4,096 bytes"):
        save_pictures(store, tmp_path, "a", max_bytes=4 * KIB)
