"""Whether the promises were kept, by what the service knows: its store, its ledger and its exchanges.

Where an answer was lost, both possibilities are open, and only what neither allows is a fault.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from wan_conformance.lifecycle.clients.base import CallOutcome
from wan_conformance.lifecycle.schedules.scenarios import CallRecord, Session
from wan_conformance.lifecycle.schedules.schedules import PASSED_OVER

_CREATING = ("edit", "submit")


def false_statements(stage: Session, done: CallRecord) -> Iterator[str]:
    """The claims of one verb that are not so."""
    for said in (done.said, *done.said.parts):
        if why := _false(stage, done, said):
            yield f"untrue: {done.verb} came to {said}, {why}"


def _false(stage: Session, done: CallRecord, said: CallOutcome) -> str:
    if said.kind == "result":
        return _false_result(stage, done, said)
    if said.kind == "handle":
        return "" if said.task_id in stage.service.accepted else "of a task that the service never accepted"
    if said.kind in ("saved", "state"):
        return _false_value(stage, done, said)
    if done.verb in _CREATING:
        return _false_refusal(stage, said) or _false_end(stage, done, said)
    if done.verb == "cancel":
        return _false_cancel(stage, done, said)
    return _false_end(stage, done, said)


def _false_result(stage: Session, done: CallRecord, said: CallOutcome) -> str:
    if done.state != stage.service.lifecycle.succeeded:
        return f"the task was {done.state}"
    if not said.task_id and stage.service.has_task_id(done.task):
        return "which does not name the task"
    if (task := said.task_id or done.task) not in stage.service.accepted:
        return "of a task that the service never accepted"
    return _false_count(said.pictures, stage.service.image_count(task))


def _false_value(stage: Session, done: CallRecord, said: CallOutcome) -> str:
    """Of a save, or of one question."""
    if said.kind == "saved":
        made = stage.service.image_count(done.task)
        return _false_count(said.pictures, made) or _false_count(stage.books.saved_pictures(), made)
    lied = said.state != done.state and not _service_lied(stage)
    return f"{said.state}, the task was {done.state}" if lied else ""


def _false_count(told: int, made: int) -> str:
    return "" if told == made else f"with {told} pictures, {made} were made"


def _false_refusal(stage: Session, said: CallOutcome) -> str:
    """An error without a task says that nothing was accepted, but for the one that says it can't tell."""
    refused = said.is_error and not said.task_id and said.kind not in ("unknown outcome", "untyped")
    return "the service has accepted the call" if refused and stage.service.accepted else ""


def _false_cancel(stage: Session, done: CallRecord, said: CallOutcome) -> str:
    canceled = done.state == stage.service.lifecycle.canceled
    if said.kind == "canceled" and not canceled:
        return f"the task was {done.state}"
    if said.kind == "refused" and canceled and not _service_lied(stage):
        return "the task was canceled"
    return ""


def _false_end(stage: Session, done: CallRecord, said: CallOutcome) -> str:
    life = stage.service.lifecycle
    due = {"failed": life.failed, "was canceled": life.canceled, "forgotten": life.unknown}.get(said.kind)
    if due and done.state != due:
        return f"the task was {done.state}"
    if said.kind == "late" and done.state not in ("", life.waiting, life.working):
        return f"the task was {done.state} and the service would have said so"
    if done.verb in ("wait", "resume") and said.is_error and said.kind != "untyped" and not said.task_id:
        return "which does not name the task"
    return ""


def _service_lied(stage: Session) -> bool:
    """Whether the service itself has said otherwise."""
    return any(each.fault == "strange" for each in stage.service.exchanges)


_REFUSALS = frozenset({"unpaid", "failed", "busy", "inside"})
_ACCEPTED = PASSED_OVER | {"", "throttled"}
Fits = Callable[[CallRecord], bool]


def liveness_problem(stage: Session) -> Iterator[str]:
    """The end that was due, where another came. Who sent a lost call again and has a task goes on with it."""
    if stage.endless or not stage.done:
        return
    first, fault = stage.done[0], dict(stage.schedule.faults).get("create", "")
    if fault in _REFUSALS:
        yield from _expected_end(first, "refused", _is("refused"))
    elif fault in _ACCEPTED or not first.said.is_error:
        yield from _scenario_problem(stage)
    else:
        yield from _expected_end(first, "unknown outcome", _is("unknown outcome"))
        yield from _search_problem(stage)


def _scenario_problem(stage: Session) -> Iterator[str]:
    """The last of each verb that the story is about must have come to its end."""
    last = {done.verb: done for done in stage.done}
    for verb, due, fits in _ENDS[stage.schedule.story]:
        if verb in last:
            yield from _expected_end(last[verb], due, fits)
        else:
            yield f"wrong end: there was no {verb} after {stage.done[-1].verb} came to {stage.done[-1].said}"


def _search_problem(stage: Session) -> Iterator[str]:
    """A lost call: the list shows its task, and the next process takes it up; or there is none."""
    accepted = stage.service.accepted
    for done in stage.done:
        if done.verb == "find_lost":
            due = f"a list of {len(accepted)} tasks"
            yield from _expected_end(done, due, lambda done: [*done.said.tasks] == accepted)
    resumed = [done for done in stage.done if done.verb == "resume"][-1:]
    for done in resumed:
        if accepted:
            kind = _RESUMED.get(stage.schedule.story, "result")
            yield from _expected_end(done, f"one {kind}", _resumed(kind))
        else:
            yield from _expected_end(done, "one lost call without a candidate", _is_lost)
    if accepted and stage.done[0].verb == "edit":
        yield from _scenario_problem(stage)


