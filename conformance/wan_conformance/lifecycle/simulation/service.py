"""The service of the lifecycle tests: the emulator with scripted faults, and a record of every exchange.

`FaultyService` injects a fault at a step of a schedule, or the next fault of a queue, and records each
exchange with the state of its task before and after. The invariants are checked against that record.
"""

import json
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from math import ceil
from typing import Any, NamedTuple

from wan_conformance.lifecycle.simulation.clock import START, SimulatedClock
from wan_conformance.lifecycle.simulation.files import JournalReader
from wanlib.emulator import Emulator, Fault, Job, Request, Response, Settings
from wanlib.emulator.core.fault import JOB_FAULTS, parse_fault
from wanlib.emulator.core.http_messages import CUT_BEFORE_RESPONSE, FAULT_HEADER
from wanlib.emulator.jobs.job import NEVER, decide_outcome
from wanlib.emulator.jobs.rendering import RenderSpec
from wanlib.spec import Spec

FAULTS = {
    "throttled": "error code=Throttling.RateQuota retry_after=2",
    "unpaid": "error code=PostpaidBillOverdue",
    "failed": "error code=InternalError",
    "page": "html",
    "lost": "html status=504 done",
    "inside": "inside code=InternalError",
    "unread": "cut where=unread",
    "before": "cut where=before",
    "halved": "cut where=inside",
    "strange": "status word=HIBERNATING",
    "busy": "error code=ModelUnavailable",
    "doubled": "doubled",
    "trickle": "trickle",
    "after": "cut where=after",
    "again": "again",
    "silent": "silent done",
    "slow": "slow rate=400",
    "other": "other",
    "reused": "reused",
    "twice": "repeated",
    "later": "repeated",
    "behind": "surplus",
}
"""The faults of schedules by name, each as a value of the emulator's header `x-wan-fault`."""
MAX_EXCHANGES = 100
"""Exchanges after which a client is stopped: three times as many as any scenario needs."""
_EVERY = {"poll": "polls", "download": "downloads"}
"""The name of a step that stands for each exchange of a kind."""
_TRUTHFUL = ("again", "neighbour", "repeated", "surplus", *JOB_FAULTS)
_COMPLETE = ("trickle", "slow", *_TRUTHFUL)


class CachedImageEmulator(Emulator):
    """An emulator that renders each picture once per process."""

    _pictures: dict[RenderSpec, Response] = {}  # noqa: RUF012 - shared by all services on purpose

    def _render(self, content: Response | RenderSpec) -> Response:
        if isinstance(content, Response):
            return content
        if content not in self._pictures:
            self._pictures[content] = super()._render(content)
        return self._pictures[content]


class RunawayClient(BaseException):
    """Raised inside a client after `MAX_EXCHANGES` exchanges, because it would not end."""


class Exchange(NamedTuple):
    """One request and its response.

    Attributes:
        at: Seconds since the test began.
        call: create, query, cancel, list or download.
        number: The number of exchanges of this call so far, this one included.
        step: The name of the exchange in a schedule.
        fault_name: The fault as the schedule or script names it, "" for none.
        summary: The response in words.
        task: The task that it queries or cancels, or whose picture it fetches; "" for none.
        fault: The fault that it had, None for none.
        before: The state of the task before the exchange.
        after: Its state after the exchange.
        accepted: Ids of the tasks of this client that the service accepted in it.
        foreign: Ids of the tasks of another client that the service accepted just before.
        link_expires_at: When the link of a picture expires, seconds since 1970; 0 for other calls.
        is_unjournaled: True if the client knew the task from its create, and it was not in the journal yet.
        body: The body of a response without a fault, None for a picture or a response with a fault.
        is_displaced: Whether a late copy of an earlier answer came on the connection in place of this one.
    """

    at: float
    call: str
    number: int
    step: str
    fault_name: str
    summary: str
    task: str
    fault: Fault | None
    before: str
    after: str
    accepted: tuple[str, ...]
    foreign: tuple[str, ...]
    link_expires_at: float
    is_unjournaled: bool
    body: bytes | None
    is_displaced: bool = False

    @property
    def payload(self) -> Any:
        """The JSON of the body, None without one."""
        return None if self.body is None else json.loads(self.body)

    @property
    def is_truthful(self) -> bool:
        """Whether the response states the truth."""
        return not self.is_displaced and self._is_true

    @property
    def is_certain(self) -> bool:
        """Whether it was a query whose response states the state unambiguously."""
        return self.is_truthful and not (self.body and "output" not in self.payload)

    @property
    def is_complete(self) -> bool:
        """Whether the client may have read the true response in full."""
        fault = self.fault
        is_cut_behind = fault is not None and fault.kind == "cut" and fault.where == "after"
        return self._is_true or is_cut_behind or (fault is not None and fault.kind in _COMPLETE)

    @property
    def _is_true(self) -> bool:
        return self.fault is None or (self.fault.kind in _TRUTHFUL and not _refuses(self.fault))

    def reported_state(self, unlisted: str) -> str:
        """Return the state that can be read in the response of a query, "" for none.

        Args:
            unlisted: The undocumented state of a fault that names none.
        """
        if self.fault and self.fault.kind == "status":
            return self.fault.word or unlisted
        return self.before if self.is_complete else ""


