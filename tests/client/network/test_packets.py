"""The head of a request and a short body go in one packet; nothing stays unsent."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from wanlib.client.network.async_backend import _AsyncStream
from wanlib.client.network.limits import PIECE, ConnectionState, ExchangeLimits, sending
from wanlib.client.network.sync_backend import _Stream

HEAD, BODY = b"POST / HTTP/1.1\r\n\r\n", b"{}"
Exchange = Callable[..., list[bytes]]


class _Recorder:
    """A connection that keeps what is written, and counts what was written before the first read."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes, timeout: float) -> None:
        self.written.append(data)

    def read(self, max_bytes: int, timeout: float) -> bytes:
        self.written.append(b"read")
        return b""


class _AsyncRecorder(_Recorder):
    async def write(self, data: bytes, timeout: float) -> None:  # type: ignore[override]
        super().write(data, timeout)

    async def read(self, max_bytes: int, timeout: float) -> bytes:  # type: ignore[override]
        return super().read(max_bytes, timeout)


@pytest.fixture(params=["sync", "async"])
def exchange(request: pytest.FixtureRequest) -> Exchange:
    """`exchange(HEAD, BODY, b"")` writes these and reads; it returns what the connection got."""

    def run(*buffers: bytes) -> list[bytes]:
        limits = ExchangeLimits(60.0)
        with sending(limits):
            state, recorder = ConnectionState(limits), _Recorder()
            stream: Any = _Stream(recorder, state)  # type: ignore[arg-type]
            for buffer in buffers:
                stream.write(buffer)
            stream.read(100)
        return recorder.written

    async def run_async(*buffers: bytes) -> list[bytes]:
        limits = ExchangeLimits(60.0)
        with sending(limits):
            state, recorder = ConnectionState(limits), _AsyncRecorder()
            stream: Any = _AsyncStream(recorder, state)  # type: ignore[arg-type]
            for buffer in buffers:
                await stream.write(buffer)
            await stream.read(100)
        return recorder.written

    return run if request.param == "sync" else lambda *buffers: asyncio.run(run_async(*buffers))


def test_head_and_short_body_are_one_packet(exchange: Exchange) -> None:
    assert exchange(HEAD, BODY, b"") == [HEAD + BODY, b"read"]


def test_a_head_without_a_body_is_sent_at_its_end_or_before_the_response_is_read(exchange: Exchange) -> None:
    assert exchange(HEAD, b"") == exchange(HEAD) == [HEAD, b"read"]


def test_a_long_body_does_not_wait(exchange: Exchange) -> None:
    body = bytes(PIECE)
    *written, read = exchange(HEAD, body, body, b"")
    assert b"".join(written) == HEAD + body + body and read == b"read"
    assert written[0].startswith(HEAD + b"\0")
