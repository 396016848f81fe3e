"""The list of the last day's tasks: its filters, its pages, and its own names for things."""

from typing import Any

from wanlib.base.shown import shown
from wanlib.emulator.answers import Body
from wanlib.emulator.times import Stamp
from wanlib.emulator.work import Work
from wanlib.emulator.world import World
from wanlib.spec.span import seconds


class Listing:
    """Lists tasks, newest first. The filters are those of `wire/queries.list`."""

    def __init__(self, world: World) -> None:
        times = world.spec.wire["times"]["query"]
        self._world = world
        self._how = world.spec.wire["queries"]["list"]
        self._stamp = Stamp(self._how["start_time"]["form"], times["zone"])
        self._span = seconds(self._how["start_time"]["within"])
        host = world.spec.wire["regions"][world.region].get("workspace_host", "")
        self._region = host.split(".")[1] if "." in host else world.region

    def page(self, query: dict[str, str], request_id: str) -> Body:
        """The answer. Refused for a filter that can't be read, or times further apart than they may be."""
        page = self._number(query, "page_no")
        size = self._number(query, "page_size")
        tasks = self._matching(query)
        return {
            "request_id": request_id,
            "total": len(tasks),
            "total_page": -(-len(tasks) // size),
            "page_no": page,
            "page_size": size,
            "data": [self._item(work) for work in tasks[(page - 1) * size : page * size]],
        }

    def _matching(self, query: dict[str, str]) -> list[Work]:
        world, now = self._world, self._world.clock.wall()
        start, end = self._times(query, now)
        wanted = query.get("status")
        if wanted and wanted not in world.spec.task["states"]:
            raise world.refuse("bad_query", f"status is {shown(wanted)}")
        return [
            work
            for work in world.store.works.newest_first()
            if work.task
            and start <= work.submitted <= end
            and query.get("task_id") in (None, "", work.id)
            and query.get("model_name") in (None, "", work.order.model)
            and not work.expired(world.life, now)
            and (not wanted or work.status(world.life, now) == wanted)
        ]

    def _times(self, query: dict[str, str], now: float) -> tuple[float, float]:
        """From when to when: the last day, or a day from the one that is given."""
        start, end = self._time(query, "start_time"), self._time(query, "end_time")
        if start is None and end is None:
            return now - self._span, now
        if start is None:
            return (end or 0) - self._span, (end or 0) + 1
        if end is None:
            return start, start + self._span
        if not 0 <= end - start <= self._span:
            raise self._world.refuse("bad_query", f"start_time and end_time, at most {self._span:g} s apart")
        return start, end + 1  # filters know whole seconds

    def _time(self, query: dict[str, str], name: str) -> float | None:
        if not query.get(name):
            return None
        try:
            return self._stamp.read(query[name])
        except ValueError:
            what = f"{name} is {shown(query[name])}, due is {self._how[name]['form']}"
            raise self._world.refuse("bad_query", what) from None

    def _number(self, query: dict[str, str], name: str) -> int:
        text = query.get(name) or str(self._how[name]["default"])
        if not (text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text)):
            raise self._world.refuse("bad_query", f"{name} is {shown(text)}, due is a number from 1")
        return int(text)

    def _item(self, work: Work) -> dict[str, Any]:
        """A task as a list shows it: its own names, times in epoch milliseconds."""
        world, now = self._world, self._world.clock.wall()
        words = [word for word in work.endpoint.split("/") if word][1:]
        item: dict[str, Any] = {
            "api_key_id": "emulator",
            "caller_parent_id": "emulator",
            "caller_uid": "emulator",
            "gmt_create": _milliseconds(work.submitted),
            "model_name": work.order.model,
            "region": self._region,
            "request_id": work.request_id,
            "status": work.status(world.life, now),
            "task_id": work.id,
            "user_api_unique_key": ":".join(["apikey:v1", *words, work.order.model]),
        }
        if work.scheduled <= now and not work.canceled:
            item["start_time"] = _milliseconds(work.scheduled)
        if work.ended <= now:
            item["end_time"] = _milliseconds(work.ended)
        return item


def _milliseconds(moment: float) -> int:
    return int(moment * 1000)
