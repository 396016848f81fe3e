"""Conditions at the end of a scenario: the caller has all results that the service can provide.

This is the liveness property of the schedules, by the script of each scenario, together with the properties
of all calls together: the rate of polls, and accepted tasks that the client does not name. The seven
invariants of each call are in `lifecycle.invariants`.
"""

from collections.abc import Callable, Iterator

from wan_conformance.lifecycle.clients.base import CREATE_VERBS
from wan_conformance.lifecycle.invariants import INVARIANTS, NO_TASK_LOST, InvariantViolation, lost
from wan_conformance.lifecycle.recorded_call import RecordedCall
from wan_conformance.lifecycle.schedules.scenarios import ScenarioSession
from wan_conformance.lifecycle.schedules.schedules import HARMLESS_FAULTS

POLLS_KEEP_TO_THE_RATE = "polls keep to the rate"
EXPECTED_END = "in the end the caller has what the service can give"
SCHEDULE_INVARIANTS = (*INVARIANTS, POLLS_KEEP_TO_THE_RATE, EXPECTED_END)
"""All statements that are checked in a schedule."""
POLL_RATE = 20
"""Queries that an account may send in a second."""
_REFUSING_FAULTS = frozenset({"unpaid", "failed", "busy", "inside"})
_ACCEPTING_FAULTS = HARMLESS_FAULTS | {"", "throttled"}
Matches = Callable[[RecordedCall], bool]


def violations(session: ScenarioSession) -> Iterator[InvariantViolation]:
    """Return all violations of a scenario that has ended, each once, in the order of the calls."""
    yield from dict.fromkeys(session.violations)
    for text in _lost_tasks(session):
        if not any(text == violation.text for violation in session.violations):
            yield InvariantViolation(NO_TASK_LOST, text)
    for text in _rate_problems(session):
        yield InvariantViolation(POLLS_KEEP_TO_THE_RATE, text)
    for text in _liveness_problems(session):
        yield InvariantViolation(EXPECTED_END, text)


def _lost_tasks(session: ScenarioSession) -> Iterator[str]:
    """Yield accepted tasks that are not in the journal, or that a client without a journal did not name."""
    service, outcomes = session.service, [call.outcome for call in session.calls]
    named = {task for outcome in outcomes for task in (outcome.task_id, *outcome.tasks)}
    has_result = any(outcome.kind == "result" for outcome in outcomes)
    has_failed = session.journal.write_faults.failed > 0
    shown = (
        {task for outcome in outcomes for candidates in outcome.lost for task in candidates} | named
        if has_failed or session.is_shared
        else set()
    )
    for task in service.accepted:
        if "resume" in session.client.verbs:
            yield from lost(task, session.journal.has_task(task) or task in shown, "it is not in the journal")
        elif service.has_task_id(task):
            yield from lost(task, task in named, "the caller was never given its id")
        else:
            yield from lost(task, has_result, "the caller has neither a result nor an id")


def _rate_problems(session: ScenarioSession) -> Iterator[str]:
    polls = [exchange.at for exchange in session.service.exchanges if exchange.call == "query"]
    if any(last - first < 1 for first, last in zip(polls, polls[POLL_RATE:], strict=False)):
        yield f"too fast: more than {POLL_RATE} polls in a second"


def _liveness_problems(session: ScenarioSession) -> Iterator[str]:
    """Yield wrong ends; a client that repeated a lost create, and so has a task, must continue with it."""
    if session.is_endless or not session.calls:
        return
    faults = dict(session.schedule.faults)
    creates = [call for call in session.calls if call.verb in CREATE_VERBS]
    is_lost, refused = False, 0
    for call, step in zip(creates, ("create", "create2"), strict=False):
        fault = faults.get(step, "")
        has_no_intent = "write1" in faults and (step == "create" or faults["write1"] == "full")
        if fault in _REFUSING_FAULTS or has_no_intent:
            refused += 1
            yield from _expect_end(call, "refused", _has_kind("refused"))
        elif fault not in _ACCEPTING_FAULTS and call.outcome.is_error:
            is_lost = True
            yield from _expect_end(call, "unknown outcome", _has_kind("unknown outcome"))
    if is_lost:
        yield from _search_problem(session)
    elif not creates or refused < len(creates):
        yield from _scenario_problem(session)


