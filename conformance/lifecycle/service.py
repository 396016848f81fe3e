"""The service of a story: the emulator, with faults at their steps, and every exchange written down."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from conformance.lifecycle.clock import ServiceTime, Time
from conformance.lifecycle.schedule import FAULTS
from wanlib.emulator import Emulator, Request, Response, Settings
from wanlib.emulator.drawing import Sheet
from wanlib.emulator.exchange import BEFORE, FAULT_HEADER
from wanlib.spec import Spec

MOST = 300
"""Exchanges after which a story is cut off: none of them needs a tenth of it."""


class Endless(BaseException):
    """A client that does not come to an end."""


class Exchange(NamedTuple):
    """One request and what became of it.

    at: seconds since the story began. call: create, query, cancel, list or download. answered: in words.
    dies: of a link, when it dies, seconds since 1970; 0 for none.
    """

    at: float
    call: str
    number: int
    fault: str
    answered: str
    dies: int


class Service(Emulator):
    """faults: by step. exchanges: all so far. accepted: ids of accepted tasks, in order, by its own store.

    before_query: called before the first query is carried out.
    """

    _pictures: dict[Sheet, Response] = {}  # noqa: RUF012 - the same for all stories: they are slow to draw

    def __init__(self, spec: Spec, time: Time, settings: Settings, faults: Mapping[str, str]) -> None:
        super().__init__(spec, clock=ServiceTime(time), settings=settings)
        self._time, self._faults = time, faults
        self._counts: Counter[str] = Counter()
        self.exchanges: list[Exchange] = []
        self.accepted: list[str] = []
        self.before_query: Callable[[], None] | None = None

    def handle(self, request: Request) -> Response:
        """The answer of the emulator under the fault of this step, if any."""
        if len(self.exchanges) >= MOST:
            raise Endless
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
            self._take_up()
        self.exchanges.append(Exchange(at, call, number, fault, _told(response), _dies(request)))
        return response

    def state(self, task_id: str) -> str:
        """The state of a task now; UNKNOWN once it is forgotten."""
        work = self.store.works.get(task_id)
        return work.status(self.life, self.clock.now()) if work else self.life.unknown

    def _take_up(self) -> None:
        known = set(self.accepted)
        new = [work.id for work in self.store.works.newest_first() if work.id not in known]
        self.accepted += reversed(new)

    def _whole(self, found: Response | Sheet) -> Response:
        if isinstance(found, Response):
            return found
        if found not in self._pictures:
            self._pictures[found] = super()._whole(found)
        return self._pictures[found]


def _call(request: Request) -> str:
    path = request.target.partition("?")[0].rstrip("/")
    if path.endswith("/cancel"):
        return "cancel"
    if request.method == "POST":
        return "create"
    if "/tasks/" in path:
        return "query"
    return "list" if path.endswith("/tasks") else "download"


def _dies(request: Request) -> int:
    _, _, query = request.target.partition("?Expires=")
    digits = query.partition("&")[0]
    return int(digits) if digits.isdecimal() else 0


def _told(response: Response) -> str:
    if response.cut == BEFORE:
        return "the connection is cut"
    told = f"HTTP {response.status}, {len(response.body):,} bytes"
    if len(response.body) < 2000 and b'"task_status"' in response.body:
        status = response.body.partition(b'"task_status"')[2].split(b'"')[1]
        told += f", {status.decode('ascii', 'replace')}"
    return told if response.cut is None else f"{told}, cut after {response.cut:,}"
