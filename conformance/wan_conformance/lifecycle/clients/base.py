"""The protocol between the tests and a client: its verbs, and the outcome of each call.

No verb raises: what a client returns or raises becomes a `CallOutcome`, so that invariants treat all
clients alike.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

KEY = "sk-0123456789abcdefghijklmnopqrstuv"
"""The API key of all clients under test."""
BASE_URL = "http://127.0.0.1:8686/api/v1"
"""The URL of the service. Its host is private, so that the links of pictures may be followed."""
ERRORS = {
    "refused": "nothing was accepted or done, for good",
    "unknown outcome": "the call may have been accepted",
    "failed": "the task FAILED",
    "was canceled": "the task was CANCELED",
    "forgotten": "the service does not know the task: it expired or never existed",
    "late": "the timeout has passed",
    "dead link": "the link of a picture has expired",
    "trouble": "another error of the client's own family; the next attempt may succeed",
    "untyped": "an exception that is not of the client's own family",
}
KINDS = {
    "result": "pictures, not saved yet",
    "handle": "a task that was accepted",
    "state": "the response to one query of a task",
    "canceled": "a cancel that was accepted",
    "saved": "pictures on disk",
    "list": "tasks of the account",
    "resumed": "the outcomes of all unfinished calls",
    **ERRORS,
}
"""The kinds of outcomes, with their meaning."""
FINAL = frozenset(ERRORS) - {"trouble", "untyped"}
"""Errors after which a careful caller does not repeat the call."""
CREATE_VERBS = ("edit", "submit")
VERBS = frozenset({*CREATE_VERBS, "poll", "wait", "save", "cancel", "list", "find_lost", "resume"})


class CallOutcome(NamedTuple):
    """The result or exception of a call.

    Attributes:
        kind: One of `KINDS`.
        task_id: The task that it names, "" for none.
        pictures: The pictures of a result, or those that a save wrote.
        state: The state that a poll reports.
        tasks: The tasks of a list, or the results of find_lost.
        parts: The outcome of each unfinished task of a resume.
        lost: For each lost call of a resume, the tasks that it may have become.
        name: The class of the value or exception.
        message: The message of an error, without secrets.
    """

    kind: str
    task_id: str = ""
    pictures: int = 0
    state: str = ""
    tasks: tuple[str, ...] = ()
    parts: tuple["CallOutcome", ...] = ()
    lost: tuple[tuple[str, ...], ...] = ()
    name: str = ""
    message: str = ""

    @property
    def is_error(self) -> bool:
        """Whether the call raised."""
        return self.kind in ERRORS

    def __str__(self) -> str:
        """Return the kind with the class: `forgotten (TaskUnknownError)`."""
        return f"{self.kind} ({self.name})" if self.name else self.kind


class CallRequest(NamedTuple):
    """The arguments of a create.

    Attributes:
        model: The model.
        prompt: The prompt.
        images: URLs of the input images.
        parameters: Other parameters by name.
    """

    model: str
    prompt: str
    images: tuple[str, ...]
    parameters: Mapping[str, Any]


class ClientAdapter(Protocol):
    """One client in a separate process. Timeouts are in seconds of simulated time."""

    @property
    def name(self) -> str:
        """`sync`, `async`, `sdk-pinned` or `sdk-newest`."""
        ...

    @property
    def verbs(self) -> frozenset[str]:
        """The verbs that it has; the others must not be called."""
        ...

    def submit(self, request: CallRequest, timeout: float) -> CallOutcome:
        """Create a task; the outcome is a handle."""
        ...

    def edit(self, request: CallRequest, timeout: float) -> CallOutcome:
        """Create a task and wait for it; the outcome is a result."""
        ...

    def poll(self, task_id: str) -> CallOutcome:
        """Query a task once; the outcome is a state."""
        ...

    def wait(self, task_id: str, timeout: float) -> CallOutcome:
        """Wait until a task has ended; the outcome is a result."""
        ...

    def save(self, task_id: str) -> CallOutcome:
        """Save the pictures of a result that this client has returned before."""
        ...

    def cancel(self, task_id: str) -> CallOutcome:
        """Cancel a task."""
        ...

    def list(self) -> CallOutcome:
        """List the tasks of the account."""
        ...

    def find_lost(self) -> CallOutcome:
        """Find the possible tasks of the last call with an unknown outcome."""
        ...

    def resume(self, timeout: float, adopt: bool) -> CallOutcome:
        """Resume all calls that are unfinished in the journal; `adopt`: also the lost ones."""
        ...

    def close(self) -> None:
        """End the process: only the journal remains."""
        ...
