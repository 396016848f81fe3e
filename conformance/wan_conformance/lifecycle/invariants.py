"""The seven invariants of the life cycle of a task, in one place for all lifecycle tests.

A client talks to a service that may fail at any point: a request or a response is lost, repeated, cut or
false. In every case, seven statements must hold:

1. An intent is never paid twice: one call makes the service accept at most one task.
2. No task is lost: the client writes an accepted task to its journal before it queries it, or names it to its
   caller in a result or an error.
3. No dead link is followed again: only the store decides whether a link has expired, and after its refusal
   the picture is not requested again.
4. No statement is false: what the client reports of a task agrees with the responses of the service.
5. Every wait ends: a call returns within its bound.
6. Errors are typed: a call raises only errors of the client's own family.
7. No task of another client is mistaken for an own one: neither an outcome nor the journal names one, except
   as a candidate of a lost call.

All are safety properties: a recorded call violates them or does not, no matter what happens later. "In the
end the caller has what the service can give" is the liveness property that goes with them; it depends on the
script of a test, so `schedules` and `stateful` state it themselves.

The truth is the service's record (`Exchange`: the state of the task before and after), not the client's view.
If a response was lost, two histories are possible, and a report is a violation only if neither allows it.

How to use it: the tests in simulated time record each call as a `RecordedCall` and pass it to `check_call`.
Crash and load tests, which see calls and tasks only at the end, use the same statements one by one:
`paid_twice`, `lost`, `untyped` and `false_end`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from wan_conformance.lifecycle.clients.base import CREATE_VERBS, CallOutcome
from wan_conformance.lifecycle.recorded_call import CheckContext, RecordedCall
from wan_conformance.lifecycle.simulation.clock import START
from wan_conformance.lifecycle.simulation.service import Exchange, FaultyService
from wanlib.conduct.rules import NEVER_PAID_TWICE, NO_DEAD_LINK
from wanlib.emulator.jobs.lifecycle import TaskLifecycle

NO_TASK_LOST = "every accepted task is in the journal before it is queried, or named to the caller"
NO_FALSE_STATEMENT = "what the client says of a task is true"
EVERY_CALL_ENDS = "every call ends within its bound"
TYPED_ERRORS = "every error is typed"
OWN_TASKS = "no task of another client is mistaken for an own one"
FIND_MARGIN = 180.0
"""Seconds before its expiry at which a lost call's task may be missing in a list, which has a time window."""
_BELIEVED_AFTER = 3  # queries after which an error that may be about the query counts as one of the task
_WAITING_VERBS = ("wait", "edit", "resume")
_LINK_PRECISION = 1.0  # seconds: a link gives its expiry in whole seconds


class InvariantViolation(NamedTuple):
    """A violation.

    Attributes:
        invariant: The invariant in words, one of the constants of this module or of a test.
        text: What happened.
    """

    invariant: str
    text: str

    def __str__(self) -> str:
        """Return what happened."""
        return self.text


def check_call(call: RecordedCall, context: CheckContext) -> Iterator[InvariantViolation]:
    """Check one call against the seven invariants, right after it ended.

    Args:
        call: The call.
        context: The data that it is checked against, in its current state.

    Yields:
        The violations, in the order of `INVARIANTS`.
    """
    for invariant, find in _CHECKS.items():
        for text in find(call, context):
            yield InvariantViolation(invariant, text)


def paid_twice(accepted: int, intents: int, billed: int = 0) -> Iterator[str]:
    """State invariant 1 of totals.

    Args:
        accepted: Tasks that the service accepted.
        intents: Calls that were meant to be made.
        billed: Pictures that the service billed, of calls for one picture; 0 if they are not counted.
    """
    if accepted > intents or billed > intents:
        pictures = f" and billed {billed} pictures" if billed else ""
        yield f"paid twice: the service accepted {accepted} tasks{pictures} for {intents} calls"


def lost(task: str, is_known: bool, where: str) -> Iterator[str]:
    """State invariant 2 of one accepted task.

    Args:
        task: The task.
        is_known: Whether the caller can still reach it.
        where: The place of the search, in words.
    """
    if not is_known:
        yield f"lost: the service accepted task {task}, {where}"


def untyped(verb: str, outcome: CallOutcome) -> Iterator[str]:
    """State invariant 6 of one outcome."""
    if outcome.kind == "untyped":
        yield f"untyped: {verb} raised {outcome.name}: {outcome.message}"


