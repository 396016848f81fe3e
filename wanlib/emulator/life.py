"""The life of a task by `task.yaml`: states by their part in it, terms in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def seconds(span: str) -> float:
    """`24 h` in seconds."""
    count, unit = span.split()
    return float(count) * _SECONDS[unit]


def passed(span: float, since: float, now: float) -> bool:
    """Whether a span is over; exact to the microsecond, where sums of moments are not."""
    return round(now - since, 6) >= span


@dataclass(frozen=True, slots=True)
class Life:
    """waiting, working: the states before the end.

    expires: of a task, from its submission; links: of its pictures, from its end.
    """

    waiting: str
    working: str
    succeeded: str
    failed: str
    canceled: str
    unknown: str
    unlisted: str
    cancelable: tuple[str, ...]
    expires: float
    links: float


def read_life(task: Mapping[str, Any]) -> Life:
    """The life that a spec describes."""
    outcomes, states = task["outcomes"], task["states"]
    following = states[task["initial"]]["next"]
    return Life(
        waiting=task["initial"],
        working=next(name for name in following if not states[name].get("terminal")),
        succeeded=outcomes["succeeded"],
        failed=outcomes["failed"],
        canceled=outcomes["canceled"],
        unknown=task["expires"]["into"],
        unlisted=task.get("unlisted", {"is": ["SUSPENDED"]})["is"][0],
        cancelable=tuple(task["cancelable"]),
        expires=seconds(task["expires"]["is"]),
        links=seconds(task["links_expire"]["is"]),
    )
