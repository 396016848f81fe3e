"""The roads of job through the states of `task.yaml`."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

Walk = tuple[str, ...]
"""States, each of which the table has after the one before it."""


class StatePath(NamedTuple):
    """first: the state until job begins. between: until it ends, for equal parts of that time.

    on: from its end, each for a second and the last for good.
    """

    waiting: str
    working: Walk
    ended: Walk


def paths_to(task: Mapping[str, Any], end: str, others: Collection[str]) -> tuple[StatePath, ...]:
    """All roads of job that is to end in a state: one, unless a table leaves open which.

    others: the states of other ends, which it does not come to before its own. A road that can't come to
    its end has none: it goes as far as it can.
    """
    return tuple(_split_walk(walk, end) for walk in walks_from(task, task["initial"], end, others))


def walks_from(
    task: Mapping[str, Any], start: str, end: str = "", others: Collection[str] = ()
) -> Iterator[Walk]:
    """All walks from a state that go no step twice, each as far as it goes; a cancel's steps are left out."""
    canceled = task["outcomes"]["canceled"]

    def on(walk: Walk, gone: Collection[tuple[str, str]]) -> Iterator[Walk]:
        last, barred = walk[-1], () if end in walk else others
        # A state that follows itself is the state that stays.
        after = [state for state in task["states"][last].get("next", ()) if state != last]
        steps = [(last, state) for state in after if state not in barred and (last, state) not in gone]
        for step in steps:
            yield from on((*walk, step[1]), {*gone, step})
        if not steps:
            yield walk

    yield from on((start,), {(state, canceled) for state in task["cancelable"]})


def _split_walk(walk: Walk, end: str) -> StatePath:
    place = walk.index(end) if end in walk else len(walk)
    return StatePath(walk[0], walk[1:place] or walk[:1], walk[place:] or walk[-1:])
