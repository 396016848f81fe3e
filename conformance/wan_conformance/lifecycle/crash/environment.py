"""The environment of crash tests.

A service on loopback, and a process that forks the clients to be killed.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Any, NamedTuple

from wan_conformance.lifecycle.crash.invariants import (
    AccountingSnapshot,
    calls_without_task,
    crash_violations,
    incomplete_files,
)
from wan_conformance.lifecycle.crash.workload import WorkerOrder
from wan_conformance.lifecycle.simulation.clock import START
from wan_conformance.lifecycle.simulation.files import tmpfs_folder
from wan_conformance.lifecycle.simulation.service import CachedImageEmulator
from wanlib.emulator import Job, ManualClock, Request, Response, Settings
from wanlib.emulator.server.serve import run_in_thread

RESTART_DELAY = 60.0
"""Seconds between a crash and the next process."""
TEST_DISTANCE = 3600.0
"""Seconds between two tests, so that no list of one has tasks of the other."""
CRASHES_BEFORE = {
    "report": ("after Open", "after WaitForWork"),  # one client never read the id of its task, one waited
    "resume": ("after Open", "after WaitForWork"),
    "uncertain": ("before Open", "after Open"),  # neither read an id, and only one of them has a task
}
"""Workloads that resume the calls of others, with the points at which those were killed in an edit."""
_SETTINGS = Settings(waiting=1.5, working=1.0)
_WORKER = "wan_conformance.lifecycle.crash.workload"
_ROOT = Path(__file__).parents[3]


class CrashPoint(NamedTuple):
    """One point of one workload.

    Attributes:
        workload: A name of `WORKLOADS` or `CRASHES_BEFORE`.
        client: `sync` or `async`.
        number: The number of the point, from 1.
    """

    workload: str
    client: str
    number: int


class CrashService(CachedImageEmulator):
    """An emulator in which each request takes one second of simulated time.

    Attributes:
        manual_clock: Its time.
    """

    def __init__(self) -> None:
        """Start a service."""
        self.manual_clock = ManualClock(START)
        super().__init__(clock=self.manual_clock, settings=_SETTINGS)

    def handle(self, request: Request) -> Response:
        """Answer a request a second later."""
        self.manual_clock.advance(1.0)
        return super().handle(request)

    def picture(self, job: Job, index: int) -> bytes:
        """Return a picture of a job, rendered once for equal jobs; `index` counts from 0."""
        return self._render(self._router.results.render_spec(job, index)).body


class CrashEnvironment:
    """One service and one forking process. Each test has its own journal and accounts."""

    def __init__(self, process: "subprocess.Popen[str]", service: CrashService, base_url: str) -> None:
        """Use a process that serves orders, and a service at a URL."""
        self._process, self._service, self._base_url = process, service, base_url
        self._points: dict[tuple[str, str], list[str]] = {}
        self._since, self._totals_before = 0.0, (0, 0)

    def points(self, workload: str, client: str) -> list[str]:
        """Return the names of the points of a workload that is not killed."""
        if (workload, client) not in self._points:
            with self._fresh_folder(workload, client) as folder:
                report = self._order(workload, client, folder)
            if "points" not in report:
                raise RuntimeError(f"the workload {workload} did not finish: {report}")
            self._points[workload, client] = report["points"]
        return self._points[workload, client]

    def crash(self, point: CrashPoint) -> list[str]:
        """Kill a process at a point, report lost calls, resume twice; return the violations in words."""
        workload, client, number = point
        with self._fresh_folder(workload, client) as folder:
            report = self._order(workload, client, folder, number)
            where = f"{workload}/{client} at point {number}, {report.get('point')}"
            if report["ended"] != -SIGKILL:
                return [f"{where}: it was not killed, it ended with {report}"]
            pictures = folder / "pictures"
            violations = [*incomplete_files(self._accounting(), pictures)]
            journal = folder / "calls.sqlite"
            lost = calls_without_task(journal)
            resumes = [self._run_next("report", client, folder)]
            if calls_without_task(journal) != lost:
                violations.append("adopted: a resume that only reports lost calls gave a task to one")
            resumes += [self._run_next("resume", client, folder) for _ in range(2)]
            intents = len(CRASHES_BEFORE.get(workload, (workload,)))
            violations += crash_violations(self._accounting(), intents, resumes, pictures)
            return [f"{where}: {violation}" for violation in violations]

    def _run_next(self, workload: str, client: str, folder: Path) -> dict[str, Any]:
        self._service.manual_clock.advance(RESTART_DELAY)
        return self._order(workload, client, folder)

    @contextmanager
    def _fresh_folder(self, workload: str, client: str) -> Iterator[Path]:
        """Yield a folder with the journal of the processes that were killed before this workload."""
        earlier = [self.points("edit", client).index(name) + 1 for name in CRASHES_BEFORE.get(workload, ())]
        self._service.manual_clock.advance(TEST_DISTANCE)
        self._since, self._totals_before = self._service.clock.wall(), self._totals()
        with tmpfs_folder() as folder:
            for number in earlier:
                self._order("edit", client, folder, number)
            yield folder

    def _order(self, workload: str, client: str, folder: Path, kill_at: int = 0) -> dict[str, Any]:
        """Run a child; return its whole report, with its exit code or the negated signal as `ended`."""
        name = "resume" if workload == "uncertain" else workload
        order = WorkerOrder(name, client, self._base_url, str(folder), self._service.clock.wall(), kill_at)
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order._asdict()) + "\n")
        self._process.stdin.flush()
        report: dict[str, Any] = {}
        while "ended" not in report:
            line = self._process.stdout.readline()
            report |= json.loads(line or '{"ended": "with the process that forks"}')
        return report

    def _totals(self) -> tuple[int, int]:
        """Return the tasks and pictures of all tests so far."""
        accounts = self._service.ledger()
        return sum(account.accepted for account in accounts), sum(account.pictures for account in accounts)

    def _accounting(self) -> AccountingSnapshot:
        jobs = [job for job in self._service.jobs() if job.submitted >= self._since]
        accepted, billed = self._totals()
        return AccountingSnapshot(
            accepted - self._totals_before[0],
            billed - self._totals_before[1],
            frozenset(job.id for job in jobs if job.is_canceled),
            {job.id: self._service.picture(job, 0) for job in jobs if not job.is_canceled},
        )


@contextmanager
def crash_environment(worker: str = _WORKER) -> Iterator[CrashEnvironment]:
    """Yield an environment.

    Args:
        worker: The module that is run as the forking process.
    """
    service, command = CrashService(), [sys.executable, "-m", worker]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=_ROOT, **pipes) as process, run_in_thread(service) as address:
        try:
            yield CrashEnvironment(process, service, address + service.spec.wire["base_path"])
        finally:
            assert process.stdin
            process.stdin.close()
            service.close()
