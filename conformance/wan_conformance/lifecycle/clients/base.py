"""The seam between the stories and a client: its verbs, each of which comes to a `Said`: none raises."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

ERRORS = {
    "refused": "nothing was accepted or done, and that is for good",
    "unknown outcome": "the call may have been accepted",
    "failed": "the task FAILED",
    "was canceled": "the task was CANCELED",
    "forgotten": "the service knows no such task",
    "late": "the time is up",
    "dead link": "the picture is gone",
    "trouble": "an error of the client's own family that may be otherwise the next time",
    "untyped": "anything that is not of the client's own family of errors",
}
KINDS = {
    "result": "pictures, still to be saved",
    "handle": "a task that was accepted",
    "state": "the answer to one question about a task",
    "canceled": "a cancel that was accepted",
    "saved": "pictures on disk",
    "list": "tasks of the account",
    "resumed": "what became of all that was unfinished",
    **ERRORS,
}
"""What a verb may come to, and what that says."""
FINAL = frozenset(ERRORS) - {"trouble", "untyped"}
"""Errors after which the same verb is not tried again."""


class CallOutcome(NamedTuple):
    """What a verb came to.

    kind: of KINDS. task_id: the task that it names, "" for none. pictures: of a result those that were told,
    of a save those on disk. state: of a poll, as the client tells it. tasks: of a list and of find_lost.
    parts: of a resume, what each unfinished task came to. lost: of a resume, for each lost call the tasks
    that it may have become. name: of the class of the value or exception. words: its own, safe to be shown.
    """

    kind: str
    task_id: str = ""
    pictures: int = 0
    state: str = ""
    tasks: tuple[str, ...] = ()
    parts: tuple["CallOutcome", ...] = ()
    lost: tuple[tuple[str, ...], ...] = ()
    name: str = ""
    words: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it is an error."""
        return self.kind in ERRORS

    def __str__(self) -> str:
        """`forgotten (TaskUnknownError)`."""
        return f"{self.kind} ({self.name})" if self.name else self.kind


VERBS = frozenset({"submit", "edit", "poll", "wait", "save", "cancel", "list", "find_lost", "resume"})


class CallRequest(NamedTuple):
    """One intent. asked: the parameters."""

    model: str
    prompt: str
    images: tuple[str, ...]
    asked: Mapping[str, Any]


class ClientAdapter(Protocol):
    """One client, as a process of its own would have it. A timeout is in seconds of the story's time.

    name: `sync`, `async`, `sdk-pinned` or `sdk-newest`. verbs: those of VERBS that it has; the others come to
    nothing and must not be called.
    """

    @property
    def name(self) -> str: ...

    @property
    def verbs(self) -> frozenset[str]: ...

    def submit(self, order: CallRequest, timeout: float) -> CallOutcome:
        """A handle."""
        ...

    def edit(self, order: CallRequest, timeout: float) -> CallOutcome:
        """A result, by a call that waits."""
        ...

    def poll(self, task_id: str) -> CallOutcome:
        """A state, by one question."""
        ...

    def wait(self, task_id: str, timeout: float) -> CallOutcome:
        """A result, once the task has ended."""
        ...

    def save(self, task_id: str) -> CallOutcome:
        """The pictures on disk, of a result that this player has told before."""
        ...

    def cancel(self, task_id: str) -> CallOutcome:
        """That the task is canceled."""
        ...

    def list(self) -> CallOutcome:
        """The account's tasks."""
        ...

    def find_lost(self) -> CallOutcome:
        """The tasks that the last unknown outcome may have become."""
        ...

    def resume(self, timeout: float) -> CallOutcome:
        """What became of all that stands unfinished in the journal."""
        ...

    def close(self) -> None:
        """The end of the process: what it knew is gone, but for its journal."""
        ...