def _scenario_problem(session: ScenarioSession) -> Iterator[str]:
    """Yield wrong ends of the last call of each verb that the scenario is about."""
    last = {call.verb: call for call in session.calls}
    if "polls" in dict(session.schedule.faults):
        if "wait" in last:
            yield from _expect_end(last["wait"], "late", _has_kind("late"))
        return
    for verb, expected, matches in _ENDS[session.schedule.scenario]:
        if verb in last:
            yield from _expect_end(last[verb], expected, matches)
        else:
            previous = session.calls[-1]
            yield f"wrong end: no {verb} after {previous.verb} ended with {previous.outcome}"


def _search_problem(session: ScenarioSession) -> Iterator[str]:
    """Check that the task of a lost call is found in the list, shown by a resume, and adopted by another."""
    accepted = session.service.accepted
    for call in session.calls:
        if call.verb == "find_lost":
            expected = f"a list of {len(call.listed)} tasks"
            yield from _expect_end(call, expected, lambda call: {*call.outcome.tasks} == {*call.listed})
    if session.journal.write_faults.failed:  # a resume begins with a write to the journal
        return
    resumes = [call for call in session.calls if call.verb == "resume"]
    for call in [call for call in resumes if not call.adopts][-1:]:
        yield from _expect_end(call, f"one lost call with {len(call.unexplained)} candidates", _is_lost)
    adopting = [call for call in resumes if call.adopts]
    if adopting and adopting[0].unexplained:
        is_answered = "polls" not in dict(session.schedule.faults)
        kind = _RESUMED_ENDS.get(session.schedule.scenario, "result") if is_answered else "late"
        yield from _expect_end(adopting[-1], f"one {kind}", _resumed(kind))
    elif adopting:
        yield from _expect_end(adopting[-1], "one lost call without a candidate", _is_lost)
    if accepted and session.calls[0].verb == "edit" and not session.is_shared:
        yield from _scenario_problem(session)


def _expect_end(call: RecordedCall, expected: str, matches: Matches) -> Iterator[str]:
    if not matches(call):
        yield f"wrong end: {call.verb} ended with {call.outcome}, expected {expected}"


def _has_kind(kind: str, pictures: int = 0) -> Matches:
    return lambda call: (call.outcome.kind, call.outcome.pictures) == (kind, pictures)


def _resumed(kind: str) -> Matches:
    return lambda call: [part.kind for part in call.outcome.parts] == [kind] and not call.outcome.lost


def _is_lost(call: RecordedCall) -> bool:
    outcome = call.outcome
    lost = [sorted(tasks) for tasks in outcome.lost]
    return outcome.kind == "resumed" and not outcome.parts and lost == [sorted(call.unexplained)]


def _expired_or_succeeded(call: RecordedCall) -> bool:
    """Return whether it is one of the two; invariant 4 checks which one is true."""
    return call.outcome.kind in ("forgotten", "result")


_RESUMED_ENDS = {"cancel": "late", "stuck": "late", "failed": "failed"}
"""The end of a resumed call, if not a result: without its cancel, the task outlasts the timeout."""
_SAVED = ("save", "one saved picture", _has_kind("saved", 1))
_ENDS: dict[str, tuple[tuple[str, str, Matches], ...]] = {
    "edit": (_SAVED,),
    "late": (("cancel", "refused", _has_kind("refused")), _SAVED),
    "cancel": (("wait", "was canceled", _has_kind("was canceled")),),
    "stale": (("save", "dead link", _has_kind("dead link")),),
    "expired": (("wait", "forgotten", _has_kind("forgotten")),),
    "stuck": (("wait", "late", _has_kind("late")),),
    "failed": (("wait", "failed", _has_kind("failed")),),
    "partial": (("save", "two saved pictures", _has_kind("saved", 2)),),
    "foreign": (
        ("poll", "state", _has_kind("state")),
        ("wait", "forgotten", _has_kind("forgotten")),
        ("cancel", "refused", _has_kind("refused")),
    ),
    "edge": (("wait", "a result or forgotten", _expired_or_succeeded),),
    "two": (_SAVED,),
}
"""The verbs that each scenario is about: the expected end in words, and a test of it."""
