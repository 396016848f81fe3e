"""What must hold after every verb of a free play, and at its end."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from wan_conformance.lifecycle.clients.base import CallOutcome
from wan_conformance.lifecycle.schedules.invariants import InvariantViolation
from wan_conformance.lifecycle.simulation.files import Books
from wan_conformance.lifecycle.stateful.call import Act
from wan_conformance.lifecycle.stateful.consistency import ConsistencyChecker
from wan_conformance.lifecycle.stateful.service import RecordingService, ServiceExchange

_DOUBTS = 3  # looks after which an answer is believed that may be an error of the query alone
_WAITS = ("wait", "edit", "resume")
_AGREE = 1.0  # seconds: links name whole ones
MARGIN = 180.0
"""Seconds by which a lost call's task must be younger than a day, as the list is asked for a window."""


def statement_problems(act: Act, service: RecordingService) -> Iterator[str]:
    """The claims of a verb that are not so, or that nothing excuses."""
    for said in (act.said, *act.said.parts):
        if why := _problem(act, said, service):
            yield f"untrue: {act.verb} came to {said}, {why}"


def _problem(act: Act, said: CallOutcome, service: RecordingService) -> str:
    if said.kind == "untyped":
        return f"which is none of the client's errors: {said.words}"
    if said.is_error and act.verb in ("submit", "edit") and not said.task_id:
        return _unaccepted(act, said)
    if said.is_error and act.verb in ("poll", "wait") and said.task_id != act.task:
        return "which does not name the task"
    if act.verb in _WAITS and said.kind not in ("resumed", "handle"):
        return _waited(act, said, service)
    return _OF_VERBS.get(act.verb, _no_problem)(act, said, service) or _unjustified_error(act, said)


def _no_problem(*_: object) -> str:
    return ""


def _unjustified_error(act: Act, said: CallOutcome) -> str:
    """An error of the service's making, where the service made none."""
    own = {"refused": "cancel", "dead link": "save"}.get(said.kind) == act.verb
    blamed = said.kind in ("trouble", "refused", "unknown outcome", "dead link", "late") and not own
    return "though the service answered every question" if blamed and not act.had_fault else ""


def _unaccepted(act: Act, said: CallOutcome) -> str:
    if said.kind != "unknown outcome" and act.accepted:
        return "the service has accepted the call"
    return _unjustified_error(act, said)


def _handle(act: Act, said: CallOutcome, _: RecordingService) -> str:
    return "" if said.is_error or said.task_id in act.accepted else "the service has accepted no such task"


def _waited(act: Act, said: CallOutcome, service: RecordingService) -> str:
    """A wait ends with the first end that it is told, and with no other."""
    if not said.task_id:
        return _unjustified_error(act, said)
    asked, ends = act.queries(said.task_id), _ends(service)
    for number, met in enumerate(asked, 1):
        if met.is_certain and met.before in ends and (number < len(asked) or said.kind != ends[met.before]):
            return f"it was told {met.before} in question {number} of {len(asked)}"
    if said.kind == "result" and (why := _miscounted(said.pictures, said.task_id, service)):
        return why
    if said.kind in ends.values():
        seen = asked and ends.get(asked[-1].reported_state(service.lifecycle.unlisted)) == said.kind
        believed = said.kind == "failed" and _is_confirmed_failure(asked, service)
        return "" if seen or believed else "nothing said so"
    return "" if said.kind == "late" else _unjustified_error(act, said)


def _ends(service: RecordingService) -> dict[str, str]:
    """What a wait comes to, by the state in which a task ends."""
    life = service.lifecycle
    kinds = {life.succeeded: "result", life.failed: "failed", life.canceled: "was canceled"}
    return kinds | {life.unknown: "forgotten"}


def _is_confirmed_failure(asked: list[ServiceExchange], service: RecordingService) -> bool:
    """Whether answers said that the task failed: one that can't pass, or the same again and again."""
    inside = [met.fault.code for met in asked if met.fault and met.fault.kind == "inside"]
    errors = service.spec.wire["errors"]
    return len(inside) >= _DOUBTS or any(code and not errors[code].get("retry") for code in inside)


def _polled(act: Act, said: CallOutcome, service: RecordingService) -> str:
    asked = act.queries(act.task)
    if said.kind != "state" or (
        said.state == service.lifecycle.failed and _is_confirmed_failure(asked, service)
    ):
        return ""
    due = asked[-1].reported_state(service.lifecycle.unlisted)
    return "" if said.state == due else f"it was told {due or 'nothing that can be read'}"


def _canceled(act: Act, said: CallOutcome, service: RecordingService) -> str:
    state = act.met[-1].after if act.met else ""
    cancels = [met for met in act.met if met.call == "cancel"]
    if said.kind == "canceled":
        return "" if state == service.lifecycle.canceled else f"the task is {state}"
    accepted = cancels and cancels[-1].is_truthful and cancels[-1].before in service.lifecycle.cancelable
    if accepted and not act.met_lying_fault("again"):  # the second of two is refused
        return "the service has accepted it"
    lied = act.met_lying_fault("status", "inside", "error")
    if said.kind == "refused" and state == service.lifecycle.canceled and not lied:
        return "the task is canceled"
    return ""


def _listed(act: Act, said: CallOutcome, service: RecordingService) -> str:
    if said.kind != "list":
        return ""
    at = act.met[-1].at
    due = {task for task in service.accepted if service.state(task, at) != service.lifecycle.unknown}
    return "" if set(said.tasks) == due else f"the account has {len(due)} tasks"


