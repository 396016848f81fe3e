"""`ClientCore`: every verb as steps (see `protocol.effects`), shared by the sync and the async client."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wanlib.base.redaction import safe_repr
from wanlib.client.call.arguments import get_model
from wanlib.client.call.options import (
    ParsedCall,
    call_mode,
    check_callback,
    infer_verb,
    parse_call,
    refuse_options,
)
from wanlib.client.call.plan import CallPlan, plan_call, validate_fields
from wanlib.client.http.messages import Request
from wanlib.client.images.image_source import ImageSource
from wanlib.client.protocol.budget import parse_amount
from wanlib.client.protocol.context import ClientContext, check_flags
from wanlib.client.protocol.effects import OpenedResponse, RunBlocking, Steps
from wanlib.client.protocol.live_calls import UnfinishedCall
from wanlib.client.protocol.settings import STALL_TIMEOUT
from wanlib.client.protocol.timing import Deadline
from wanlib.client.results.parts import Picture
from wanlib.client.results.result import Result
from wanlib.client.task_handles import _BaseTask
from wanlib.client.tasks.billing import BilledCall, billed_call_from_entry, reserve, send
from wanlib.client.tasks.journaling import label_errors, record_outcome
from wanlib.client.tasks.lifecycle import call_sync, submit, wait, wait_all
from wanlib.client.tasks.requests import cancel_task, get_task
from wanlib.client.tasks.status import TaskStatus, TaskSummary
from wanlib.client.tasks.task_list import (
    TaskPages,
    TimeWindow,
    find_lost,
    submission_window,
    time_filter,
)
from wanlib.client.tasks.waiter import StatusCallback
from wanlib.client.tasks.watching import TaskWatch
from wanlib.errors import InvalidArgumentError, JournalError, OutcomeUnknownError, WanError

if TYPE_CHECKING:  # loaded only when it is needed
    from wanlib.client.call.prepared import Prepared
    from wanlib.client.results.download import DownloadRules
    from wanlib.client.tasks.resume import ResumeResult

_MAX_EPOCH = 253_402_214_400.0
"""The latest time that a date can represent in every time zone, in seconds since 1970."""


class ClientCore:
    """The verbs of a client as steps. upload, file_urls: the settings of the client."""

    def __init__(self, context: ClientContext, *, upload: bool, file_urls: bool) -> None:
        self.context = context
        self._upload = upload
        self._file_urls = file_urls
        self._is_local = context.settings.is_local

    def plan(self, call: ParsedCall) -> CallPlan:
        """Validate and price a call. Raise InvalidRequestError, InvalidArgumentError."""
        plan = plan_call(
            self.context.api,
            self.context.settings.region,
            call.arguments,
            file_urls=self._file_urls,
            local=self._is_local,
            now=self.context.clock.wall(),
        )
        return plan._replace(label=call.label)

    def edit(self, verb: str, model: Any, prompt: Any, images: Any, kwargs: dict[str, Any]) -> Steps[Result]:
        """Make one call and return its result, with a task or without one."""
        via = kwargs.pop("via") if "via" in kwargs else self._default_call(model)
        call = parse_call(verb, call_mode(via), model, prompt, images, kwargs)
        with label_errors(call.label):
            context, plan, deadline = yield from self._prepare_images(call)
            if plan.call == "sync":
                return (yield from call_sync(context, plan, call.max_price, deadline))
            billed = yield from submit(context, plan, call.max_price, deadline)
            return (yield from wait(context, billed, deadline, call.on_status))

    def submit(self, model: Any, prompt: Any, images: Any, kwargs: dict[str, Any]) -> Steps[BilledCall]:
        """Submit a task."""
        refuse_options("submit", kwargs)
        call = parse_call(self._verb(model, images, kwargs), "async", model, prompt, images, kwargs)
        with label_errors(call.label):
            context, plan, deadline = yield from self._prepare_images(call)
            return (yield from submit(context, plan, call.max_price, deadline))

    def stream(
        self, model: Any, prompt: Any, images: Any, kwargs: dict[str, Any]
    ) -> Steps[tuple[BilledCall, OpenedResponse]]:
        """Send a streamed call and return its response, with the body unread."""
        refuse_options("stream", kwargs)
        call = parse_call("stream", "stream", model, prompt, images, kwargs)
        with label_errors(call.label):
            context, plan, deadline = yield from self._prepare_images(call)
            billed = yield from reserve(context, plan, call.max_price, deadline)
            return billed, (yield from send(context, plan, billed, deadline))

    def prepare(self, model: Any, prompt: Any, images: Any, kwargs: dict[str, Any]) -> "Prepared":
        """Return the call as it would be sent, without sending, uploading or recording anything."""
        from wanlib.client.call.prepared import prepare

        refuse_options("prepare", kwargs, "via")
        via = kwargs.pop("via") if "via" in kwargs else self._default_call(model)
        via = call_mode(via, "stream")
        verb = via if via == "stream" else self._verb(model, images, kwargs)
        call = parse_call(verb, via, model, prompt, images, kwargs)
        parse_amount(call.max_price, "max_price")
        self._deadline(call.timeout)
        self.context.with_retries(call.max_retries)
        return prepare(self.context, self.plan(call))

    def save(
        self, result: Result, folder: Any, stem: str | None, overwrite: bool, timeout: float | None
    ) -> Steps[list[Path]]:
        """Write the pictures of a result to files. Each error has the result, whose links still work."""
        try:
            return (yield from self._save(result, folder, stem, overwrite, self._deadline(timeout)))
        except WanError as error:
            error.result = result
            raise

    def read(self, picture: Picture) -> Steps[bytes]:
        """Fetch the bytes of one picture."""
        from wanlib.client.results.download import fetch

        return fetch(picture, self._download_rules(self._deadline(None)))

    def task_handle(self, task_id: object, model: object) -> BilledCall:
        """Return a task by its id, with the data that the journal and the caller have about it."""
        checked = self.context.validate_task_id(task_id)
        table = None if model is None else get_model(self.context.api, model)
        try:
            entry = self.context.journal.entry(checked) if self.context.journal else None
        except JournalError as failure:
            return BilledCall(table, checked, journal_error=failure)
        if entry is None:
            return BilledCall(table, checked)
        return billed_call_from_entry(self.context, entry)

    def get_task(self, task_id: str) -> Steps[TaskStatus]:
        """Query a task."""
        return get_task(self.context, task_id, self._deadline(None))

    def cancel(self, task_id: str) -> Steps[None]:
        """Cancel a pending task."""
        return cancel_task(self.context, task_id, self._deadline(None))

    def wait_for(
        self, tasks: Sequence[object], timeout: float | None, on_status: StatusCallback | None
    ) -> Steps[list[Result | WanError]]:
        """Wait for tasks (handles or ids) and return the result or error of each."""
        check_callback(on_status)
        return wait_all(self.context, self._billed_calls(tasks), self._deadline(timeout), on_status)

    def watch(self, tasks: Sequence[object], timeout: float | None) -> TaskWatch:
        """Return waits for tasks (handles or ids), whose events are reported as they come."""
        billed_calls = self._billed_calls(tasks)
        return TaskWatch(self.context, tasks, billed_calls, self._deadline(timeout))

    def _billed_calls(self, tasks: Sequence[object]) -> list[BilledCall]:
        """Return tasks (handles or ids) as billed calls. Raise InvalidArgumentError for another value."""
        if isinstance(tasks, str) or not isinstance(tasks, Sequence):
            raise InvalidArgumentError(f"tasks is {safe_repr(tasks)}; allowed: a list of tasks or task ids")
        return [
            task.billed_call if isinstance(task, _BaseTask) else self.task_handle(task, None)
            for task in tasks
        ]

    def find_lost(self, error: OutcomeUnknownError) -> Steps[list[TaskSummary]]:
        """Return the tasks that a lost call may have become."""
        if not isinstance(error, OutcomeUnknownError):
            raise InvalidArgumentError(
                f"error is {safe_repr(error)}; allowed: an OutcomeUnknownError, as it was raised"
            )
        window = partial(submission_window, self.context, error.sent_at, error.sent_at)
        return find_lost(self.context, error.model, window, self._deadline(None))

    def resume(
        self, timeout: float | None, on_status: StatusCallback | None, adopt: bool
    ) -> "Steps[ResumeResult]":
        """Continue the unfinished calls of the journal."""
        from wanlib.client.tasks.resume import resume

        check_callback(on_status)
        check_flags(adopt=adopt)
        return resume(self.context, self._deadline(timeout), on_status, adopt=adopt)

    def unfinished(self) -> list[UnfinishedCall]:
        """Return the calls of this client whose outcome its callers have not received."""
        return self.context.live_calls.unfinished(self.context.clock.wall())

    def list_tasks(
        self, status: str | None, model: str | None, task_id: str | None, start: Any, end: Any
    ) -> TaskPages:
        """Return the pages of matching tasks. Raise InvalidArgumentError, InvalidRequestError."""
        api, names = self.context.api, self.context.api.names.list_query
        query: dict[str, str | int] = {}
        if status is not None:
            query[names.status] = _check_choice(status, "status", api.life.states)
        if model is not None:
            query[names.model] = get_model(api, model).name
        if task_id is not None:
            query[names.task_id] = self.context.validate_task_id(task_id)
        if start is not None or end is not None:
            until = self.context.clock.wall() if end is None else _to_epoch(end, "end")
            since = until - api.life.expires_after if start is None else _to_epoch(start, "start")
            query |= time_filter(self.context, TimeWindow(since, until))
        return TaskPages(self.context, query, self._deadline(None))

    def _save(
        self, result: Result, folder: Any, stem: str | None, overwrite: bool, deadline: Deadline
    ) -> Steps[list[Path]]:
        from wanlib.client.results.save import save
        from wanlib.client.results.save_target import target_file, to_path

        place = to_path(folder)
        file = target_file(place, len(result.images), stem)
        name = stem if stem is not None else result.task_id or result.request_id
        if name is None and file is None:
            raise InvalidArgumentError("this result has neither a task id nor a request id; pass stem=...")
        rules = self._download_rules(deadline)
        paths = yield from save(result, place, rules, stem=name or "", file=file, overwrite=overwrite)
        task_id, at = result.task_id, self.context.clock.wall()
        if self.context.journal is not None and task_id is not None:
            yield from record_outcome(
                self.context, deadline, lambda journal: journal.record_saved(task_id, paths, at)
            )
        return paths

    def _download_rules(self, deadline: Deadline) -> "DownloadRules":
        from wanlib.client.results.download import DownloadRules

        return DownloadRules(
            partial(_picture_request, deadline),
            self.context.clock,
            self.context.backoff(),
            self.context.attempts,
            deadline,
            allow_private=self._is_local,
        )

    def _default_call(self, model: Any) -> str:
        """Return the default for `via`: a task, unless the model has only synchronous calls."""
        endpoints = get_model(self.context.api, model).endpoints
        return "sync" if "sync" in endpoints and "async" not in endpoints else "async"

    def _verb(self, model: Any, images: Any, kwargs: dict[str, Any]) -> str:
        return infer_verb(get_model(self.context.api, model), images, kwargs)

    def _validate(self, plan: CallPlan, call: ParsedCall) -> None:
        """Validate a call again after its images were fitted. Raise InvalidRequestError."""
        local, now = self._is_local, self.context.clock.wall()
        validate_fields(plan.model, call.arguments, plan.fields, local=local, now=now)

    def _deadline(self, timeout: float | None) -> Deadline:
        return self.context.deadline(timeout)

    def _prepare_images(self, call: ParsedCall) -> Steps[tuple[ClientContext, CallPlan, Deadline]]:
        """Return context, plan and deadline of a call, with its images fitted, and uploaded on request."""
        context = self.context.with_retries(call.max_retries)
        plan, deadline = self.plan(call), self._deadline(call.timeout)
        sources = plan.local_images
        if any(source.fit for source in sources):
            sources = yield RunBlocking(partial(_make_fit, sources))
            plan = plan.with_images(sources)
            self._validate(plan, call)
        if not sources or not (self._upload if call.upload is None else call.upload):
            return context, plan, deadline

        from wanlib.client.images.upload import upload

        urls = yield from upload(context, plan.model.name, sources, deadline)
        return context, plan.with_images(urls), deadline


def _make_fit(sources: Sequence[ImageSource]) -> list[ImageSource]:
    """Return the local images, after creating the fitted ones."""
    return [source.fit.make() if source.fit else source for source in sources]


def _picture_request(deadline: Deadline, url: str, headers: Mapping[str, str]) -> Request:
    """Return the request for a picture; it does not contain the key."""
    return Request(
        "GET",
        url,
        {"User-Agent": "wanlib", **headers},
        None,
        max(deadline.remaining, 0.001),
        stall_timeout=STALL_TIMEOUT,
    )


def _check_choice(value: object, name: str, allowed: Sequence[str]) -> str:
    if value in allowed:
        return str(value)
    raise InvalidArgumentError(f"{name} is {safe_repr(value)}; allowed: {', '.join(allowed)}")


def _to_epoch(value: object, name: str) -> float:
    """Return a time as seconds since 1970. Raise InvalidArgumentError; a datetime needs its time zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return min(max(value.timestamp(), 0.0), _MAX_EPOCH)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MAX_EPOCH:
        return float(value)
    raise InvalidArgumentError(
        f"{name} is {safe_repr(value)}; allowed: a datetime with its zone, or seconds since the epoch"
    )