def false_end(outcome: CallOutcome, state: str, pictures: int, lifecycle: TaskLifecycle) -> str:
    """State invariant 4 of the end of a task.

    Args:
        outcome: The outcome that the client reported.
        state: The state in which the task ended.
        pictures: The pictures that it made.
        lifecycle: The states of the service.

    Returns:
        The false statement in it, "" if it is true.
    """
    if outcome.kind != (expected := end_kinds(lifecycle)[state]):
        return f"the task is {state}, expected '{expected}'"
    return _wrong_count(outcome.pictures, pictures) if outcome.kind == "result" else ""


def end_kinds(lifecycle: TaskLifecycle) -> Mapping[str, str]:
    """Return the outcome of a wait by the state in which the task ends."""
    return {
        lifecycle.succeeded: "result",
        lifecycle.failed: "failed",
        lifecycle.canceled: "was canceled",
        lifecycle.unknown: "forgotten",
    }


def _paid_twice(call: RecordedCall, context: CheckContext) -> Iterator[str]:
    """Yield violations of invariant 1; the client is not at fault for a create that a proxy repeats."""
    repeated = sum(
        exchange.fault is not None and exchange.fault.kind == "again"
        for exchange in call.exchanges
        if exchange.accepted
    )
    intents = repeated + (call.verb in CREATE_VERBS)
    for text in paid_twice(len(call.accepted), intents):
        yield f"{text} in one {call.verb}"
    billed, accepted = sum(account.accepted for account in context.service.ledger()), context.service.accepted
    if billed != len(accepted) + len(context.service.foreign):
        yield f"the ledger has {billed} tasks, the service accepted {len(accepted)}"


def _lost(call: RecordedCall, context: CheckContext) -> Iterator[str]:
    if not context.is_ours:
        return
    has_failed = context.journal.write_faults.failed > 0
    for exchange in call.exchanges:
        if exchange.is_unjournaled and not has_failed:
            yield f"task {exchange.task} was queried before it was in the journal"
    if call.outcome.kind != "unknown outcome":
        for task in call.own_tasks:
            is_known = context.journal.has_task(task) or (has_failed and task in call.reported_tasks)
            where = (
                "neither the journal nor the caller has its id" if has_failed else "it is not in the journal"
            )
            yield from lost(task, is_known, where)


def _dead_link(call: RecordedCall, context: CheckContext) -> Iterator[str]:
    dead = [
        exchange
        for exchange in call.exchanges
        if exchange.link_expires_at
        and exchange.is_truthful
        and round(START + exchange.at - exchange.link_expires_at, 6) >= 0
    ]
    for task in dict.fromkeys(exchange.task for exchange in dead):
        requests = sum(exchange.task == task for exchange in dead)
        pictures = context.service.image_count(task)
        if requests > pictures:
            yield f"dead link: task {task}, {requests} requests for {pictures} expired links"


def _false_statement(call: RecordedCall, context: CheckContext) -> Iterator[str]:
    for outcome in call.outcomes:
        if not call.is_endless and (problem := _statement_problem(call, outcome, context)):
            yield f"untrue: {call.verb} ended with {outcome}, {problem}"


def _endless(call: RecordedCall, _: CheckContext) -> Iterator[str]:
    if call.is_endless:
        yield f"endless: {call.verb} did not end after {len(call.exchanges)} exchanges"
    elif call.ended - call.began > call.bound:
        took = call.ended - call.began
        yield f"endless: {call.verb} took {took:.1f} s, at most {call.bound:.0f} s are allowed"


def _untyped_error(call: RecordedCall, _: CheckContext) -> Iterator[str]:
    for outcome in call.outcomes:
        if not call.is_endless:
            yield from untyped(call.verb, outcome)


def _foreign_task(call: RecordedCall, context: CheckContext) -> Iterator[str]:
    named = {outcome.task_id for outcome in call.outcomes} - {call.task}
    for task in context.service.foreign:
        if task in named:
            yield f"foreign: {call.verb} ended with {call.outcome} of task {task} of another client"
        if context.is_ours and context.journal.has_task(task):
            yield f"foreign: task {task} of another client is in the journal"


