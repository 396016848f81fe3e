"""A long batch in a process that is killed, and the service that outlives it, in simulated time.

The process sends each request through a pipe, with its simulated time, and waits for the response. So the
service, in the parent process, has the same time, and can kill the process at any request.
"""

import resource
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from signal import SIGKILL
from typing import Any, NamedTuple

from wan_conformance.lifecycle.load.service import FAULT_RATE, FAULTS, ThrottledService
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop
from wan_conformance.lifecycle.simulation.transport import AsyncInProcessClient

from tests.client.batch.batch_world import BASE_URL, MODELS, PHOTO
from wanlib import AsyncWan
from wanlib.emulator import Request, Response
from wanlib.emulator.core.fault_injection import FaultInjector

RESTART_DELAY = 30.0
"""Simulated seconds until the next process."""
STOPPING = "PostpaidBillOverdue"
"""The code of the fault that ends a run on purpose, which is left out here."""


class Jobs:
    """Many jobs that are not in memory."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for number in range(self._count):
            job = {"model": MODELS[number % 2], "prompt": f"v{number}", "images": [PHOTO], "n": 1}
            yield job | {"label": f"v{number}"}


class RunReport(NamedTuple):
    """How a process has ended.

    Attributes:
        counts: The outcomes by their state; empty if it was killed.
        requests: The requests that it sent.
        peak: The most memory that it had, in bytes; 0 if it was killed.
        error: Why it failed; empty if it did not.
    """

    counts: dict[str, int]
    requests: int
    peak: int = 0
    error: str = ""


class BatchService(ThrottledService):
    """A service with the quotas of an account, and a fault in 3 of 100 requests."""

    def __init__(self) -> None:
        self.simulated = SimulatedClock()
        super().__init__(self.simulated)
        faults = tuple(fault for fault in FAULTS if fault.code != STOPPING)
        self.faults = FaultInjector(replace(self.settings, fault_rate=FAULT_RATE, faults=faults), seed=1)

    def run(self, folder: Path, count: int, *, kill_at: int = 0, retry_failed: bool = False) -> RunReport:
        """Run the batch in a new process, and kill that at a request if `kill_at` is not 0."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        arguments = (theirs, str(folder), self.simulated.at + RESTART_DELAY, count, retry_failed)
        process = context.Process(target=_run_client, args=arguments)
        process.start()
        theirs.close()
        report, requests = RunReport({}, 0, error="it ended by itself"), 0
        try:
            while True:
                message = ours.recv()
                if isinstance(message, RunReport):
                    report = message
                    break
                at, request = message
                requests += 1
                self.simulated.at = max(self.simulated.at, at)
                is_last = requests == kill_at
                if is_last and kill_at % 2:  # before the service sees the request, or after it
                    break
                response = self.handle(request)
                if is_last:
                    break
                ours.send(response)
        except EOFError:
            pass
        if requests == kill_at:
            process.kill()
        process.join()
        killed = process.exitcode == -SIGKILL and requests == kill_at
        return report._replace(requests=requests, error="" if killed else report.error)

    def accepted_jobs(self) -> Counter[str]:
        """Return how many tasks each job has made."""
        return Counter(job.spec.prompt for job in self.jobs())

    def paid_jobs(self) -> Counter[str]:
        """Return how many tasks of each job have made pictures."""
        now = self.clock.wall()
        return Counter(
            job.spec.prompt for job in self.jobs() if job.status(self.lifecycle, now) == "SUCCEEDED"
        )


class _RemoteService:
    """The service as the process sees it."""

    def __init__(self, connection: Connection, clock: SimulatedClock) -> None:
        self._connection, self._clock = connection, clock

    def handle(self, request: Request) -> Response:
        self._connection.send((self._clock.at, request))
        response: Response = self._connection.recv()
        return response


def _run_client(connection: Connection, folder: str, at: float, count: int, retry_failed: bool) -> None:
    """Run the batch, and report how it ended; in the process that may be killed."""
    with closing(SimulatedEventLoop()) as loop:
        loop.clock.at = at
        try:
            counts = loop.run_until_complete(_batch(connection, Path(folder), loop, count, retry_failed))
        except Exception as error:
            connection.send(RunReport({}, 0, error=repr(error)))
            return
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    connection.send(RunReport(counts, 0, peak))


async def _batch(
    connection: Connection, folder: Path, loop: SimulatedEventLoop, count: int, retry_failed: bool
) -> dict[str, int]:
    service: Any = _RemoteService(connection, loop.clock)
    http = AsyncInProcessClient(service, loop.clock.sleep_async)
    journal = folder / "batch.sqlite"
    async with AsyncWan(
        "sk-key", base_url=BASE_URL, http_client=http, journal=journal, clock=loop.clock, random=Random(1)
    ) as wan:
        summary = await wan.batch(Jobs(count), folder / "out", retry_failed=retry_failed)
    counts = {name: getattr(summary, name) for name in ("saved", "skipped", "failed", "uncertain")}
    return counts | {"stopped": int(summary.stopped is not None)}


def violations(
    service: BatchService, folder: Path, count: int, reports: Sequence[RunReport], repeats: int
) -> Iterator[str]:
    """Check in words what a batch has left.

    Args:
        service: The service.
        folder: The folder of the journal.
        count: The number of jobs.
        reports: The ends of all processes.
        repeats: How many jobs were sent again on request, because their tasks had failed.
    """
    for report in reports:
        if report.error:
            yield f"a process failed: {report.error}"
    if not reports[-1].counts or sum(reports[-1].counts.values()) != count:
        yield f"lost: the last process reports {reports[-1].counts} of {count:,} jobs"
    accepted, paid = service.accepted_jobs(), service.paid_jobs()
    if accepted.total() != count + repeats:
        yield f"{accepted.total():,} tasks were accepted; expected {count:,} and {repeats:,} again"
    for number in range(count):
        label = f"v{number}"
        if paid[label] != 1:
            yield f"{label} was paid {paid[label]} times"
        if not (folder / "out" / f"{label}-1.png").exists():
            yield f"{label} is not on disk"
