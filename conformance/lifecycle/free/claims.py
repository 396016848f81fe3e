"""What a verb came to, held against what the service was doing while it ran.

A service without a fault is owed the right answer; a fault excuses what it can have caused, and no more.
"""

from collections.abc import Callable, Iterator

from conformance.lifecycle.free.act import Act
from conformance.lifecycle.free.watched import Met, Watched
from conformance.lifecycle.said import Said

_DOUBTS = 3  # looks after which an answer is believed that may be an error of the query alone
_WAITS = ("wait", "edit", "resume")
_AGREE = 1.0  # seconds: links name whole ones
MARGIN = 180.0
"""Seconds by which a lost call's task must be younger than a day, as the list is asked for a window."""


def untrue(act: Act, service: Watched) -> Iterator[str]:
    """The claims of a verb that are not so, or that nothing excuses."""
    for said in (act.said, *act.said.parts):
        if why := _why(act, said, service):
            yield f"untrue: {act.verb} came to {said}, {why}"


def _why(act: Act, said: Said, service: Watched) -> str:
    if said.kind == "untyped":
        return f"which is none of the client's errors: {said.words}"
    if said.is_error and act.verb in ("submit", "edit") and not said.task_id:
        return _unaccepted(act, said)
    if said.is_error and act.verb in ("poll", "wait") and said.task_id != act.task:
        return "which does not name the task"
    if act.verb in _WAITS and said.kind not in ("resumed", "handle"):
        return _waited(act, said, service)
    return _OF_VERBS.get(act.verb, _fine)(act, said, service) or _unexcused(act, said)


def _fine(*_: object) -> str:
    return ""


def _unexcused(act: Act, said: Said) -> str:
    """An error of the service's making, where the service made none."""
    own = {"refused": "cancel", "dead link": "save"}.get(said.kind) == act.verb
    blamed = said.kind in ("trouble", "refused", "unknown outcome", "dead link", "late") and not own
    return "though the service answered every question" if blamed and not act.faulty else ""


def _unaccepted(act: Act, said: Said) -> str:
    if said.kind != "unknown outcome" and act.accepted:
        return "the service has accepted the call"
    return _unexcused(act, said)


def _handle(act: Act, said: Said, _: Watched) -> str:
    return "" if said.is_error or said.task_id in act.accepted else "the service has accepted no such task"


def _waited(act: Act, said: Said, service: Watched) -> str:
    """A wait ends with the first end that it is told, and with no other."""
    if not said.task_id:
        return _unexcused(act, said)
    asked, ends = act.queries(said.task_id), _ends(service)
    for number, met in enumerate(asked, 1):
        if met.sure and met.before in ends and (number < len(asked) or said.kind != ends[met.before]):
            return f"it was told {met.before} in question {number} of {len(asked)}"
    if said.kind == "result" and (why := _miscounted(said.pictures, said.task_id, service)):
        return why
    if said.kind in ends.values():
        seen = asked and ends.get(asked[-1].word(service.life.unlisted)) == said.kind
        believed = said.kind == "failed" and _is_believed(asked, service)
        return "" if seen or believed else "nothing said so"
    return "" if said.kind == "late" else _unexcused(act, said)


def _ends(service: Watched) -> dict[str, str]:
    """What a wait comes to, by the state in which a task ends."""
    life = service.life
    kinds = {life.succeeded: "result", life.failed: "failed", life.canceled: "was canceled"}
    return kinds | {life.unknown: "forgotten"}


def _is_believed(asked: list[Met], service: Watched) -> bool:
    """Whether answers said that the task failed: one that can't pass, or the same again and again."""
    inside = [met.fault.code for met in asked if met.fault and met.fault.kind == "inside"]
    errors = service.spec.wire["errors"]
    return len(inside) >= _DOUBTS or any(code and not errors[code].get("retry") for code in inside)


def _polled(act: Act, said: Said, service: Watched) -> str:
    asked = act.queries(act.task)
    if said.kind != "state" or (said.state == service.life.failed and _is_believed(asked, service)):
        return ""
    due = asked[-1].word(service.life.unlisted)
    return "" if said.state == due else f"it was told {due or 'nothing that can be read'}"


def _canceled(act: Act, said: Said, service: Watched) -> str:
    state = act.met[-1].after if act.met else ""
    cancels = [met for met in act.met if met.call == "cancel"]
    if said.kind == "canceled":
        return "" if state == service.life.canceled else f"the task is {state}"
    accepted = cancels and cancels[-1].plain and cancels[-1].before in service.life.cancelable
    if accepted and not act.lied("again"):  # the second of two is refused
        return "the service has accepted it"
    lied = act.lied("status", "inside", "error")
    if said.kind == "refused" and state == service.life.canceled and not lied:
        return "the task is canceled"
    return ""


def _listed(act: Act, said: Said, service: Watched) -> str:
    if said.kind != "list":
        return ""
    at = act.met[-1].at
    due = {task for task in service.accepted if service.state(task, at) != service.life.unknown}
    return "" if set(said.tasks) == due else f"the account has {len(due)} tasks"


def _found(act: Act, said: Said, service: Watched) -> str:
    """The lost call's task is among those that are found, unless it is so old that the list leaves it out."""
    if said.kind != "list":
        return ""
    if strangers := set(said.tasks) - set(service.accepted):
        return f"the account has no task {min(strangers)}"
    lost = act.task and act.task not in said.tasks and service.age(act.task) < service.life.expires - MARGIN
    return f"task {act.task} of the lost call is not there" if lost else ""


def _saved(act: Act, said: Said, service: Watched) -> str:
    if said.kind == "saved" and (why := _miscounted(said.pictures, act.task, service)):
        return why
    dead = service.is_dead(act.task, _AGREE) or service.is_gone(act.task)
    if said.kind == "dead link" and not act.faulty and not dead:
        return "the links are alive"
    return ""


def _miscounted(pictures: int, task: str, service: Watched) -> str:
    """Nobody knows any more what a forgotten task has made."""
    right = service.is_gone(task) or pictures == service.made(task)
    return "" if right else f"{pictures} pictures, {service.made(task)} were made"


_OF_VERBS: dict[str, Callable[[Act, Said, Watched], str]] = {
    "submit": _handle,
    "poll": _polled,
    "cancel": _canceled,
    "list": _listed,
    "find_lost": _found,
    "save": _saved,
}
