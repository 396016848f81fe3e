"""What the sync and the async client share: everything but the waiting."""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wanlib.base.shown import shown
from wanlib.runtime.asked import find_model
from wanlib.runtime.context import Context
from wanlib.runtime.course import direct, finish, finish_all, submit
from wanlib.runtime.effects import Blocking, Opened, Protocol
from wanlib.runtime.errors import InvalidArgumentError, OutcomeUnknown, WanError
from wanlib.runtime.exchange import Request
from wanlib.runtime.options import Call, call_of, check_callback, read_call, refuse_options, verb_of
from wanlib.runtime.paid import Paid, begin, paid_of, send
from wanlib.runtime.parts import Picture
from wanlib.runtime.plan import Plan, make_plan
from wanlib.runtime.price import amount
from wanlib.runtime.query import Query, cancel, page, query
from wanlib.runtime.recent import find_lost, window
from wanlib.runtime.result import Result
from wanlib.runtime.retry import Deadline
from wanlib.runtime.settings import ANSWER
from wanlib.runtime.snapshot import Listed, Page, Snapshot
from wanlib.runtime.tasks import Handle
from wanlib.runtime.watch import Told

if TYPE_CHECKING:  # what a client may never need is loaded when it does
    from wanlib.runtime.prepared import Prepared
    from wanlib.runtime.resume import Resumed

_LATEST = 253_402_214_400.0
"""Seconds since 1970 of the last day that a date can be written of, in whatever zone."""


