"""The service of a free play: faults in line for whoever comes next, and all that happened on record."""

import json
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import respx

from wan_conformance.lifecycle.clients.wan import WanAdapter, create_adapter_over
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop
from wan_conformance.lifecycle.simulation.files import Books
from wan_conformance.lifecycle.simulation.service import FaultyService
from wanlib.emulator import FAULT_HEADER, Emulator, Fault, Request, Response, Settings
from wanlib.emulator.core.fault import JOB_FAULTS
from wanlib.emulator.jobs.job import NEVER, Job, decide_outcome
from wanlib.emulator.transport import AsyncEmulatorTransport, EmulatorTransport
from wanlib.spec import Spec

_PLAIN = ("again", *JOB_FAULTS)
_WHOLE = ("trickle", *_PLAIN)
_TOLD = 0.001  # seconds: the grain of the times that the service tells
_FAILURE = "InternalError.Timeout"


class ServiceExchange(NamedTuple):
    """One exchange as it was.

    at: seconds since the play began. call: as the emulator names it. task: that it asked for, or whose
    picture; "" for none. fault: that it met. before, after: the task's state. accepted: ids of tasks that it
    made. dead: whether it asked for a picture whose link had died. unwritten: whether the client knew the
    task from its create, and it stood in no journal. answer: the JSON of an answer that met no fault.
    """

    at: float
    call: str
    task: str
    fault: Fault | None
    before: str
    after: str
    accepted: tuple[str, ...]
    dead: bool
    unwritten: bool
    answer: Any

    @property
    def is_truthful(self) -> bool:
        """Whether the client was told at once what is so."""
        return self.fault is None or (self.fault.kind in _PLAIN and not _refuses(self.fault))

    @property
    def is_certain(self) -> bool:
        """Whether it was a query whose answer leaves no doubt."""
        return self.is_truthful and not (self.answer and "output" not in self.answer)

    @property
    def is_complete(self) -> bool:
        """Whether it can have been told what is so."""
        fault = self.fault
        return fault is None or fault.kind in _WHOLE or (fault.kind == "cut" and fault.where == "after")

    def reported_state(self, unlisted: str) -> str:
        """Of a query, the status that can be read in its answer; "" for none. unlisted: that of a fault."""
        if self.fault and self.fault.kind == "status":
            return self.fault.word or unlisted
        return self.before if self.is_complete else ""


def _refuses(fault: Fault) -> bool:
    """Whether a call is refused for an input image, rather than its task failing for it."""
    return fault.kind == "download" and fault.where != "after"


