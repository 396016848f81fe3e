"""`TaskWaiter`: one pending wait for a task; and the events of several waits."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from wanlib.client.tasks.status import TaskStatus
from wanlib.errors import WanError

Outcome = TaskStatus | BaseException
StatusCallback = Callable[[str, str], None]
"""Called with (task id, status) at each new status."""


class WaitEvent(NamedTuple):
    """A new status, or the outcome, of one of several waits.

    Attributes:
        position: The index of the wait.
        status: The status; None with an outcome.
        outcome: The outcome; None with a status.
    """

    position: int
    status: str | None
    outcome: Outcome | None


class TaskWaiter:
    """One pending wait. It has slots, because thousands of them may exist at once.

    Attributes:
        task_id: The task.
        submitted_at: Seconds since 1970; None if not known.
        deadline: Monotonic seconds at which the wait ends.
        on_outcome: Called once with the outcome.
        on_status: Called with (task id, status) at each new status; None for no calls.
        polls: How often the task was polled.
        last_status: The status at the last poll; empty before the first.
        needs_query: Whether the list of tasks is not enough, so that a query is needed.
        uncertain_polls: How many responses in a row were an uncertain failure.
        last_error: Why the last poll failed; None if it did not.
        is_finished: Whether the outcome was passed on.
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
        self.polls = 0
        self.last_status = ""
        self.needs_query = False
        self.uncertain_polls = 0
        self.last_error: WanError | None = None
        self.is_finished = False

    def finish(self, outcome: Outcome) -> None:
        """Pass on the outcome, the first time only."""
        if not self.is_finished:
            self.is_finished = True
            self.on_outcome(outcome)


def watching_waiters(
    waits: Sequence[tuple[str, float | None]], deadline: float, report: Callable[[WaitEvent], object]
) -> list[TaskWaiter]:
    """Return waiters that report each new status and their outcome.

    Args:
        waits: Task id and time of submission (seconds since 1970, None if not known).
        deadline: Monotonic seconds at which the waits end.
        report: Called with each event, from any thread.
    """

    def waiter(index: int, task_id: str, submitted_at: float | None) -> TaskWaiter:
        def on_status(_: str, status: str) -> None:
            report(WaitEvent(index, status, None))

        def on_outcome(outcome: Outcome) -> None:
            report(WaitEvent(index, None, outcome))

        return TaskWaiter(task_id, submitted_at, deadline, on_outcome, on_status)

    return [waiter(index, task_id, at) for index, (task_id, at) in enumerate(waits)]
