"""The callers of a load test: many under one client, concurrent with `AsyncWan` or sequential with `Wan`."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from wan_conformance.lifecycle.clients.base import BASE_URL, KEY, CallOutcome
from wan_conformance.lifecycle.clients.wan import (
    outcome_from_error,
    outcome_from_resume,
    outcome_from_value,
)
from wan_conformance.lifecycle.load.invariants import UNKNOWN_TASK, LoadCall, ResumedCalls
from wan_conformance.lifecycle.load.service import ThrottledService
from wan_conformance.lifecycle.simulation.clock import SimulatedEventLoop
from wan_conformance.lifecycle.simulation.transport import AsyncInProcessClient, InProcessClient
from wanlib import AsyncWan, Wan
from wanlib.errors import WanError

MODELS = ("wan2.7-image", "wan2.7-image-pro", "wan2.6-image", "wan2.5-i2i-preview")
IMAGES = ("https://photos.example.com/street.jpg",)
CALL_TIMEOUT = 7200.0
RESTART_DELAY = 2.0
"""Seconds until the next process starts, with a new rate limiter."""


class CallIntent(NamedTuple):
    """The request of one caller.

    Attributes:
        kind: `edit`, `cancel` or `UNKNOWN_TASK`.
        model: The model.
        prompt: The prompt, different for each caller.
        options: Other arguments of the call.
    """

    kind: str
    model: str
    prompt: str
    options: dict[str, Any]


def intent_for(number: int) -> CallIntent:
    """Return the intent of a caller.

    Most wait for pictures, some cancel their task, some wait for a task that does not exist.
    """
    kind = UNKNOWN_TASK if number % 50 == 7 else "cancel" if number % 20 == 3 else "edit"
    options = {"images": IMAGES, "n": 1 + number // len(MODELS) % 2, "timeout": CALL_TIMEOUT}
    return CallIntent(kind, MODELS[number % len(MODELS)], f"call-{number}", options)


class Callers:
    """All callers of a test.

    Attributes:
        calls: Their calls, once they have ended.
        max_waiting: The maximum number that waited at once.
    """

    def __init__(self, folder: Path, loop: SimulatedEventLoop, service: ThrottledService) -> None:
        """Prepare callers.

        Args:
            folder: For journal and pictures.
            loop: Its clock is the time of client and service.
            service: The service that they call.
        """
        self.calls: list[LoadCall] = []
        self.max_waiting = 0
        self._loop, self._clock, self._service = loop, loop.clock, service
        self._journal, self._pictures = folder / "calls.sqlite", folder / "pictures"

    def run(self, count: int) -> ResumedCalls:
        """Run a number of calls to their ends; return the calls that the next process resumes.

        That process resumes twice: first it only reports lost calls, then it adopts their tasks.
        """
        raise NotImplementedError

    def journal_states(self) -> dict[str, str]:
        """Return the final status of the tasks in the journal, by id."""
        with closing(sqlite3.connect(self._journal)) as connection:
            rows = connection.execute("SELECT task_id, status FROM entry WHERE task_id IS NOT NULL")
            return dict(rows.fetchall())

    def _create_client(self, client: Callable[..., Any], http_client: Any, parallel: int) -> Any:
        """Create a client as a new process would."""
        options: dict[str, Any] = {"base_url": BASE_URL, "journal": self._journal, "clock": self._clock}
        return client(KEY, http_client=http_client, random=Random(1), parallel=parallel, **options)

    def _record(self, intent: CallIntent, outcome: CallOutcome, files: int = 0) -> None:
        self.calls.append(LoadCall(intent.kind, intent.prompt, outcome, files))


BURST = 7
"""Calls of one model that begin at once, more than its rate per second."""
BURST_INTERVAL = 2.0
"""Seconds between bursts."""


class ConcurrentCallers(Callers):
    """Concurrent callers, with `AsyncWan`."""

    def run(self, count: int) -> ResumedCalls:
        """Begin the calls in bursts; each call then waits separately."""
        return self._loop.run_until_complete(self._run(count))

    async def _run(self, count: int) -> ResumedCalls:
        async with self._client() as wan:
            callers: set[asyncio.Task[None]] = set()
            starts = range(len(MODELS))
            await asyncio.gather(
                *(self._begin(wan, callers, range(start, count, len(MODELS))) for start in starts)
            )
            self.max_waiting = sum(not caller.done() for caller in callers)
            await asyncio.gather(*callers)
        await asyncio.sleep(RESTART_DELAY)
        async with self._client() as wan:
            reported = outcome_from_resume(await wan.resume(timeout=CALL_TIMEOUT))
            return ResumedCalls(
                reported, outcome_from_resume(await wan.resume(timeout=CALL_TIMEOUT, adopt=True))
            )

    def _client(self) -> Any:
        http_client = AsyncInProcessClient(self._service, self._clock.sleep_async)
        return self._create_client(AsyncWan, http_client, 8)

    async def _begin(self, wan: Any, callers: "set[asyncio.Task[None]]", numbers: range) -> None:
        """Begin the calls of one model."""
        for count, number in enumerate(numbers):
            if count % BURST == 0:
                await asyncio.sleep(BURST_INTERVAL)
            callers.add(asyncio.ensure_future(self._call(wan, intent_for(number))))

    async def _call(self, wan: Any, intent: CallIntent) -> None:
        try:
            result = await self._result(wan, intent)
            files = len(await result.save(self._pictures))
        except Exception as error:
            self._record(intent, outcome_from_error(_verb(intent), error))
        else:
            self._record(intent, outcome_from_value("wait", result), files)

    async def _result(self, wan: Any, intent: CallIntent) -> Any:
        if intent.kind == UNKNOWN_TASK:
            return await wan.task(intent.prompt).wait(timeout=CALL_TIMEOUT)
        if intent.kind == "edit":
            return await wan.edit(intent.model, intent.prompt, **intent.options)
        task = await wan.submit(intent.model, intent.prompt, **intent.options)
        with suppress(WanError):  # too late, or the service has a fault: the wait will show
            await task.cancel()
        return await task.wait(timeout=CALL_TIMEOUT)


class SequentialCallers(Callers):
    """Sequential callers, with `Wan` in one thread: simulated time does not work with threads."""

    def run(self, count: int) -> ResumedCalls:
        """Begin the calls one after another, and wait for all together."""
        with self._client() as wan:
            begun = [(intent, self._begin(wan, intent)) for intent in map(intent_for, range(count))]
            begun = [(intent, task) for intent, task in begun if task is not None]
            self.max_waiting = len(begun)
            results = wan.wait([task for _, task in begun], timeout=CALL_TIMEOUT)
            for (intent, _), result in zip(begun, results, strict=True):
                self._record(intent, *self._saved(result))
        self._clock.sleep(RESTART_DELAY)
        with self._client() as wan:
            reported = outcome_from_resume(wan.resume(timeout=CALL_TIMEOUT))
            return ResumedCalls(reported, outcome_from_resume(wan.resume(timeout=CALL_TIMEOUT, adopt=True)))

    def _client(self) -> Any:
        return self._create_client(Wan, InProcessClient(self._service, self._clock.sleep), 1)

    def _begin(self, wan: Any, intent: CallIntent) -> Any:
        """Return a task; None after an error, which is recorded."""
        if intent.kind == UNKNOWN_TASK:
            return wan.task(intent.prompt)
        try:
            task = wan.submit(intent.model, intent.prompt, **intent.options)
        except Exception as error:
            self._record(intent, outcome_from_error("submit", error))
            return None
        if intent.kind == "cancel":
            with suppress(WanError):
                task.cancel()
        return task

    def _saved(self, result: Any) -> tuple[CallOutcome, int]:
        if isinstance(result, Exception):
            return outcome_from_error("wait", result), 0
        try:
            return outcome_from_value("wait", result), len(result.save(self._pictures))
        except Exception as error:
            return outcome_from_error("save", error), 0


def _verb(intent: CallIntent) -> str:
    return "wait" if intent.kind == UNKNOWN_TASK else "edit"