_CHECKS: dict[str, Callable[[RecordedCall, CheckContext], Iterator[str]]] = {
    NEVER_PAID_TWICE: _paid_twice,
    NO_TASK_LOST: _lost,
    NO_DEAD_LINK: _dead_link,
    NO_FALSE_STATEMENT: _false_statement,
    EVERY_CALL_ENDS: _endless,
    TYPED_ERRORS: _untyped_error,
    OWN_TASKS: _foreign_task,
}
INVARIANTS = tuple(_CHECKS)
"""The seven, in words."""


def _statement_problem(call: RecordedCall, outcome: CallOutcome, context: CheckContext) -> str:
    """Return the false statement in an outcome, "" if it is true."""
    if outcome.kind == "untyped":
        return ""
    if outcome.is_error and call.verb in CREATE_VERBS and not outcome.task_id:
        if outcome.kind != "unknown outcome" and call.accepted:
            return "the service has accepted the call"
        return _unjustified_error(call, outcome, context)
    naming_verbs = ("poll", "wait") if context.is_ours else ("wait",)
    if outcome.is_error and call.verb in naming_verbs and outcome.task_id != call.task:
        return "which does not name the task"
    if call.verb in _WAITING_VERBS and outcome.kind not in ("resumed", "handle"):
        return _wait_problem(call, outcome, context)
    check = _STATEMENT_CHECKS.get(call.verb, _no_problem)
    return check(call, outcome, context) or _unjustified_error(call, outcome, context)


def _no_problem(*_: object) -> str:
    return ""


def _unjustified_error(call: RecordedCall, outcome: CallOutcome, context: CheckContext) -> str:
    """Return the false statement in an error that blames the service although all responses were correct."""
    is_own = {"refused": "cancel", "dead link": "save"}.get(outcome.kind) == call.verb
    blames = outcome.kind in ("trouble", "refused", "unknown outcome", "dead link", "late") and not is_own
    if not (context.is_ours and blames) or call.had_fault or _blames_journal(call):
        return ""
    return "although every response was in order"


def _blames_journal(call: RecordedCall) -> bool:
    """Return True if the call could not begin, since its journal failed: nothing was paid for in it."""
    return call.failed_writes > 0 and not call.accepted and call.verb in (*CREATE_VERBS, "resume")


def _handle_problem(call: RecordedCall, outcome: CallOutcome, _: CheckContext) -> str:
    is_true = outcome.is_error or outcome.task_id in call.accepted
    return "" if is_true else "the service has not accepted such a task"


def _wait_problem(call: RecordedCall, outcome: CallOutcome, context: CheckContext) -> str:
    """Return the false statement in the outcome of a wait: it must be the first end that was reported."""
    service = context.service
    kinds = end_kinds(service.lifecycle)
    if not outcome.task_id:
        if outcome.kind == "result":
            return _sync_result_problem(call, outcome, service)
        return _unjustified_error(call, outcome, context)
    queries = call.queries(outcome.task_id)
    for number, query in enumerate(queries, 1):
        is_end = query.is_certain and query.before in kinds
        if is_end and (number < len(queries) or outcome.kind != kinds[query.before]):
            return f"query {number} of {len(queries)} reported {query.before}"
    if outcome.kind == "result" and (problem := _count_problem(outcome, outcome.task_id, service)):
        return problem
    if outcome.kind in kinds.values():
        is_reported = (
            queries and kinds.get(queries[-1].reported_state(service.lifecycle.unlisted)) == outcome.kind
        )
        is_believed = outcome.kind == "failed" and _is_confirmed_failure(queries, service)
        is_listed = outcome.kind in _listed_ends(call, outcome.task_id, kinds)
        return "" if is_reported or is_believed or is_listed else "which no response reported"
    return "" if outcome.kind == "late" else _unjustified_error(call, outcome, context)


def _listed_ends(call: RecordedCall, task: str, kinds: Mapping[str, str]) -> set[str]:
    """Return the outcomes that the lists of a call allow for a task."""
    lists = [exchange for exchange in call.exchanges if exchange.call == "list" and exchange.body]
    rows = [row for exchange in lists for row in exchange.payload.get("data", ())]
    return {kinds.get(row["status"], "") for row in rows if row["task_id"] == task}


def _sync_result_problem(call: RecordedCall, outcome: CallOutcome, service: FaultyService) -> str:
    """Return the false statement in a result without a task id, which only a synchronous call may have."""
    if service.has_task_id(call.task):
        return "which does not name the task"
    if call.state != service.lifecycle.succeeded:
        return f"the task is {call.state}"
    return _wrong_count(outcome.pictures, service.image_count(call.task))


