"""Liveness: the faults are over, the service answers; so the caller must have come to the right end."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from conformance.lifecycle.schedule import PASSED_OVER
from conformance.lifecycle.stage import Done, Stage
from wanlib.errors import (
    DeadlineExceeded,
    LinkExpired,
    OutcomeUnknown,
    QuotaExceeded,
    ServiceError,
    TaskCanceled,
    TaskUnknown,
)

_REFUSALS = {"unpaid": QuotaExceeded, "failed": ServiceError, "busy": ServiceError, "inside": ServiceError}
_ACCEPTED = PASSED_OVER | {"", "throttled"}


def wrong_end(stage: Stage) -> Iterator[str]:
    """The end that was due, where another came."""
    if stage.endless or not stage.done:
        return
    first, last = stage.done[0], stage.done[-1]
    fault = dict(stage.schedule.faults).get("create", "")
    if fault in _REFUSALS:
        yield from _due(first, _REFUSALS[fault].__name__, lambda said: type(said) is _REFUSALS[fault])
    elif fault in _ACCEPTED:
        yield from _due(last, *_ENDS[stage.schedule.story])
    else:
        yield from _due(first, "OutcomeUnknown", lambda said: isinstance(said, OutcomeUnknown))
        yield from _wrong_search(stage)


def _wrong_search(stage: Stage) -> Iterator[str]:
    """A lost call: the list shows its task, and the next process takes it up; or there is none."""
    accepted = stage.service.accepted
    for done in stage.done:
        if done.verb == "find_lost":
            due = f"a list of {len(accepted)} tasks"
            yield from _due(done, due, lambda said: [each.task_id for each in said] == accepted)
    resumed = [done for done in stage.done if done.verb == "resume"][-1:]
    for done in resumed:
        if not accepted:
            yield from _due(done, "one lost call without a candidate", _is_lost)
        elif stage.schedule.story in _UNENDED:
            yield from _due(done, "DeadlineExceeded of the task", _is_late)
        else:
            yield from _due(done, "one result", lambda said: len(said.results) == 1 and not said.lost)
    if accepted and stage.schedule.story in ("edit", "stale"):
        yield from _due(stage.done[-1], *_ENDS[stage.schedule.story])


def _due(done: Done, due: str, fits: Callable[[Any], bool]) -> Iterator[str]:
    try:
        fine = fits(done.outcome)
    except (AttributeError, TypeError):  # something else altogether
        fine = False
    if not fine:
        yield f"wrong end: {done.verb} came to {type(done.outcome).__name__}, due was {due}"


def _is_saved(said: Any) -> bool:
    return isinstance(said, list) and len(said) == 1 and all(isinstance(path, Path) for path in said)


def _is_lost(said: Any) -> bool:
    return not said.results and not said.failed and [each.candidates for each in said.lost] == [()]


def _is_late(said: Any) -> bool:
    return not said.lost and [type(each) for each in said.failed] == [DeadlineExceeded]


_UNENDED = ("cancel", "stuck")  # where nobody cancels, the task goes on for longer than the caller waits
_ENDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "edit": ("one saved picture", _is_saved),
    "late": ("one saved picture", _is_saved),
    "cancel": ("TaskCanceled", lambda said: isinstance(said, TaskCanceled)),
    "stale": ("LinkExpired", lambda said: isinstance(said, LinkExpired)),
    "expired": ("TaskUnknown", lambda said: isinstance(said, TaskUnknown)),
    "stuck": ("DeadlineExceeded", lambda said: isinstance(said, DeadlineExceeded)),
}
