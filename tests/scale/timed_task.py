"""Measure a distributed check of a file: `python -m tests.scale.timed_task FILE WORKERS`.

It runs in a separate process, so that its CPU time includes nothing else.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import distributed

from wanlib.cli.body_checks import CheckOptions
from wanlib.cli.line_shards import MAX_SHARED_LINE, LineTask
from wanlib.scale.line_ranges import byte_ranges
from wanlib.scale.sharing import share_out
from wanlib.scale.workers import Workers, parse_workers


class Timing(NamedTuple):
    """The CPU time of a process, in seconds, at the begin and the end of one shard."""

    process: int
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin


class TimedTask:
    """Does what a task does, and returns its timing with the result."""

    def __init__(self, task: Callable[[Any], bytes]) -> None:
        self._task = task

    def __call__(self, shard: Any) -> tuple[bytes, Timing]:
        begin = time.process_time()
        result = self._task(shard)
        return result, Timing(os.getpid(), begin, time.process_time())


class Sharing(NamedTuple):
    """The resources used by a run.

    Attributes:
        shard: The median CPU time of a shard, without the first one of each process.
        overhead: CPU time of all processes outside of shards, as a part of that inside. What precedes the
            second shard of a process does not count: the number of processes does not grow with the work.
        start: CPU time of a worker before its first shard.
    """

    shard: float
    overhead: float
    start: float


def measure(task: Callable[[Any], bytes], shards: Iterable[Any], workers: Workers) -> Sharing:
    """Share out a task and return what it took; the results are dropped."""
    timings: list[Timing] = []
    warm = _time_here(workers)
    for _, timing in share_out(TimedTask(task), shards, workers):
        timings.append(timing)
        if len(timings) == _WARM_UP:
            warm = _time_here(workers)
    here = _time_here(workers) - warm
    of_processes: dict[int, list[Timing]] = {}
    for timing in timings:
        of_processes.setdefault(timing.process, []).append(timing)
    inside = [timing.seconds for done in of_processes.values() for timing in done[1:]]
    outside = sum(done[-1].end - done[0].end for done in of_processes.values()) - sum(inside)
    if os.getpid() not in of_processes:
        outside += here * len(inside) / (len(timings) - _WARM_UP)
    return Sharing(
        median(inside), outside / sum(inside), max(done[0].begin for done in of_processes.values())
    )


_WARM_UP = 4
"""Results after which the CPU time of this process is counted: it has imported all by then."""


def _time_here(workers: Workers) -> float:
    """Return the CPU time of this process, and of the scheduler of a cluster."""
    if workers.scheduler is None:
        return time.process_time()
    with distributed.Client(f"tcp://{workers.scheduler}", set_as_default=False) as client:
        return time.process_time() + float(client.run_on_scheduler(time.process_time))


def main() -> None:
    """Print the figures of one run as JSON."""
    path, workers = Path(sys.argv[1]), parse_workers(sys.argv[2])
    size = path.stat().st_size
    task = LineTask(path, size, CheckOptions(), MAX_SHARED_LINE)
    print(json.dumps(measure(task, byte_ranges(size), workers)._asdict()))


if __name__ == "__main__":
    from tests.scale import timed_task  # the workers import it by this name

    timed_task.main()
