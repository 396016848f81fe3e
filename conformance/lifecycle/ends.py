"""Liveness: the faults are over, the service answers; so the caller must have come to the right end."""

from collections.abc import Callable, Iterator

from conformance.lifecycle.schedule import PASSED_OVER
from conformance.lifecycle.stage import Done, Stage

_REFUSALS = frozenset({"unpaid", "failed", "busy", "inside"})
_ACCEPTED = PASSED_OVER | {"", "throttled"}
Fits = Callable[[Done], bool]


def wrong_end(stage: Stage) -> Iterator[str]:
    """The end that was due, where another came. Who sent a lost call again and has a task goes on with it."""
    if stage.endless or not stage.done:
        return
    first, fault = stage.done[0], dict(stage.schedule.faults).get("create", "")
    if fault in _REFUSALS:
        yield from _due(first, "refused", _is("refused"))
    elif fault in _ACCEPTED or not first.said.is_error:
        yield from _wrong_story(stage)
    else:
        yield from _due(first, "unknown outcome", _is("unknown outcome"))
        yield from _wrong_search(stage)


def _wrong_story(stage: Stage) -> Iterator[str]:
    """The last of each verb that the story is about must have come to its end."""
    last = {done.verb: done for done in stage.done}
    for verb, due, fits in _ENDS[stage.schedule.story]:
        if verb in last:
            yield from _due(last[verb], due, fits)
        else:
            yield f"wrong end: there was no {verb} after {stage.done[-1].verb} came to {stage.done[-1].said}"


def _wrong_search(stage: Stage) -> Iterator[str]:
    """A lost call: the list shows its task, and the next process takes it up; or there is none."""
    accepted = stage.service.accepted
    for done in stage.done:
        if done.verb == "find_lost":
            due = f"a list of {len(accepted)} tasks"
            yield from _due(done, due, lambda done: [*done.said.tasks] == accepted)
    resumed = [done for done in stage.done if done.verb == "resume"][-1:]
    for done in resumed:
        if accepted:
            kind = _RESUMED.get(stage.schedule.story, "result")
            yield from _due(done, f"one {kind}", _took_up(kind))
        else:
            yield from _due(done, "one lost call without a candidate", _is_lost)
    if accepted and stage.done[0].verb == "edit":
        yield from _wrong_story(stage)


def _due(done: Done, due: str, fits: Fits) -> Iterator[str]:
    if not fits(done):
        yield f"wrong end: {done.verb} came to {done.said}, due was {due}"


def _is(kind: str, pictures: int = 0) -> Fits:
    return lambda done: (done.said.kind, done.said.pictures) == (kind, pictures)


def _took_up(kind: str) -> Fits:
    return lambda done: [each.kind for each in done.said.parts] == [kind] and not done.said.lost


def _is_lost(done: Done) -> bool:
    return done.said.kind == "resumed" and not done.said.parts and done.said.lost == ((),)


def _is_forgotten_or_result(done: Done) -> bool:
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
    "edge": (("wait", "a result or forgotten", _is_forgotten_or_result),),
}
"""The verbs that each story is about, and what each must come to."""
