"""The stories: what a careful caller does, step by step, and goes on doing while the service is troubled.

A caller of these takes up what an error leaves him: a task by its id, a lost call by the journal.
"""

from collections.abc import Callable
from typing import NamedTuple

from conformance.lifecycle.player import Order
from conformance.lifecycle.said import FINAL, Said
from conformance.lifecycle.stage import Stage
from wanlib.emulator import Fault, Settings

IMAGES = ("https://photos.example.com/street.jpg",)
ORDER = Order("wan2.7-image-pro", "a vase of tulips", IMAGES, {"n": 1, "seed": 1, "size": "1K"})
SEVERAL = Order("wan2.5-i2i-preview", "a vase of tulips", IMAGES, {"n": 3, "seed": 1, "size": "1280*1280"})
"""Of a model whose answer tells which pictures failed."""
FOREIGN = "0b9d7f3e-5c1a-4e2b-9f60-7a8c1d2e3f40"
"""An id that never was."""
DAY = 86_400.0
TIMEOUT = 60.0
ANSWER = 60.0
"""Seconds that the client waits for one answer."""
QUESTION = 5 * (ANSWER + 10)
"""Seconds for a question that is asked five times with the waits between."""


def edit(stage: Stage) -> None:
    """One call that waits, and its picture on disk."""
    _save(stage, _made(stage, ORDER))


def late(stage: Stage) -> None:
    """Canceled when it runs already, which is refused; so it is waited for, and its picture saved."""
    if task := _submitted(stage):
        _insist(stage, "cancel", QUESTION * 2, task)
        _save(stage, _waited(stage, task))


def cancel(stage: Stage) -> None:
    """Canceled while it waits."""
    if task := _submitted(stage):
        _insist(stage, "cancel", QUESTION * 2, task)
        _waited(stage, task)


def stale(stage: Stage) -> None:
    """The picture is wanted a day later, when its link is dead."""
    result = _made(stage, ORDER)
    stage.time.sleep(DAY)
    _save(stage, result)


def expired(stage: Stage) -> None:
    """The task is asked for a day later, when the service has forgotten it."""
    if task := _submitted(stage):
        stage.time.sleep(DAY)
        _waited(stage, task)


def stuck(stage: Stage) -> None:
    """The task never ends, and the caller has other things to do."""
    if task := _submitted(stage):
        _waited(stage, task)


def failed(stage: Stage) -> None:
    """The task fails."""
    if task := _submitted(stage):
        _waited(stage, task)


def partial(stage: Stage) -> None:
    """One of three pictures fails; the others are saved."""
    _save(stage, _made(stage, SEVERAL))


def foreign(stage: Stage) -> None:
    """An id that never was is asked for, waited for and canceled."""
    _insist(stage, "poll", QUESTION * 3, FOREIGN)
    _waited(stage, FOREIGN)
    _insist(stage, "cancel", QUESTION * 2, FOREIGN)


def edge(stage: Stage) -> None:
    """The task is asked for so late that only the first question comes within the day."""
    if task := _submitted(stage):
        stage.time.sleep(DAY - 0.5 - stage.time.at)
        _waited(stage, task)


class Story(NamedTuple):
    """play: what the caller does. settings: how the service takes its time. fate: what meets the work."""

    play: Callable[[Stage], None]
    settings: Settings
    fate: Fault | None = None


NEVER = float("inf")
_QUICK = Settings(waiting=2.0, working=4.0)
STORIES = {
    "edit": Story(edit, _QUICK),
    "late": Story(late, Settings(working=20.0)),
    "cancel": Story(cancel, Settings(waiting=1000.0)),
    "stale": Story(stale, _QUICK),
    "expired": Story(expired, _QUICK),
    "stuck": Story(stuck, Settings(waiting=NEVER)),
    "failed": Story(failed, _QUICK, Fault("fail", code="DataInspectionFailed")),
    "partial": Story(partial, _QUICK, Fault("partial")),
    "foreign": Story(foreign, _QUICK),
    "edge": Story(edge, _QUICK),
}


def _made(stage: Stage, order: Order) -> Said | None:
    """A result, straight or by way of the task that an error names; None where there is none to come."""
    said = stage.do("edit", TIMEOUT + ANSWER, order, TIMEOUT)
    if said.kind == "unknown outcome":
        return _found(stage)
    if said.is_error and said.task_id and said.kind not in FINAL:
        return _waited(stage, said.task_id)
    return said


def _submitted(stage: Stage) -> str:
    """A task's id; "" where there is none, and a lost call is taken up to its end."""
    said = stage.do("submit", TIMEOUT + ANSWER, ORDER, TIMEOUT)
    if said.kind == "unknown outcome":
        _found(stage)
    return "" if said.is_error else said.task_id


def _waited(stage: Stage, task: str) -> Said:
    return _insist(stage, "wait", TIMEOUT + ANSWER, task, TIMEOUT)


def _save(stage: Stage, result: Said | None) -> None:
    if result is not None and not result.is_error:
        _insist(stage, "save", QUESTION, result.task_id)


def _found(stage: Stage) -> Said | None:
    """A lost call: looked for in the list, then taken up by the next process from the journal."""
    if not {"find_lost", "resume"} <= stage.player.verbs:
        return None
    _insist(stage, "find_lost", TIMEOUT + QUESTION)
    resumed = Said("resumed")
    for _ in range(len(stage.schedule.faults) + 1):
        stage.anew()
        resumed = stage.do("resume", TIMEOUT + QUESTION, TIMEOUT)
        if resumed.is_error or not any(_passing(each) for each in resumed.parts):
            break
    return next((each for each in resumed.parts if each.kind == "result"), None)


def _insist(stage: Stage, verb: str, bound: float, *given: object) -> Said:
    """Tries a verb again, while there may be faults left to meet."""
    said = stage.do(verb, bound, *given)
    for _ in stage.schedule.faults:
        if not _passing(said):
            break
        said = stage.do(verb, bound, *given)
    return said


def _passing(said: Said) -> bool:
    return said.is_error and said.kind not in FINAL
