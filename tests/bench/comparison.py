"""Time several calls in random order, round by round; a ratio is the median of the ratios of the rounds.

Processor time is measured, because other programs on the machine disturb it least.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import process_time

Call = Callable[[], object]
Peers = Mapping[str, tuple[Call, float | None]]
"""For each peer its call and the largest ratio that meets the target, None for no target."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our figure and that of a peer.

    Attributes:
        ratio: ours divided by theirs.
        target: the largest ratio that meets the target; None if the peer does something else.
        unit: the unit of both figures.
    """

    name: str
    peer: str
    ours: float
    theirs: float
    ratio: float
    target: float | None
    unit: str = "s"

    def line(self) -> str:
        """Return the comparison as a row of the table."""
        figures = f"{self._format(self.ours):>9} {self._format(self.theirs):>9} {self.ratio:8.3f}"
        return f"{self.name:34} {self.peer:28} {figures} {self._verdict()}"

    def _format(self, value: float) -> str:
        return _seconds(value) if self.unit == "s" else f"{value:.3g} {self.unit}"

    def _verdict(self) -> str:
        if self.target is None:
            return f"{'-':>7}"
        return f"{self.target:7.3f}  {'met' if self.ratio <= self.target else 'short'}"


HEAD = f"{'what':34} {'peer':28} {'ours':>9} {'peer':>9} {'ratio':>8} {'target':>7}"


def contest(
    name: str, ours: Call, peers: Peers, rounds: int = 9, min_seconds: float = 0.02
) -> list[Comparison]:
    """Compare our call with those of peers; each round of a call takes `min_seconds`."""
    calls = {"ours": ours} | {peer: call for peer, (call, _) in peers.items()}
    repeats = {contender: _repeats(call, min_seconds) for contender, call in calls.items()}
    times: dict[str, list[float]] = {contender: [] for contender in calls}
    for _ in range(rounds):
        for contender in random.sample(list(calls), len(calls)):
            times[contender].append(_timed(calls[contender], repeats[contender]))
    return [compare(name, peer, times["ours"], times[peer], target) for peer, (_, target) in peers.items()]


def compare(name: str, peer: str, ours: list[float], theirs: list[float], target: float | None) -> Comparison:
    """Compare figures of rounds that were measured elsewhere."""
    return Comparison(name, peer, median(ours), median(theirs), _ratio(ours, theirs), target)


def compare_with_limit(name: str, ours: float, maximum: float, unit: str) -> Comparison:
    """Compare a figure with its limit."""
    return Comparison(name, f"at most {maximum:g} {unit}", ours, maximum, ours / maximum, 1.0, unit)


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def _timed(call: Call, repeats: int) -> float:
    start = process_time()
    for _ in range(repeats):
        call()
    return (process_time() - start) / repeats


def _repeats(call: Call, min_seconds: float) -> int:
    """Return how often to call, so that a round takes `min_seconds`."""
    once = _timed(call, 1)
    return max(1, min(5000, int(min_seconds / max(once, 1e-7))))


def _seconds(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size:
            return f"{value / size:.2f} {unit}"
    return f"{value * 1e9:.0f} ns"
