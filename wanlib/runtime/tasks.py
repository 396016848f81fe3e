"""Tasks of the service in the caller's hands."""

from typing import TYPE_CHECKING

from wanlib.runtime.errors import WanError
from wanlib.runtime.outputs import AsyncOutput, Output
from wanlib.runtime.paid import Paid
from wanlib.runtime.snapshot import Snapshot
from wanlib.runtime.watch import Told

if TYPE_CHECKING:
    from wanlib.runtime.client import Client
    from wanlib.runtime.client_async import AsyncClient


class Handle:
    """id: keep it; with it the task can be taken up again in another process, for a day.

    model: None where it was taken up by its id alone. submitted_at: seconds since the epoch, None where
    that is not known.
    """

    def __init__(self, paid: Paid) -> None:
        assert paid.task_id is not None
        self.id: str = paid.task_id
        self.model = paid.model.name if paid.model else None
        self.submitted_at = paid.sent_at
        self.paid = paid

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} of {self.model or 'a model not told'}>"


class Task(Handle):
    __doc__ = f"A task. {Handle.__doc__}"

    def __init__(self, client: "Client", paid: Paid) -> None:
        super().__init__(paid)
        self._client = client

    def wait(self, *, timeout: float | None = None, on_status: Told | None = None) -> Output:
        """What the task yields. timeout: seconds, 900 unless given. on_status: hears (id, status).

        Raises TaskFailed, TaskCanceled, TaskUnknown; DeadlineExceeded, after which the task goes on.
        """
        (outcome,) = self._client.wait([self], timeout=timeout, on_status=on_status)
        if isinstance(outcome, WanError):
            raise outcome
        return outcome

    def status(self) -> Snapshot:
        """What it is doing now. A task that has FAILED is no error here."""
        return self._client.look(self.id)

    def cancel(self) -> None:
        """Cancels it while it waits. Raises InvalidRequest where it is running or has ended."""
        self._client.cancel(self.id)


class AsyncTask(Handle):
    __doc__ = f"A task. {Handle.__doc__}"

    def __init__(self, client: "AsyncClient", paid: Paid) -> None:
        super().__init__(paid)
        self._client = client

    async def wait(self, *, timeout: float | None = None, on_status: Told | None = None) -> AsyncOutput:
        """What the task yields. timeout: seconds, 900 unless given. on_status: hears (id, status).

        Raises TaskFailed, TaskCanceled, TaskUnknown; DeadlineExceeded, after which the task goes on.
        """
        (outcome,) = await self._client.wait([self], timeout=timeout, on_status=on_status)
        if isinstance(outcome, WanError):
            raise outcome
        return outcome

    async def status(self) -> Snapshot:
        """What it is doing now. A task that has FAILED is no error here."""
        return await self._client.look(self.id)

    async def cancel(self) -> None:
        """Cancels it while it waits. Raises InvalidRequest where it is running or has ended."""
        await self._client.cancel(self.id)
