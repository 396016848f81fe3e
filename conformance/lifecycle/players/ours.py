"""Our clients as players: `Wan` and `AsyncWan`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import iscoroutine
from pathlib import Path
from random import Random
from typing import Any

from conformance.lifecycle.clock import Loop, Time
from conformance.lifecycle.line import AsyncLine, Line
from conformance.lifecycle.player import VERBS, Order
from conformance.lifecycle.players.ours_words import said_of_error, said_of_resumed, said_of_value
from conformance.lifecycle.said import Said
from wanlib import AsyncWan, Wan
from wanlib.emulator import Emulator
from wanlib.errors import OutcomeUnknown
from wanlib.runtime.result import Result
from wanlib.runtime.resume import Resumed

NAMES = ("sync", "async")
KEY = "sk-0123456789abcdefghijklmnopqrstuv"
BASE = "http://127.0.0.1:8686/api/v1"  # private, so that the pictures' links may be followed


def player(name: str, service: Emulator, time: Time, loop: Loop, journal: Path) -> Ours:
    """A new client of NAMES on a journal, with no HTTP library between it and the service."""
    line = Line(service, time.sleep) if name == "sync" else AsyncLine(service, time.sleep_async)
    return player_over(line, name, time, loop, journal)


def player_over(http: Any, name: str, time: Time, loop: Loop, journal: Path) -> Ours:
    """The same over an HTTP client. Its pictures are saved beside the journal."""
    kind: Any = Wan if name == "sync" else AsyncWan
    told: dict[str, Any] = {"base_url": BASE, "journal": journal, "clock": time, "parallel": 1}
    return Ours(name, kind(KEY, http_client=http, random=Random(1), **told), loop, journal.parent)


class Ours:
    """Either client behind `Player`. folder: where pictures are saved."""

    verbs = VERBS

    def __init__(self, name: str, wan: Any, loop: Loop, folder: Path) -> None:
        self.name = name
        self._wan, self._loop, self._folder = wan, loop, folder
        self._results: dict[str, Any] = {}
        self._unknown: OutcomeUnknown | None = None

    def submit(self, order: Order, timeout: float) -> Said:
        model, prompt, images, asked = order
        return self._said(
            "submit", lambda: self._wan.submit(model, prompt, images=images, timeout=timeout, **asked)
        )

    def edit(self, order: Order, timeout: float) -> Said:
        model, prompt, images, asked = order
        return self._said(
            "edit", lambda: self._wan.edit(model, prompt, images=images, timeout=timeout, **asked)
        )

    def poll(self, task_id: str) -> Said:
        return self._said("poll", lambda: self._wan.task(task_id).status())

    def wait(self, task_id: str, timeout: float) -> Said:
        return self._said("wait", lambda: self._wan.task(task_id).wait(timeout=timeout))

    def save(self, task_id: str) -> Said:
        result = self._results[task_id]
        return self._said("save", lambda: result.save(self._folder))._replace(task_id=task_id)

    def cancel(self, task_id: str) -> Said:
        return self._said("cancel", lambda: self._wan.cancel(task_id))._replace(task_id=task_id)

    def list(self) -> Said:
        return self._said("list", self._listed)

    def find_lost(self) -> Said:
        return self._said("find_lost", lambda: self._wan.find_lost(self._unknown))

    def resume(self, timeout: float) -> Said:
        return self._said("resume", lambda: self._wan.resume(timeout=timeout))

    def close(self) -> None:
        self._run(self._wan.close())

    def _listed(self) -> Any:
        if self.name == "sync":
            return list(self._wan.tasks())

        async def listed() -> Any:
            return [each async for each in self._wan.tasks()]

        return listed()

    def _run(self, given: Any) -> Any:
        """What a verb comes to, of either client."""
        return self._loop.run_until_complete(given) if iscoroutine(given) else given

    def _said(self, verb: str, call: Callable[[], Any]) -> Said:
        try:
            value = self._run(call())
        except Exception as error:
            if isinstance(error, OutcomeUnknown):
                self._unknown = error
            return said_of_error(verb, error)
        if isinstance(value, Resumed):
            self._keep(value.results)
            return said_of_resumed(value)
        if isinstance(value, Result):
            self._keep([value])
        return said_of_value(verb, value)

    def _keep(self, results: Sequence[Any]) -> None:
        self._results |= {each.task_id: each for each in results}
