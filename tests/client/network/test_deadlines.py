"""The total deadline of an exchange holds, however a server spreads its bytes; over real sockets."""

import gzip
import time
from threading import Event
from typing import Any

import pytest

from tests.client.response_samples import TASK
from tests.client.service import DONE, PHOTO, PRO, RUNNING
from tests.client.socket_server import Line, Story, answer
from tests.client.socket_stage import Stage
from wanlib import errors
from wanlib.base.clock import RealClock
from wanlib.client.tasks import poller

GAP = 0.02
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BIG = "x" * 12_000_000  # more than the buffers of a loopback connection hold


def trickling(begin: bytes, rest: bytes) -> Story:
    def story(line: Line) -> None:
        line.read()
        line.send(begin)
        line.trickle(rest, GAP)

    return story


def repeating(begin: bytes, part: bytes) -> Story:
    def story(line: Line) -> None:
        line.read()
        line.send(begin)
        while not line.pause(GAP):
            line.send(part)

    return story


def deaf(line: Line) -> None:
    line.hang()


EMPTY_BLOCK = b"\0\0\0\xff\xff"  # of deflate: stored, no bytes
STORIES: dict[str, Story] = {
    "head": trickling(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 400),
    "100 Continue": repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "empty gzip blocks": repeating(
        HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(b"")[:10], EMPTY_BLOCK
    ),
    "trailers": trickling(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: " + b"x" * 400),
    "chunk extension": trickling(CHUNKED + b"2;", b"x" * 400),
    "hang": deaf,
}


@pytest.mark.parametrize("name", STORIES)
def test_a_create_ends_in_time(stage: Stage, name: str) -> None:
    wan, playground = stage.play(STORIES[name])
    began = time.monotonic()
    with pytest.raises(errors.OutcomeUnknownError):
        stage.do(wan.submit(PRO, "a vase", n=1, timeout=0.4))
    assert time.monotonic() - began < 4  # a trickle takes 8 s, the others do not end
    assert playground.connections <= 1 and not playground.trickled_out


def test_a_body_that_is_not_accepted_ends_in_time(stage: Stage) -> None:
    wan, playground = stage.play(deaf)
    began = time.monotonic()
    with pytest.raises(errors.OutcomeUnknownError):
        stage.do(wan.submit(PRO, "a vase", images=[PHOTO], extra={"padding": BIG}, timeout=0.4))
    assert playground.connections <= 1 and time.monotonic() - began < 10


def test_a_handshake_that_trickles_was_not_accepted(stage: Stage) -> None:
    def server_hello(line: Line) -> None:
        line.trickle(b"\x16\x03\x03\x3f\xff\x02" + b"\0" * 400, GAP)

    _, playground = stage.play(server_hello)
    wan = stage.client(playground.url.replace("http:", "https:"), max_retries=0)
    with pytest.raises(errors.ConnectionFailedError, match="nothing was accepted"):
        stage.do(wan.submit(PRO, "a vase", n=1, timeout=0.4))
    assert (wan.spent, playground.trickled_out) == (0, False)


def test_a_name_lookup_that_takes_too_long_was_not_accepted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: over.wait() and [])
    wan, began = stage.client("http://wan.invalid/api/v1", max_retries=0), time.monotonic()
    try:
        with pytest.raises(errors.ConnectionFailedError, match="lookup"):
            stage.do(wan.submit(PRO, "a vase", n=1, timeout=0.2))
    finally:
        over.set()
    assert time.monotonic() - began < 4


def test_a_poll_that_is_not_answered_delays_no_other_wait(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "FIRST_POLL", 0.02)
    monkeypatch.setattr(poller, "ROUND_PATIENCE", 0.05)
    stuck = TASK[:-4] + "0002"
    polls: list[str] = []

    def story(line: Line) -> None:
        while True:
            line.read()
            polls.append(line.path)
            if stuck in line.path:
                line.hang()
                return
            line.send(answer(DONE.body if polls.count(line.path) > 2 else RUNNING.body))

    wan, _ = stage.play(story, clock=RealClock())
    outcomes: list[Any] = stage.do(wan.wait([stuck, TASK], timeout=1.5))
    assert isinstance(outcomes[0], errors.DeadlineExceededError)
    assert outcomes[1].images
