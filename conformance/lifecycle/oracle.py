"""Whether the promises were kept, by what the service knows: its store, its ledger and its exchanges.

Where an answer was lost, both possibilities are open, and only what neither allows is a fault.
"""

from collections.abc import Iterator

from conformance.lifecycle.claims import untrue
from conformance.lifecycle.ends import wrong_end
from conformance.lifecycle.stage import Stage
from wanlib.errors import WanError

POLLS = 20
"""Queries that the account is allowed in a second."""
INVARIANTS = (
    "one intent is never paid twice",
    "every accepted task is in the journal before it is asked for, and at the end",
    "every error is typed",
    "every verb ends in its time",
    "no link is followed after its death",
    "polls keep to the rate",
    "what the client says of a task is so",
    "in the end the caller has what the service can give",
)


def judge(stage: Stage) -> Iterator[str]:
    """The promises that were broken, in words."""
    yield from _paid_twice(stage)
    yield from _unjournaled(stage)
    yield from _untyped(stage)
    yield from _endless(stage)
    yield from _dead_links(stage)
    yield from _too_fast(stage)
    for done in stage.done:
        yield from untrue(stage, done)
    yield from wrong_end(stage)


def _paid_twice(stage: Stage) -> Iterator[str]:
    if len(stage.service.accepted) > 1:
        pictures = sum(account.pictures for account in stage.service.ledger())
        yield (
            f"paid twice: the service accepted {len(stage.service.accepted)} tasks for one intent "
            f"and has billed {pictures} pictures so far"
        )


def _unjournaled(stage: Stage) -> Iterator[str]:
    for task in stage.unjournaled:
        yield f"task {task} was asked for before it stood in the journal"
    for task in stage.service.accepted:
        if stage.books.entry(task) is None:
            yield f"lost: the service accepted task {task}, the journal does not know it"


def _untyped(stage: Stage) -> Iterator[str]:
    for done in stage.done:
        if isinstance(done.outcome, Exception) and not isinstance(done.outcome, WanError):
            yield f"untyped: {done.verb} raised {done.outcome!r}"


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