class FaultyService(CachedImageEmulator):
    """The emulator with faults, and a record of every exchange.

    Attributes:
        exchanges: All exchanges, or those since a test cleared the list.
        accepted: Ids of all accepted tasks of this client, in order, from the emulator's own store.
        foreign: Ids of all tasks of another client of the account.
        queued_faults: Faults that wait for an exchange: (call as the emulator names it or `any`, the fault
            as a header, the fault).
        has_neighbour: Whether another client of the account makes the first create, too, just before.
    """

    def __init__(
        self,
        spec: Spec,
        clock: SimulatedClock,
        settings: Settings,
        journal: JournalReader,
        faults: Mapping[str, str] | None = None,
        job_fault: Fault | None = None,
    ) -> None:
        """Start a service.

        Args:
            spec: The spec of the service.
            clock: Its time.
            settings: The durations of its tasks.
            journal: The journal of the client, read for `Exchange.is_unjournaled`.
            faults: Names of `FAULTS` by the step into which each is injected.
            job_fault: The outcome of the job of every accepted task, None for success.
        """
        super().__init__(spec, clock=clock, settings=settings)
        self._clock, self._journal = clock, journal
        self._faults, self._job_fault = faults or {}, job_fault
        self._counts: Counter[str] = Counter()
        self._sync_calls: set[str] = set()
        self._image_counts: dict[str, int] = {}
        self._last_jobs: dict[str, Job] = {}  # as of the last exchange about each task
        self._reported: set[str] = set()  # ids in a truthful response to their create
        self.exchanges: list[Exchange] = []
        self.accepted: list[str] = []
        self.foreign: list[str] = []
        self.has_neighbour = False
        self.queued_faults: list[tuple[str, str, Fault]] = []

    def handle(self, request: Request) -> Response:
        """Answer a request, with the fault injected for it, and record the exchange.

        Raises:
            RunawayClient: There were too many exchanges already.
        """
        if len(self.exchanges) >= MAX_EXCHANGES:
            raise RunawayClient
        route = self._router.routes.find(request)
        task = route.name.partition("/")[0] if route else ""
        call = _call(request)
        self._counts[call] += 1
        number = self._counts[call]
        step = _step(call, number)
        fault_name, header, fault = self._next_fault(step, route.call if route else "")
        if fault and fault.kind == "reused" and not (call == "create" and self._is_newest_known()):
            fault_name, fault = "", None  # a client cannot detect the reuse of an id that it does not know
        if fault:
            request = request._replace(headers={**request.headers, FAULT_HEADER: header})
        self._take_snapshot(task)
        before, known = self.state(task) if task else "", (len(self.accepted), len(self.foreign))
        if call == "create" and number == 1 and self.has_neighbour:
            super().handle(request._replace(headers=_without_fault(request.headers)))
            self._record_accepted(1)
        is_unjournaled = call == "query" and task in self._reported and not self._journal.has_task(task)
        at, response = self._clock.at, super().handle(request)
        if call == "create":
            self._record_accepted(fault is not None and fault.kind == "neighbour")
        exchange = Exchange(
            at,
            call,
            number,
            step,
            fault_name,
            _summary(response),
            task,
            fault,
            before,
            self.state(task) if task else "",
            tuple(self.accepted[known[0] :]),
            tuple(self.foreign[known[1] :]),
            self._link_expiry(task) if call == "download" else 0.0,
            is_unjournaled,
            None if fault or call == "download" else response.body,
        )
        self.exchanges.append(exchange)
        if exchange.accepted and exchange.is_truthful:
            self._reported.add(exchange.accepted[-1])
        return response

    def mark_displaced(self) -> None:
        """Note that the answer of the last exchange did not reach the client first."""
        self.exchanges[-1] = self.exchanges[-1]._replace(is_displaced=True)

    def state(self, task_id: str, at: float | None = None) -> str:
        """Return the state of a task, UNKNOWN once it has expired.

        Args:
            task_id: The task.
            at: Seconds since the test began; None for now.
        """
        job = self.store.jobs.get(task_id)
        now = self.clock.wall() if at is None else START + at
        return job.status(self.lifecycle, now) if job else self.lifecycle.unknown

    def image_count(self, task_id: str) -> int:
        """Return the number of pictures of a task, also after it has expired."""
        job = self.store.jobs.get(task_id) or self._last_jobs.get(task_id)
        return job.image_count() if job else self._image_counts.get(task_id, 0)

    def has_task_id(self, task_id: str) -> bool:
        """Return False for the id of a synchronous call, which cannot be queried."""
        return task_id not in self._sync_calls

    def has_expired(self, task_id: str) -> bool:
        """Return True if the service does not have the task, or no longer has it."""
        return self.store.jobs.get(task_id) is None

    def has_dead_links(self, task_id: str, within: float = 0.0) -> bool:
        """Return True if the links of a task have expired, or will within some seconds."""
        job = self.store.jobs.get(task_id) or self._last_jobs.get(task_id)
        return job is None or job.are_links_expired(self.lifecycle, self.clock.wall() + within)

    def seconds_since_submit(self, task_id: str) -> float:
        """Return the age of a task in seconds, `NEVER` (infinity) if the service does not know it."""
        job = self.store.jobs.get(task_id)
        return self.clock.wall() - job.submitted if job else NEVER

    def _next_fault(self, step: str, call: str) -> tuple[str, str, Fault | None]:
        """Return the fault of an exchange: its name, its header, and itself."""
        if name := self._faults.get(step) or self._faults.get(_EVERY.get(step.rstrip("0123456789"), "")):
            return name, FAULTS[name], _fault(FAULTS[name])
        for index, (wanted, header, fault) in enumerate(self.queued_faults):
            if wanted in ("any", call):
                del self.queued_faults[index]
                return header, header, fault
        return "", "", None

    def _is_newest_known(self) -> bool:
        newest = next((job.id for job in self.store.jobs.newest_first() if job.is_task), "")
        return self._journal.has_task(newest)

    def _take_snapshot(self, task_id: str) -> bool:
        """Store the current state of a task, before it can expire; return True if the service has it."""
        job = self.store.jobs.get(task_id)
        if job:
            self._last_jobs[task_id] = job
        return job is not None

    def _link_expiry(self, task_id: str) -> float:
        """Return when the links of a task expire, rounded up to the milliseconds that the service reports.

        In seconds since 1970; the start of the test for a task without links.
        """
        job = self.store.jobs.get(task_id) or self._last_jobs.get(task_id)
        return ceil(job.links_expire_at(self.lifecycle) * 1000 - 0.001) / 1000 if job else START

    def _record_accepted(self, foreign: int = 0) -> None:
        """Record new tasks; the first `foreign` of them are those of another client."""
        known = {*self.accepted, *self.foreign}
        new = [job for job in self.store.jobs.newest_first() if job.id not in known]
        for index, job in enumerate(reversed(new)):
            (self.foreign if index < foreign else self.accepted).append(job.id)
            if not job.is_task:
                self._sync_calls.add(job.id)
            if self._job_fault:
                outcome = decide_outcome(job.spec, self._job_fault, self._context.vendor)
                job = job._replace(outcome=outcome)
                self.store.jobs.put(job.id, job)
            self._image_counts[job.id] = job.image_count()


