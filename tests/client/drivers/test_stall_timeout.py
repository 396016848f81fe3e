"""The time that a transport waits for the next part of a body, on a simulated clock."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from wanlib.client.network import limits
from wanlib.client.network.limits import ExchangeLimits
from wanlib.client.network.transport import _AsyncBody, _Body


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Time:
        at = 1000.0

        def monotonic(self) -> float:
            return self.at

    made = Time()
    monkeypatch.setattr(limits, "time", made)
    return made


def test_a_stall_ends_before_the_exchange_and_never_after_it(time: Any) -> None:
    exchange = ExchangeLimits(100.0, stall_timeout=30.0)
    assert (exchange.remaining(), exchange.remaining(5.0)) == (30.0, 5.0)
    time.at += 29
    assert exchange.remaining() == 1.0
    exchange.note_progress()
    assert exchange.remaining() == 30.0
    time.at += 60
    assert exchange.remaining() < 0
    exchange.note_progress()
    assert exchange.remaining() == 11.0, "no progress prolongs the exchange"
    without_stall = ExchangeLimits(100.0)
    time.at += 90
    without_stall.note_progress()
    assert without_stall.remaining() == 10.0


class SlowResponse:
    """A response of httpcore whose parts take 20 s each; left: what remained before each."""

    extensions: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, time: Any, exchange: ExchangeLimits) -> None:
        self._time, self._exchange = time, exchange
        self.left: list[float] = []

    def iter_stream(self) -> Iterator[bytes]:
        for _ in range(3):
            self.left.append(self._exchange.remaining())
            self._time.at += 20
            yield b"part"

    async def aiter_stream(self) -> AsyncIterator[bytes]:
        for part in self.iter_stream():
            yield part


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_each_part_has_the_same_time_and_the_time_of_the_reader_is_not_counted(time: Any, kind: str) -> None:
    exchange = ExchangeLimits(1e6, stall_timeout=30.0)
    response: Any = SlowResponse(time, exchange)
    time.at += 25  # of the head

    def store(_: bytes) -> None:
        time.at += 50

    async def read() -> None:
        async for part in _AsyncBody(response, exchange):
            store(part)

    if kind == "async":
        asyncio.run(read())
    else:
        for part in _Body(response, exchange):
            store(part)
    assert response.left == [30.0, 30.0, 30.0]
