"""The limits of one account on a model, as a row of `rates` in `wire.yaml` or a model file states them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

UNLIMITED = "unlimited"
"""A value of `running`: any number of tasks can run at the same time."""

WINDOWS: Mapping[str, float] = {"submit_per_second": 1.0, "submit_per_minute": 60.0}
"""The window of each kind of rate, in seconds."""


class AccountLimit(NamedTuple):
    """The rate limits of one account for a model.

    Attributes:
        submissions: The submissions in a window.
        window: Its length in seconds.
        running: The tasks that run at the same time; None for any number.
    """

    submissions: int
    window: float
    running: int | None


def account_limit(row: Mapping[str, Any]) -> AccountLimit:
    """Return the limits of a row that the loader accepts."""
    name = next(name for name in WINDOWS if name in row)
    running = row["running"]
    return AccountLimit(row[name], WINDOWS[name], None if running == UNLIMITED else running)


def row_problems(row: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the problems of a row: the part, the problem, and the expected value."""
    problems = []
    stated = [name for name in WINDOWS if name in row]
    if len(stated) != 1:
        has = "states no rate" if not stated else f"states {' and '.join(stated)}"
        problems.append((stated[-1] if stated else "", has, f"one of {', '.join(WINDOWS)}"))
    running = row["running"]
    if running != UNLIMITED and (not isinstance(running, int) or isinstance(running, bool) or running < 1):
        problems.append(("running", f"running is {running!r}", f"a whole number from 1, or {UNLIMITED}"))
    return problems
