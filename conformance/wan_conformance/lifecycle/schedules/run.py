"""All schedules on all cores, and what came of them."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from wan_conformance.lifecycle.schedules.results import RunResults, ScheduleResult
from wan_conformance.lifecycle.schedules.scenario_runner import scenario_runner
from wan_conformance.lifecycle.schedules.schedules import OURS, Schedule, equivalent_schedule, read_schedule
from wan_conformance.lifecycle.schedules.transcript import trace

_BATCH = 100
Sdks = Mapping[str, Path]
"""By the name of a client, the Python of the environment that has its SDK."""
Batch = Sequence[Schedule]


def run(schedules: Iterable[Schedule], workers: int | None = None, sdks: Sdks | None = None) -> RunResults:
    """Plays them all, those with the fewest faults first.

    A fault whose step never comes changes nothing: a schedule that has one is not played where the same one
    without it was; nor is one whose twin is played. workers: processes, one for each core unless given; 1
    plays them in this one. Raises SdkError where an SDK can't be played.
    """
    tally, began = RunResults(), perf_counter()
    levels: dict[int, list[Schedule]] = defaultdict(list)
    for schedule in schedules:
        levels[len(schedule.faults)].append(schedule)
    steps: dict[Schedule, frozenset[str]] = {}
    with _players(os.cpu_count() or 1 if workers is None else workers, sdks or {}) as play:
        for _, level in sorted(levels.items()):
            tally.count(level)
            for each in play(_batches(list(_drop_equivalent(level, steps)))):
                tally.add(each)
                steps[each.schedule] = each.steps
    tally.seconds = perf_counter() - began
    return tally


def replay(name: str, sdks: Sdks | None = None) -> tuple[str, bool]:
    """A schedule played again by its id: its story, and whether the promises held.

    Raises ValueError for what is no id, and SdkError.
    """
    schedule = read_schedule(name)
    with scenario_runner(sdks or {}) as stage:
        played = stage.play(schedule)
    return trace(played), not played.broken


def _drop_equivalent(level: Batch, steps: dict[Schedule, frozenset[str]]) -> Iterator[Schedule]:
    """Those that are not the same as one that is played; notes the steps of what is as a shorter one."""
    all_of_them = {*level}
    for schedule in level:
        if (other := equivalent_schedule(schedule)) != schedule and other in all_of_them:
            continue
        for fault in schedule.faults:
            shorter = schedule._replace(faults=tuple(each for each in schedule.faults if each != fault))
            if shorter in steps and fault[0] not in steps[shorter]:
                steps[schedule] = steps[shorter]
                break
        else:
            yield schedule


def _batches(due: Batch) -> Iterator[Batch]:
    """An SDK's in one, since it takes a second to start, and first, since they take longest."""
    for client in sorted({each.client for each in due} - {*OURS}):
        yield [each for each in due if each.client == client]
    ours = [each for each in due if each.client in OURS]
    for at in range(0, len(ours), _BATCH):
        yield ours[at : at + _BATCH]


@contextmanager
def _players(workers: int, sdks: Sdks) -> Iterator[Callable[[Iterable[Batch]], Iterator[ScheduleResult]]]:
    play = partial(_play, sdks=sdks)
    if workers == 1:
        yield lambda batches: (each for batch in batches for each in play(batch))
        return
    with get_context("spawn").Pool(workers) as pool:
        yield lambda batches: (each for some in pool.imap_unordered(play, batches) for each in some)


def _play(schedules: Batch, sdks: Sdks) -> list[ScheduleResult]:
    with scenario_runner(sdks) as stage:
        return [
            ScheduleResult(each, played.outcome, played.steps, played.broken, stage.version(each.client))
            for each, played in ((each, stage.play(each)) for each in schedules)
        ]
