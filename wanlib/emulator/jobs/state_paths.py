"""Enumerate the paths of a task through the state table in `task.yaml`."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

Walk = tuple[str, ...]
"""States, each of which may follow the one before it."""


class StatePath(NamedTuple):
    """The states of a job.

    Attributes:
        waiting: The state until the job starts to run.
        working: The states until it ends, each for an equal part of that time.
        ended: The states from its end on, each for a second and the last for good.
    """

    waiting: str
    working: Walk
    ended: Walk


def paths_to(task: Mapping[str, Any], end: str, others: Collection[str]) -> tuple[StatePath, ...]:
    """Return all paths of a job that ends in a state: one, unless the table allows several.

    A path that cannot reach its end goes as far as it can.

    Args:
        task: The contents of `task.yaml`.
        end: The state to end in.
        others: The states of other outcomes, which the path does not pass before its own.
    """
    return tuple(_split_walk(walk, end) for walk in walks_from(task, task["initial"], end, others))


def walks_from(
    task: Mapping[str, Any], start: str, end: str = "", others: Collection[str] = ()
) -> Iterator[Walk]:
    """Enumerate the walks from a state that take no step twice, each as far as possible.

    Steps of a cancel are left out.

    Args:
        task: The contents of `task.yaml`.
        start: The first state.
        end: Before this state, walks avoid `others`; "" for none.
        others: The states to avoid.
    """
    canceled = task["outcomes"]["canceled"]

    def extend(walk: Walk, taken: Collection[tuple[str, str]]) -> Iterator[Walk]:
        last, avoided = walk[-1], () if end in walk else others
        # A state that may follow itself is not a step.
        after = [state for state in task["states"][last].get("next", ()) if state != last]
        steps = [(last, state) for state in after if state not in avoided and (last, state) not in taken]
        for step in steps:
            yield from extend((*walk, step[1]), {*taken, step})
        if not steps:
            yield walk

    yield from extend((start,), {(state, canceled) for state in task["cancelable"]})


def _split_walk(walk: Walk, end: str) -> StatePath:
    """Split a walk at its end into the three phases of a job."""
    place = walk.index(end) if end in walk else len(walk)
    return StatePath(walk[0], walk[1:place] or walk[:1], walk[place:] or walk[-1:])
