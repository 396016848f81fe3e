"""Tasks of the service in the caller's hands."""

from typing import TYPE_CHECKING

from wanlib.client.outputs import AsyncOutput, Output
from wanlib.client.tasks.billing import BilledCall
from wanlib.client.tasks.status import TaskStatus
from wanlib.client.tasks.waiter import StatusCallback
from wanlib.errors import WanError

if TYPE_CHECKING:
    from wanlib.client.async_client import AsyncClient
    from wanlib.client.sync_client import Client


class _BaseTask:
    """id: keep it; with it the task can be taken up again in another process, for a day.

    model: None where it was taken up by its id alone. submitted_at: seconds since the epoch, None where
    that is not known.
    """

    def __init__(self, billed_call: BilledCall) -> None:
        assert billed_call.task_id is not None
        self.id: str = billed_call.task_id
        self.model = billed_call.model.name if billed_call.model else None
        self.submitted_at = billed_call.sent_at
        self.billed_call = billed_call

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} of {self.model or 'a model not told'}>"


class Task(_BaseTask):
    __doc__ = f"A task. {_BaseTask.__doc__}"

    def __init__(self, client: "Client", billed: BilledCall) -> None:
        super().__init__(billed)
        self._client = client

    def wait(self, *, timeout: float | None = None, on_status: StatusCallback | None = None) -> Output:
        """What the task yields. timeout: seconds, 900 unless given. on_status: hears (id, status).

        Raises TaskFailedError, TaskCanceledError, TaskUnknownError; DeadlineExceededError, after which the
        task goes on.
        """
        (outcome,) = self._client.wait([self], timeout=timeout, on_status=on_status)
        if isinstance(outcome, WanError):
            raise outcome
        return outcome

    def status(self) -> TaskStatus:
        """What it is doing now. A task that has FAILED is no error here."""
        return self._client.get_task(self.id)

    def cancel(self) -> None:
        """Cancels it while it waits. Raises InvalidRequestError where it is running or has ended."""
        self._client.cancel(self.id)


class AsyncTask(_BaseTask):
    __doc__ = f"A task. {_BaseTask.__doc__}"

    def __init__(self, client: "AsyncClient", billed: BilledCall) -> None:
        super().__init__(billed)
        self._client = client

    async def wait(
        self, *, timeout: float | None = None, on_status: StatusCallback | None = None
    ) -> AsyncOutput:
        """What the task yields. timeout: seconds, 900 unless given. on_status: hears (id, status).

        Raises TaskFailedError, TaskCanceledError, TaskUnknownError; DeadlineExceededError, after which the
        task goes on.
        """
        (outcome,) = await self._client.wait([self], timeout=timeout, on_status=on_status)
        if isinstance(outcome, WanError):
            raise outcome
        return outcome

    async def status(self) -> TaskStatus:
        """What it is doing now. A task that has FAILED is no error here."""
        return await self._client.get_task(self.id)

    async def cancel(self) -> None:
        """Cancels it while it waits. Raises InvalidRequestError where it is running or has ended."""
        await self._client.cancel(self.id)
