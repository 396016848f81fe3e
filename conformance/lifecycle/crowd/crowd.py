"""Who calls all at once, by the async client."""

import asyncio
from contextlib import suppress
from typing import Any

from conformance.lifecycle.crowd.callers import AGAIN, MODELS, PATIENCE, Callers, Wish, wish
from conformance.lifecycle.crowd.judge import STRANGER
from conformance.lifecycle.line import AsyncLine
from wanlib import AsyncWan
from wanlib.errors import WanError

BURST = 7
"""Calls of a model that begin at once, more than it takes in a second."""
PAUSE = 2.0
"""Seconds until the next begin."""


class Crowd(Callers):
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
        return self._client(AsyncWan, AsyncLine(self._service, self._time.sleep_async), 8)

    async def _begin(self, wan: Any, callers: "set[asyncio.Task[None]]", numbers: range) -> None:
        """The calls of one model begin."""
        for count, number in enumerate(numbers):
            if count % BURST == 0:
                await asyncio.sleep(PAUSE)
            callers.add(asyncio.ensure_future(self._call(wan, wish(number))))

    async def _call(self, wan: Any, wish: Wish) -> None:
        try:
            said = await self._said(wan, wish)
            self._note(wish, said, len(await said.save(self._pictures)))
        except Exception as error:
            self._note(wish, error)

    async def _said(self, wan: Any, wish: Wish) -> Any:
        if wish.kind == STRANGER:
            return await wan.task(wish.prompt).wait(timeout=PATIENCE)
        if wish.kind == "edit":
            return await wan.edit(wish.model, wish.prompt, **wish.asked)
        task = await wan.submit(wish.model, wish.prompt, **wish.asked)
        with suppress(WanError):  # too late, or the service is in trouble: its end will tell
            await task.cancel()
        return await task.wait(timeout=PATIENCE)
