"""`python -m tests.client.batch`: 10,000 jobs with quotas, faults and three kills, and their memory."""

import sys
from collections.abc import Sequence
from time import perf_counter

from wan_conformance.lifecycle.simulation.files import tmpfs_folder

from tests.client.batch.killed_runs import BatchService, RunReport, violations

_KILLS = (501, 2_000, 6_001)
"""Requests at which the processes are killed: before the service sees them (odd), or after it has."""
_MEGABYTE = 1_048_576
_GROWTH = 1.25
"""The most memory that ten times as many jobs may take, as a multiple."""


def main() -> int:
    """Run both; print what they took, and return 1 if anything is wrong."""
    small, problems = _run(1_000, ())
    large, more = _run(10_000, _KILLS)
    problems += more
    growth = large / small
    print(f"memory: {small / _MEGABYTE:.0f} MB for 1,000 jobs, {large / _MEGABYTE:.0f} MB for 10,000")
    if growth > _GROWTH:
        problems.append(f"the memory grows by {growth:.2f} times; allowed: {_GROWTH}")
    for problem in problems[:20]:
        print(f"VIOLATED {problem}")
    print(f"{len(problems):,} violations")
    return 1 if problems else 0


def _run(count: int, kills: tuple[int, ...]) -> tuple[int, list[str]]:
    """Run a batch to its end, and again for failed tasks; return its memory and what was violated."""
    began = perf_counter()
    with tmpfs_folder() as folder:
        service = BatchService()
        reports = [service.run(folder, count, kill_at=at) for at in kills]
        reports.append(service.run(folder, count))
        _print(count, reports, service)
        again: list[RunReport] = []
        repeats = 0
        while (failed := (again or reports)[-1].counts.get("failed", 0)) and len(again) < 5:
            repeats += failed
            again.append(service.run(folder, count, retry_failed=True))
        problems = [*violations(service, folder, count, [*reports, *again], repeats)]
    print(f"  {repeats:,} jobs were sent again for failed tasks; {perf_counter() - began:.0f} s in all")
    return max(report.peak for report in reports), problems


def _print(count: int, reports: Sequence[RunReport], service: BatchService) -> None:
    kills = len(reports) - 1
    ends = ", ".join(f"{number:,} {name}" for name, number in reports[-1].counts.items() if number)
    tasks, requests = service.accepted_jobs().total(), sum(report.requests for report in reports)
    print(f"{count:,} jobs, {kills} kills: {ends} in the last process; {tasks:,} tasks accepted,", flush=True)
    print(f"  {requests:,} requests, {service.simulated.at / 3600:.1f} hours simulated", flush=True)


if __name__ == "__main__":
    sys.exit(main())