class Core:
    """The calls of a client as protocols. upload, file_urls: as of the client."""

    def __init__(self, context: Context, *, upload: bool, file_urls: bool) -> None:
        self.context = context
        self._upload = upload
        self._file_urls = file_urls

    def plan(self, call: Call) -> Plan:
        """The call judged and priced. Raises InvalidRequest, InvalidArgumentError."""
        return make_plan(
            self.context.api,
            self.context.settings.region,
            call.ask,
            file_urls=self._file_urls,
            local=self.context.settings.private,
            now=self.context.clock.wall(),
        )

    def edit(
        self, verb: str, model: Any, prompt: Any, images: Any, given: dict[str, Any]
    ) -> Protocol[Result]:
        """One call and its result: with a task, or without one."""
        call = read_call(verb, call_of(given.pop("via", "async")), model, prompt, images, given)
        plan, deadline = yield from self._ready(call)
        if plan.call == "sync":
            return (yield from direct(self.context, plan, call.max_price, deadline))
        paid = yield from submit(self.context, plan, call.max_price, deadline)
        return (yield from finish(self.context, paid, deadline, call.on_status))

    def submit(self, model: Any, prompt: Any, images: Any, given: dict[str, Any]) -> Protocol[Paid]:
        """A task, started."""
        refuse_options("submit", given)
        call = read_call(self._verb(model, images, given), "async", model, prompt, images, given)
        plan, deadline = yield from self._ready(call)
        return (yield from submit(self.context, plan, call.max_price, deadline))

    def stream(
        self, model: Any, prompt: Any, images: Any, given: dict[str, Any]
    ) -> Protocol[tuple[Paid, Opened]]:
        """A streamed call, accepted, its body to come."""
        refuse_options("stream", given)
        call = read_call("stream", "stream", model, prompt, images, given)
        plan, deadline = yield from self._ready(call)
        paid = yield from begin(self.context, plan, call.max_price, deadline)
        return paid, (yield from send(self.context, plan, paid, deadline))

    def prepare(self, model: Any, prompt: Any, images: Any, given: dict[str, Any]) -> "Prepared":
        """The call as it would be sent. Nothing is sent, uploaded or recorded."""
        from wanlib.runtime.prepared import prepared

        refuse_options("prepare", given, "via")
        via = call_of(given.pop("via", "async"), "stream")
        verb = via if via == "stream" else self._verb(model, images, given)
        call = read_call(verb, via, model, prompt, images, given)
        amount(call.max_price, "max_price")
        self._deadline(call.timeout)
        return prepared(self.context, self.plan(call))

    def save(self, result: Result, folder: Any, stem: str | None, overwrite: bool) -> Protocol[list[Path]]:
        """The pictures of a result as files."""
        from wanlib.runtime.download import save, target_file

        place = _path(folder)
        file = target_file(place, len(result.images), stem)
        name = stem if stem is not None else result.task_id or result.request_id
        if name is None and file is None:
            raise InvalidArgumentError("this result has neither a task id nor a request id; pass stem=...")
        deadline = self._deadline(None)
        paths = yield from save(
            result,
            place,
            partial(_download, deadline),
            self.context.clock,
            stem=name or "",
            file=file,
            overwrite=overwrite,
            private_ok=self.context.settings.private,
            backoff=self.context.backoff(),
            attempts=self.context.attempts,
            deadline=deadline,
        )
        journal, task_id = self.context.journal, result.task_id
        if journal is not None and task_id is not None:
            at = self.context.clock.wall()
            yield Blocking(lambda: journal.saved(task_id, paths, at))
        return paths

    def read(self, links_expire_at: float | None, picture: Picture) -> Protocol[bytes]:
        """The bytes of one picture."""
        from wanlib.runtime.download import fetch

        deadline = self._deadline(None)
        return fetch(
            picture,
            partial(_download, deadline),
            self.context.clock,
            links_expire_at=links_expire_at,
            private_ok=self.context.settings.private,
            backoff=self.context.backoff(),
            attempts=self.context.attempts,
            deadline=deadline,
        )

    def known(self, task_id: object, model: object) -> Paid:
        """A task by its id, with what the journal and the caller know of it."""
        checked = self.context.checked_id(task_id)
        table = None if model is None else find_model(self.context.api, model)
        entry = self.context.journal.entry(checked) if self.context.journal else None
        if entry is None:
            return Paid(table, checked)
        return paid_of(self.context, entry)

    def look(self, task_id: str) -> Protocol[Snapshot]:
        """A task as it is now."""
        return query(self.context, task_id, self._deadline(None))

    def cancel(self, task_id: str) -> Protocol[None]:
        """The end of a task that waits."""
        return cancel(self.context, task_id, self._deadline(None))

    def page(self, filters: Query, number: int) -> Protocol[Page]:
        """One page of the list of tasks."""
        return page(
            self.context, self._deadline(None), {**filters, self.context.api.names.list_query.page: number}
        )

    def follow(
        self, tasks: Sequence[object], timeout: float | None, told: Told | None
    ) -> Protocol[list[Result | WanError]]:
        """What each task yields, or the error that it ended with; a task as a handle or an id."""
        if isinstance(tasks, str) or not isinstance(tasks, Iterable):
            raise InvalidArgumentError(f"tasks is {shown(tasks)}; allowed: a list of tasks or task ids")
        check_callback(told)
        paids = [each.paid if isinstance(each, Handle) else self.known(each, None) for each in tasks]
        return finish_all(self.context, paids, self._deadline(timeout), told)

    def find_lost(self, error: OutcomeUnknown) -> Protocol[list[Listed]]:
        """The tasks that a lost call may have become."""
        if not isinstance(error, OutcomeUnknown):
            raise InvalidArgumentError(
                f"error is {shown(error)}; allowed: an OutcomeUnknown, as it was raised"
            )
        return find_lost(self.context, error.model, error.sent_at, error.sent_at, self._deadline(None))

    def resume(self, timeout: float | None, told: Told | None) -> "Protocol[Resumed]":
        """The unfinished calls of the journal."""
        from wanlib.runtime.resume import resume

        check_callback(told)
        return resume(self.context, self._deadline(timeout), told)

    def filters(
        self, status: str | None, model: str | None, task_id: str | None, start: Any, end: Any
    ) -> Query:
        """The query of a list of tasks. Raises InvalidArgumentError, InvalidRequest."""
        api, names = self.context.api, self.context.api.names.list_query
        told: dict[str, str | int] = {names.page_size: api.list_page}
        if status is not None:
            told[names.status] = _word(status, "status", api.life.states)
        if model is not None:
            told[names.model] = find_model(api, model).name
        if task_id is not None:
            told[names.task_id] = self.context.checked_id(task_id)
        if start is not None or end is not None:
            until = self.context.clock.wall() if end is None else _epoch(end, "end")
            since = until - api.life.expires_after if start is None else _epoch(start, "start")
            told |= window(self.context, since, until, margin=0.0)
        return told

    def _verb(self, model: Any, images: Any, given: dict[str, Any]) -> str:
        return verb_of(find_model(self.context.api, model), images, given)

    def _deadline(self, timeout: float | None) -> Deadline:
        return self.context.deadline(timeout)

    def _ready(self, call: Call) -> Protocol[tuple[Plan, Deadline]]:
        """The plan with its images in the body or uploaded, and until when the call may run."""
        plan, deadline = self.plan(call), self._deadline(call.timeout)
        sources = plan.sources
        if not sources or not (self._upload if call.upload is None else call.upload):
            return plan, deadline

        from wanlib.runtime.upload import upload

        urls = yield from upload(self.context, plan.model.name, sources, deadline)
        return plan.with_images(urls), deadline


def _download(deadline: Deadline, url: str) -> Request:
    """The request for a picture; it has no key."""
    return Request("GET", url, {"User-Agent": "wanlib"}, None, min(ANSWER, max(deadline.left, 0.001)))


def _path(folder: object) -> Path:
    """Return the path of a folder. Raises InvalidArgumentError."""
    if isinstance(folder, str | os.PathLike) and os.fspath(folder) and "\0" not in os.fsdecode(folder):
        return Path(os.fsdecode(folder))
    raise InvalidArgumentError(f"folder is {shown(folder)}; allowed: the path of a folder, such as 'out'")


def _word(value: object, name: str, allowed: Sequence[str]) -> str:
    if value in allowed:
        return str(value)
    raise InvalidArgumentError(f"{name} is {shown(value)}; allowed: {', '.join(allowed)}")


def _epoch(value: object, name: str) -> float:
    """A moment as seconds since the epoch. Raises InvalidArgumentError: a datetime needs its zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.timestamp()
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LATEST:
        return float(value)
    raise InvalidArgumentError(
        f"{name} is {shown(value)}; allowed: a datetime with its zone, or seconds since the epoch"
    )
