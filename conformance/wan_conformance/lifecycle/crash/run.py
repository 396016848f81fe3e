"""Run a crash test at every point of every workload, and report the violations."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product

from wan_conformance.lifecycle.crash.environment import (
    CRASHES_BEFORE,
    CrashEnvironment,
    CrashPoint,
    crash_environment,
)
from wan_conformance.lifecycle.crash.workload import CLIENTS, WORKLOADS

NAMES = tuple(dict.fromkeys((*WORKLOADS, *CRASHES_BEFORE)))
"""The names of all workloads."""


def crash_points(environment: CrashEnvironment) -> Iterator[CrashPoint]:
    """Enumerate every point of every workload with either client."""
    for workload, client in product(NAMES, CLIENTS):
        for number in range(1, len(environment.points(workload, client)) + 1):
            yield CrashPoint(workload, client, number)


def run(print_line: Callable[[str], object], workers: int | None = None) -> bool:
    """Kill a process at every point, and print the number of points and the violations.

    Args:
        print_line: Called with each line of the report.
        workers: Environments side by side; None for one per core.

    Returns:
        True if nothing was violated.
    """
    workers = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        parts = [*pool.map(lambda part: _run_part(part, workers), range(workers))]
    counts = parts[0][0]
    violations = [text for _, texts in parts for text in texts]
    for text in violations:
        print_line(f"VIOLATED {text}")
    for workload in NAMES:
        clients = ", ".join(f"{client} {counts[workload, client]}" for client in CLIENTS)
        print_line(f"points of {workload}: {clients}")
    print_line(f"{sum(counts.values()):,} points, a process killed at each: {len(violations):,} violations")
    return not violations


def _run_part(part: int, parts: int) -> tuple[dict[tuple[str, str], int], list[str]]:
    """Run every `parts`-th crash; return the number of points by workload, and the violations."""
    with crash_environment() as environment:
        points = [*crash_points(environment)]
        violations = [text for point in points[part::parts] for text in environment.crash(point)]
        counts = {
            (workload, client): len(environment.points(workload, client))
            for workload, client in product(NAMES, CLIENTS)
        }
    return counts, violations
