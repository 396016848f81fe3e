"""`LiveCalls`: the billed calls of one client that are not finished, in memory; and `UnfinishedCall`.

A caller can lose track of a call: a timeout cancels it, Ctrl-C interrupts it, or an exception of the
caller's own code ends it. Its task id stays reachable here (`Wan.unfinished`), with or without a journal,
and also if the journal cannot be written.
"""

from threading import Lock
from typing import Any, Literal, NamedTuple, TypeAlias

CallState: TypeAlias = Literal["sent", "lost", "running", "ended"]


class UnfinishedCall(NamedTuple):
    """A call of this client whose outcome its caller has not received.

    Attributes:
        state: `sent`: the request is in progress. `lost`: it may have been accepted, but no task id was
            received. `running`: the service has accepted it. `ended`: the outcome is known, and the call was
            interrupted before it returned.
        verb: The verb, such as `edit`.
        model: The name of the model.
        call: `async`, `sync` or `stream`.
        sent_at: When it was sent, in seconds since 1970.
        task_id: The id of the task, for `Wan.task`; None for a lost call and for one without a task.
        request_id: The vendor's id of the exchange; None if none came.
        label: The caller's own name for the call; None if it has none.
        output: The result of an ended call; None for the others, and for a call that ended without a picture.
    """

    state: CallState
    verb: str
    model: str
    call: str
    sent_at: float
    task_id: str | None
    request_id: str | None
    label: str | None
    output: Any


class LiveCall:
    """One billed call from its reservation to the return of its outcome.

    Attributes:
        state: As in `UnfinishedCall`; None while nothing was sent.
        verb: The verb.
        model: The name of the model.
        call: `async`, `sync` or `stream`.
        sent_at: Seconds since 1970.
        label: The caller's own name for the call; None if it has none.
        accepted_at: Seconds since 1970; None while no task is known.
        task_id: None until it is known, and for a call without a task.
        request_id: None until it is known.
        result: The result, once it is known.
    """

    __slots__ = (
        "accepted_at",
        "call",
        "label",
        "model",
        "request_id",
        "result",
        "sent_at",
        "state",
        "task_id",
        "verb",
    )

    def __init__(self, verb: str, model: str, call: str, sent_at: float, label: str | None = None) -> None:
        self.state: CallState | None = None
        self.verb, self.model, self.call, self.sent_at, self.label = verb, model, call, sent_at, label
        self.accepted_at: float | None = None
        self.task_id: str | None = None
        self.request_id: str | None = None
        self.result: Any = None


class LiveCalls:
    """The unfinished calls of one client. Threads may share it.

    Args:
        lifetime: Seconds for which the service keeps a task; a call is removed after that.
    """

    def __init__(self, lifetime: float) -> None:
        self._lifetime = lifetime
        self._calls: dict[LiveCall, None] = {}  # in the order of their times
        self._tasks: dict[str, LiveCall] = {}
        self._lock = Lock()

    def begin(self, verb: str, model: str, call: str, at: float, label: str | None = None) -> LiveCall:
        """Add a call that is about to be sent. at: seconds since 1970."""
        begun = LiveCall(verb, model, call, at, label)
        with self._lock:
            self._forget_before(at - self._lifetime)
            self._calls[begun] = None
        return begun

    def accept(self, call: LiveCall, task_id: str, request_id: str | None, at: float) -> bool:
        """Note that the service has accepted a call. at: seconds since 1970.

        Returns:
            False, and nothing is noted, if another unfinished call has this task: then the response belongs
            to that call.
        """
        with self._lock:
            if task_id in self._tasks:
                return False
            self._tasks[task_id] = call
            call.state, call.task_id, call.request_id = "running", task_id, request_id
            call.accepted_at = at
            return True

    def disown(self, call: LiveCall) -> None:
        """Take the task from a call, because the journal shows that another call has it."""
        with self._lock:
            if call.task_id is not None:
                self._tasks.pop(call.task_id, None)
            call.state, call.task_id = "lost", None

    def find_task(self, task_id: str) -> LiveCall | None:
        """Return the unfinished call that has a task; None if none of this client has it."""
        return self._tasks.get(task_id)

    def finish(self, call: LiveCall) -> None:
        """Remove a call: its outcome is returned to the caller, or it was certainly not accepted."""
        with self._lock:
            self._remove(call)

    def unfinished(self, now: float) -> list[UnfinishedCall]:
        """Return the calls that were sent and are not finished, oldest first. now: seconds since 1970."""
        with self._lock:
            self._forget_before(now - self._lifetime)
            return [
                UnfinishedCall(
                    call.state,
                    call.verb,
                    call.model,
                    call.call,
                    call.sent_at,
                    call.task_id,
                    call.request_id,
                    call.label,
                    call.result,
                )
                for call in self._calls
                if call.state is not None
            ]

    def _forget_before(self, moment: float) -> None:
        while self._calls and (oldest := next(iter(self._calls))).sent_at <= moment:
            self._remove(oldest)

    def _remove(self, call: LiveCall) -> None:
        self._calls.pop(call, None)
        if call.task_id is not None and self._tasks.get(call.task_id) is call:
            del self._tasks[call.task_id]
