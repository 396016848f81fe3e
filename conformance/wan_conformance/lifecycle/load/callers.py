"""Those who call by one client, and what each of them wants."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from wan_conformance.lifecycle.clients.wan import BASE, KEY
from wan_conformance.lifecycle.load.invariants import STRANGER, Call
from wan_conformance.lifecycle.load.service import ThrottledService
from wan_conformance.lifecycle.simulation.clock import SimulatedEventLoop
from wan_conformance.lifecycle.simulation.transport import AsyncInProcessClient, InProcessClient
from wanlib import AsyncWan, Wan
from wanlib.errors import WanError

MODELS = ("wan2.7-image", "wan2.7-image-pro", "wan2.6-image", "wan2.5-i2i-preview")
IMAGES = ("https://photos.example.com/street.jpg",)
PATIENCE = 7200.0
AGAIN = 2.0
"""Seconds until the next process, which keeps a pace of its own."""


class CallIntent(NamedTuple):
    """What one caller wants. kind: `edit`, `cancel` or STRANGER."""

    kind: str
    model: str
    prompt: str
    asked: dict[str, Any]


def intent_for(number: int) -> CallIntent:
    """Most want a picture; some think better of it, and some ask for a task that never was."""
    kind = STRANGER if number % 50 == 7 else "cancel" if number % 20 == 3 else "edit"
    asked = {"images": IMAGES, "n": 1 + number // len(MODELS) % 2, "timeout": PATIENCE}
    return CallIntent(kind, MODELS[number % len(MODELS)], f"call-{number}", asked)


class Callers:
    """most: so many of them waited at once."""

    def __init__(self, folder: Path, loop: SimulatedEventLoop, service: ThrottledService) -> None:
        self.calls: list[Call] = []
        self.most = 0
        self._loop, self._time, self._service = loop, loop.story_time, service
        self._journal, self._pictures = folder / "calls.sqlite", folder / "pictures"

    def run(self, count: int) -> Any:
        """So many calls to their ends; then what the next process takes up from the journal."""
        raise NotImplementedError

    def known(self) -> dict[str, str]:
        """The tasks of the journal by id, and how they ended."""
        with closing(sqlite3.connect(self._journal)) as books:
            return dict(books.execute("SELECT task_id, status FROM entry WHERE task_id IS NOT NULL"))

    def _client(self, kind: Callable[..., Any], line: Any, parallel: int) -> Any:
        """One as a process of its own would make it."""
        told: dict[str, Any] = {"base_url": BASE, "journal": self._journal, "clock": self._time}
        return kind(KEY, http_client=line, random=Random(1), parallel=parallel, **told)

    def _note(self, wish: CallIntent, said: Any, files: int = 0) -> None:
        self.calls.append(Call(wish.kind, wish.prompt, said, files))


BURST = 7
"""Calls of a model that begin at once, more than it takes in a second."""
PAUSE = 2.0
"""Seconds until the next begin."""


class ConcurrentCallers(Callers):
    """All at once by AsyncWan."""

    def live(self, count: int) -> Any:
        """Begun in bursts, each waited for by itself."""
        return self._loop.run_until_complete(self._live(count))

    async def _live(self, count: int) -> Any:
        async with self._made() as wan:
            callers: set[asyncio.Task[None]] = set()
            places = range(len(MODELS))
            await asyncio.gather(*(self._begin(wan, callers, range(at, count, len(MODELS))) for at in places))
            self.most = sum(not caller.done() for caller in callers)
            await asyncio.gather(*callers)
        await asyncio.sleep(AGAIN)
        async with self._made() as wan:
            return await wan.resume(timeout=PATIENCE)

    def _made(self) -> Any:
        return self._client(AsyncWan, AsyncInProcessClient(self._service, self._time.sleep_async), 8)

    async def _begin(self, wan: Any, callers: "set[asyncio.Task[None]]", numbers: range) -> None:
        """The calls of one model begin."""
        for count, number in enumerate(numbers):
            if count % BURST == 0:
                await asyncio.sleep(PAUSE)
            callers.add(asyncio.ensure_future(self._call(wan, intent_for(number))))

    async def _call(self, wan: Any, wish: CallIntent) -> None:
        try:
            said = await self._said(wan, wish)
            self._note(wish, said, len(await said.save(self._pictures)))
        except Exception as error:
            self._note(wish, error)

    async def _said(self, wan: Any, wish: CallIntent) -> Any:
        if wish.kind == STRANGER:
            return await wan.task(wish.prompt).wait(timeout=PATIENCE)
        if wish.kind == "edit":
            return await wan.edit(wish.model, wish.prompt, **wish.asked)
        task = await wan.submit(wish.model, wish.prompt, **wish.asked)
        with suppress(WanError):  # too late, or the service is in trouble: its end will tell
            await task.cancel()
        return await task.wait(timeout=PATIENCE)


class SequentialCallers(Callers):
    """One after another by Wan, in one thread: time is simulated, and threads would tear it apart."""

    def live(self, count: int) -> Any:
        """Begun in turn, waited for together."""
        with self._made() as wan:
            begun = [(each, self._begun(wan, each)) for each in map(intent_for, range(count))]
            begun = [(each, task) for each, task in begun if task is not None]
            self.most = len(begun)
            ends = wan.wait([task for _, task in begun], timeout=PATIENCE)
            for (each, _), said in zip(begun, ends, strict=True):
                self._note(each, *self._saved(said))
        self._time.sleep(AGAIN)
        with self._made() as wan:
            return wan.resume(timeout=PATIENCE)

    def _made(self) -> Any:
        return self._client(Wan, InProcessClient(self._service, self._time.sleep), 1)

    def _begun(self, wan: Any, wish: CallIntent) -> Any:
        """A task; None where there is none, which is noted."""
        if wish.kind == STRANGER:
            return wan.task(wish.prompt)
        try:
            task = wan.submit(wish.model, wish.prompt, **wish.asked)
        except Exception as error:
            self._note(wish, error)
            return None
        if wish.kind == "cancel":
            with suppress(WanError):
                task.cancel()
        return task

    def _saved(self, said: Any) -> tuple[Any, int]:
        if isinstance(said, Exception):
            return said, 0
        try:
            return said, len(said.save(self._pictures))
        except Exception as error:
            return error, 0
