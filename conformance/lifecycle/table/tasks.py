"""The tasks that a service is tried with, and what the pages say of their lives, to the microsecond.

The service was told how long a task waits and works, so that each query's answer is due.
"""

from dataclasses import dataclass, field

from conformance.lifecycle.possible import Possible

DAY = 86_400.0
WAITS, WORKS = 2.0, 4.0
END = WAITS + WORKS
CANCELED_AT = 1.0
_GRAIN = 1e-6
_CHANGES = (WAITS, END, DAY, END + DAY)
MOMENTS = tuple(
    sorted(
        {0.0, CANCELED_AT, CANCELED_AT + 0.5, WAITS + WORKS / 4, WAITS + 3 * WORKS / 4, END + 1.5, END + 3.5}
        | {at - early for at in _CHANGES for early in (_GRAIN, 0.0)}
        | {DAY / 2, DAY - 1, DAY + 1, DAY + 3, DAY + END - 1, 3 * DAY}
    )
)
"""Seconds since the submission: just before and at each change, between the changes, and after them."""
SEEDS = 3
"""A table may leave open which road a task takes; then its seed decides."""


@dataclass
class Task:
    """One task of a service.

    shape: of its results. fault: as in `x-wan-fault`. end: how its work ends. pictures, failures: that it
    comes to then. canceled: whether it is canceled at CANCELED_AT. id: once it is submitted.
    """

    shape: str
    fault: str
    end: str
    pictures: int
    failures: int = 0
    canceled: bool = False
    seed: int = 0
    id: str = ""
    may: Possible = field(init=False)

    def due(self, at: float) -> str:
        """What a query is due to tell so many seconds after the submission."""
        if at >= DAY:
            return "UNKNOWN"
        if self.canceled and at >= CANCELED_AT:
            return "CANCELED"
        if at < WAITS:
            return "PENDING"
        return "RUNNING" if at < END else self.end


def tasks() -> list[Task]:
    """Each end under several seeds, and results with two pictures, of one of which one fails."""
    found = []
    for seed in range(SEEDS):
        found.append(Task("choices", "", "SUCCEEDED", 1, seed=seed))
        found.append(Task("choices", "", "SUCCEEDED", 1, seed=seed, canceled=True))
        found.append(Task("choices", "fail code=InternalError", "FAILED", 0, failures=1, seed=seed))
    found.append(Task("results", "partial code=InternalError", "SUCCEEDED", 1, failures=1))
    found.append(Task("results", "", "SUCCEEDED", 2))
    return found
