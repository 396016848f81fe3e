"""The scenarios: the steps of a careful caller while the service has faults.

After an error the caller continues with the task by its id, or with the lost call by the journal.
`ScenarioSession` runs the steps of one scenario, and checks each call against the seven invariants.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from wan_conformance.lifecycle.clients.base import FINAL, CallOutcome, CallRequest, ClientAdapter
from wan_conformance.lifecycle.invariants import NO_TASK_LOST, InvariantViolation, check_call
from wan_conformance.lifecycle.recorded_call import CheckContext, RecordedCall
from wan_conformance.lifecycle.schedules.schedules import CLOCKS, OUR_CLIENTS, Schedule
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop, SkewedClock
from wan_conformance.lifecycle.simulation.files import JournalReader, WriteFaults
from wan_conformance.lifecycle.simulation.service import FaultyService, RunawayClient
from wanlib.emulator import Clock, Fault, Settings
from wanlib.spec import Spec, load

_TASK_VERBS = ("poll", "wait", "save", "cancel")
CreateClient = Callable[[Schedule, FaultyService, Clock, SimulatedEventLoop, Path], ClientAdapter]
"""Creates a client: schedule, service, the clock of the client, loop, journal."""


class ScenarioSession:
    """One run of a scenario.

    Attributes:
        schedule: The schedule that is run.
        journal: The journal of the client.
        clock: The time of client and service.
        service: The service, with the faults of the schedule.
        client: The client, once it is started.
        calls: The calls so far.
        violations: Violations of the seven invariants so far.
        is_endless: True once a call was stopped because it would not end.
        is_shared: Whether another client uses the account, so that no task may be adopted.
    """

    def __init__(
        self,
        schedule: Schedule,
        journal: JournalReader,
        loop: SimulatedEventLoop,
        create_client: CreateClient,
        settings: Settings,
        job_fault: Fault | None = None,
    ) -> None:
        """Start the service.

        Args:
            schedule: The faults and the client.
            journal: An empty journal.
            loop: Runs asynchronous clients.
            create_client: Creates the client, and the next one after a restart.
            settings: The durations of the service's tasks.
            job_fault: The outcome of all jobs, None for success.
        """
        self.schedule, self.journal, self._loop, self._create_client = schedule, journal, loop, create_client
        self.clock = loop.clock = SimulatedClock()
        faults = dict(schedule.faults)
        self.service = FaultyService(packaged_spec(), self.clock, settings, journal, faults, job_fault)
        self.service.has_neighbour = self.is_shared = "account" in faults
        journal.write_faults = WriteFaults(
            {int(step[5:]): kind for step, kind in schedule.faults if step.startswith("write")}
        )
        self._client_clock = SkewedClock(self.clock, CLOCKS[faults["clock"]] if "clock" in faults else 0.0)
        self._context = CheckContext(
            self.service,
            journal,
            is_ours=schedule.client in OUR_CLIENTS,
            has_single_task=schedule.scenario != "two",
        )
        self.calls: list[RecordedCall] = []
        self.violations: list[InvariantViolation] = []
        self.is_endless = False

    def start_client(self) -> None:
        """Start a client, which has only the journal."""
        schedule, clock, path = self.schedule, self._client_clock, self.journal.path
        self.client = self._create_client(schedule, self.service, clock, self._loop, path)

    def restart_client(self) -> None:
        """Replace the client by a new process."""
        self.close_client()
        self.start_client()

    def close_client(self) -> None:
        """Close the client, as a `with` block does: an error would replace the result of the block."""
        try:
            self.client.close()
        except Exception as error:
            text = f"lost: close raised {type(error).__name__} instead of returning the outcomes of the calls"
            self.violations.append(InvariantViolation(NO_TASK_LOST, text))

    def call(self, verb: str, bound: float, *arguments: object) -> CallOutcome:
        """Call a verb of the client, record the call and check it.

        Args:
            verb: The verb.
            bound: Seconds that it may take.
            arguments: Its arguments.

        Raises:
            RunawayClient: The call was stopped, since it would not end.
        """
        began, known = self.clock.at, (len(self.service.exchanges), self.journal.write_faults.failed)
        listed = (*self.service.accepted, *self.service.foreign)
        self._listed = listed, tuple(task for task in listed if not self.journal.has_task(task))
        try:
            outcome: CallOutcome = getattr(self.client, verb)(*arguments)
        except RunawayClient:
            self.is_endless = True
            self._record(verb, arguments, began, bound, CallOutcome("untyped"), known)
            raise
        self._record(verb, arguments, began, bound, outcome, known)
        return outcome

    def close(self) -> None:
        """Close the service, and delete the files of the client."""
        self.journal.reset()
        self.service.close()

    def _record(
        self,
        verb: str,
        arguments: tuple[object, ...],
        began: float,
        bound: float,
        outcome: CallOutcome,
        known: tuple[int, int],
    ) -> None:
        """Record and check a call; `known` are the numbers of exchanges and of failed writes before it."""
        service = self.service
        task = str(arguments[0]) if verb in _TASK_VERBS else ""
        task = task or next(iter(service.accepted), "")  # a synchronous call has no id
        state = service.state(task, service.exchanges[-1].at if service.exchanges else None) if task else ""
        call = RecordedCall(
            verb,
            task,
            began,
            self.clock.at,
            bound,
            outcome,
            tuple(service.exchanges[known[0] :]),
            state,
            is_endless=self.is_endless,
            adopts=verb == "resume" and bool(arguments[-1]),
            listed=self._listed[0],
            unexplained=self._listed[1],
            failed_writes=self.journal.write_faults.failed - known[1],
        )
        self.violations += check_call(call, self._context)
        if not self.is_endless:
            self.calls.append(call)


@lru_cache(1)
def packaged_spec() -> Spec:
    """Return the packaged spec, read once per process."""
    return load()


IMAGES = ("https://photos.example.com/street.jpg",)
REQUEST = CallRequest("wan2.7-image-pro", "a vase of tulips", IMAGES, {"n": 1, "seed": 1, "size": "1K"})
MULTI_PICTURE_REQUEST = CallRequest(
    "wan2.5-i2i-preview", "a vase of tulips", IMAGES, {"n": 3, "seed": 1, "size": "1280*1280"}
)
"""A call of a model whose result states which pictures failed."""
UNKNOWN_TASK_ID = "0b9d7f3e-5c1a-4e2b-9f60-7a8c1d2e3f40"
"""An id that no service ever gave to a task."""
DAY = 86_400.0
TIMEOUT = 60.0
RESPONSE_TIMEOUT = 60.0
"""Seconds that the client waits for one response."""
SLACK = 1.5
"""Seconds that a call may take beyond its timeout: a response in pieces ends between two of them."""
QUERY_BOUND = 5 * (RESPONSE_TIMEOUT + 10)
"""Seconds for a request that is sent up to five times, with the waits between."""


def edit(session: ScenarioSession) -> None:
    """Create a task, wait for it, and save its picture."""
    _save(session, _obtain_result(session, REQUEST))


def cancel_too_late(session: ScenarioSession) -> None:
    """Cancel a task that runs already, which is refused; then wait for it and save its picture."""
    if task := _submit(session):
        _retry_until_quiet(session, "cancel", QUERY_BOUND * 2, task)
        _save(session, _wait(session, task))


def cancel(session: ScenarioSession) -> None:
    """Cancel a task that is waiting."""
    if task := _submit(session):
        _retry_until_quiet(session, "cancel", QUERY_BOUND * 2, task)
        _wait(session, task)


def save_after_expiry(session: ScenarioSession) -> None:
    """Save a picture a day after its task ended, when the link has expired."""
    result = _obtain_result(session, REQUEST)
    session.clock.sleep(DAY)
    _save(session, result)


def expired(session: ScenarioSession) -> None:
    """Wait for a task a day after it was submitted, when it has expired."""
    if task := _submit(session):
        session.clock.sleep(DAY)
        _wait(session, task)


def never_finishes(session: ScenarioSession) -> None:
    """Wait for a task that never ends."""
    if task := _submit(session):
        _wait(session, task)


def failed(session: ScenarioSession) -> None:
    """Wait for a task that fails."""
    if task := _submit(session):
        _wait(session, task)


def partial(session: ScenarioSession) -> None:
    """Save the pictures of a task of which one of three failed."""
    _save(session, _obtain_result(session, MULTI_PICTURE_REQUEST))


def unknown_task(session: ScenarioSession) -> None:
    """Query, wait for and cancel an id that no task has."""
    _retry_until_quiet(session, "poll", QUERY_BOUND * 3, UNKNOWN_TASK_ID)
    _wait(session, UNKNOWN_TASK_ID)
    _retry_until_quiet(session, "cancel", QUERY_BOUND * 2, UNKNOWN_TASK_ID)


def two_tasks(session: ScenarioSession) -> None:
    """Create two tasks, then wait for each and save its picture."""
    creates = [session.call("submit", TIMEOUT + SLACK, REQUEST, TIMEOUT) for _ in range(2)]
    for create in creates:
        if create.task_id and not create.is_error:
            _save(session, _wait(session, create.task_id))
    if any(create.kind == "unknown outcome" for create in creates):
        _save(session, _recover_lost(session))


def near_expiry(session: ScenarioSession) -> None:
    """Wait for a task so late that only the first query is sent before it expires."""
    if task := _submit(session):
        session.clock.sleep(DAY - 0.5 - session.clock.at)
        _wait(session, task)


class Scenario(NamedTuple):
    """One scenario.

    Attributes:
        run: The steps of the caller.
        settings: The durations of the service's tasks.
        job_fault: The outcome of the job, None for success.
    """

    run: Callable[[ScenarioSession], None]
    settings: Settings
    job_fault: Fault | None = None


NEVER = float("inf")
_QUICK = Settings(waiting=2.0, working=4.0)
SCENARIOS = {
    "edit": Scenario(edit, _QUICK),
    "late": Scenario(cancel_too_late, Settings(working=20.0)),
    "cancel": Scenario(cancel, Settings(waiting=1000.0)),
    "stale": Scenario(save_after_expiry, _QUICK),
    "expired": Scenario(expired, _QUICK),
    "stuck": Scenario(never_finishes, Settings(waiting=NEVER)),
    "failed": Scenario(failed, _QUICK, Fault("fail", code="DataInspectionFailed")),
    "partial": Scenario(partial, _QUICK, Fault("partial")),
    "foreign": Scenario(unknown_task, _QUICK),
    "edge": Scenario(near_expiry, _QUICK),
    "two": Scenario(two_tasks, _QUICK),
}


def _obtain_result(session: ScenarioSession, request: CallRequest) -> CallOutcome | None:
    """Return a result, directly or by the task that an error names; None if no result is possible."""
    outcome = session.call("edit", TIMEOUT + SLACK, request, TIMEOUT)
    if outcome.kind == "unknown outcome":
        return _recover_lost(session)
    if outcome.task_id and _is_transient(session, outcome):
        return _wait(session, outcome.task_id)
    return outcome


def _submit(session: ScenarioSession) -> str:
    """Return the id of a task; "" after an error, when a lost call has been recovered."""
    outcome = session.call("submit", TIMEOUT + SLACK, REQUEST, TIMEOUT)
    if outcome.kind == "unknown outcome":
        _recover_lost(session)
    return "" if outcome.is_error else outcome.task_id


def _wait(session: ScenarioSession, task: str) -> CallOutcome:
    return _retry_until_quiet(session, "wait", TIMEOUT + SLACK, task, TIMEOUT)


def _save(session: ScenarioSession, result: CallOutcome | None) -> None:
    if result is not None and not result.is_error:
        _retry_until_quiet(session, "save", QUERY_BOUND, result.task_id)


def _recover_lost(session: ScenarioSession) -> CallOutcome | None:
    """Look for a lost call in the list, then resume it from the journal in a new process."""
    if not {"find_lost", "resume"} <= session.client.verbs:
        return None
    _retry_until_quiet(session, "find_lost", TIMEOUT + QUERY_BOUND)
    resumed = _resume(session, adopt=False)
    if not session.is_shared:
        resumed = _resume(session, adopt=True)
    return next((part for part in resumed.parts if part.kind == "result"), None)


def _resume(session: ScenarioSession, *, adopt: bool) -> CallOutcome:
    resumed = CallOutcome("resumed")
    for _ in range(len(session.schedule.faults) + 1):
        session.restart_client()
        resumed = session.call("resume", TIMEOUT + SLACK, TIMEOUT, adopt)
        if resumed.is_error or not any(_is_transient(session, part) for part in resumed.parts):
            break
    return resumed


def _retry_until_quiet(session: ScenarioSession, verb: str, bound: float, *arguments: object) -> CallOutcome:
    """Repeat a call after a transient error, as often as the schedule has faults."""
    outcome = session.call(verb, bound, *arguments)
    for _ in session.schedule.faults:
        if not _is_transient(session, outcome):
            break
        outcome = session.call(verb, bound, *arguments)
    return outcome


def _is_transient(session: ScenarioSession, outcome: CallOutcome) -> bool:
    """Return True after an error that may be transient, including a timeout because of one silent poll."""
    was_silent = session.calls[-1].had_fault_of("silent") and "polls" not in dict(session.schedule.faults)
    return outcome.is_error and (outcome.kind not in FINAL or (outcome.kind == "late" and was_silent))