@lru_cache
def _fault(header: str) -> Fault:
    return parse_fault(header)


def _refuses(fault: Fault) -> bool:
    """Return True if a create is refused for an input image, or the request is cut."""
    if fault.kind == "neighbour":
        return fault.where == "unread"
    return fault.kind == "download" and fault.where != "after"


def _without_fault(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != FAULT_HEADER}


def _call(request: Request) -> str:
    path = request.target.partition("?")[0].rstrip("/")
    if path.endswith("/cancel"):
        return "cancel"
    if request.method == "POST":
        return "create"
    if "/tasks/" in path:
        return "query"
    return "list" if path.endswith("/tasks") else "download"


def _step(call: str, number: int) -> str:
    """Return the name of an exchange in a schedule: poll1, poll2, ...; create, create2, ...; and so on."""
    if call == "query":
        return f"poll{number}"
    return call if number == 1 else f"{call}{number}"


def _summary(response: Response) -> str:
    if response.cut == CUT_BEFORE_RESPONSE:
        return "the connection is cut"
    summary = f"HTTP {response.status}, {len(response.body):,} bytes"
    if len(response.body) < 2000 and b'"task_status"' in response.body:
        status = response.body.partition(b'"task_status"')[2].split(b'"')[1]
        summary += f", {status.decode('ascii', 'replace')}"
    return summary if response.cut is None else f"{summary}, cut after {response.cut:,}"
