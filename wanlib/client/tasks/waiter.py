"""`TaskWaiter`: one pending wait for a task."""

from collections.abc import Callable

from wanlib.client.tasks.status import TaskStatus
from wanlib.errors import WanError

Outcome = TaskStatus | BaseException
StatusCallback = Callable[[str, str], None]
"""Hears of each new status: (task id, status)."""


class TaskWaiter:
    """One pending wait. It has slots, because thousands of them may exist at once.

    Attributes:
        task_id: The task.
        submitted_at: Seconds since 1970; None if not known.
        deadline: Monotonic seconds at which the wait ends.
        on_outcome: Called once with the outcome.
        on_status: Called with (task id, status) at each new status; None for no calls.
        polls: How often the task was looked at.
        last_status: The status when last seen; empty before that.
        needs_query: Whether the list of tasks does not show enough of it.
        uncertain_polls: How many responses in a row were an uncertain failure.
        last_error: Why the last poll failed; None if it did not.
        is_finished: Whether the outcome was handed over.
    """

    __slots__ = (
        "deadline",
        "is_finished",
        "last_error",
        "last_status",
        "needs_query",
        "on_outcome",
        "on_status",
        "polls",
        "submitted_at",
        "task_id",
        "uncertain_polls",
    )

    def __init__(
        self,
        task_id: str,
        submitted_at: float | None,
        deadline: float,
        on_outcome: Callable[[Outcome], None],
        on_status: StatusCallback | None = None,
    ) -> None:
        self.task_id = task_id
        self.submitted_at = submitted_at
        self.deadline = deadline
        self.on_outcome = on_outcome
        self.on_status = on_status
        self.polls = 0  # how often it was looked at
        self.last_status = ""  # the status when last seen
        self.needs_query = False  # whether the list does not tell enough of it
        self.uncertain_polls = 0  # how many looks in a row were an end in doubt
        self.last_error: WanError | None = None  # why the last look failed
        self.is_finished = False

    def finish(self, outcome: Outcome) -> None:
        """Hand over the outcome, the first time only."""
        if not self.is_finished:
            self.is_finished = True
            self.on_outcome(outcome)
