"""The service of a story: the emulator, with faults at their steps, and every exchange written down."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from wan_conformance.lifecycle.schedules.schedules import FAULTS
from wan_conformance.lifecycle.simulation.clock import SimulatedClock
from wanlib.emulator import Emulator, Fault, Request, Response, Settings
from wanlib.emulator.core.http_messages import CUT_BEFORE_RESPONSE, FAULT_HEADER
from wanlib.emulator.jobs.job import decide_outcome
from wanlib.emulator.jobs.rendering import RenderSpec
from wanlib.spec import Spec


class CachedImageEmulator(Emulator):
    """The emulator with the pictures of all of its kind at hand."""

    _pictures: dict[RenderSpec, Response] = {}  # noqa: RUF012 - the same for all services

    def _whole(self, found: Response | RenderSpec) -> Response:
        if isinstance(found, Response):
            return found
        if found not in self._pictures:
            self._pictures[found] = super()._render(found)
        return self._pictures[found]


MOST = 100
"""Exchanges after which a story is cut off: none of them needs a third of it."""


class RunawayClient(BaseException):
    """A client that does not come to an end."""


class Exchange(NamedTuple):
    """One request and what became of it.

    at: seconds since the story began. call: create, query, cancel, list or download. step: as a schedule
    names it, "" for what no fault meets. answered: in words. dies: of a link, when it dies, seconds since
    1970; 0 for none.
    """

    at: float
    call: str
    number: int
    step: str
    fault: str
    answered: str
    dies: int


class FaultyService(CachedImageEmulator):
    """faults: by step. fate: what the work of every accepted call is to meet.

    exchanges: all so far. accepted: ids of accepted tasks, in order, by its own store. before_query: called
    before the first query is carried out.
    """

    def __init__(
        self,
        spec: Spec,
        time: SimulatedClock,
        settings: Settings,
        faults: Mapping[str, str],
        fate: Fault | None = None,
    ) -> None:
        super().__init__(spec, clock=time, settings=settings)
        self._time, self._faults, self._fate = time, faults, fate
        self._counts: Counter[str] = Counter()
        self.exchanges: list[Exchange] = []
        self.accepted: list[str] = []
        self._calls: set[str] = set()
        self._made: dict[str, int] = {}
        self.before_query: Callable[[], None] | None = None

    def handle(self, request: Request) -> Response:
        """The answer of the emulator under the fault of this step, if any."""
        if len(self.exchanges) >= MOST:
            raise RunawayClient
        call = _call(request)
        self._counts[call] += 1
        number = self._counts[call]
        if call == "query" and number == 1 and self.before_query:
            self.before_query()
        step = f"poll{number}" if call == "query" else call if number == 1 else ""
        fault = self._faults.get(step, "")
        if fault:
            request = request._replace(headers={**request.headers, FAULT_HEADER: FAULTS[fault]})
        at, response = self._time.at, super().handle(request)
        if call == "create":
            self._next_fault()
        self.exchanges.append(
            Exchange(at, call, number, step, fault, _told(response), _is_dead_link(request))
        )
        return response

    def state(self, task_id: str, at: float | None = None) -> str:
        """The state of a task, now or at a second of the story; UNKNOWN once it is forgotten."""
        work = self.store.jobs.get(task_id)
        now = self.clock.wall() if at is None else self._time.wall() - self._time.at + at
        return work.status(self.lifecycle, now) if work else self.lifecycle.unknown

    def image_count(self, task_id: str) -> int:
        """The pictures that a task yields, or had yielded before it was forgotten."""
        work = self.store.jobs.get(task_id)
        return work.image_count() if work else self._made.get(task_id, 0)

    def has_task_id(self, task_id: str) -> bool:
        """Whether what was accepted has an id that can be asked for; a synchronous call has none."""
        return task_id not in self._calls

    def _next_fault(self) -> None:
        known = set(self.accepted)
        new = [work for work in self.store.jobs.newest_first() if work.id not in known]
        for work in reversed(new):
            self.accepted.append(work.id)
            if not work.is_task:
                self._calls.add(work.id)
            if self._fate:
                work = work._replace(outcome=decide_outcome(work.spec, self._fate, self._context.vendor))
                self.store.jobs.put(work.id, work)
            self._made[work.id] = work.image_count()


def _call(request: Request) -> str:
    path = request.target.partition("?")[0].rstrip("/")
    if path.endswith("/cancel"):
        return "cancel"
    if request.method == "POST":
        return "create"
    if "/tasks/" in path:
        return "query"
    return "list" if path.endswith("/tasks") else "download"


def _is_dead_link(request: Request) -> int:
    _, _, query = request.target.partition("?Expires=")
    digits = query.partition("&")[0]
    return int(digits) if digits.isdecimal() else 0


def _told(response: Response) -> str:
    if response.cut == CUT_BEFORE_RESPONSE:
        return "the connection is cut"
    told = f"HTTP {response.status}, {len(response.body):,} bytes"
    if len(response.body) < 2000 and b'"task_status"' in response.body:
        status = response.body.partition(b'"task_status"')[2].split(b'"')[1]
        told += f", {status.decode('ascii', 'replace')}"
    return told if response.cut is None else f"{told}, cut after {response.cut:,}"
