"""What a verb of any client came to, in words that fit every client."""

from typing import NamedTuple

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


class Said(NamedTuple):
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
    parts: tuple["Said", ...] = ()
    lost: tuple[tuple[str, ...], ...] = ()
    name: str = ""
    words: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it is an error."""
        return self.kind in ERRORS

    def __str__(self) -> str:
        """`forgotten (TaskUnknown)`."""
        return f"{self.kind} ({self.name})" if self.name else self.kind
