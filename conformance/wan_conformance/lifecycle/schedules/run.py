"""Run many schedules on all cores, or replay a single one by its id."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from time import perf_counter

from wan_conformance.lifecycle.schedules.results import RunResults, ScheduleResult
from wan_conformance.lifecycle.schedules.scenario_runner import scenario_runner
from wan_conformance.lifecycle.schedules.schedules import (
    OUR_CLIENTS,
    Schedule,
    equivalent_schedule,
    parse_schedule,
)
from wan_conformance.lifecycle.schedules.transcript import transcript
from wanlib.scale.pools import open_pool
from wanlib.scale.sharing import map_shards
from wanlib.scale.workers import THIS_PROCESS, Workers

_BATCH = 100
Sdks = Mapping[str, Path]
"""The Python of the environment that has the SDK, by the name of the client."""
Batch = Sequence[Schedule]


def run(
    schedules: Iterable[Schedule], workers: Workers = THIS_PROCESS, sdks: Sdks | None = None
) -> RunResults:
    """Run schedules, those with the fewest faults first.

    A schedule is not run if it is equivalent to one that is: if one of its faults is injected into a step
    that the same schedule without that fault never reaches, or if `equivalent_schedule` maps it to another
    of the run.

    Args:
        schedules: The schedules.
        workers: The processes that run them.
        sdks: The SDKs, None for our clients alone.

    Raises:
        SdkError: An SDK could not be run.
    """
    results, began = RunResults(), perf_counter()
    levels: dict[int, list[Schedule]] = defaultdict(list)
    for schedule in schedules:
        levels[len(schedule.faults)].append(schedule)
    steps: dict[Schedule, frozenset[str]] = {}
    run_batch = partial(_run_batch, sdks=sdks or {})
    with open_pool(workers) as pool:
        for _, level in sorted(levels.items()):
            results.count(level)
            batches = _batches(list(_drop_equivalent(level, steps)))
            for result in chain.from_iterable(map_shards(run_batch, batches, workers, pool=pool)):
                results.add(result)
                steps[result.schedule] = result.steps
    results.seconds = perf_counter() - began
    return results


def replay(name: str, sdks: Sdks | None = None) -> tuple[str, bool]:
    """Run one schedule by its id.

    Args:
        name: The id, as a failure prints it.
        sdks: The SDKs, None for our clients alone.

    Returns:
        The transcript, and whether all invariants hold.

    Raises:
        ValueError: The text is not an id.
        SdkError: The SDK could not be run.
    """
    schedule = parse_schedule(name)
    with scenario_runner(sdks or {}) as runner:
        result = runner.run(schedule)
    return transcript(result), not result.violations


def _drop_equivalent(level: Batch, steps: dict[Schedule, frozenset[str]]) -> Iterator[Schedule]:
    """Yield one of each set of equivalent schedules; copy the steps of a shorter one that is equivalent."""
    all_schedules = {*level}
    for schedule in level:
        if (representative := equivalent_schedule(schedule)) != schedule and representative in all_schedules:
            continue
        for fault in schedule.faults:
            shorter = schedule._replace(faults=tuple(other for other in schedule.faults if other != fault))
            if shorter in steps and fault[0] not in steps[shorter]:
                steps[schedule] = steps[shorter]
                break
        else:
            yield schedule


def _batches(schedules: Batch) -> Iterator[Batch]:
    """Yield a batch for each SDK, since it takes a second to start, and then the others in batches."""
    for client in sorted({schedule.client for schedule in schedules} - {*OUR_CLIENTS}):
        yield [schedule for schedule in schedules if schedule.client == client]
    ours = [schedule for schedule in schedules if schedule.client in OUR_CLIENTS]
    for start in range(0, len(ours), _BATCH):
        yield ours[start : start + _BATCH]


def _run_batch(schedules: Batch, sdks: Sdks) -> list[ScheduleResult]:
    with scenario_runner(sdks) as runner:
        return [
            ScheduleResult(
                result.schedule,
                result.outcome,
                result.steps,
                result.violations,
                runner.version(result.schedule.client),
            )
            for result in map(runner.run, schedules)
        ]
