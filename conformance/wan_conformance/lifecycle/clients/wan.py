"""Our clients as players: `Wan` and `AsyncWan`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import iscoroutine
from pathlib import Path
from random import Random
from typing import Any

from wan_conformance.lifecycle.clients.base import VERBS, CallOutcome, CallRequest
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop
from wan_conformance.lifecycle.simulation.transport import AsyncInProcessClient, InProcessClient
from wanlib import AsyncWan, Wan
from wanlib.base.redaction import redact_text
from wanlib.client.results.result import Result
from wanlib.client.tasks.resume import ResumeResult
from wanlib.emulator import Emulator
from wanlib.errors import (
    DeadlineExceededError,
    InvalidRequestError,
    LinkExpiredError,
    OutcomeUnknownError,
    TaskCanceledError,
    TaskError,
    TaskFailedError,
    TaskUnknownError,
    WanError,
)

_KINDS: dict[type[WanError], str] = {
    OutcomeUnknownError: "unknown outcome",
    TaskFailedError: "failed",
    TaskCanceledError: "was canceled",
    TaskUnknownError: "forgotten",
    TaskError: "failed",
    DeadlineExceededError: "late",
    LinkExpiredError: "dead link",
    InvalidRequestError: "refused",
}
_CREATING = ("submit", "edit")
_WORDS = 160


def outcome_from_error(verb: str, error: Exception) -> CallOutcome:
    """What an exception of a verb says. Without a task a create's error says that nothing was accepted."""
    name, words = type(error).__name__, redact_text(str(error))[:_WORDS]
    if not isinstance(error, WanError):
        return CallOutcome("untyped", name=name, words=words)
    kind = next((_KINDS[each] for each in type(error).__mro__ if each in _KINDS), "trouble")
    if kind == "trouble" and verb in _CREATING and error.task_id is None:
        kind = "refused"
    return CallOutcome(kind, error.task_id or "", name=name, words=words)


def outcome_from_value(verb: str, value: Any) -> CallOutcome:
    """What a value of a verb says, but for that of `resume`."""
    told = CallOutcome(_OF_VERBS[verb], name="" if value is None else type(value).__name__)
    if verb == "submit":
        return told._replace(task_id=value.id)
    if verb in ("edit", "wait"):
        return told._replace(task_id=value.task_id or "", pictures=len(value.images))
    if verb == "poll":
        return told._replace(task_id=value.task_id, state=value.status)
    if verb in ("list", "find_lost"):
        return told._replace(tasks=tuple(each.task_id for each in value))
    return told._replace(pictures=len(value)) if verb == "save" else told


_OF_VERBS = {
    "submit": "handle",
    "edit": "result",
    "wait": "result",
    "poll": "state",
    "save": "saved",
    "cancel": "canceled",
    "list": "list",
    "find_lost": "list",
}


def outcome_from_resume(value: ResumeResult) -> CallOutcome:
    """What became of all that was unfinished."""
    done = tuple(outcome_from_value("wait", each) for each in value.results)
    failed = tuple(outcome_from_error("wait", each) for each in value.failed)
    lost = tuple(tuple(task.task_id for task in each.candidates) for each in value.lost)
    return CallOutcome("resumed", parts=done + failed, lost=lost, name=type(value).__name__)


NAMES = ("sync", "async")
KEY = "sk-0123456789abcdefghijklmnopqrstuv"
BASE = "http://127.0.0.1:8686/api/v1"  # private, so that the pictures' links may be followed


def create_adapter(
    name: str, service: Emulator, time: SimulatedClock, loop: SimulatedEventLoop, journal: Path
) -> WanAdapter:
    """A new client of NAMES on a journal, with no HTTP library between it and the service."""
    line = (
        InProcessClient(service, time.sleep)
        if name == "sync"
        else AsyncInProcessClient(service, time.sleep_async)
    )
    return create_adapter_over(line, name, time, loop, journal)


def create_adapter_over(
    http: Any, name: str, time: SimulatedClock, loop: SimulatedEventLoop, journal: Path
) -> WanAdapter:
    """The same over an HTTP client. Its pictures are saved beside the journal."""
    kind: Any = Wan if name == "sync" else AsyncWan
    told: dict[str, Any] = {"base_url": BASE, "journal": journal, "clock": time, "parallel": 1}
    return WanAdapter(name, kind(KEY, http_client=http, random=Random(1), **told), loop, journal.parent)


class WanAdapter:
    """Either client behind `Player`. folder: where pictures are saved."""

    verbs = VERBS

    def __init__(self, name: str, wan: Any, loop: SimulatedEventLoop, folder: Path) -> None:
        self.name = name
        self._wan, self._loop, self._folder = wan, loop, folder
        self._results: dict[str, Any] = {}
        self._unknown: OutcomeUnknownError | None = None

    def submit(self, order: CallRequest, timeout: float) -> CallOutcome:
        model, prompt, images, asked = order
        return self._outcome(
            "submit", lambda: self._wan.submit(model, prompt, images=images, timeout=timeout, **asked)
        )

    def edit(self, order: CallRequest, timeout: float) -> CallOutcome:
        model, prompt, images, asked = order
        return self._outcome(
            "edit", lambda: self._wan.edit(model, prompt, images=images, timeout=timeout, **asked)
        )

    def poll(self, task_id: str) -> CallOutcome:
        return self._outcome("poll", lambda: self._wan.task(task_id).status())

    def wait(self, task_id: str, timeout: float) -> CallOutcome:
        return self._outcome("wait", lambda: self._wan.task(task_id).wait(timeout=timeout))

    def save(self, task_id: str) -> CallOutcome:
        result = self._results[task_id]
        return self._outcome("save", lambda: result.save(self._folder))._replace(task_id=task_id)

    def cancel(self, task_id: str) -> CallOutcome:
        return self._outcome("cancel", lambda: self._wan.cancel(task_id))._replace(task_id=task_id)

    def list(self) -> CallOutcome:
        return self._outcome("list", self._listed)

    def find_lost(self) -> CallOutcome:
        return self._outcome("find_lost", lambda: self._wan.find_lost(self._unknown))

    def resume(self, timeout: float) -> CallOutcome:
        return self._outcome("resume", lambda: self._wan.resume(timeout=timeout))

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

    def _outcome(self, verb: str, call: Callable[[], Any]) -> CallOutcome:
        try:
            value = self._run(call())
        except Exception as error:
            if isinstance(error, OutcomeUnknownError):
                self._unknown = error
            return outcome_from_error(verb, error)
        if isinstance(value, ResumeResult):
            self._remember(value.results)
            return outcome_from_resume(value)
        if isinstance(value, Result):
            self._remember([value])
        return outcome_from_value(verb, value)

    def _remember(self, results: Sequence[Any]) -> None:
        self._results |= {each.task_id: each for each in results}
