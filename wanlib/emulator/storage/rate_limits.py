"""Rate limits: requests per second or minute, and tasks that run at the same time."""

import heapq
from collections import deque
from collections.abc import Mapping
from typing import Any

from wanlib.emulator.jobs.job import NEVER
from wanlib.spec import Spec
from wanlib.spec.model.rates import account_limit

WINDOW = 1.0
"""Seconds in which calls that all models share are counted."""


class RateLimits:
    """The limits of one account, in sliding windows. Fine-tuned models count as their base model."""

    def __init__(self, spec: Spec) -> None:
        """Read the limits of a spec."""
        self._base = spec.base
        self._limits = {model: account_limit(row) for model, row in spec.wire["rates"].items()}
        self._account: Mapping[str, int] = spec.wire["account_rates"]
        self._calls: dict[str, deque[float]] = {}
        self._ends: dict[str, list[float]] = {}

    def allow_submission(self, model: str, now: float) -> bool:
        """Count a submission to a model. Return False, without counting, if it is over the limit."""
        model = self._base(model) or model
        limit = self._limits[model]
        return self._allow(f"submit {model}", limit.submissions, limit.window, now)

    def allow_call(self, call: str, now: float, model: str = "") -> bool:
        """Count a call that all models share. Return False, without counting, if it is over the limit.

        Args:
            call: A call of `wire.yaml`.
            now: Seconds since 1970.
            model: For calls whose limit applies to each model separately; "" otherwise.
        """
        limit = self._account.get(call)
        return limit is None or self._allow(f"{call} {model}", limit, WINDOW, now)

    def reserve_slot(self, model: str, earliest: float, working: float) -> float:
        """Reserve a running slot. Return when it is free.

        Args:
            model: The model.
            earliest: The earliest start, seconds since 1970.
            working: How long the slot is taken, in seconds.
        """
        model = self._base(model) or model
        running = self._limits[model].running
        if running is None:
            return earliest
        ends = self._ends.setdefault(model, [])
        begin = earliest
        if len(ends) >= running:
            begin = max(begin, heapq.heappop(ends))
        heapq.heappush(ends, begin + working)
        return begin

    def restore_slot(self, model: str, end: float) -> None:
        """Count a task of an earlier process; of waiting tasks, the last ones count."""
        model = self._base(model) or model
        running = self._limits[model].running
        if running is None:
            return
        ends = self._ends.setdefault(model, [])
        heapq.heappush(ends, end)
        if len(ends) > running:
            heapq.heappop(ends)

    def release_slot(self, model: str, end: float, now: float) -> None:
        """End the reservation of a task that would have run until `end`."""
        model = self._base(model) or model
        ends: list[Any] = self._ends.get(model, [])
        if end in ends:
            ends[ends.index(end)] = now
            heapq.heapify(ends)

    def _allow(self, name: str, limit: int, window: float, now: float) -> bool:
        calls = self._calls.setdefault(name, deque())
        while calls and now - calls[0] >= window:
            calls.popleft()
        if len(calls) >= limit:
            return False
        calls.append(now)
        return True


def end_time(begin: float, working: float) -> float:
    """Return when a job ends that starts at `begin`."""
    return NEVER if NEVER in (begin, working) else begin + working
