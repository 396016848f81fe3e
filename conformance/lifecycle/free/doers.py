"""How each step of a free play is carried out; what there is nothing to do for comes to False."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from conformance.lifecycle.free.steps import ORDERS, fault_of
from conformance.lifecycle.stories import TIMEOUT

if TYPE_CHECKING:
    from conformance.lifecycle.free.freeplay import Freeplay


def _submit(play: Freeplay, order: str) -> bool:
    return play.verb("submit", "", ORDERS[order], TIMEOUT)


def _edit(play: Freeplay, order: str) -> bool:
    return play.verb("edit", "", ORDERS[order], TIMEOUT)


def _poll(play: Freeplay, number: str) -> bool:
    return _ask(play, "poll", number)


def _wait(play: Freeplay, number: str) -> bool:
    return _ask(play, "wait", number, TIMEOUT)


def _cancel(play: Freeplay, number: str) -> bool:
    return _ask(play, "cancel", number)


def _save(play: Freeplay, number: str) -> bool:
    return play.id(number) in play.results and _ask(play, "save", number)


def _ask(play: Freeplay, verb: str, number: str, *given: object) -> bool:
    task = play.id(number)
    return bool(task) and play.verb(verb, task, task, *given)


def _list(play: Freeplay) -> bool:
    return play.verb("list", "")


def _find_lost(play: Freeplay) -> bool:
    doubt = play.doubt
    return doubt is not None and play.verb("find_lost", doubt.own[0] if doubt.own else "")


def _resume(play: Freeplay) -> bool:
    return play.verb("resume", "", TIMEOUT)


def _anew(play: Freeplay) -> bool:
    play.anew()
    return True


def _pass(play: Freeplay, seconds: str) -> bool:
    play.time.sleep(float(seconds))
    return True


def _until(play: Freeplay, number: str, edge: str, seconds: str) -> bool:
    """Lets time pass to a moment before, at or after an edge of a task, if it is yet to come."""
    service, task, time = play.bench.service, play.id(number), play.time
    work = service.store.works.get(task)
    at = service.dies(task) if edge == "links" else work and work.submitted + service.life.expires
    moment = -1.0 if at is None else at + float(seconds)
    late = time.wall() >= moment
    time.sleep(moment - time.wall())
    while time.wall() < moment:  # so small a step was rounded off
        time.sleep(1e-7)
    return not late


def _begin(play: Freeplay, number: str) -> bool:
    return play.bench.service.begin(play.id(number))


def _end(play: Freeplay, number: str, how: str) -> bool:
    task = play.id(number)
    ended = play.bench.service.end(task, how)
    if ended and how == "forgotten":
        play.bench.witness.forgotten(task)
    return ended


def _fault(play: Freeplay, call: str, fault: str) -> bool:
    play.bench.service.in_line.append((call, fault.replace(",", " "), fault_of(fault)))
    return True


DOERS: dict[str, Callable[..., bool]] = {
    "submit": _submit,
    "edit": _edit,
    "poll": _poll,
    "wait": _wait,
    "save": _save,
    "cancel": _cancel,
    "list": _list,
    "find_lost": _find_lost,
    "resume": _resume,
    "anew": _anew,
    "pass": _pass,
    "until": _until,
    "begin": _begin,
    "end": _end,
    "fault": _fault,
}
