"""`AsyncClient`: the base of the generated `AsyncWan`, with the verbs that all models share."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from wanlib.client.base_client import BaseClient
from wanlib.client.drivers.http_adapter import create_http_client
from wanlib.client.results.parts import PartT, Picture
from wanlib.errors import OutcomeUnknownError, UsageError, WanError

if TYPE_CHECKING:  # calls load what they need, so that creating a client is fast
    from datetime import datetime

    from wanlib.client.batch.outcome import BatchKeywords, BatchSummary
    from wanlib.client.batch.plan import BatchPlan
    from wanlib.client.drivers.async_driver import AsyncDriver
    from wanlib.client.outputs import AsyncOutput
    from wanlib.client.results.result import Result
    from wanlib.client.streams_async import AsyncStream
    from wanlib.client.task_handles import AsyncTask, TaskEvent
    from wanlib.client.tasks.billing import BilledCall
    from wanlib.client.tasks.resume import ResumeResult
    from wanlib.client.tasks.status import TaskStatus, TaskSummary
    from wanlib.client.tasks.waiter import StatusCallback
    from wanlib.client.tasks.watching import TaskWatch


class AsyncClient(BaseClient):
    __doc__ = BaseClient.__doc__
    _httpx_class = "AsyncClient"

    @cached_property
    def _driver(self) -> AsyncDriver:
        from wanlib.client.drivers.async_driver import AsyncDriver

        return AsyncDriver(self._http, self._context, self._parallel, self._owns_http)

    def task(self, task_id: str, model: str | None = None) -> AsyncTask:
        """Return a handle for a task that any process has submitted.

        Args:
            task_id: The id of the task, as `submit` returned it.
            model: The model of the task, which gives the result its model and price. None if it is not known;
                with a journal it is looked up there.

        Raises:
            InvalidArgumentError: The text cannot be a task id.
            InvalidRequestError: The model is unknown.
        """
        return self._task_handle(self._core.task_handle(task_id, model))

    async def tasks(
        self,
        *,
        status: str | None = None,
        model: str | None = None,
        task_id: str | None = None,
        start: datetime | float | None = None,
        end: datetime | float | None = None,
    ) -> AsyncIterator[TaskSummary]:
        """Yield the tasks of the account, newest first as the service lists them, page by page.

        Args:
            status: Only tasks with this status. None means any.
            model: Only tasks of this model. None means any.
            task_id: Only the task with this id. None means any.
            start: Only tasks submitted at this time or later, as a datetime with a time zone or seconds since
                1970. None means as long ago as the service keeps tasks.
            end: Only tasks submitted until this time, in the same forms. None means now.

        Raises:
            InvalidArgumentError: A filter has a value that is not allowed.
            InvalidRequestError: The model is unknown, or the service refuses the query.
            DeadlineExceededError: The requests took longer than the client's own timeout.
            MalformedResponseError: The service reports more pages than are fetched.
        """
        pages = self._core.list_tasks(status, model, task_id, start, end)
        while page := await self._driver.run(pages.next_page()):
            for task in page:
                yield task

    async def cancel(self, task_id: str) -> None:
        """Cancel a task that is still pending.

        Args:
            task_id: The id of the task.

        Raises:
            InvalidRequestError: The task is running or has ended.
        """
        await self._driver.run(self._core.cancel(task_id))

    async def wait(
        self,
        tasks: Sequence[AsyncTask | str],
        *,
        timeout: float | None = None,
        on_status: StatusCallback | None = None,
    ) -> list[AsyncOutput | WanError]:
        """Wait for several tasks at once, within the rate limit of the account.

        Args:
            tasks: Handles or task ids.
            timeout: Seconds to wait in total. None means the client's own timeout.
            on_status: Called with (task id, status) at each new status. None means no calls.

        Returns:
            For each task, in order, its output or its error. A task that is still running at the timeout has
            a DeadlineExceededError.
        """
        ended = await self._driver.run(self._core.wait_for(tasks, timeout, on_status))
        return [outcome if isinstance(outcome, WanError) else self._with_saver(outcome) for outcome in ended]

    def events(
        self, tasks: Sequence[AsyncTask | str], *, timeout: float | None = None
    ) -> AsyncGenerator[TaskEvent[AsyncTask]]:
        """Yield each new status and the end of several tasks as they occur.

        The tasks are polled while the iteration waits for an event. After the end of a task was yielded, its
        `wait` returns or raises immediately. Closing the iteration early loses nothing, since the tasks
        continue.

        Args:
            tasks: Handles or task ids.
            timeout: Seconds to wait in total, from this call on. None means the client's own timeout.

        Raises:
            InvalidArgumentError: `tasks` or `timeout` has a value that is not allowed.
            DeadlineExceededError: The timeout has passed, and all other tasks were yielded.
        """
        watch = self._core.watch(tasks, timeout)
        return self._events(watch, watch.handles(self._task_handle))

    def as_completed(
        self, tasks: Sequence[AsyncTask | str], *, timeout: float | None = None
    ) -> AsyncGenerator[AsyncTask]:
        """Yield tasks in the order in which they end; the `wait` of each then returns or raises immediately.

        Args:
            tasks: Handles or task ids.
            timeout: Seconds to wait in total, from this call on. None means the client's own timeout.

        Raises:
            InvalidArgumentError: `tasks` or `timeout` has a value that is not allowed.
            DeadlineExceededError: The timeout has passed, and all other tasks were yielded.
        """
        return self._ends(self.events(tasks, timeout=timeout))

    async def batch(
        self, jobs: Iterable[Any], folder: str | PathLike[str], **options: Unpack[BatchKeywords]
    ) -> BatchSummary:
        """Make many calls: check and price all, send them within the account's limits, and save the pictures.

        The client needs a journal, from which another run of the same jobs continues after any interruption:
        saved jobs are not sent again, and paid pictures are fetched. Each job is identified by its label.

        Args:
            jobs: Mappings with `model`, `prompt`, `images`, `label` and parameters by name. A job without
                images is a generation. Iterators are read into a list.
            folder: Where the pictures are saved, as `<label>-<n>.png`.
            options: The fields of `BatchOptions`: `names`, `in_flight`, `timeout`, `max_price`,
                `shared_account`, `retry_failed`, `fit`, `on_outcome`, `on_progress`.

        Returns:
            The counts, what was spent, and the failed jobs by cause. A failed job does not stop the others.

        Raises:
            ConfigurationError: The client has no journal.
            InvalidArgumentError: An option has a value that is not allowed.
            InvalidBatchError: Jobs cannot be sent; it lists the problems of all of them. Nothing was sent.
            BudgetExceededError: The jobs could cost more than `max_price`. Nothing was sent.
            JournalError: The journal cannot be used.
        """
        from wanlib.client.batch.start import BatchOptions, prepare_batch

        prepared = prepare_batch(self._core, jobs, folder, BatchOptions(**options))
        return await self._driver.run(prepared.run.steps())

    def plan_batch(
        self, jobs: Iterable[Any], folder: str | PathLike[str], **options: Unpack[BatchKeywords]
    ) -> BatchPlan:
        """Check and price the jobs of a batch, and return what `batch` would do. Nothing is sent.

        Without a journal, that is what a first run would do.

        Args:
            jobs: As for `batch`; an iterator is read to its end.
            folder: As for `batch`.
            options: As for `batch`.

        Raises:
            WanError: As for `batch`.
        """
        from wanlib.client.batch.start import BatchOptions, check_batch

        return check_batch(self._core, jobs, folder, BatchOptions(**options))

    async def find_lost(self, error: OutcomeUnknownError) -> list[TaskSummary]:
        """Return the tasks that a call with an unknown outcome may have become.

        Args:
            error: The error that the call raised.

        Returns:
            The tasks of the same model that the service lists as submitted within two minutes of the call,
            by its own clock, as estimated from its responses. They may belong to another client of the
            account. An empty list means that the service lists none at present, not that it has not accepted
            the call.
        """
        return await self._driver.run(self._core.find_lost(error))

    async def resume(
        self, *, timeout: float | None = None, on_status: StatusCallback | None = None, adopt: bool = False
    ) -> ResumeResult:
        """Continue the unfinished calls of the journal, as after a crash, and wait for their tasks.

        A lost call is reported with its candidates: tasks of its model that were submitted at about that
        time and do not belong to another call in the journal. The list of tasks does not say who submitted
        them, so with `adopt=False` none of them is treated as the task of the call.

        Args:
            timeout: Seconds to wait in total. None means the client's own timeout.
            on_status: Called with (task id, status) at each new status. None means no calls.
            adopt: True asserts that no other client uses this account for the models of the journal. The
                candidates are then continued as the tasks of the lost calls, if there are as many tasks as
                calls.

        Raises:
            ConfigurationError: The client has no journal.
            JournalError: The journal cannot be used.
        """
        result = await self._driver.run(self._core.resume(timeout, on_status, adopt))
        return result._replace(results=[self._with_saver(output) for output in result.results])

    async def get_task(self, task_id: str) -> TaskStatus:
        """Query a task once and return its status. A task that FAILED raises nothing here."""
        return await self._driver.run(self._core.get_task(task_id))

    async def close(self) -> None:
        """Close the connections and the journal; pending waits are cancelled.

        A second call does nothing.

        Raises:
            UsageError: The client belongs to another event loop, which is not closed.
        """
        # On a closed event loop, the connections are gone, and nothing can be awaited.
        is_loop_closed = self._driver.is_loop_closed
        if not is_loop_closed:
            self._driver.check_loop()
        if not self._context.usage.close():
            return
        try:
            if not is_loop_closed:
                await self._driver.close()
                if self._owns_http:
                    await self._http.aclose()
        finally:
            self._context.close()

    async def _edit(
        self, verb: str, model: Any, prompt: Any, images: Any, kwargs: dict[str, Any]
    ) -> AsyncOutput:
        return self._with_saver(await self._driver.run(self._core.edit(verb, model, prompt, images, kwargs)))

    async def _submit(self, model: Any, prompt: Any, images: Any, kwargs: dict[str, Any]) -> AsyncTask:
        return self._task_handle(await self._driver.run(self._core.submit(model, prompt, images, kwargs)))

    async def _stream(self, model: Any, prompt: Any, images: Any, kwargs: dict[str, Any]) -> AsyncStream:
        from wanlib.client.streams_async import AsyncStream

        billed, opened = await self._driver.run(self._core.stream(model, prompt, images, kwargs))
        return AsyncStream(self._driver, self._context, billed, opened, self._with_saver, self._with_reader)

    def _with_saver(self, result: Result) -> AsyncOutput:
        from wanlib.client.outputs import AsyncOutput

        parts = tuple(self._with_reader(part) for part in result.parts)
        return AsyncOutput._from_result(replace(result, parts=parts), self._save)

    def _with_reader(self, part: PartT) -> PartT:
        """Return a part; a picture is given the function that fetches it."""
        if isinstance(part, Picture):
            return replace(part, async_reader=self._read, display_reader=self._read_at_once)
        return part

    async def _read(self, picture: Picture) -> bytes:
        return await self._driver.run(self._core.read(picture))

    def _read_at_once(self, picture: Picture) -> bytes:
        """Fetch a picture for its display, which cannot await, over a separate connection."""
        from wanlib.client.drivers.sync_driver import Driver

        if self._http_settings is None:
            raise UsageError("a picture of a client with your own http_client can't be shown; save it")
        with create_http_client("Client", *self._http_settings) as http:
            return Driver(http, self._context, self._parallel, True).run(self._core.read(picture))

    def _task_handle(self, billed: BilledCall) -> AsyncTask:
        from wanlib.client.task_handles import AsyncTask

        return AsyncTask(self, billed)

    async def _events(
        self, watch: TaskWatch, handles: Sequence[AsyncTask]
    ) -> AsyncGenerator[TaskEvent[AsyncTask]]:
        from wanlib.client.results.result import Result
        from wanlib.client.task_handles import TaskEvent

        async with aclosing(self._driver.watch(watch.waits, watch.deadline.at)) as events:
            async for event in events:
                if (seen := await self._driver.run(watch.take(event))) is None:
                    continue
                task, ended = handles[seen.position], seen.outcome
                task._keep_outcome(self._with_saver(ended) if isinstance(ended, Result) else ended)
                yield TaskEvent(task, seen.status, seen.at, ended is not None)
        watch.check_complete()

    async def _ends(self, events: AsyncGenerator[TaskEvent[AsyncTask]]) -> AsyncGenerator[AsyncTask]:
        async with aclosing(events):
            async for event in events:
                if event.is_end:
                    yield event.task

    async def _save(
        self, result: Result, folder: Any, stem: str | None, overwrite: bool, timeout: float | None
    ) -> list[Path]:
        return await self._driver.run(self._core.save(result, folder, stem, overwrite, timeout))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        await self.close()
