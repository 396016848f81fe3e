"""All schedules on all cores, and what came of them."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from time import perf_counter

from conformance.lifecycle.oracle import INVARIANTS
from conformance.lifecycle.play import theatre
from conformance.lifecycle.schedule import Schedule, read_schedule
from conformance.lifecycle.trace import trace

_BATCH = 200
_TRACES = 3


@dataclass
class Tally:
    """What came of a run.

    met: schedules all of whose faults met their steps. outcomes: (story, how it ended). broken: ids of
    schedules with what they broke.
    """

    played: int = 0
    met: int = 0
    faults: Counter[int] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, schedule: Schedule, outcome: str, met: bool, broken: tuple[str, ...]) -> None:
        """Takes up one story."""
        self.played += 1
        self.met += met
        self.faults[len(schedule.faults)] += 1
        self.outcomes[schedule.story, outcome] += 1
        if broken:
            self.broken[str(schedule)] = broken


Ended = tuple[Schedule, str, bool, tuple[str, ...]]


def run(schedules: Iterable[Schedule], workers: int | None = None) -> Tally:
    """Plays them all. workers: processes, one for each core unless given; 1 plays them in this one."""
    tally, began = Tally(), perf_counter()
    workers = os.cpu_count() or 1 if workers is None else workers
    for ended in _played(schedules, workers):
        tally.add(*ended)
    tally.seconds = perf_counter() - began
    return tally


def report(tally: Tally, tell: Callable[[str], object]) -> None:
    """The figures, and the stories of the first schedules that broke a promise."""
    for name in list(tally.broken)[:_TRACES]:
        tell(replay(name)[0])
        tell(f"again: wan-conformance replay {name}\n")
    for (story, outcome), count in sorted(tally.outcomes.items()):
        tell(f"{story:8} ended in {outcome:18} {count:8,}")
    depth = ", ".join(f"{count:,} with {faults}" for faults, count in sorted(tally.faults.items()))
    tell(f"{tally.played:,} schedules: {depth} faults; in {tally.met:,} every fault met its step")
    rate = tally.played / max(tally.seconds, 1e-9)
    tell(f"{tally.seconds:.1f} s, {rate:,.0f} schedules a second")
    if tally.broken:
        tell(f"{len(tally.broken):,} schedules broke a promise")
    else:
        tell(f"{len(INVARIANTS)} promises held in all of them:")
        for promise in INVARIANTS:
            tell(f"  {promise}")


def replay(name: str) -> tuple[str, bool]:
    """A schedule played again by its id: its story, and whether the promises held. ValueError for no id."""
    schedule = read_schedule(name)
    with theatre() as stage:
        played = stage.play(schedule)
    return trace(played), not played.broken


def _played(schedules: Iterable[Schedule], workers: int) -> Iterator[Ended]:
    left = iter(schedules)
    parts = iter(lambda: tuple(islice(left, _BATCH)), ())
    if workers == 1:
        for part in parts:
            yield from _play(part)
        return
    with get_context("spawn").Pool(workers) as pool:
        for ended in pool.imap_unordered(_play, parts):
            yield from ended


def _play(schedules: Sequence[Schedule]) -> list[Ended]:
    with theatre() as stage:
        each = (stage.play(schedule) for schedule in schedules)
        return [(played.schedule, played.outcome, played.met, played.broken) for played in each]
