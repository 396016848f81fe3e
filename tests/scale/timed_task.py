"""Measure a distributed check of a file: `python -m tests.scale.timed_task FILE WORKERS [PROCESS ...]`.

It runs in a separate process, so that its CPU time includes nothing else. The processes are those of a
cluster: scheduler, nannies and workers.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import psutil

from wanlib.cli.body_checks import CheckOptions
from wanlib.cli.line_shards import MAX_SHARED_LINE, LineTask
from wanlib.scale.line_ranges import byte_ranges
from wanlib.scale.pools import open_pool
from wanlib.scale.sharing import map_shards
from wanlib.scale.workers import Workers, parse_workers

WARM_UP = 16
"""Shards that are computed before the measurement: each worker has imported everything by then."""


class Timing(NamedTuple):
    """The CPU time of one shard, in seconds.

    Attributes:
        process: The process that computed it.
        begin: CPU time of the process at the start.
        end: CPU time of the process at the end.
        thread: CPU time that the thread of the task used.
    """

    process: int
    begin: float
    end: float
    thread: float


class TimedTask:
    """Does what a task does, and returns its timing with the result."""

    def __init__(self, task: Callable[[Any], bytes]) -> None:
        self._task = task

    def __call__(self, shard: Any) -> tuple[bytes, Timing]:
        begin, thread = time.process_time(), time.thread_time()
        result = self._task(shard)
        return result, Timing(os.getpid(), begin, time.process_time(), time.thread_time() - thread)


class Sharing(NamedTuple):
    """The resources used by a run.

    Attributes:
        shard: The median CPU time of a worker for a shard, with that of its other threads.
        overhead: CPU time of all processes outside of the threads that compute shards, as a part of that
            inside, from the first submit to the last result.
        parts: The same for this process, the workers and each other process of the cluster.
        start: CPU time of a worker before its first shard.
        core: The part of a core that a worker had; the rest of its time, other programs had the core.
    """

    shard: float
    overhead: float
    parts: dict[str, float]
    start: float
    core: float


def measure(
    task: Callable[[Any], bytes], shards: Iterable[Any], workers: Workers, cluster: list[int]
) -> Sharing:
    """Distribute a task and return the resources used; the results are dropped."""
    timed, all_shards = TimedTask(task), [*shards]
    with open_pool(workers) as pool:
        first = [timing for _, timing in map_shards(timed, islice(all_shards, WARM_UP), workers, pool=pool)]
        children = psutil.Process().children(recursive=True)
        processes = [psutil.Process(), *children, *map(psutil.Process, cluster)]
        before, begun = [*map(_cpu_seconds, processes)], time.monotonic()
        timings = [timing for _, timing in map_shards(timed, all_shards, workers, pool=pool)]
        after, seconds = [*map(_cpu_seconds, processes)], time.monotonic() - begun
    if not {timing.process for timing in timings} <= {timing.process for timing in first}:
        raise RuntimeError("a worker had no shard before the measurement; run it again")
    inside = sum(timing.thread for timing in timings)
    of_workers = {timing.process for timing in timings}
    parts = {"workers": -1.0}
    for process, begin, end in zip(processes, before, after, strict=True):
        name = "workers" if process.pid in of_workers else _name(process)
        parts[name] = parts.get(name, 0.0) + (end - begin) / inside
    return Sharing(
        median(timing.end - timing.begin for timing in timings),
        sum(parts.values()),
        parts,
        max(timing.begin for timing in first),
        inside / (seconds * len(of_workers)),
    )


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _name(process: psutil.Process) -> str:
    """Return what a process is, by its command line."""
    if process.pid == os.getpid():
        return "this process"
    words = process.cmdline()
    return "scheduler" if "scheduler" in words else "nannies" if "worker" in words else "other"


def main() -> None:
    """Print the figures of one run as JSON."""
    path, workers, cluster = Path(sys.argv[1]), parse_workers(sys.argv[2]), [*map(int, sys.argv[3:])]
    size = path.stat().st_size
    task = LineTask(path, size, CheckOptions(), MAX_SHARED_LINE)
    print(json.dumps(measure(task, byte_ranges(size), workers, cluster)._asdict()))


if __name__ == "__main__":
    from tests.scale import timed_task  # the workers import it by this name

    timed_task.main()
