"""What the sync and the async client share: everything but the waiting."""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from wanlib.base.shown import shown
from wanlib.runtime.clock import Clock
from wanlib.runtime.context import Context
from wanlib.runtime.effects import Blocking, Opened, Protocol
from wanlib.runtime.errors import BadSetting
from wanlib.runtime.exchange import Request
from wanlib.runtime.options import PATIENCE, Call, call_of, read_call, verb_of
from wanlib.runtime.owner import new_owner
from wanlib.runtime.pace import Pace
from wanlib.runtime.paid import Paid, begin, direct, finish, paid_of, send, submit
from wanlib.runtime.plan import Plan, find_model, make_plan
from wanlib.runtime.price import Purse
from wanlib.runtime.query import Query
from wanlib.runtime.recent import PAGE, window
from wanlib.runtime.result import Result
from wanlib.runtime.retry import Deadline
from wanlib.runtime.settings import ANSWER, read_settings
from wanlib.runtime.tables import Api
from wanlib.runtime.tasks import Handle

if TYPE_CHECKING:  # what a client may never need is loaded when it does
    from wanlib.runtime.journal import Journal
    from wanlib.runtime.prepared import Prepared


class Core:
    """The calls of a client as protocols. It holds the settings, the purse and the journal."""

    def __init__(
        self,
        api: Api,
        *,
        api_key: str | None,
        region: str,
        workspace: str | None,
        base_url: str | None,
        budget: Any,
        journal: Any,
        upload: bool,
        file_urls: bool,
        clock: Clock,
        random: Random,
    ) -> None:
        settings = read_settings(api, api_key, region, workspace, base_url)
        paces = {call: Pace(api.rates.get(call, 1000)) for call in api.paths}
        opened = _opened(journal)
        self.context = Context(api, settings, clock, random, Purse(budget), paces, opened, new_owner())
        self._upload = upload
        self._file_urls = file_urls

    def plan(self, call: Call) -> Plan:
        """The call judged and priced. Raises InvalidRequest, BadSetting."""
        region = self.context.settings.region
        return make_plan(self.context.api, region, call.ask, file_urls=self._file_urls)

    def edit(self, call: Call) -> Protocol[Result]:
        """One call and its result: with a task, or without one."""
        plan, deadline = self.plan(call), self.context.deadline(call.timeout)
        plan = yield from self._ready(plan, call, deadline)
        if plan.call == "sync":
            return (yield from direct(self.context, plan, call.max_price, deadline))
        paid = yield from submit(self.context, plan, call.max_price, deadline)
        return (yield from finish(self.context, paid, deadline, call.on_status))

    def submit(self, call: Call) -> Protocol[Paid]:
        """A task, started."""
        plan, deadline = self.plan(call), self.context.deadline(call.timeout)
        plan = yield from self._ready(plan, call, deadline)
        return (yield from submit(self.context, plan, call.max_price, deadline))

    def stream(self, call: Call) -> Protocol[tuple[Paid, Opened]]:
        """A streamed call, accepted, its body to come."""
        plan, deadline = self.plan(call), self.context.deadline(call.timeout)
        plan = yield from self._ready(plan, call, deadline)
        paid = yield from begin(self.context, plan, call.max_price, deadline)
        return paid, (yield from send(self.context, plan, paid, deadline))

    def prepare(self, model: Any, prompt: Any, images: Any, given: dict[str, Any]) -> "Prepared":
        """The call as it would be sent. Nothing is sent, uploaded or recorded."""
        via = call_of(given.pop("via", "async"), "stream")
        verb = via if via == "stream" else verb_of(images)
        from wanlib.runtime.prepared import prepared

        return prepared(self.context, self.plan(read_call(verb, via, model, prompt, images, given)))

    def save(self, result: Result, folder: Any, stem: str | None, overwrite: bool) -> Protocol[list[Path]]:
        """The pictures of a result as files."""
        from wanlib.runtime.download import save

        name = stem or result.task_id or result.request_id
        if name is None:
            raise BadSetting("this result has neither a task id nor a request id; pass stem=...")
        paths = yield from save(
            result,
            Path(folder),
            lambda url: Request("GET", url, {"User-Agent": "wanlib"}, None, ANSWER),
            self.context.clock,
            stem=name,
            overwrite=overwrite,
            private_ok=self.context.settings.private,
            backoff=self.context.backoff(),
        )
        journal, task_id = self.context.journal, result.task_id
        if journal is not None and task_id is not None:
            at = self.context.clock.wall()
            yield Blocking(lambda: journal.saved(task_id, paths, at))
        return paths

    def known(self, task_id: object, model: object) -> Paid:
        """A task by its id, with what the journal and the caller know of it."""
        checked = self.context.checked_id(task_id)
        table = None if model is None else find_model(self.context.api, model)
        entry = self.context.journal.entry(checked) if self.context.journal else None
        if entry is None:
            return Paid(table, checked)
        return paid_of(self.context, entry)

    def paid(self, task: object) -> Paid:
        """A task as a handle or an id."""
        return task.paid if isinstance(task, Handle) else self.known(task, None)

    def filters(
        self, status: str | None, model: str | None, task_id: str | None, start: Any, end: Any
    ) -> Query:
        """The query of a list of tasks. Raises BadSetting, InvalidRequest."""
        api = self.context.api
        told: dict[str, str | int] = {"page_size": PAGE}
        if status is not None:
            told["status"] = _word(status, "status", api.life.states)
        if model is not None:
            told["model_name"] = find_model(api, model).name
        if task_id is not None:
            told["task_id"] = self.context.checked_id(task_id)
        if start is not None or end is not None:
            until = self.context.clock.wall() if end is None else _epoch(end, "end")
            since = until - api.life.expires_after if start is None else _epoch(start, "start")
            told |= window(self.context, since, until, margin=0.0)
        return told

    def deadline(self, timeout: float | None) -> Deadline:
        """A moment so many seconds from now, 900 unless told."""
        return self.context.deadline(PATIENCE if timeout is None else timeout)

    def close(self) -> None:
        """Gives back what is left of the journal's leases."""
        if self.context.journal is not None:
            self.context.journal.free(lambda owner: owner == self.context.owner)
            self.context.journal.close()

    def _ready(self, plan: Plan, call: Call, deadline: Deadline) -> Protocol[Plan]:
        """The plan with its images where they have to be: in the body, or uploaded."""
        sources = plan.sources
        if not sources or not (self._upload if call.upload is None else call.upload):
            return plan

        from wanlib.runtime.upload import upload

        urls = yield from upload(
            self.context.api,
            plan.model.name,
            sources,
            lambda call, query: self.context.request(call, deadline, query),
            self.context.clock,
            deadline=deadline,
            random=self.context.random,
            plain_ok=self.context.settings.private,
        )
        return plan.with_images(urls)


def _opened(journal: Any) -> "Journal | None":
    """The journal at a path, or one that is open already. Raises JournalError, BadSetting."""
    if journal is None:
        return None
    from wanlib.runtime.journal import Journal

    if isinstance(journal, Journal):
        return journal
    if isinstance(journal, str | os.PathLike):
        return Journal(journal)
    raise BadSetting(f"journal is {shown(journal)}; allowed: the path of a file")


def _word(value: object, name: str, allowed: Sequence[str]) -> str:
    if value in allowed:
        return str(value)
    raise BadSetting(f"{name} is {shown(value)}; allowed: {', '.join(allowed)}")


def _epoch(value: object, name: str) -> float:
    """A moment as seconds since the epoch. Raises BadSetting: a datetime needs its zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.timestamp()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise BadSetting(
        f"{name} is {shown(value)}; allowed: a datetime with its zone, or seconds since the epoch"
    )