class RecordingService(FaultyService):
    """met: the exchanges so far. in_line: for the next such call (or any) the fault, as text and read."""

    def __init__(self, spec: Spec, time: SimulatedClock, settings: Settings, books: Books) -> None:
        super().__init__(spec, time, settings, {})
        self._books = books
        self._last: dict[str, Job] = {}  # as they were when somebody last asked for them
        self._told: set[str] = set()  # ids that stood in the answer to their create, which came whole
        self.met: list[ServiceExchange] = []
        self.in_line: list[tuple[str, str, Fault]] = []

    def handle(self, request: Request) -> Response:
        """The answer under the fault that is in line for it, if any."""
        route = self._router.routes.find(request)
        call, name = (route.call, route.name.partition("/")[0]) if route else ("", "")
        text, fault = self._next(call)
        if fault:
            request = request._replace(headers={**request.headers, FAULT_HEADER: text})
        self._snapshot(name)
        before, known = self.state(name) if name else "", len(self.accepted)
        dead = call == "result" and self.is_dead(name, -_TOLD)
        unwritten = call == "query" and name in self._told and not self._books.has_task(name)
        at, response = self._time.at, super().handle(request)
        self.exchanges[-1] = self.exchanges[-1]._replace(fault=text)
        after, new = self.state(name) if name else "", tuple(self.accepted[known:])
        answer = None if fault or call == "result" else json.loads(response.body)
        met = ServiceExchange(at, call, name, fault, before, after, new, dead, unwritten, answer)
        self.met.append(met)
        if new and met.is_truthful:
            self._told.add(new[-1])
        return response

    def begin(self, task: str) -> bool:
        """A waiting task runs from now on; whether it was waiting."""
        work = self._unended(task)
        if work is None or work.scheduled <= self.clock.wall():
            return False
        now = self.clock.wall()
        self._put(work._replace(scheduled=now, ended=now + self.settings.working))
        return True

    def end(self, task: str, how: str) -> bool:
        """A task ends now: well, failed, partial, or forgotten; whether it had not."""
        work = self._unended(task)
        if how == "forgotten":
            known = self._snapshot(task)
            self.store.jobs.drop(task)
            return known
        if work is None or not self.complete_task(task, _FAILURE if how == "failed" else None):
            return False
        if how == "partial":
            ended = self.store.jobs.get(task)
            assert ended is not None  # it was finished just now
            self._put(
                ended._replace(outcome=decide_outcome(work.spec, Fault("partial"), self._context.vendor))
            )
        return True

    def is_dead(self, task: str, soon: float = 0.0) -> bool:
        """Whether the links of a task are dead by its end, or will be so soon."""
        work = self.store.jobs.get(task) or self._last.get(task)
        return work is None or work.are_links_expired(self.lifecycle, self.clock.wall() + soon)

    def seconds_since_submit(self, task: str) -> float:
        """Seconds since a task was submitted; NEVER where the service does not know it."""
        work = self.store.jobs.get(task)
        return self.clock.wall() - work.submitted if work else NEVER

    def is_gone(self, task: str) -> bool:
        """Whether the service knows nothing more of a task, in its time or before."""
        return self.store.jobs.get(task) is None

    def links_expire_at(self, task: str) -> float | None:
        """The moment from which on the links of a task are dead, seconds since 1970; None for none."""
        work = self.store.jobs.get(task)
        return (
            work.links_expire_at(self.lifecycle)
            if work and work.image_count() and work.ended != NEVER
            else None
        )

    def _next(self, call: str) -> tuple[str, Fault | None]:
        for index, (wanted, text, fault) in enumerate(self.in_line):
            if wanted in ("any", call):
                del self.in_line[index]
                return text, fault
        return "", None

    def _snapshot(self, task: str) -> bool:
        """Takes a task down as it is, before it can be forgotten; whether it is known."""
        work = self.store.jobs.get(task)
        self._last |= {task: work} if work else {}
        return work is not None

    def _unended(self, task: str) -> Job | None:
        work, now = self.store.jobs.get(task), self.clock.wall()
        alive = work and work.ended > now and not work.is_expired(self.lifecycle, now)
        return work if alive else None

    def _put(self, work: Job) -> None:
        self.store.jobs.put(work.id, work)
        self._context.ledger.schedule_end(work)


class Network:
    """One router for play after play: it patches nothing. service: who answers now."""

    def __init__(self) -> None:
        self._router = respx.Router(assert_all_called=False, assert_all_mocked=False)
        self._router.route().mock(side_effect=self._answer)
        self._line: EmulatorTransport | AsyncEmulatorTransport | None = None

    def create_client(
        self, name: str, service: Emulator, time: SimulatedClock, loop: SimulatedEventLoop, journal: Path
    ) -> WanAdapter:
        """A new client of either kind on a journal, beside which its pictures are saved."""
        self._router.reset()
        http: httpx.Client | httpx.AsyncClient
        if name == "sync":
            self._line = EmulatorTransport(service, time.sleep)
            http = httpx.Client(transport=httpx.MockTransport(self._router.handler), trust_env=False)
        else:
            self._line = AsyncEmulatorTransport(service, time.sleep_async)
            http = httpx.AsyncClient(
                transport=httpx.MockTransport(self._router.async_handler), trust_env=False
            )
        return create_adapter_over(http, name, time, loop, journal)

    def _answer(self, request: httpx.Request) -> httpx.Response | Awaitable[httpx.Response]:
        assert self._line is not None  # a player was made
        if isinstance(self._line, EmulatorTransport):
            return self._line.handle_request(request)
        return self._line.handle_async_request(request)
