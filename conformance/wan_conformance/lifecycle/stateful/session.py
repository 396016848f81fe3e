"""A stateful session: executes steps as they are drawn, and checks each call when it has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from wan_conformance.lifecycle.clients.base import CallOutcome, ClientAdapter
from wan_conformance.lifecycle.invariants import InvariantViolation, check_call
from wan_conformance.lifecycle.recorded_call import CheckContext, RecordedCall
from wan_conformance.lifecycle.schedules.scenarios import (
    SLACK,
    TIMEOUT,
    UNKNOWN_TASK_ID,
    packaged_spec,
)
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop
from wan_conformance.lifecycle.simulation.files import JournalReader
from wan_conformance.lifecycle.simulation.service import RunawayClient
from wan_conformance.lifecycle.stateful.consistency import ConsistencyChecker
from wan_conformance.lifecycle.stateful.expected_ends import STATE_TABLE, check_end
from wan_conformance.lifecycle.stateful.service import RespxNetwork, SteppedService
from wan_conformance.lifecycle.stateful.steps import (
    PACES,
    REQUESTS,
    Step,
    StepScript,
    parse_step_fault,
    task_number,
)
from wan_conformance.lifecycle.stateful.transcript import Transcript

MAX_CALL_SECONDS = 900.0
"""Maximum number of seconds of a call whose caller sets no timeout."""
_BOUNDS = {"submit": TIMEOUT, "edit": TIMEOUT, "wait": TIMEOUT, "resume": TIMEOUT}
_ENDLESS = CallOutcome("untyped", message="the call was stopped")


class StatefulSession:
    """One session.

    Attributes:
        script: Its steps so far.
        clock: The time of client and service.
        service: The service.
        checker: The consistency of all reports.
        known: Ids of the tasks that the client has reported, by their numbers; number 0 never existed.
        calls: The calls so far.
        results: Tasks of which the current client has a result.
        lost_call: The last call of the current client with an unknown outcome, None for none.
        violations: The violations; after the first one, no further step is executed.
        counts: Steps, faults and outcomes.
        transcript: The transcript so far, as text.
    """

    def __init__(
        self, client: str, pace: str, journal: JournalReader, loop: SimulatedEventLoop, network: RespxNetwork
    ) -> None:
        """Start service and client.

        Args:
            client: `sync` or `async`.
            pace: A name of `steps.PACES`.
            journal: An empty journal.
            loop: Runs the asynchronous client.
            network: Between client and service.
        """
        self.script = StepScript(client, pace)
        self.clock = loop.clock = SimulatedClock()
        self.known, self.calls = [UNKNOWN_TASK_ID], list[RecordedCall]()
        self.violations: list[InvariantViolation] = []
        self.counts: Counter[str] = Counter()
        self.service = SteppedService(packaged_spec(), self.clock, PACES[pace], journal)
        self.checker = ConsistencyChecker(self.service.spec.task)
        self.transcript = Transcript(self.clock)
        self._journal, self._context = journal, CheckContext(self.service, journal)
        self._is_over = False
        self._new_client = partial(
            network.create_client, client, self.service, self.clock, loop, journal.path
        )
        self._start_client()

    def execute(self, step: Step) -> list[int]:
        """Execute a step; return the numbers of the tasks that the client reported for the first time."""
        self.script = self.script._replace(steps=(*self.script.steps, step))
        self.counts[f"step {step.action}"] += 1
        return self._execute_step(step)

    def finish(self) -> None:
        """Remove all faults, end all tasks, and check that every intent has ended."""
        self._is_over = True
        self.service.queued_faults.clear()
        for task in (*self.service.accepted, *self.service.foreign):
            self.service.end(task, "succeeded")
        self.transcript.note("there are no more faults, and all tasks end")
        self._execute_step(Step("restart"))
        self._execute_step(Step("resume"))
        self._execute_step(Step("adopt"))
        for number in range(1, len(self.known)):
            self._execute_step(Step("wait", (str(number),)))
        for number in range(1, len(self.known)):
            self._execute_step(Step("save", (str(number),)))
        if not self.violations:
            self._fail(check_end(self.calls, self._context))

    def close(self) -> None:
        """Close the client and the service, and delete the files of the client."""
        self._client.close()
        self._journal.reset()
        self.service.close()

    def restart_client(self) -> None:
        """Replace the client by a new process, which has only the journal."""
        self._client.close()
        self._start_client()

    def task_id(self, number: str) -> str:
        """Return the task of a number; "" if the client has reported no such task."""
        index = task_number(number)
        return self.known[index] if index < len(self.known) else ""

    def call(self, verb: str, task: str, *arguments: object) -> bool:
        """Call a verb of the client, and check the call.

        Args:
            verb: The verb.
            task: The task that it is about, "" for none.
            arguments: Its arguments.

        Returns:
            True: something was done.
        """
        service, began, is_endless = self.service, self.clock.at, False
        service.exchanges.clear()
        try:
            outcome: CallOutcome = getattr(self._client, verb)(*arguments)
        except RunawayClient:
            outcome, is_endless = _ENDLESS, True
        call = RecordedCall(
            verb,
            task,
            began,
            self.clock.at,
            _BOUNDS.get(verb, MAX_CALL_SECONDS) + SLACK,
            outcome,
            tuple(service.exchanges),
            service.state(task) if task else "",
            self._is_over,
            is_endless,
            adopts=verb == "resume" and bool(arguments[-1]),
        )
        self._record(call)
        self.transcript.call(call, self.known)
        self._fail(self._violations_of(call))
        return True

    def _start_client(self) -> None:
        self._client: ClientAdapter = self._new_client()
        self.results: set[str] = set()
        self.lost_call: RecordedCall | None = None

    def _execute_step(self, step: Step) -> list[int]:
        if self.violations:
            return []
        self.transcript.step(step)
        count = len(self.known)
        if not ACTION_FUNCTIONS[step.action](self, *step.arguments):
            self.transcript.note("there is nothing to do")
        return list(range(count, len(self.known)))

    def _violations_of(self, call: RecordedCall) -> Iterator[InvariantViolation]:
        for text in self.checker.check_call(call):
            yield InvariantViolation(STATE_TABLE, text)
        yield from check_call(call, self._context)

    def _record(self, call: RecordedCall) -> None:
        self.calls.append(call)
        self.known += dict.fromkeys(task for task in call.reported_tasks if task not in self.known)
        self.results |= {outcome.task_id for outcome in call.outcomes if outcome.kind == "result"}
        if call.outcome.kind == "unknown outcome":
            self.lost_call = call
        self.counts.update(f"fault {exchange.fault.kind}" for exchange in call.exchanges if exchange.fault)
        self.counts[f"{call.verb} ended with {call.outcome.kind}"] += 1

    def _fail(self, violations: Iterable[InvariantViolation]) -> None:
        for violation in violations:
            self.violations.append(violation)
            self.transcript.violation(violation)


def _submit(session: StatefulSession, request: str) -> bool:
    return session.call("submit", "", REQUESTS[request], TIMEOUT)


def _edit(session: StatefulSession, request: str) -> bool:
    return session.call("edit", "", REQUESTS[request], TIMEOUT)


def _poll(session: StatefulSession, number: str) -> bool:
    return _call_task(session, "poll", number)


def _wait(session: StatefulSession, number: str) -> bool:
    return _call_task(session, "wait", number, TIMEOUT)


def _cancel(session: StatefulSession, number: str) -> bool:
    return _call_task(session, "cancel", number)


def _save(session: StatefulSession, number: str) -> bool:
    return session.task_id(number) in session.results and _call_task(session, "save", number)


def _call_task(session: StatefulSession, verb: str, number: str, *arguments: object) -> bool:
    task = session.task_id(number)
    return bool(task) and session.call(verb, task, task, *arguments)


def _list(session: StatefulSession) -> bool:
    return session.call("list", "")


def _find_lost(session: StatefulSession) -> bool:
    if session.lost_call is None:
        return False
    return session.call("find_lost", next(iter(session.lost_call.own_tasks), ""))


def _resume(session: StatefulSession) -> bool:
    return session.call("resume", "", TIMEOUT, False)


def _adopt(session: StatefulSession) -> bool:
    """Resume and adopt; this is not allowed if another client uses the account."""
    return not session.service.foreign and session.call("resume", "", TIMEOUT, True)


def _restart_client(session: StatefulSession) -> bool:
    session.restart_client()
    return True


def _advance_time(session: StatefulSession, seconds: str) -> bool:
    session.clock.sleep(float(seconds))
    return True


def _advance_to(session: StatefulSession, number: str, edge: str, seconds: str) -> bool:
    """Advance the time to just before, at or after an edge of a task, unless that has passed."""
    service, task, clock = session.service, session.task_id(number), session.clock
    at = service.links_expire_at(task) if edge == "links" else service.expires_at(task)
    moment = -1.0 if at is None else at + float(seconds)
    is_past = clock.wall() >= moment
    clock.sleep(moment - clock.wall())
    while clock.wall() < moment:  # the step was so small that it was rounded off
        clock.sleep(1e-7)
    return not is_past


def _begin(session: StatefulSession, number: str) -> bool:
    return session.service.begin(session.task_id(number))


def _end(session: StatefulSession, number: str, how: str) -> bool:
    task = session.task_id(number)
    ended = session.service.end(task, how)
    if ended and how == "forgotten":
        session.checker.forget(task)
    return ended


def _queue_fault(session: StatefulSession, call: str, fault: str) -> bool:
    session.service.queued_faults.append((call, fault.replace(",", " "), parse_step_fault(fault)))
    return True


ACTION_FUNCTIONS: dict[str, Callable[..., bool]] = {
    "submit": _submit,
    "edit": _edit,
    "poll": _poll,
    "wait": _wait,
    "save": _save,
    "cancel": _cancel,
    "list": _list,
    "find_lost": _find_lost,
    "resume": _resume,
    "adopt": _adopt,
    "restart": _restart_client,
    "pass": _advance_time,
    "until": _advance_to,
    "begin": _begin,
    "end": _end,
    "fault": _queue_fault,
}
"""The function of each action of `steps.ACTIONS`; it returns False if there was nothing to do."""