def _found(act: Act, said: CallOutcome, service: RecordingService) -> str:
    """The lost call's task is among those that are found, unless it is so old that the list leaves it out."""
    if said.kind != "list":
        return ""
    if strangers := set(said.tasks) - set(service.accepted):
        return f"the account has no task {min(strangers)}"
    lost = (
        act.task
        and act.task not in said.tasks
        and service.seconds_since_submit(act.task) < service.lifecycle.task_lifetime - MARGIN
    )
    return f"task {act.task} of the lost call is not there" if lost else ""


def _saved(act: Act, said: CallOutcome, service: RecordingService) -> str:
    if said.kind == "saved" and (why := _miscounted(said.pictures, act.task, service)):
        return why
    dead = service.is_dead(act.task, _AGREE) or service.is_gone(act.task)
    if said.kind == "dead link" and not act.had_fault and not dead:
        return "the links are alive"
    return ""


def _miscounted(pictures: int, task: str, service: RecordingService) -> str:
    """Nobody knows any more what a forgotten task has made."""
    right = service.is_gone(task) or pictures == service.image_count(task)
    return "" if right else f"{pictures} pictures, {service.image_count(task)} were made"


_OF_VERBS: dict[str, Callable[[Act, CallOutcome, RecordingService], str]] = {
    "submit": _handle,
    "poll": _polled,
    "cancel": _canceled,
    "list": _listed,
    "find_lost": _found,
    "save": _saved,
}


_CREATING = ("submit", "edit")
_ENDS = ("result", "failed", "was canceled", "forgotten")


class InvariantContext(NamedTuple):
    """What a verb is judged by: the service's books, what was heard of each task, and the journal."""

    service: RecordingService
    witness: ConsistencyChecker
    books: Books


def check_call(act: Act, bench: InvariantContext) -> Iterator[InvariantViolation]:
    """The promises that a verb broke."""
    for promise, find in _FINDERS.items():
        for words in find(act, bench):
            yield InvariantViolation(promise, words)


def check_end(acts: Sequence[Act], bench: InvariantContext) -> Iterator[InvariantViolation]:
    """At the end of a play: what the caller does not have although the service could give it.

    acts: all of them, the last ones after the last fault.
    """
    for words in (*_wait_not_finished(acts), *_lost_call_not_found(acts, bench)):
        yield InvariantViolation(IN_THE_END, words)


def _violates_state_table(act: Act, bench: InvariantContext) -> Iterator[str]:
    return bench.witness.check_call(act)


def _false_statement(act: Act, bench: InvariantContext) -> Iterator[str]:
    return statement_problems(act, bench.service)


def _paid_twice(act: Act, bench: InvariantContext) -> Iterator[str]:
    """A proxy that sends a create again is not the client's doing."""
    again = sum(each.fault is not None and each.fault.kind == "again" for each in act.met if each.accepted)
    if len(act.accepted) > again + (act.verb in _CREATING):
        yield f"paid twice: {act.verb} made the service accept {len(act.accepted)} tasks"
    billed = sum(account.accepted for account in bench.service.ledger())
    if billed != len(bench.service.accepted):
        yield f"the ledger shows {billed} tasks, {len(bench.service.accepted)} were accepted"


def _lost(act: Act, bench: InvariantContext) -> Iterator[str]:
    for met in act.met:
        if met.unwritten:
            yield f"task {met.task} was asked for before it stood in the journal"
    for task in act.own_tasks:
        doubt = act.said.kind == "unknown outcome"
        if not doubt and not bench.books.has_task(task):
            yield f"lost: the service accepted task {task}, the journal does not know it"


def _dead_links(act: Act, _: InvariantContext) -> Iterator[str]:
    for met in act.met:
        if met.dead:
            yield f"dead link: a picture of task {met.task} was asked for after its link had died"


def _never_terminates(act: Act, _: InvariantContext) -> Iterator[str]:
    if act.endless:
        yield f"endless: {act.verb} had no end after {len(act.met)} exchanges"
    elif act.ended - act.began > act.bound:
        yield f"endless: {act.verb} took {act.ended - act.began:.1f} s, {act.bound:.0f} s at most were due"


def _wait_not_finished(acts: Sequence[Act]) -> Iterator[str]:
    """After the last fault a wait must come to an end of its task."""
    for act in acts:
        if act.last:
            for said in act.said.parts or (act.said,):
                if act.verb in ("wait", "resume") and said.kind not in (*_ENDS, "resumed"):
                    yield f"wrong end: {act.verb} came to {said} although all tasks have ended"


def _lost_call_not_found(acts: Sequence[Act], bench: InvariantContext) -> Iterator[str]:
    """After the last fault a lost call's task is taken up, or shown to the caller."""
    service = bench.service
    shown = {task for act in acts if act.last for each in act.said.lost for task in each}
    for act in acts:
        for task in act.own_tasks if act.said.kind == "unknown outcome" else ():
            young = service.seconds_since_submit(task) < service.lifecycle.task_lifetime - MARGIN
            if young and task not in shown and not bench.books.has_task(task):
                yield f"wrong end: the task {task} of a lost call was neither taken up nor shown"


IN_THE_END = "in the end every intent has come to its right end"
_FINDERS: dict[str, Callable[[Act, InvariantContext], Iterator[str]]] = {
    "what is told of a task follows by the table from what was told before": _violates_state_table,
    "what the client says is so": _false_statement,
    "one intent is never paid twice": _paid_twice,
    "every accepted task is known to the client, in an error or in the journal": _lost,
    "no link is followed after its death": _dead_links,
    "every verb ends in its time": _never_terminates,
}
PROMISES = (*_FINDERS, IN_THE_END)
