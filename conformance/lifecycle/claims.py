"""What the client says of a task, held against what the service knew at that moment."""

from collections.abc import Iterator

from conformance.lifecycle.said import Said
from conformance.lifecycle.stage import Done, Stage

_CREATING = ("edit", "submit")


def untrue(stage: Stage, done: Done) -> Iterator[str]:
    """The claims of one verb that are not so."""
    for said in (done.said, *done.said.parts):
        if why := _false(stage, done, said):
            yield f"untrue: {done.verb} came to {said}, {why}"


def _false(stage: Stage, done: Done, said: Said) -> str:
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


def _false_result(stage: Stage, done: Done, said: Said) -> str:
    if done.state != stage.service.life.succeeded:
        return f"the task was {done.state}"
    if not said.task_id and stage.service.is_task(done.task):
        return "which does not name the task"
    if (task := said.task_id or done.task) not in stage.service.accepted:
        return "of a task that the service never accepted"
    return _false_count(said.pictures, stage.service.made(task))


def _false_value(stage: Stage, done: Done, said: Said) -> str:
    """Of a save, or of one question."""
    if said.kind == "saved":
        made = stage.service.made(done.task)
        return _false_count(said.pictures, made) or _false_count(stage.books.pictures(), made)
    lied = said.state != done.state and not _blinded(stage)
    return f"{said.state}, the task was {done.state}" if lied else ""


def _false_count(told: int, made: int) -> str:
    return "" if told == made else f"with {told} pictures, {made} were made"


def _false_refusal(stage: Stage, said: Said) -> str:
    """An error without a task says that nothing was accepted, but for the one that says it can't tell."""
    refused = said.is_error and not said.task_id and said.kind not in ("unknown outcome", "untyped")
    return "the service has accepted the call" if refused and stage.service.accepted else ""


def _false_cancel(stage: Stage, done: Done, said: Said) -> str:
    canceled = done.state == stage.service.life.canceled
    if said.kind == "canceled" and not canceled:
        return f"the task was {done.state}"
    if said.kind == "refused" and canceled and not _blinded(stage):
        return "the task was canceled"
    return ""


def _false_end(stage: Stage, done: Done, said: Said) -> str:
    life = stage.service.life
    due = {"failed": life.failed, "was canceled": life.canceled, "forgotten": life.unknown}.get(said.kind)
    if due and done.state != due:
        return f"the task was {done.state}"
    if said.kind == "late" and done.state not in ("", life.waiting, life.working):
        return f"the task was {done.state} and the service would have said so"
    if done.verb in ("wait", "resume") and said.is_error and said.kind != "untyped" and not said.task_id:
        return "which does not name the task"
    return ""


def _blinded(stage: Stage) -> bool:
    """Whether the service itself has said otherwise."""
    return any(each.fault == "strange" for each in stage.service.exchanges)
