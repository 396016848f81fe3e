"""Contenders timed in turn, in random order, round by round; ratios are medians of the rounds'.

What is timed is the processor's time, which other programs on the machine disturb least.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import process_time

Call = Callable[[], object]
Peers = Mapping[str, tuple[Call, float | None]]
"""Name -> call, and the greatest ratio that meets the target."""


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: what, our figure, the peer's, their ratio, and the greatest that meets the target.

    Without a target, the row is there to be read: the peer does another thing. unit: of both figures.
    """

    name: str
    peer: str
    ours: float
    theirs: float
    ratio: float
    target: float | None
    unit: str = "s"

    def line(self) -> str:
        """The row as it is printed."""
        figures = f"{self._told(self.ours):>9} {self._told(self.theirs):>9} {self.ratio:8.3f}"
        return f"{self.name:34} {self.peer:28} {figures} {self._verdict()}"

    def _told(self, value: float) -> str:
        return _seconds(value) if self.unit == "s" else f"{value:.3g} {self.unit}"

    def _verdict(self) -> str:
        if self.target is None:
            return f"{'-':>7}"
        return f"{self.target:7.3f}  {'met' if self.ratio <= self.target else 'short'}"


HEAD = f"{'what':34} {'peer':28} {'ours':>9} {'peer':>9} {'ratio':>8} {'target':>7}"


def contest(name: str, ours: Call, peers: Peers, rounds: int = 9, least: float = 0.02) -> list[Row]:
    """Our call against each peer's; a round of each takes `least` seconds."""
    calls = {"ours": ours} | {peer: call for peer, (call, _) in peers.items()}
    repeats = {each: _repeats(call, least) for each, call in calls.items()}
    times: dict[str, list[float]] = {each: [] for each in calls}
    for _ in range(rounds):
        for each in random.sample(list(calls), len(calls)):
            times[each].append(_timed(calls[each], repeats[each]))
    return [against(name, peer, times["ours"], times[peer], target) for peer, (_, target) in peers.items()]


def against(name: str, peer: str, ours: list[float], theirs: list[float], target: float | None) -> Row:
    """Rounds that were measured elsewhere: medians, and the median of the rounds' ratios."""
    return Row(name, peer, median(ours), median(theirs), _ratio(ours, theirs), target)


def limit(name: str, ours: float, most: float, unit: str) -> Row:
    """A figure against the most that it may be."""
    return Row(name, f"at most {most:g} {unit}", ours, most, ours / most, 1.0, unit)


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def _timed(call: Call, repeats: int) -> float:
    start = process_time()
    for _ in range(repeats):
        call()
    return (process_time() - start) / repeats


def _repeats(call: Call, least: float) -> int:
    """How often to call, so that a round takes `least` seconds."""
    once = _timed(call, 1)
    return max(1, min(5000, int(least / max(once, 1e-7))))


def _seconds(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size:
            return f"{value / size:.2f} {unit}"
    return f"{value * 1e9:.0f} ns"
