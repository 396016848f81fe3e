"""What the client says of a task, held against what the service knew at that moment."""

from collections.abc import Iterator
from typing import Any

from conformance.lifecycle.stage import Done, Stage
from wanlib.errors import (
    DeadlineExceeded,
    InvalidRequest,
    OutcomeUnknown,
    TaskCanceled,
    TaskFailed,
    TaskUnknown,
    WanError,
)
from wanlib.runtime.result import Result


def untrue(stage: Stage, done: Done) -> Iterator[str]:
    """The claims of one verb that are not so."""
    for said in _claims(done):
        if why := _false(stage, done, said):
            yield f"untrue: {done.verb} came to {type(said).__name__}, {why}"


def _claims(done: Done) -> list[Any]:
    if done.verb != "resume" or isinstance(done.outcome, Exception):
        return [done.outcome]
    return [*done.outcome.results, *done.outcome.failed]


def _false(stage: Stage, done: Done, said: Any) -> str:
    if isinstance(said, Result):
        return _false_result(stage, done, said)
    if done.verb in ("edit", "submit"):
        return _false_refusal(stage, said) or _false_end(stage, done, said)
    if done.verb == "cancel":
        return _false_cancel(stage, done, said)
    return _false_end(stage, done, said)


def _false_result(stage: Stage, done: Done, said: Result) -> str:
    if done.state != stage.service.life.succeeded:
        return f"the task was {done.state}"
    if said.task_id not in stage.service.accepted:
        return "of a task that the service never accepted"
    return "" if len(said.images) == 1 else f"with {len(said.images)} pictures, one was made"


def _false_refusal(stage: Stage, said: Any) -> str:
    """An error without a task says that nothing was accepted, but for the one that says it can't tell."""
    refused = isinstance(said, WanError) and said.task_id is None and not isinstance(said, OutcomeUnknown)
    return "the service has accepted the call" if refused and stage.service.accepted else ""


def _false_cancel(stage: Stage, done: Done, said: Any) -> str:
    canceled = done.state == stage.service.life.canceled
    if said is None and not canceled:
        return f"the task was {done.state}"
    # Under this fault the service itself has said otherwise.
    blinded = any(fault == "strange" for _, fault in stage.schedule.faults)
    if isinstance(said, InvalidRequest) and canceled and not blinded:
        return "the task was canceled"
    return ""


def _false_end(stage: Stage, done: Done, said: Any) -> str:
    life = stage.service.life
    due = {TaskFailed: life.failed, TaskCanceled: life.canceled, TaskUnknown: life.unknown}.get(type(said))
    if due and done.state != due:
        return f"the task was {done.state}"
    if isinstance(said, DeadlineExceeded) and done.state not in ("", life.waiting, life.working):
        return f"the task was {done.state} and the service would have said so"
    if done.verb in ("wait", "resume") and isinstance(said, WanError) and said.task_id is None:
        return "which does not name the task"
    return ""
