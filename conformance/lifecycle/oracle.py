"""Whether the promises were kept, by what the service knows: its store, its ledger and its exchanges.

Where an answer was lost, both possibilities are open, and only what neither allows is a fault.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from conformance.lifecycle.claims import untrue
from conformance.lifecycle.ends import wrong_end
from conformance.lifecycle.stage import Stage

POLLS = 20
"""Queries that the account is allowed in a second."""


class Broken(NamedTuple):
    """A promise of PROMISES that was broken, and how."""

    promise: str
    words: str

    def __str__(self) -> str:
        return self.words


def judge(stage: Stage) -> Iterator[Broken]:
    """The promises that were broken."""
    for promise, find in _FINDERS.items():
        for words in find(stage):
            yield Broken(promise, words)


def _paid_twice(stage: Stage) -> Iterator[str]:
    if len(stage.service.accepted) > 1:
        pictures = sum(account.pictures for account in stage.service.ledger())
        yield (
            f"paid twice: the service accepted {len(stage.service.accepted)} tasks for one intent "
            f"and has billed {pictures} pictures so far"
        )


def _unknown(stage: Stage) -> Iterator[str]:
    return _unjournaled(stage) if "resume" in stage.player.verbs else _untold(stage)


def _untold(stage: Stage) -> Iterator[str]:
    """Of a client without a journal. A synchronous call has nothing but its result."""
    said = [done.said for done in stage.done]
    told = {task for each in said for task in (each.task_id, *each.tasks)}
    for task in stage.service.accepted:
        if not stage.service.is_task(task) and not any(each.kind == "result" for each in said):
            yield "lost: the service accepted the call, and the caller has no result and no id to ask for"
        elif stage.service.is_task(task) and task not in told:
            yield f"lost: the service accepted task {task}, and the caller was never told of it"


def _unjournaled(stage: Stage) -> Iterator[str]:
    for task in stage.unjournaled:
        yield f"task {task} was asked for before it stood in the journal"
    for task in stage.service.accepted:
        if not stage.books.knows(task):
            yield f"lost: the service accepted task {task}, the journal does not know it"


def _untyped(stage: Stage) -> Iterator[str]:
    for done in stage.done:
        if done.said.kind == "untyped":
            yield f"untyped: {done.verb} raised {done.said.name}: {done.said.words}"


def _endless(stage: Stage) -> Iterator[str]:
    if stage.endless:
        yield f"endless: after {len(stage.service.exchanges)} exchanges there was no end"
    for done in stage.done:
        if (took := done.ended - done.began) > done.bound:
            yield f"endless: {done.verb} took {took:.1f} s, {done.bound:.0f} s at most were due"


def _dead_links(stage: Stage) -> Iterator[str]:
    start = stage.time.wall() - stage.time.at
    for each in stage.service.exchanges:
        if each.call == "download" and each.dies and start + each.at >= each.dies:
            yield f"dead link: followed {start + each.at - each.dies:.0f} s after its death"


def _too_fast(stage: Stage) -> Iterator[str]:
    polls = [each.at for each in stage.service.exchanges if each.call == "query"]
    if any(last - first < 1 for first, last in zip(polls, polls[POLLS:], strict=False)):
        yield f"too fast: more than {POLLS} polls in a second"


def _untrue(stage: Stage) -> Iterator[str]:
    for done in stage.done:
        yield from untrue(stage, done)


_FINDERS: dict[str, Callable[[Stage], Iterator[str]]] = {
    "one intent is never paid twice": _paid_twice,
    "every accepted task is in the journal before it is asked for, or told to the caller": _unknown,
    "every error is typed": _untyped,
    "every verb ends in its time": _endless,
    "no link is followed after its death": _dead_links,
    "polls keep to the rate": _too_fast,
    "what the client says of a task is so": _untrue,
    "in the end the caller has what the service can give": wrong_end,
}
PROMISES = tuple(_FINDERS)
