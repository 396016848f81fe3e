"""Limits on rate: calls a second, and tasks that run at a time."""

import heapq
from collections import deque
from collections.abc import Mapping
from typing import Any

from wanlib.emulator.jobs.job import NEVER
from wanlib.spec import Spec

WINDOW = 1.0


class RateLimits:
    """Of one account; a window of a second slides. Fine-tuned models count as their base."""

    def __init__(self, spec: Spec) -> None:
        self._base = spec.base
        self._submissions: Mapping[str, Mapping[str, int]] = spec.wire["rates"]
        self._account: Mapping[str, int] = spec.wire["account_rates"]
        self._calls: dict[str, deque[float]] = {}
        self._ends: dict[str, list[float]] = {}

    def allow_submission(self, model: str, now: float) -> bool:
        """Whether a model takes one more submission now; if so, it is counted."""
        model = self._base(model) or model
        return self._allow(f"submit {model}", self._submissions[model]["submit_per_second"], now)

    def allow_call(self, call: str, now: float, model: str = "") -> bool:
        """The same for the calls that every model shares. model: where each has a rate of its own."""
        limit = self._account.get(call)
        return limit is None or self._allow(f"{call} {model}", limit, now)

    def reserve_slot(self, model: str, earliest: float, working: float) -> float:
        """When a task can start: at once, or when one of those that run has ended. Counts it as running."""
        model = self._base(model) or model
        ends = self._ends.setdefault(model, [])
        begin = earliest
        if len(ends) >= self._submissions[model]["running"]:
            begin = max(begin, heapq.heappop(ends))
        heapq.heappush(ends, begin + working)
        return begin

    def restore_slot(self, model: str, end: float) -> None:
        """Counts a task of an earlier process; of those that wait for others, the last count."""
        model = self._base(model) or model
        ends = self._ends.setdefault(model, [])
        heapq.heappush(ends, end)
        if len(ends) > self._submissions[model]["running"]:
            heapq.heappop(ends)

    def release_slot(self, model: str, end: float, now: float) -> None:
        """A task that would have run to `end` has ended now."""
        model = self._base(model) or model
        ends: list[Any] = self._ends.get(model, [])
        if end in ends:
            ends[ends.index(end)] = now
            heapq.heapify(ends)

    def _allow(self, name: str, limit: int, now: float) -> bool:
        calls = self._calls.setdefault(name, deque())
        while calls and now - calls[0] >= WINDOW:
            calls.popleft()
        if len(calls) >= limit:
            return False
        calls.append(now)
        return True


def end_time(begin: float, working: float) -> float:
    """When job that begins then has ended."""
    return NEVER if NEVER in (begin, working) else begin + working
