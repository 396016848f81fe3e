"""`TaskWatch`: waits for tasks, with events for each new status and end."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import Steps
from wanlib.client.protocol.timing import Deadline
from wanlib.client.results.result import Result
from wanlib.client.tasks.billing import BilledCall
from wanlib.client.tasks.lifecycle import conclude
from wanlib.client.tasks.waiter import WaitEvent
from wanlib.errors import DeadlineExceededError, WanError


class WatchedEvent(NamedTuple):
    """A new status of a task, or its end.

    Attributes:
        position: The index of the task among the watched ones.
        status: The status; None if the service stated none before the end.
        at: When it was seen, in seconds since 1970.
        outcome: The result or error that the wait ended with; None while the task runs.
    """

    position: int
    status: str | None
    at: float
    outcome: Result | WanError | None


class TaskWatch:
    """Waits for several tasks.

    Args:
        context: The context of the client.
        tasks: The tasks as the caller passed them: handles or ids.
        billed_calls: The same tasks.
        deadline: When all waits end.
    """

    def __init__(
        self,
        context: ClientContext,
        tasks: Sequence[Any],
        billed_calls: Sequence[BilledCall],
        deadline: Deadline,
    ) -> None:
        self._context = context
        self._tasks = tasks
        self._billed_calls = billed_calls
        self.deadline = deadline
        self.waits = [(billed.task_id or "", billed.sent_at) for billed in billed_calls]
        self._statuses: dict[int, str] = {}
        self._late: list[DeadlineExceededError] = []

    def handles(self, create: Callable[[BilledCall], Any]) -> list[Any]:
        """Return the handles of the caller; `create` makes one for a task that was passed as its id."""
        return [
            create(billed) if isinstance(task, str) else task
            for task, billed in zip(self._tasks, self._billed_calls, strict=True)
        ]

    def take(self, event: WaitEvent) -> Steps[WatchedEvent | None]:
        """Return the event for the caller; a task that has ended is settled first.

        Returns:
            None if it is reported later: a final status comes with the result, and an exceeded deadline
            when all other tasks were reported.
        """
        index, status, outcome = event
        if status is not None:
            self._statuses[index] = status
        if outcome is None:
            is_final = status in self._context.api.life.terminal
            return None if is_final else WatchedEvent(index, status, self._context.clock.wall(), None)
        if isinstance(outcome, DeadlineExceededError):
            self._late.append(outcome)
            return None
        ended = yield from conclude(self._context, self._billed_calls[index], outcome, self.deadline)
        return WatchedEvent(index, self._statuses.get(index), self._context.clock.wall(), ended)

    def check_complete(self) -> None:
        """Raise DeadlineExceededError if tasks still run after the deadline."""
        if not self._late:
            return
        late, total = len(self._late), len(self.waits)
        error = DeadlineExceededError(
            f"the timeout has passed; {late:,} of {total:,} tasks continue: wait for them again by their ids",
            task_id=self._late[0].task_id if late == 1 else None,
        )
        raise error from self._late[0]
