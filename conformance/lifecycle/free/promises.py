"""What must hold after every verb of a free play, and at its end."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from conformance.lifecycle.books import Books
from conformance.lifecycle.free.act import Act
from conformance.lifecycle.free.claims import MARGIN, untrue
from conformance.lifecycle.free.watched import Watched
from conformance.lifecycle.free.witness import Witness
from conformance.lifecycle.oracle import Broken

_CREATING = ("submit", "edit")
_ENDS = ("result", "failed", "was canceled", "forgotten")


class Bench(NamedTuple):
    """What a verb is judged by: the service's books, what was heard of each task, and the journal."""

    service: Watched
    witness: Witness
    books: Books


def broken_by(act: Act, bench: Bench) -> Iterator[Broken]:
    """The promises that a verb broke."""
    for promise, find in _FINDERS.items():
        for words in find(act, bench):
            yield Broken(promise, words)


def left_undone(acts: Sequence[Act], bench: Bench) -> Iterator[Broken]:
    """At the end of a play: what the caller does not have although the service could give it.

    acts: all of them, the last ones after the last fault.
    """
    for words in (*_unended(acts), *_unfound(acts, bench)):
        yield Broken(IN_THE_END, words)


def _illegal(act: Act, bench: Bench) -> Iterator[str]:
    return bench.witness.hear(act)


def _untrue(act: Act, bench: Bench) -> Iterator[str]:
    return untrue(act, bench.service)


def _paid_twice(act: Act, bench: Bench) -> Iterator[str]:
    """A proxy that sends a create again is not the client's doing."""
    again = sum(each.fault is not None and each.fault.kind == "again" for each in act.met if each.accepted)
    if len(act.accepted) > again + (act.verb in _CREATING):
        yield f"paid twice: {act.verb} made the service accept {len(act.accepted)} tasks"
    billed = sum(account.accepted for account in bench.service.ledger())
    if billed != len(bench.service.accepted):
        yield f"the ledger shows {billed} tasks, {len(bench.service.accepted)} were accepted"


def _lost(act: Act, bench: Bench) -> Iterator[str]:
    for met in act.met:
        if met.unwritten:
            yield f"task {met.task} was asked for before it stood in the journal"
    for task in act.own:
        doubt = act.said.kind == "unknown outcome"
        if not doubt and not bench.books.knows(task):
            yield f"lost: the service accepted task {task}, the journal does not know it"


def _dead_links(act: Act, _: Bench) -> Iterator[str]:
    for met in act.met:
        if met.dead:
            yield f"dead link: a picture of task {met.task} was asked for after its link had died"


def _endless(act: Act, _: Bench) -> Iterator[str]:
    if act.endless:
        yield f"endless: {act.verb} had no end after {len(act.met)} exchanges"
    elif act.ended - act.began > act.bound:
        yield f"endless: {act.verb} took {act.ended - act.began:.1f} s, {act.bound:.0f} s at most were due"


def _unended(acts: Sequence[Act]) -> Iterator[str]:
    """After the last fault a wait must come to an end of its task."""
    for act in acts:
        if act.last:
            for said in act.said.parts or (act.said,):
                if act.verb in ("wait", "resume") and said.kind not in (*_ENDS, "resumed"):
                    yield f"wrong end: {act.verb} came to {said} although all tasks have ended"


def _unfound(acts: Sequence[Act], bench: Bench) -> Iterator[str]:
    """After the last fault a lost call's task is taken up, or shown to the caller."""
    service = bench.service
    shown = {task for act in acts if act.last for each in act.said.lost for task in each}
    for act in acts:
        for task in act.own if act.said.kind == "unknown outcome" else ():
            young = service.age(task) < service.life.expires - MARGIN
            if young and task not in shown and not bench.books.knows(task):
                yield f"wrong end: the task {task} of a lost call was neither taken up nor shown"


IN_THE_END = "in the end every intent has come to its right end"
_FINDERS: dict[str, Callable[[Act, Bench], Iterator[str]]] = {
    "what is told of a task follows by the table from what was told before": _illegal,
    "what the client says is so": _untrue,
    "one intent is never paid twice": _paid_twice,
    "every accepted task is known to the client, in an error or in the journal": _lost,
    "no link is followed after its death": _dead_links,
    "every verb ends in its time": _endless,
}
PROMISES = (*_FINDERS, IN_THE_END)
