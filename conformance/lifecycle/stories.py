"""The stories: what a careful caller does, step by step, and goes on doing while the service is troubled.

A caller of these takes up what an error leaves him: a task by its id, a lost call by the journal.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from conformance.lifecycle.stage import Stage
from wanlib.emulator import Settings
from wanlib.errors import (
    DeadlineExceeded,
    InvalidRequest,
    LinkExpired,
    OutcomeUnknown,
    TaskError,
    WanError,
)

MODEL, PROMPT = "wan2.7-image-pro", "a vase of tulips"
IMAGES = ("https://photos.example.com/street.jpg",)
ASKED: dict[str, Any] = {"n": 1, "seed": 1, "size": "1K"}
DAY = 86_400.0
TIMEOUT = 60.0
ANSWER = 60.0
"""Seconds that the client waits for one answer."""
QUESTION = 5 * (ANSWER + 10)
"""Seconds for a question that is asked five times with the waits between."""
FINAL = (DeadlineExceeded, TaskError, OutcomeUnknown, InvalidRequest, LinkExpired)
"""Errors after which the same verb is not tried again."""


def edit(stage: Stage) -> None:
    """One call that waits, and its picture on disk."""
    _save(stage, _made(stage))


def late(stage: Stage) -> None:
    """Canceled when it runs already, which is refused; so it is waited for, and its picture saved."""
    if task := _submitted(stage):
        _insist(stage, "cancel", lambda: stage.wan.cancel(task.id), QUESTION * 2)
        _save(stage, _waited(stage, task.id))


def cancel(stage: Stage) -> None:
    """Canceled while it waits."""
    if task := _submitted(stage):
        _insist(stage, "cancel", lambda: stage.wan.cancel(task.id), QUESTION * 2)
        _waited(stage, task.id)


def stale(stage: Stage) -> None:
    """The picture is wanted a day later, when its link is dead."""
    result = _made(stage)
    stage.time.sleep(DAY)
    _save(stage, result)


def expired(stage: Stage) -> None:
    """The task is asked for a day later, when the service has forgotten it."""
    if task := _submitted(stage):
        stage.time.sleep(DAY)
        _waited(stage, task.id)


def stuck(stage: Stage) -> None:
    """The task never ends, and the caller has other things to do."""
    if task := _submitted(stage):
        _waited(stage, task.id)


Story = Callable[[Stage], None]
NEVER = float("inf")
STORIES: dict[str, tuple[Settings, Story]] = {
    "edit": (Settings(waiting=2.0, working=4.0), edit),
    "late": (Settings(working=20.0), late),
    "cancel": (Settings(waiting=1000.0), cancel),
    "stale": (Settings(waiting=2.0, working=4.0), stale),
    "expired": (Settings(waiting=2.0, working=4.0), expired),
    "stuck": (Settings(working=NEVER), stuck),
}
"""How the service takes its time in each story, and the story."""


def _made(stage: Stage) -> Any:
    """A result, straight or by way of the task that an error names; None where there is none to come."""
    outcome = stage.do(
        "edit",
        lambda: stage.wan.edit(MODEL, PROMPT, images=IMAGES, timeout=TIMEOUT, **ASKED),
        TIMEOUT + ANSWER,
    )
    if isinstance(outcome, OutcomeUnknown):
        return _found(stage, outcome)
    if isinstance(outcome, WanError) and outcome.task_id and not isinstance(outcome, FINAL):
        return _waited(stage, outcome.task_id)
    return outcome


def _submitted(stage: Stage) -> Any:
    """A task's handle; None where there is none, and a lost call is taken up to its end."""
    outcome = stage.do(
        "submit",
        lambda: stage.wan.submit(MODEL, PROMPT, images=IMAGES, timeout=TIMEOUT, **ASKED),
        TIMEOUT + ANSWER,
    )
    if isinstance(outcome, OutcomeUnknown):
        _found(stage, outcome)
    return None if isinstance(outcome, Exception) else outcome


def _waited(stage: Stage, task_id: str) -> Any:
    return _insist(stage, "wait", lambda: stage.wan.task(task_id).wait(timeout=TIMEOUT), TIMEOUT + ANSWER)


def _save(stage: Stage, result: Any) -> None:
    if not isinstance(result, Exception) and result is not None:
        _insist(stage, "save", lambda: result.save(stage.folder), QUESTION)


def _found(stage: Stage, error: OutcomeUnknown) -> Any:
    """A lost call: looked for in the list, then taken up by the next process from the journal."""
    _insist(stage, "find_lost", lambda: stage.wan.find_lost(error), TIMEOUT + QUESTION)
    resumed: Any = None
    for _ in range(len(stage.schedule.faults) + 1):
        stage.anew()
        resumed = stage.do("resume", lambda: stage.wan.resume(timeout=TIMEOUT), TIMEOUT + QUESTION)
        if isinstance(resumed, Exception) or not _passing(resumed.failed):
            break
    return _first(resumed.results) if not isinstance(resumed, Exception) else None


def _insist(stage: Stage, verb: str, call: Callable[[], Any], bound: float) -> Any:
    """Tries a verb again, while there may be faults left to meet."""
    outcome: Any = None
    for _ in range(len(stage.schedule.faults) + 1):
        outcome = stage.do(verb, call, bound)
        if not isinstance(outcome, Exception) or isinstance(outcome, FINAL):
            break
    return outcome


def _passing(errors: Iterable[Exception]) -> bool:
    return any(not isinstance(each, FINAL) for each in errors)


def _first(results: Sequence[Any]) -> Any:
    return results[0] if results else None
