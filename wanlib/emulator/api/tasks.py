"""Tasks that exist: asked for, listed, canceled, and ended by hand."""

from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.emulator.api.response_bodies import Body, Link, ResponseBodies
from wanlib.emulator.context import World
from wanlib.emulator.core.time import Stamp
from wanlib.emulator.core.vendor_errors import VendorError
from wanlib.emulator.jobs.job import Job, Outcome
from wanlib.spec.source.annotated import parse_duration

_ACCOUNT = "emulator"
_UNITS = {"epoch s": 1, "epoch ms": 1000}


class Listing:
    """Lists tasks, newest first. The filters are those of `wire/queries.list`."""

    def __init__(self, world: World) -> None:
        times = world.spec.wire["times"]["query"]
        self._world = world
        self._how = world.spec.wire["queries"]["list"]
        self._query, self._names = world.vendor.names.list_query, world.vendor.names.listed
        self._stamp = Stamp(self._how[self._query.start]["form"], times["zone"])
        self._span = parse_duration(self._how[self._query.start]["within"])
        self._unit = _UNITS[world.spec.wire["times"]["list"]["form"]]
        host = world.spec.wire["regions"][world.region].get("workspace_host", "")
        self._region = host.split(".")[1] if "." in host else world.region

    def page(self, query: dict[str, str], request_id: str) -> Body:
        """The answer. Refused for a filter that can't be read, or times further apart than they may be."""
        names = self._names
        page, size = self._number(query, self._query.page), self._number(query, self._query.page_size)
        tasks = self._filter_jobs(query)
        return {
            self._world.vendor.names.answer.request_id: request_id,
            names.total: len(tasks),
            names.pages: -(-len(tasks) // size),
            names.page: page,
            names.page_size: size,
            names.tasks: [self._list_entry(work) for work in tasks[(page - 1) * size : page * size]],
        }

    def _filter_jobs(self, query: dict[str, str]) -> list[Job]:
        world, now = self._world, self._world.clock.wall()
        start, end = self._times(query, now)
        names = self._query
        wanted = query.get(names.status)
        if wanted and wanted not in world.spec.task["states"]:
            raise world.refusal("bad_query", detail=f"{names.status} is {safe_repr(wanted)}")
        return [
            work
            for work in world.store.works.newest_first()
            if work.task
            and start <= work.submitted <= end
            and query.get(names.task_id) in (None, "", work.id)
            and query.get(names.model) in (None, "", work.order.model)
            and query.get(names.api_key) in (None, "", _ACCOUNT)
            and query.get(names.region) in (None, "", self._region)
            and not work.expired(world.life, now)
            and (not wanted or work.status(world.life, now) == wanted)
        ]

    def _times(self, query: dict[str, str], now: float) -> tuple[float, float]:
        """From when to when: the last day, or a day from the one that is given."""
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
            raise self._world.refusal("bad_query", detail=detail)
        return start, end + 1  # filters know whole seconds

    def _time(self, query: dict[str, str], name: str) -> float | None:
        if not query.get(name):
            return None
        try:
            return self._stamp.parse(query[name])
        except ValueError:
            detail = f"{name} is {safe_repr(query[name])}, due is {self._how[name]['form']}"
            raise self._world.refusal("bad_query", detail=detail) from None

    def _number(self, query: dict[str, str], name: str) -> int:
        text = query.get(name) or str(self._how[name]["default"])
        if not (text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text)):
            raise self._world.refusal(
                "bad_query", detail=f"{name} is {safe_repr(text)}, due is a number from 1"
            )
        return int(text)

    def _list_entry(self, work: Job) -> dict[str, Any]:
        """A task as a list shows it: its own names, times in epoch milliseconds."""
        world, now, names = self._world, self._world.clock.wall(), self._names
        words = [word for word in work.endpoint.split("/") if word][1:]
        item: dict[str, Any] = {
            names.api_key: _ACCOUNT,
            names.parent_user: _ACCOUNT,
            names.user: _ACCOUNT,
            names.created: self._epoch(work.submitted),
            names.model: work.order.model,
            names.region: self._region,
            names.request_id: work.request_id,
            names.status: work.status(world.life, now),
            names.task_id: work.id,
            names.path_key: ":".join(["apikey:v1", *words, work.order.model]),
        }
        if work.scheduled <= now and not work.canceled:
            item[names.started] = self._epoch(work.scheduled)
        if work.ended <= now:
            item[names.ended] = self._epoch(work.ended)
        return item

    def _epoch(self, moment: float) -> int:
        return int(moment * self._unit)


class TaskService:
    """Looks after the works of a world."""

    def __init__(self, world: World, answers: ResponseBodies) -> None:
        self._world = world
        self._answers = answers
        self._listing = Listing(world)

    def query(self, task_id: str, link: Link, request_id: str) -> Body:
        """The answer of a query; ids that never were are no error."""
        work = self._task(task_id)
        if work is None:
            return self._answers.unknown_task(task_id, request_id)
        return self._answers.task_status(work, self._world.clock.wall(), link, request_id)

    def list(self, query: dict[str, str], request_id: str) -> Body:
        """The answer of a list. Refused for a filter that can't be read."""
        return self._listing.page(query, request_id)

    def cancel(self, task_id: str) -> None:
        """Cancels a task that waits. Refused for any other."""
        work, now = self._task(task_id), self._world.clock.wall()
        if work is None or work.status(self._world.life, now) not in self._world.life.cancelable:
            raise self._world.refusal("not_cancelable")
        self._end(work, work._replace(canceled=True, ended=now))

    def finish(self, task_id: str, failure: VendorError | None = None) -> bool:
        """Ends a task now, well or with a failure; whether it was one that had not ended."""
        work, now = self._task(task_id), self._world.clock.wall()
        if work is None or work.ended <= now or work.expired(self._world.life, now):
            return False
        fate = Outcome(work.fate.tried, work.fate.tried, *failure) if failure else Outcome(work.fate.tried)
        self._end(work, work._replace(fate=fate, scheduled=min(work.scheduled, now), ended=now))
        return True

    def purge_expired(self) -> None:
        """Forgets the works about which nothing can be asked any more."""
        works, life, now = self._world.store.works, self._world.life, self._world.clock.wall()
        while (oldest := works.first()) and oldest.is_purged(life, now):
            works.drop(oldest.id)
            for given in oldest.order.inputs:
                self._world.spool.release(given.piece)

    def _task(self, task_id: str) -> Job | None:
        work = self._world.store.works.get(task_id)
        return work if work and work.task else None

    def _end(self, before: Job, after: Job) -> None:
        self._world.store.works.put(after.id, after)
        self._world.ledger.schedule_end(after)
        if self._world.quotas:
            self._world.quotas.release_slot(before.order.model, before.ended, after.ended)
