"""A world for a client: a scripted service, a time that passes only while something waits, and one way to
run a call of the sync and of the async client alike."""

import asyncio
import selectors
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable
from inspect import iscoroutine
from random import Random
from typing import Any

import httpx

from tests.client.response_samples import START
from tests.client.service import Service
from tests.support.fake_clock import FakeClock
from wanlib import AsyncWan, Wan

KEY = "sk-0123456789abcdefghijklmnopqrstuv"


class _Time(FakeClock):
    """On a loop the time passes where that waits."""

    async def sleep_async(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Selector(selectors.DefaultSelector):
    """Lets the time of the test pass where an event loop would wait for a timer."""

    def __init__(self, time: FakeClock) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0 if timeout else timeout)
        if not found and timeout:
            self._time.at += timeout
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, time: FakeClock) -> None:
        super().__init__(_Selector(time))
        self.time = time.now  # type: ignore[method-assign]


class World:
    """wan: a client of this kind, `sync` or `async`, on a scripted service. `do` runs its verbs."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.time = _Time(1000.0, START - 1000.0)
        self.service = Service(self.time.now)
        self.loop = _Loop(self.time)
        self._made: list[Any] = []
        self._wan: Any = None

    @property
    def wan(self) -> Any:
        self._wan = self._wan or self.client()
        return self._wan

    def client(self, api_key: str | None = KEY, **settings: Any) -> Any:
        """A client on the service; `parallel=1`, for the time of a test runs in one thread."""
        settings = {"parallel": 1, "clock": self.time, "random": Random(1)} | settings
        settings.setdefault("http_client", self.http())
        kind: Any = Wan if self.kind == "sync" else AsyncWan
        made = kind(api_key, **settings)
        self._made.append(made)
        return made

    def http(self, library: Any = httpx, **settings: Any) -> Any:
        """A custom HTTP client that is connected to the service."""
        kind = library.Client if self.kind == "sync" else library.AsyncClient
        return kind(transport=library.MockTransport(self.service.answer(library)), **settings)

    def do(self, given: Any) -> Any:
        """The result of a verb: the sync one has returned it, the async one is run."""
        return self.loop.run_until_complete(given) if iscoroutine(given) else given

    def all(self, given: Iterable[Any] | AsyncIterable[Any]) -> list[Any]:
        """Everything that an iteration yields."""
        if isinstance(given, AsyncIterable):
            return list(self.do(_collected(given)))
        return list(given)

    def side_by_side(self, *jobs: Callable[[], Coroutine[Any, Any, Any]]) -> list[Any]:
        """Runs coroutines at once; for the async client alone."""

        async def together() -> list[Any]:
            return await asyncio.gather(*(job() for job in jobs), return_exceptions=True)

        return self.loop.run_until_complete(together())

    def close(self) -> None:
        for made in self._made:
            self.do(made.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


async def _collected(given: AsyncIterable[Any]) -> list[Any]:
    return [each async for each in given]
