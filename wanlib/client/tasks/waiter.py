"""A task that somebody waits for."""

from collections.abc import Callable

from wanlib.client.tasks.status import TaskStatus
from wanlib.errors import WanError

Outcome = TaskStatus | BaseException
StatusCallback = Callable[[str, str], None]
"""Hears of each new status: (task id, status)."""


class Watch:
    """One wait. Small, for thousands of them are held at once.

    submitted_at: epoch seconds, None where it is not known. deadline: monotonic seconds. told: hears of
    each new status. ended: gets the outcome, once.
    """

    __slots__ = (
        "alone",
        "deadline",
        "doubted",
        "ended",
        "last",
        "over",
        "polls",
        "problem",
        "submitted_at",
        "task_id",
        "told",
    )

    def __init__(
        self,
        task_id: str,
        submitted_at: float | None,
        deadline: float,
        ended: Callable[[Outcome], None],
        told: StatusCallback | None = None,
    ) -> None:
        self.task_id = task_id
        self.submitted_at = submitted_at
        self.deadline = deadline
        self.ended = ended
        self.told = told
        self.polls = 0  # how often it was looked at
        self.last = ""  # the status when last seen
        self.alone = False  # whether the list does not tell enough of it
        self.doubted = 0  # how many looks in a row were an end in doubt
        self.problem: WanError | None = None  # why the last look failed
        self.over = False

    def finish(self, outcome: Outcome) -> None:
        """Hands over the outcome, the first time."""
        if not self.over:
            self.over = True
            self.ended(outcome)