def _expected_end(done: CallRecord, due: str, fits: Fits) -> Iterator[str]:
    if not fits(done):
        yield f"wrong end: {done.verb} came to {done.said}, due was {due}"


def _is(kind: str, pictures: int = 0) -> Fits:
    return lambda done: (done.said.kind, done.said.pictures) == (kind, pictures)


def _resumed(kind: str) -> Fits:
    return lambda done: [each.kind for each in done.said.parts] == [kind] and not done.said.lost


def _is_lost(done: CallRecord) -> bool:
    return done.said.kind == "resumed" and not done.said.parts and done.said.lost == ((),)


def _expired_or_succeeded(done: CallRecord) -> bool:
    """Whichever it is, `claims` holds it against what the service said last."""
    return done.said.kind in ("forgotten", "result")


_RESUMED = {"cancel": "late", "stuck": "late", "failed": "failed"}
"""What a lost call comes to, if no result: where nobody cancels, the task goes on longer than the wait."""
_SAVED = ("save", "one saved picture", _is("saved", 1))
_ENDS: dict[str, tuple[tuple[str, str, Fits], ...]] = {
    "edit": (_SAVED,),
    "late": (("cancel", "refused", _is("refused")), _SAVED),
    "cancel": (("wait", "was canceled", _is("was canceled")),),
    "stale": (("save", "dead link", _is("dead link")),),
    "expired": (("wait", "forgotten", _is("forgotten")),),
    "stuck": (("wait", "late", _is("late")),),
    "failed": (("wait", "failed", _is("failed")),),
    "partial": (("save", "two saved pictures", _is("saved", 2)),),
    "foreign": (
        ("poll", "state", _is("state")),
        ("wait", "forgotten", _is("forgotten")),
        ("cancel", "refused", _is("refused")),
    ),
    "edge": (("wait", "a result or forgotten", _expired_or_succeeded),),
}
"""The verbs that each story is about, and what each must come to."""


POLLS = 20
"""Queries that the account is allowed in a second."""


class InvariantViolation(NamedTuple):
    """A promise of PROMISES that was broken, and how."""

    promise: str
    words: str

    def __str__(self) -> str:
        return self.words


def judge(stage: Session) -> Iterator[InvariantViolation]:
    """The promises that were broken."""
    for promise, find in _FINDERS.items():
        for words in find(stage):
            yield InvariantViolation(promise, words)


def _paid_twice(stage: Session) -> Iterator[str]:
    if len(stage.service.accepted) > 1:
        pictures = sum(account.pictures for account in stage.service.ledger())
        yield (
            f"paid twice: the service accepted {len(stage.service.accepted)} tasks for one intent "
            f"and has billed {pictures} pictures so far"
        )


def _unknown(stage: Session) -> Iterator[str]:
    return _task_not_journaled(stage) if "resume" in stage.player.verbs else _task_id_not_reported(stage)


def _task_id_not_reported(stage: Session) -> Iterator[str]:
    """Of a client without a journal. A synchronous call has nothing but its result."""
    said = [done.said for done in stage.done]
    told = {task for each in said for task in (each.task_id, *each.tasks)}
    for task in stage.service.accepted:
        if not stage.service.has_task_id(task) and not any(each.kind == "result" for each in said):
            yield "lost: the service accepted the call, and the caller has no result and no id to ask for"
        elif stage.service.has_task_id(task) and task not in told:
            yield f"lost: the service accepted task {task}, and the caller was never told of it"


def _task_not_journaled(stage: Session) -> Iterator[str]:
    for task in stage.unjournaled:
        yield f"task {task} was asked for before it stood in the journal"
    for task in stage.service.accepted:
        if not stage.books.has_task(task):
            yield f"lost: the service accepted task {task}, the journal does not know it"


def _untyped_error(stage: Session) -> Iterator[str]:
    for done in stage.done:
        if done.said.kind == "untyped":
            yield f"untyped: {done.verb} raised {done.said.name}: {done.said.words}"


def _never_terminates(stage: Session) -> Iterator[str]:
    if stage.endless:
        yield f"endless: after {len(stage.service.exchanges)} exchanges there was no end"
    for done in stage.done:
        if (took := done.ended - done.began) > done.bound:
            yield f"endless: {done.verb} took {took:.1f} s, {done.bound:.0f} s at most were due"


def _dead_links(stage: Session) -> Iterator[str]:
    start = stage.time.wall() - stage.time.at
    for each in stage.service.exchanges:
        if each.call == "download" and each.dies and start + each.at >= each.dies:
            yield f"dead link: followed {start + each.at - each.dies:.0f} s after its death"


def _exceeds_rate(stage: Session) -> Iterator[str]:
    polls = [each.at for each in stage.service.exchanges if each.call == "query"]
    if any(last - first < 1 for first, last in zip(polls, polls[POLLS:], strict=False)):
        yield f"too fast: more than {POLLS} polls in a second"


def _false_statement(stage: Session) -> Iterator[str]:
    for done in stage.done:
        yield from false_statements(stage, done)


_FINDERS: dict[str, Callable[[Session], Iterator[str]]] = {
    "one intent is never paid twice": _paid_twice,
    "every accepted task is in the journal before it is asked for, or told to the caller": _unknown,
    "every error is typed": _untyped_error,
    "every verb ends in its time": _never_terminates,
    "no link is followed after its death": _dead_links,
    "polls keep to the rate": _exceeds_rate,
    "what the client says of a task is so": _false_statement,
    "in the end the caller has what the service can give": liveness_problem,
}
PROMISES = tuple(_FINDERS)
