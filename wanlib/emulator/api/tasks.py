"""Existing tasks: query, list, cancel, complete manually, delete when expired."""

from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.emulator.api.response_bodies import Body, Link, ResponseBodies
from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.vendor_errors import VendorError
from wanlib.emulator.jobs.job import Job, JobOutcome
from wanlib.spec.model.timestamp_format import TimestampFormat
from wanlib.spec.source.annotated import parse_duration

_ACCOUNT = "emulator"
_UNITS = {"epoch s": 1, "epoch ms": 1000}


class TaskListing:
    """Lists tasks, newest first. The filters are those of `wire/queries.list`."""

    def __init__(self, context: EmulatorContext) -> None:
        """Read the filters and formats of the spec."""
        times = context.spec.wire["times"]["query"]
        self._context = context
        self._parameters = context.spec.wire["queries"]["list"]
        self._query, self._names = context.vendor.names.list_query, context.vendor.names.listed
        self._stamp = TimestampFormat(self._parameters[self._query.start]["form"], times["zone"])
        self._span = parse_duration(self._parameters[self._query.start]["within"])
        self._unit = _UNITS[context.spec.wire["times"]["list"]["form"]]
        host = context.spec.wire["regions"][context.region].get("workspace_host", "")
        self._region = host.split(".")[1] if "." in host else context.region

    def page(self, query: dict[str, str], request_id: str) -> Body:
        """Build one page of the list.

        Raises:
            RequestRefusedError: A filter is malformed, or the times are too far apart.
        """
        names = self._names
        page, size = self._number(query, self._query.page), self._number(query, self._query.page_size)
        tasks = self._filter_jobs(query)
        return {
            self._context.vendor.names.answer.request_id: request_id,
            names.total: len(tasks),
            names.pages: -(-len(tasks) // size),
            names.page: page,
            names.page_size: size,
            names.tasks: [self._list_entry(job) for job in tasks[(page - 1) * size : page * size]],
        }

    def _filter_jobs(self, query: dict[str, str]) -> list[Job]:
        context, now = self._context, self._context.clock.wall()
        start, end = self._times(query, now)
        names = self._query
        wanted = query.get(names.status)
        if wanted and wanted not in context.spec.task["states"]:
            raise context.refusal("bad_query", detail=f"{names.status} is {safe_repr(wanted)}")
        return [
            job
            for job in context.store.jobs.newest_first()
            if job.is_task
            and start <= job.submitted <= end
            and query.get(names.task_id) in (None, "", job.id)
            and query.get(names.model) in (None, "", job.spec.model)
            and query.get(names.api_key) in (None, "", _ACCOUNT)
            and query.get(names.region) in (None, "", self._region)
            and not job.is_expired(context.lifecycle, now)
            and (not wanted or job.status(context.lifecycle, now) == wanted)
        ]

    def _times(self, query: dict[str, str], now: float) -> tuple[float, float]:
        """Return the time range: the last day, or a day from `start` or up to `end`."""
        names = self._query
        start, end = self._time(query, names.start), self._time(query, names.end)
        if start is None and end is None:
            return now - self._span, now
        if start is None:
            return (end or 0) - self._span, (end or 0) + 1
        if end is None:
            return start, start + self._span
        if not 0 <= end - start <= self._span:
            detail = f"{names.start} and {names.end}, at most {self._span:g} s apart"
            raise self._context.refusal("bad_query", detail=detail)
        return start, end + 1  # filters have a resolution of one second

    def _time(self, query: dict[str, str], name: str) -> float | None:
        if not query.get(name):
            return None
        try:
            return self._stamp.parse(query[name])
        except ValueError:
            detail = f"{name} is {safe_repr(query[name])}, expected {self._parameters[name]['form']}"
            raise self._context.refusal("bad_query", detail=detail) from None

    def _number(self, query: dict[str, str], name: str) -> int:
        text = query.get(name) or str(self._parameters[name]["default"])
        if not (text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text)):
            raise self._context.refusal(
                "bad_query", detail=f"{name} is {safe_repr(text)}, expected a number from 1"
            )
        return int(text)

    def _list_entry(self, job: Job) -> dict[str, Any]:
        """Build an entry: a list has its own names, and times in epoch milliseconds."""
        context, now, names = self._context, self._context.clock.wall(), self._names
        words = [word for word in job.endpoint.split("/") if word][1:]
        item: dict[str, Any] = {
            names.api_key: _ACCOUNT,
            names.parent_user: _ACCOUNT,
            names.user: _ACCOUNT,
            names.created: self._epoch(job.submitted),
            names.model: job.spec.model,
            names.region: self._region,
            names.request_id: job.request_id,
            names.status: job.status(context.lifecycle, now),
            names.task_id: job.id,
            names.path_key: ":".join(["apikey:v1", *words, job.spec.model]),
        }
        if job.scheduled <= now and not job.is_canceled:
            item[names.started] = self._epoch(job.scheduled)
        if job.ended <= now:
            item[names.ended] = self._epoch(job.ended)
        return item

    def _epoch(self, moment: float) -> int:
        return int(moment * self._unit)


