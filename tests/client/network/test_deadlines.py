"""The total deadline of an exchange holds, however a server spreads its bytes; over real sockets."""

import gzip
from threading import Event
from typing import Any

import pytest

from tests.client.response_samples import TASK
from tests.client.service import DONE, PHOTO, PRO, RUNNING
from tests.client.socket_server import GAP, Script, ServerConnection, answer, repeating, trickling
from tests.client.socket_testbed import SocketTestbed
from tests.support.patience import DEADLINES, HOLD
from wanlib import errors
from wanlib.base.clock import RealClock
from wanlib.client.tasks import poller

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BIG = "x" * 12_000_000  # more than the buffers of a loopback connection hold


def deaf(connection: ServerConnection) -> None:
    connection.hang()


EMPTY_BLOCK = b"\0\0\0\xff\xff"  # of deflate: stored, no bytes
SCRIPTS: dict[str, Script] = {
    "head": trickling(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 400),
    "100 Continue": repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "empty gzip blocks": repeating(
        HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(b"")[:10], EMPTY_BLOCK
    ),
    "trailers": trickling(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: " + b"x" * 400),
    "chunk extension": trickling(CHUNKED + b"2;", b"x" * 400),
    "hang": deaf,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_create_ends_in_time(testbed: SocketTestbed, name: str) -> None:
    _, _, server = testbed.run_out_of_time(
        errors.OutcomeUnknownError,
        SCRIPTS[name],
        lambda wan, seconds: wan.submit(PRO, "a vase", n=1, timeout=seconds),
    )
    assert server.connections <= 1 and not server.was_outlasted


def test_a_body_that_is_not_accepted_ends_in_time(testbed: SocketTestbed) -> None:
    _, _, server = testbed.run_out_of_time(
        errors.OutcomeUnknownError,
        deaf,
        lambda wan, seconds: wan.submit(
            PRO, "a vase", images=[PHOTO], extra={"padding": BIG}, timeout=seconds
        ),
    )
    assert server.connections <= 1 and not server.was_outlasted


def test_a_handshake_that_trickles_was_not_accepted(testbed: SocketTestbed) -> None:
    def server_hello(connection: ServerConnection) -> None:
        connection.trickle(b"\x16\x03\x03\x3f\xff\x02" + b"\0" * 400, GAP)

    error, wan, server = testbed.run_out_of_time(
        errors.ConnectionFailedError,
        server_hello,
        lambda wan, seconds: wan.submit(PRO, "a vase", n=1, timeout=seconds),
        scheme="https",
        max_retries=0,
    )
    assert "nothing was accepted" in error.message
    assert (wan.spent, server.was_outlasted) == (0, False)


def test_a_name_lookup_that_takes_too_long_was_not_accepted(
    testbed: SocketTestbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, answered = Event(), Event()

    def look_up(*_: Any, **__: Any) -> list[Any]:
        over.wait(HOLD)
        answered.set()
        return []

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    wan = testbed.client("http://wan.invalid/api/v1", max_retries=0)
    try:
        with pytest.raises(errors.ConnectionFailedError, match="lookup"):
            testbed.do(wan.submit(PRO, "a vase", n=1, timeout=0.2))
        assert not answered.is_set()
    finally:
        over.set()


def test_a_poll_that_is_not_answered_delays_no_other_wait(
    testbed: SocketTestbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "FIRST_POLL", 0.02)
    monkeypatch.setattr(poller, "ROUND_PATIENCE", 0.05)
    stuck = TASK[:-4] + "0002"
    polls: list[str] = []

    def script(connection: ServerConnection) -> None:
        while True:
            connection.read()
            polls.append(connection.path)
            if stuck in connection.path:
                connection.hang()
                return
            connection.send(answer(DONE.body if polls.count(connection.path) > 2 else RUNNING.body))

    for seconds in DEADLINES:
        polls.clear()
        wan, server = testbed.serve(script, clock=RealClock())
        outcomes: list[Any] = testbed.do(wan.wait([stuck, TASK], timeout=seconds))
        assert isinstance(outcomes[0], errors.DeadlineExceededError)
        if not isinstance(outcomes[1], errors.DeadlineExceededError):
            break
    assert outcomes[1].images and not server.was_outlasted