def _is_confirmed_failure(queries: list[Exchange], service: FaultyService) -> bool:
    """Return True if responses said that the task failed: for good, or `_BELIEVED_AFTER` times."""
    codes = [query.fault.code for query in queries if query.fault and query.fault.kind == "inside"]
    errors = service.spec.wire["errors"]
    return len(codes) >= _BELIEVED_AFTER or any(code and not errors[code].get("retry") for code in codes)


def _poll_problem(call: RecordedCall, outcome: CallOutcome, context: CheckContext) -> str:
    queries, lifecycle = call.queries(call.task), context.service.lifecycle
    if outcome.kind != "state":
        return ""
    if outcome.state == lifecycle.failed and _is_confirmed_failure(queries, context.service):
        return ""
    reported = queries[-1].reported_state(lifecycle.unlisted)
    return "" if outcome.state == reported else f"the response says {reported or 'nothing'}"


def _cancel_problem(call: RecordedCall, outcome: CallOutcome, context: CheckContext) -> str:
    lifecycle = context.service.lifecycle
    state = call.exchanges[-1].after if call.exchanges else context.service.state(call.task)
    cancels = [exchange for exchange in call.exchanges if exchange.call == "cancel"]
    if outcome.kind == "canceled":
        return "" if state == lifecycle.canceled else f"the task is {state}"
    is_accepted = cancels and cancels[-1].is_truthful and cancels[-1].before in lifecycle.cancelable
    if is_accepted and not call.had_fault_of("again"):  # the second of two is refused
        return "the service has accepted it"
    was_misled = call.had_fault_of("status", "inside", "error")
    if outcome.kind == "refused" and state == lifecycle.canceled and not was_misled:
        return "the task is canceled"
    return ""


def _list_problem(call: RecordedCall, outcome: CallOutcome, context: CheckContext) -> str:
    if outcome.kind != "list":
        return ""
    service, at = context.service, call.exchanges[-1].at
    tasks = (*service.accepted, *service.foreign)
    expected = {task for task in tasks if service.state(task, at) != service.lifecycle.unknown}
    return "" if set(outcome.tasks) == expected else f"the account has {len(expected)} tasks"


def _find_problem(call: RecordedCall, outcome: CallOutcome, context: CheckContext) -> str:
    """Return the false statement in a search, which must find a lost call that is recent enough."""
    if outcome.kind != "list":
        return ""
    service = context.service
    if unknown := {*outcome.tasks} - {*service.accepted, *service.foreign}:
        return f"the account has no task {min(unknown)}"
    is_recent = service.seconds_since_submit(call.task) < service.lifecycle.task_lifetime - FIND_MARGIN
    is_missing = call.task and call.task not in outcome.tasks and is_recent
    return f"task {call.task} of the lost call is not in it" if is_missing else ""


def _save_problem(call: RecordedCall, outcome: CallOutcome, context: CheckContext) -> str:
    service = context.service
    if outcome.kind == "saved":
        fetched = {exchange.task for exchange in call.exchanges if exchange.call == "download"}
        others = fetched - {call.task}
        if context.is_ours and others:  # another client may have sent its call twice, and have the second
            return f"with a picture of task {min(others)}"
        problem = _count_problem(outcome, call.task, service)
        if not problem and context.has_single_task:
            problem = _wrong_count(context.journal.saved_pictures(), service.image_count(call.task))
        return problem
    is_dead = service.has_dead_links(call.task, _LINK_PRECISION) or service.has_expired(call.task)
    if outcome.kind == "dead link" and not call.had_fault and not is_dead:
        return "the links have not expired"
    return ""


def _count_problem(outcome: CallOutcome, task: str, service: FaultyService) -> str:
    """Return a wrong number of pictures; the number of an expired task is no longer known."""
    return "" if service.has_expired(task) else _wrong_count(outcome.pictures, service.image_count(task))


def _wrong_count(reported: int, made: int) -> str:
    return "" if reported == made else f"with {reported} pictures, {made} were made"


_STATEMENT_CHECKS: dict[str, Callable[[RecordedCall, CallOutcome, CheckContext], str]] = {
    "submit": _handle_problem,
    "poll": _poll_problem,
    "cancel": _cancel_problem,
    "list": _list_problem,
    "find_lost": _find_problem,
    "save": _save_problem,
}