class TaskService:
    """Manages the tasks of one emulator."""

    def __init__(self, context: EmulatorContext, bodies: ResponseBodies) -> None:
        """Create the service.

        Args:
            context: The emulator.
            bodies: Builds the responses.
        """
        self._context = context
        self._bodies = bodies
        self._listing = TaskListing(context)

    def query(self, task_id: str, link: Link, request_id: str) -> Body:
        """Build the response to a query. An unknown id is not an error."""
        job = self._task(task_id)
        if job is None:
            return self._bodies.unknown_task(task_id, request_id)
        return self._bodies.task_status(job, self._context.clock.wall(), link, request_id)

    def list_tasks(self, query: dict[str, str], request_id: str) -> Body:
        """Build the response to a list call.

        Raises:
            RequestRefusedError: A filter is malformed.
        """
        return self._listing.page(query, request_id)

    def cancel(self, task_id: str) -> None:
        """Cancel a waiting task.

        Raises:
            RequestRefusedError: The task does not exist, or is not waiting.
        """
        job, now = self._task(task_id), self._context.clock.wall()
        if job is None or job.status(self._context.lifecycle, now) not in self._context.lifecycle.cancelable:
            raise self._context.refusal("not_cancelable")
        self._end(job, job._replace(is_canceled=True, ended=now))

    def finish(self, task_id: str, failure: VendorError | None = None) -> bool:
        """End a task now.

        Args:
            task_id: The task.
            failure: The error it fails with; None ends it as succeeded.

        Returns:
            False if the task does not exist, or it has ended already.
        """
        job, now = self._task(task_id), self._context.clock.wall()
        if job is None or job.ended <= now or job.is_expired(self._context.lifecycle, now):
            return False
        outcome = (
            JobOutcome(job.outcome.attempted, job.outcome.attempted, *failure)
            if failure
            else JobOutcome(job.outcome.attempted)
        )
        self._end(job, job._replace(outcome=outcome, scheduled=min(job.scheduled, now), ended=now))
        return True

    def purge_expired(self) -> None:
        """Delete jobs that can no longer be queried."""
        jobs, life, now = self._context.store.jobs, self._context.lifecycle, self._context.clock.wall()
        while (oldest := jobs.first()) and oldest.is_purged(life, now):
            jobs.drop(oldest.id)
            for image in oldest.spec.inputs:
                self._context.blobs.release(image.blob_key)

    def _task(self, task_id: str) -> Job | None:
        job = self._context.store.jobs.get(task_id)
        return job if job and job.is_task else None

    def _end(self, before: Job, after: Job) -> None:
        self._context.store.jobs.put(after.id, after)
        self._context.ledger.schedule_end(after)
        self._context.recorder.update(self._context.recorded(after))
        if self._context.rate_limits:
            self._context.rate_limits.release_slot(before.spec.model, before.ended, after.ended)
