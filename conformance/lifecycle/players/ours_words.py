"""What the values and exceptions of our clients say."""

from typing import Any

from conformance.lifecycle.said import Said
from wanlib.base.shown import safe_text
from wanlib.errors import (
    DeadlineExceeded,
    InvalidRequest,
    LinkExpired,
    OutcomeUnknown,
    TaskCanceled,
    TaskError,
    TaskFailed,
    TaskUnknown,
    WanError,
)
from wanlib.runtime.resume import Resumed

_KINDS: dict[type[WanError], str] = {
    OutcomeUnknown: "unknown outcome",
    TaskFailed: "failed",
    TaskCanceled: "was canceled",
    TaskUnknown: "forgotten",
    TaskError: "failed",
    DeadlineExceeded: "late",
    LinkExpired: "dead link",
    InvalidRequest: "refused",
}
_CREATING = ("submit", "edit")
_WORDS = 160


def said_of_error(verb: str, error: Exception) -> Said:
    """What an exception of a verb says. Without a task a create's error says that nothing was accepted."""
    name, words = type(error).__name__, safe_text(str(error))[:_WORDS]
    if not isinstance(error, WanError):
        return Said("untyped", name=name, words=words)
    kind = next((_KINDS[each] for each in type(error).__mro__ if each in _KINDS), "trouble")
    if kind == "trouble" and verb in _CREATING and error.task_id is None:
        kind = "refused"
    return Said(kind, error.task_id or "", name=name, words=words)


def said_of_value(verb: str, value: Any) -> Said:
    """What a value of a verb says, but for that of `resume`."""
    told = Said(_OF_VERBS[verb], name="" if value is None else type(value).__name__)
    if verb == "submit":
        return told._replace(task_id=value.id)
    if verb in ("edit", "wait"):
        return told._replace(task_id=value.task_id or "", pictures=len(value.images))
    if verb == "poll":
        return told._replace(task_id=value.task_id, state=value.status)
    if verb in ("list", "find_lost"):
        return told._replace(tasks=tuple(each.task_id for each in value))
    return told._replace(pictures=len(value)) if verb == "save" else told


_OF_VERBS = {
    "submit": "handle",
    "edit": "result",
    "wait": "result",
    "poll": "state",
    "save": "saved",
    "cancel": "canceled",
    "list": "list",
    "find_lost": "list",
}


def said_of_resumed(value: Resumed) -> Said:
    """What became of all that was unfinished."""
    done = tuple(said_of_value("wait", each) for each in value.results)
    failed = tuple(said_of_error("wait", each) for each in value.failed)
    lost = tuple(tuple(task.task_id for task in each.candidates) for each in value.lost)
    return Said("resumed", parts=done + failed, lost=lost, name=type(value).__name__)
