"""Our clients, `Wan` and `AsyncWan`, behind `ClientAdapter`.

`create_adapter` makes one on an in-process transport; `outcome_from_value` and `outcome_from_error`
translate what a call returns or raises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import iscoroutine
from pathlib import Path
from random import Random
from typing import Any

from wan_conformance.lifecycle.clients.base import (
    BASE_URL,
    CREATE_VERBS,
    KEY,
    VERBS,
    CallOutcome,
    CallRequest,
)
from wan_conformance.lifecycle.simulation.clock import SimulatedEventLoop
from wan_conformance.lifecycle.simulation.transport import AsyncInProcessClient, InProcessClient
from wanlib import AsyncWan, Wan
from wanlib.base.redaction import redact_text
from wanlib.client.results.result import Result
from wanlib.client.tasks.resume import ResumeResult
from wanlib.emulator import Clock, Emulator
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
_MAX_MESSAGE = 160


def outcome_from_error(verb: str, error: Exception) -> CallOutcome:
    """Translate the exception of a call.

    An error of a create request without a task id means that nothing was accepted.
    """
    name, message = type(error).__name__, redact_text(str(error))[:_MAX_MESSAGE]
    if not isinstance(error, WanError):
        return CallOutcome("untyped", name=name, message=message)
    kind = next((_KINDS[base] for base in type(error).__mro__ if base in _KINDS), "trouble")
    if kind == "trouble" and verb in CREATE_VERBS and error.task_id is None:
        kind = "refused"
    return CallOutcome(kind, error.task_id or "", name=name, message=message)


def outcome_from_value(verb: str, value: Any) -> CallOutcome:
    """Translate the value of a call other than `resume`."""
    outcome = CallOutcome(_KIND_OF_VERB[verb], name="" if value is None else type(value).__name__)
    if verb == "submit":
        return outcome._replace(task_id=value.id)
    if verb in ("edit", "wait"):
        return outcome._replace(task_id=value.task_id or "", pictures=len(value.images))
    if verb == "poll":
        return outcome._replace(task_id=value.task_id, state=value.status)
    if verb in ("list", "find_lost"):
        return outcome._replace(tasks=tuple(task.task_id for task in value))
    return outcome._replace(pictures=len(value)) if verb == "save" else outcome


_KIND_OF_VERB = {
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
    """Translate the value of `resume`."""
    done = tuple(outcome_from_value("wait", result) for result in value.results)
    failed = tuple(outcome_from_error("wait", error) for error in value.failed)
    lost = tuple(tuple(task.task_id for task in call.candidates) for call in value.lost)
    return CallOutcome("resumed", parts=done + failed, lost=lost, name=type(value).__name__)


NAMES = ("sync", "async")


def create_adapter(
    name: str, service: Emulator, clock: Clock, loop: SimulatedEventLoop, journal: Path
) -> WanAdapter:
    """Create a client on an in-process transport, without an HTTP library in between.

    Args:
        name: `sync` or `async`.
        service: The service that it calls.
        clock: The time of the client.
        loop: Runs the asynchronous client.
        journal: The journal; pictures are saved in its folder.
    """
    http_client = (
        InProcessClient(service, clock.sleep)
        if name == "sync"
        else AsyncInProcessClient(service, clock.sleep_async)
    )
    return create_adapter_over(http_client, name, clock, loop, journal)


def create_adapter_over(
    http_client: Any, name: str, clock: Clock, loop: SimulatedEventLoop, journal: Path
) -> WanAdapter:
    """Create a client on an HTTP client; see `create_adapter` for the other arguments."""
    client: Any = Wan if name == "sync" else AsyncWan
    options: dict[str, Any] = {"base_url": BASE_URL, "journal": journal, "clock": clock, "parallel": 1}
    options["trust_env"] = False
    return WanAdapter(
        name, client(KEY, http_client=http_client, random=Random(1), **options), loop, journal.parent
    )


def create_network_adapter(name: str, clock: Clock, loop: SimulatedEventLoop, journal: Path) -> WanAdapter:
    """Create a client with its own transport, inside `simulated_network`; see `create_adapter`."""
    return create_adapter_over(None, name, clock, loop, journal)


class WanAdapter:
    """One of our clients behind `ClientAdapter`.

    Attributes:
        name: `sync` or `async`.
        verbs: All verbs.
    """

    verbs = VERBS

    def __init__(self, name: str, wan: Any, loop: SimulatedEventLoop, folder: Path) -> None:
        """Wrap a client; `folder` gets its pictures."""
        self.name = name
        self._wan, self._loop, self._folder = wan, loop, folder
        self._results: dict[str, Any] = {}
        self._lost_call: OutcomeUnknownError | None = None

    def submit(self, request: CallRequest, timeout: float) -> CallOutcome:
        """Create a task."""
        model, prompt, images, parameters = request
        return self._outcome(
            "submit", lambda: self._wan.submit(model, prompt, images=images, timeout=timeout, **parameters)
        )

    def edit(self, request: CallRequest, timeout: float) -> CallOutcome:
        """Create a task and wait for it."""
        model, prompt, images, parameters = request
        return self._outcome(
            "edit", lambda: self._wan.edit(model, prompt, images=images, timeout=timeout, **parameters)
        )

    def poll(self, task_id: str) -> CallOutcome:
        """Query a task once."""
        return self._outcome("poll", lambda: self._wan.task(task_id).status())

    def wait(self, task_id: str, timeout: float) -> CallOutcome:
        """Wait until a task has ended."""
        return self._outcome("wait", lambda: self._wan.task(task_id).wait(timeout=timeout))

    def save(self, task_id: str) -> CallOutcome:
        """Save the pictures of a result."""
        result = self._results[task_id]
        return self._outcome("save", lambda: result.save(self._folder))._replace(task_id=task_id)

    def cancel(self, task_id: str) -> CallOutcome:
        """Cancel a task."""
        return self._outcome("cancel", lambda: self._wan.cancel(task_id))._replace(task_id=task_id)

    def list(self) -> CallOutcome:
        """List the tasks of the account."""
        return self._outcome("list", self._list_all)

    def find_lost(self) -> CallOutcome:
        """Find the tasks of the last call with an unknown outcome."""
        return self._outcome("find_lost", lambda: self._wan.find_lost(self._lost_call))

    def resume(self, timeout: float, adopt: bool) -> CallOutcome:
        """Resume all unfinished calls; `adopt`: also the lost ones."""
        return self._outcome("resume", lambda: self._wan.resume(timeout=timeout, adopt=adopt))

    def close(self) -> None:
        """Close the client."""
        self._run(self._wan.close())

    def _list_all(self) -> Any:
        if self.name == "sync":
            return list(self._wan.tasks())

        async def collect() -> Any:
            return [task async for task in self._wan.tasks()]

        return collect()

    def _run(self, value: Any) -> Any:
        return self._loop.run_until_complete(value) if iscoroutine(value) else value

    def _outcome(self, verb: str, call: Callable[[], Any]) -> CallOutcome:
        try:
            value = self._run(call())
        except Exception as error:
            if isinstance(error, OutcomeUnknownError):
                self._lost_call = error
            return outcome_from_error(verb, error)
        if isinstance(value, ResumeResult):
            self._remember(value.results)
            return outcome_from_resume(value)
        if isinstance(value, Result):
            self._remember([value])
        return outcome_from_value(verb, value)

    def _remember(self, results: Sequence[Any]) -> None:
        self._results |= {result.task_id: result for result in results}
