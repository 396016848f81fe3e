"""`Task` and `AsyncTask`: the handles that users hold for asynchronous tasks."""

from collections.abc import AsyncGenerator, Iterator
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from wanlib.client.outputs import AsyncOutput, Output
from wanlib.client.tasks.billing import BilledCall
from wanlib.client.tasks.status import TaskStatus
from wanlib.client.tasks.waiter import StatusCallback
from wanlib.errors import TaskError, WanError

if TYPE_CHECKING:
    from wanlib.client.async_client import AsyncClient
    from wanlib.client.sync_client import Client


class _BaseTask:
    """The common base of the two handles; see `Task`."""

    def __init__(self, billed_call: BilledCall) -> None:
        assert billed_call.task_id is not None
        self.id: str = billed_call.task_id
        self.model = billed_call.model.name if billed_call.model else None
        self.submitted_at = billed_call.sent_at
        self.journal_error = billed_call.journal_error
        self.label = billed_call.label
        self.request_id = billed_call.request_id
        self._outcome: Any = None
        self.billed_call = billed_call

    def _keep_outcome(self, outcome: Any) -> None:
        """Store an output or error that `events` has seen, for the next `wait`; None while the task runs."""
        self._outcome = outcome

    def _take_outcome(self) -> Any:
        """Return the stored outcome. An error that does not end the task is returned only once."""
        outcome = self._outcome
        if isinstance(outcome, WanError) and not isinstance(outcome, TaskError):
            self._outcome = None
        return outcome

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} of {self.model or 'an unknown model'}>"


class Task(_BaseTask):
    """A task of the service.

    Attributes:
        id: The task id. With it, any process can continue the task for as long as the service keeps it.
        model: The name of the model; None if the handle was made from an id alone.
        submitted_at: Seconds since 1970; None if that is not known.
        journal_error: Why the journal does not contain the task; None if it does, or without a journal.
        label: The caller's own name for the call; None if it has none, or if it is not known.
        request_id: The vendor's id of the exchange that accepted the task; None if it is not known.
    """

    def __init__(self, client: "Client", billed: BilledCall) -> None:
        super().__init__(billed)
        self._client = client

    def wait(self, *, timeout: float | None = None, on_status: StatusCallback | None = None) -> Output:
        """Wait until the task ends and return its output.

        Args:
            timeout: Seconds to wait. None means the client's own timeout.
            on_status: Called with (task id, status) at each new status. None means no calls.

        Raises:
            TaskFailedError: The task failed; where the code states the cause, also an error of that cause.
            TaskCanceledError: The task was canceled.
            TaskUnknownError: The service does not know the task, or no longer keeps it.
            DeadlineExceededError: The timeout has passed; the task continues.
        """
        outcome: Output | WanError | None = self._take_outcome()
        if outcome is None:
            (outcome,) = self._client.wait([self], timeout=timeout, on_status=on_status)
        if isinstance(outcome, WanError):
            raise outcome
        return outcome

    def events(self, *, timeout: float | None = None) -> "Iterator[TaskEvent[Task]]":
        """Yield each new status of the task and its end as they occur; see `Wan.events`."""
        return self._client.events([self], timeout=timeout)

    def status(self) -> TaskStatus:
        """Query the task once and return its status. A task that FAILED raises nothing here."""
        return self._client.get_task(self.id)

    def cancel(self) -> None:
        """Cancel the task while it waits.

        Raises:
            InvalidRequestError: The task is running or has ended.
        """
        self._client.cancel(self.id)


class AsyncTask(_BaseTask):
    """A task of the service, for an event loop of asyncio.

    Attributes:
        id: The task id. With it, any process can continue the task for as long as the service keeps it.
        model: The name of the model; None if the handle was made from an id alone.
        submitted_at: Seconds since 1970; None if that is not known.
        journal_error: Why the journal does not contain the task; None if it does, or without a journal.
        label: The caller's own name for the call; None if it has none, or if it is not known.
        request_id: The vendor's id of the exchange that accepted the task; None if it is not known.
    """

    def __init__(self, client: "AsyncClient", billed: BilledCall) -> None:
        super().__init__(billed)
        self._client = client

    async def wait(
        self, *, timeout: float | None = None, on_status: StatusCallback | None = None
    ) -> AsyncOutput:
        """Wait until the task ends and return its output.

        Args:
            timeout: Seconds to wait. None means the client's own timeout.
            on_status: Called with (task id, status) at each new status. None means no calls.

        Raises:
            TaskFailedError: The task failed; where the code states the cause, also an error of that cause.
            TaskCanceledError: The task was canceled.
            TaskUnknownError: The service does not know the task, or no longer keeps it.
            DeadlineExceededError: The timeout has passed; the task continues.
        """
        outcome: AsyncOutput | WanError | None = self._take_outcome()
        if outcome is None:
            (outcome,) = await self._client.wait([self], timeout=timeout, on_status=on_status)
        if isinstance(outcome, WanError):
            raise outcome
        return outcome

    def events(self, *, timeout: float | None = None) -> "AsyncGenerator[TaskEvent[AsyncTask]]":
        """Yield each new status of the task and its end as they occur; see `AsyncWan.events`."""
        return self._client.events([self], timeout=timeout)

    async def status(self) -> TaskStatus:
        """Query the task once and return its status. A task that FAILED raises nothing here."""
        return await self._client.get_task(self.id)

    async def cancel(self) -> None:
        """Cancel the task while it waits.

        Raises:
            InvalidRequestError: The task is running or has ended.
        """
        await self._client.cancel(self.id)


TaskT = TypeVar("TaskT", Task, AsyncTask)


class TaskEvent(NamedTuple, Generic[TaskT]):
    """A new status of a task, or its end.

    Attributes:
        task: The task.
        status: The status; None if the service reported none before the end.
        at: When it was seen, in seconds since 1970.
        is_end: Whether the wait has ended, so that `task.wait()` returns or raises at once.
    """

    task: TaskT
    status: str | None
    at: float
    is_end: bool
