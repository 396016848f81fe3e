"""The service of a stateful session, whose tasks make progress by steps, and the network in front of it."""

from collections.abc import Awaitable
from pathlib import Path

import httpx
import respx

from wan_conformance.lifecycle.clients.wan import WanAdapter, create_adapter_over
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop
from wan_conformance.lifecycle.simulation.service import FaultyService
from wanlib.emulator import Emulator, Fault
from wanlib.emulator.jobs.job import NEVER, Job, decide_outcome
from wanlib.emulator.transport import AsyncEmulatorTransport, EmulatorTransport

_FAILURE = "InternalError.Timeout"


class SteppedService(FaultyService):
    """A service whose tasks begin and end by steps, and also by its settings."""

    def begin(self, task_id: str) -> bool:
        """Start a waiting task now; return False if it is not waiting."""
        job = self._running_job(task_id)
        if job is None or job.scheduled <= self.clock.wall():
            return False
        now = self.clock.wall()
        self._put(job._replace(scheduled=now, ended=now + self.settings.working))
        return True

    def end(self, task_id: str, how: str) -> bool:
        """End a task now.

        Args:
            task_id: The task.
            how: A name of `steps.ENDS`: succeeded, failed, partial or forgotten.

        Returns:
            False if it had ended before.
        """
        if how == "forgotten":
            is_known = self._take_snapshot(task_id)
            self.store.jobs.drop(task_id)
            return is_known
        job = self._running_job(task_id)
        if job is None or not self.complete_task(task_id, _FAILURE if how == "failed" else None):
            return False
        if how == "partial":
            ended = self.store.jobs.get(task_id)
            assert ended is not None  # it was completed just now
            outcome = decide_outcome(job.spec, Fault("partial"), self._context.vendor)
            self._put(ended._replace(outcome=outcome))
        return True

    def links_expire_at(self, task_id: str) -> float | None:
        """Return when the links of a task expire, seconds since 1970; None if it has none."""
        job = self.store.jobs.get(task_id)
        has_links = job and job.image_count() and job.ended != NEVER
        return job.links_expire_at(self.lifecycle) if job and has_links else None

    def expires_at(self, task_id: str) -> float | None:
        """Return when a task expires, seconds since 1970; None if the service does not know it."""
        job = self.store.jobs.get(task_id)
        return job.submitted + self.lifecycle.task_lifetime if job else None

    def _running_job(self, task_id: str) -> Job | None:
        job, now = self.store.jobs.get(task_id), self.clock.wall()
        is_running = job and job.ended > now and not job.is_expired(self.lifecycle, now)
        return job if is_running else None

    def _put(self, job: Job) -> None:
        self.store.jobs.put(job.id, job)
        self._context.ledger.schedule_end(job)


class RespxNetwork:
    """One respx router for all sessions, so that the clients run on httpx itself without patching it."""

    def __init__(self) -> None:
        """Create a router that answers nothing yet."""
        self._router = respx.Router(assert_all_called=False, assert_all_mocked=False)
        self._router.route().mock(side_effect=self._respond)
        self._transport: EmulatorTransport | AsyncEmulatorTransport | None = None

    def create_client(
        self, name: str, service: Emulator, clock: SimulatedClock, loop: SimulatedEventLoop, journal: Path
    ) -> WanAdapter:
        """Create a client, and direct the network to its service.

        Args:
            name: `sync` or `async`.
            service: The service that answers from now on.
            clock: The time of client and service.
            loop: Runs the asynchronous client.
            journal: The journal; pictures are saved in its folder.
        """
        self._router.reset()
        http_client: httpx.Client | httpx.AsyncClient
        if name == "sync":
            self._transport = EmulatorTransport(service, clock.sleep)
            http_client = httpx.Client(transport=httpx.MockTransport(self._router.handler), trust_env=False)
        else:
            self._transport = AsyncEmulatorTransport(service, clock.sleep_async)
            http_client = httpx.AsyncClient(
                transport=httpx.MockTransport(self._router.async_handler), trust_env=False
            )
        return create_adapter_over(http_client, name, clock, loop, journal)

    def _respond(self, request: httpx.Request) -> httpx.Response | Awaitable[httpx.Response]:
        assert self._transport is not None  # a client was created
        if isinstance(self._transport, EmulatorTransport):
            return self._transport.handle_request(request)
        return self._transport.handle_async_request(request)
