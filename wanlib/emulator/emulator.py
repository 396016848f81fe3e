"""`Emulator`: one request in, one response out, without a socket and without waiting.

A request passes through `handle`: expired jobs are dropped, a fault is chosen, the router handles it, and the
request is recorded in `history`. Everything that a request changes is one transaction of the store.
"""

import logging
from collections import deque
from email.utils import formatdate
from random import Random
from threading import Lock

from wanlib.base.clock import Clock, ManualClock
from wanlib.conduct.record import RecordedExchange, Recorder, TrafficRecord
from wanlib.emulator.api.results import select_range
from wanlib.emulator.api.router import Router
from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.fault import Fault
from wanlib.emulator.core.fault_injection import FaultContext, FaultInjector, apply_fault
from wanlib.emulator.core.http_messages import FAULT_HEADER, Request, Response
from wanlib.emulator.core.routes import Route
from wanlib.emulator.core.settings import Settings
from wanlib.emulator.core.vendor_errors import VendorErrors
from wanlib.emulator.jobs.job import Job
from wanlib.emulator.jobs.lifecycle import TaskLifecycle, lifecycle_from_spec
from wanlib.emulator.jobs.rendering import RenderSpec, preview, render_png
from wanlib.emulator.recording import KeyHeader, recorded_exchange
from wanlib.emulator.storage.ledger import Ledger
from wanlib.emulator.storage.rate_limits import RateLimits
from wanlib.emulator.storage.store import Account, MemoryStore, Store
from wanlib.spec import Spec, load
from wanlib.spec.mutations import mutate_spec

_LOG = logging.getLogger("wanlib.emulator")


class Emulator:
    """The service on this machine. Safe for use by several threads.

    Responses list every rule that a request violates in `x-wan-rules`. A request asks for a fault in
    `x-wan-fault`; a test queues several with `faults.queue`.

    Attributes:
        spec: The rules and tables.
        clock: The clock that was passed in, or the one that was created.
        store: The storage of its jobs, pictures and uploads.
        settings: Its behavior in everything that the sources leave open.
        faults: Chooses the fault of each request.
    """

    def __init__(
        self,
        spec: Spec | None = None,
        *,
        clock: Clock | None = None,
        seed: int = 0,
        settings: Settings | None = None,
        store: Store | None = None,
        mutant: str = "",
    ) -> None:
        """Start the emulator. It owns the store: it closes it in `close()`, and when it cannot start.

        Args:
            spec: The rules; None means the packaged ones.
            clock: Pass the same one to `Wan`. None means a `ManualClock` that starts now.
            seed: The same requests in the same order at the same times get the same responses, byte for
                byte.
            settings: None means the defaults.
            store: The storage of its jobs, pictures and uploads; None means in memory.
            mutant: `RULE` or `RULE=WAY`: a fault injected into a rule, as by `wanlib.spec.mutations`; ""
                for none.

        Raises:
            ValueError: The spec has no such region, or the mutant cannot be injected.
        """
        self.spec, self.clock, self.store = spec or load(), clock or ManualClock(), store or MemoryStore()
        try:
            self._start(seed, settings or Settings(), mutant)
        except BaseException:
            self.store.close()
            raise

    def _start(self, seed: int, settings: Settings, mutant: str) -> None:
        if mutant:
            self.spec = mutate_spec(self.spec, mutant)
        self.settings = settings
        self._context = _create_context(self.spec, self.clock, seed, self.settings, self.store)
        self.faults = FaultInjector(self.settings, seed)
        self._router = Router(self._context, str(seed))
        self._key_header = KeyHeader(self.spec)
        if (
            self.store.start_count
        ):  # ids must differ from those of earlier starts; the secret of policies must not
            self._context.random.seed(f"emulator {seed} start {self.store.start_count}")
        self._date = 0, formatdate(0, usegmt=True)  # the last one: it is the same for a second
        self._lock = Lock()

    def handle(self, request: Request) -> Response:
        """Return the response to a request. Never raises."""
        with self._lock:
            try:
                with self.store.transaction():
                    result = self._respond(request)
            except Exception:  # a bug of the emulator, or a full disk: the transaction is rolled back
                _LOG.exception("internal error while handling a request")
                result = self._router.refusal_response("broken")
                self._context.ledger.schedule_all()
                self._context.recorder.discard()
                self._record(request, None, result, None)
        return self._dated(select_range(self._render(result), request))

    def complete_task(self, task_id: str, error_code: str | None = None, message: str = "") -> bool:
        """End a task now.

        Args:
            task_id: The task.
            error_code: Ends it as failed with this code; None ends it as succeeded.
            message: The message of the failure; "" for the usual one of the code.

        Returns:
            False if the task does not exist, or it has ended already.
        """
        with self._lock, self.store.transaction():
            failure = self._context.vendor.by_code(error_code, message) if error_code else None
            return self._router.tasks.finish(task_id, failure)

    def ledger(self) -> tuple[Account, ...]:
        """Return the counts of accepted, produced and billed pictures so far, by model."""
        with self._lock, self.store.transaction():
            self._context.ledger.record_finished(self.clock.wall())
            return self._context.ledger.accounts()

    def jobs(self) -> tuple[Job, ...]:
        """Return all jobs, newest first. `job.status(emulator.lifecycle, now)` is the state of one."""
        with self._lock:
            return tuple(self.store.jobs.newest_first())

    def picture(self, job: Job, index: int) -> bytes:
        """Render a picture of a job, in any state.

        Args:
            job: The job.
            index: Number of the picture, from 0.

        Returns:
            A PNG.

        Raises:
            IndexError: The job has no such picture.
        """
        with self._lock:
            spec = self._router.results.render_spec(job, index)
        return render_png(spec)

    def preview(self, job: Job, index: int, width: int) -> bytes:
        """Render a picture of a job; one that is too large to be opened is `width` pixels wide.

        Args:
            job: The job.
            index: Number of the picture, from 0.
            width: In pixels.

        Raises:
            IndexError: The job has no such picture.
        """
        with self._lock:
            spec = self._router.results.render_spec(job, index)
        return render_png(preview(spec, width))

    @property
    def history(self) -> deque[RecordedExchange]:
        """The last requests, oldest first."""
        return self._context.recorder.exchanges

    def record(self, *, is_over: bool = True) -> TrafficRecord:
        """Return the record of the clients' requests, for `wanlib.conduct.judge`.

        Args:
            is_over: Whether the clients have ended: actions that are missing by then count as omitted.
        """
        with self._lock:
            return self._context.recorder.record(self.clock.wall(), is_over=is_over)

    def lose_response(self, response: Response) -> None:
        """Note that the client left before it received this response."""
        if request_id := response.header(self._context.vendor.id_header):
            with self._lock:
                self._context.recorder.lose(request_id)

    @property
    def lifecycle(self) -> TaskLifecycle:
        """States and lifetimes of a task, from `task.yaml`."""
        return self._context.lifecycle

    @property
    def vendor(self) -> VendorErrors:
        """Error codes, messages and names, from `service.yaml`."""
        return self._context.vendor

    @property
    def stored_bytes(self) -> tuple[int, int]:
        """Bytes of stored input images: in memory, and on disk."""
        return self._context.blobs.used

    def close(self) -> None:
        """Release the stored images and close the store."""
        self._context.blobs.close()
        self.store.close()

    def _respond(self, request: Request) -> Response | RenderSpec:
        """Handle a request, under its fault if it has one."""
        self._context.ledger.record_finished(self.clock.wall())
        self._router.purge_expired()
        route = self._router.routes.find(request)
        try:
            fault = self.faults.next_fault(request, route.call if route else "")
        except ValueError as error:
            return self._router.refusal_response("bad_fault", detail=str(error))
        if fault is None:
            result = self._router.dispatch(request, route, None)
        else:
            result = apply_fault(
                fault,
                lambda outcome: select_range(
                    self._render(self._router.dispatch(request, route, outcome)), request
                ),
                self._fault_context(is_create=bool(route and route.create_calls)),
            )
            result = result._replace(headers=(*result.headers, (FAULT_HEADER, fault.kind)))
        self._record(request, route, result, fault)
        return result

    def _dated(self, response: Response) -> Response:
        """Add the Date of a response (RFC 9110, section 6.6.1), by the clock of the emulator."""
        last, second = self._date, int(self.clock.wall())
        if second != last[0]:
            self._date = last = second, formatdate(second, usegmt=True)
        return response._replace(headers=(*response.headers, ("date", last[1])))

    def _fault_context(self, *, is_create: bool) -> FaultContext:
        vendor, lifecycle = self._context.vendor, self._context.lifecycle
        return FaultContext(
            self._router.error_response,
            vendor.error,
            lifecycle.unlisted,
            lifecycle.failed,
            vendor.names,
            is_create,
            next((job.id for job in self.store.jobs.newest_first() if job.is_task), ""),
        )

    def _render(self, result: Response | RenderSpec) -> Response:
        if isinstance(result, Response):
            return result
        try:
            return self._router.render_response(result)
        except Exception:
            _LOG.exception("internal error while rendering a picture")
            return self._router.refusal_response("broken")

    def _record(
        self,
        request: Request,
        route: Route | None,
        result: Response | RenderSpec,
        fault: Fault | None,
    ) -> None:
        context = self._context
        context.recorder.add(recorded_exchange(context, self._key_header, request, route, result, fault))


def _create_context(spec: Spec, clock: Clock, seed: int, settings: Settings, store: Store) -> EmulatorContext:
    region = settings.region or spec.wire["default_region"]
    regions = ", ".join(spec.wire["regions"])
    if region not in spec.wire["regions"]:
        raise ValueError(f"unknown region {region[:80]!r}, expected one of {regions}")
    for key_region in settings.keys.values():
        if key_region not in spec.wire["regions"]:
            raise ValueError(f"a key has the unknown region {key_region[:80]!r}, expected one of {regions}")
    return EmulatorContext(
        spec=spec,
        settings=settings,
        clock=clock,
        vendor=VendorErrors(spec),
        store=store,
        blobs=store.create_blob_store(settings.spool_cap, settings.memory_cap),
        lifecycle=lifecycle_from_spec(spec.task),
        ledger=Ledger(spec, region, store),
        rate_limits=_create_rate_limits(spec, clock, store) if settings.quotas else None,
        recorder=Recorder(settings.max_recorded, settings.max_recorded),
        random=Random(f"emulator {seed}"),
        region=region,
    )


def _create_rate_limits(spec: Spec, clock: Clock, store: Store) -> RateLimits:
    """Create rate limits that count the unfinished tasks of an earlier process."""
    quotas = RateLimits(spec)
    for job in store.jobs.newest_first():
        if job.is_task and job.ended > clock.wall():
            quotas.restore_slot(job.spec.model, job.ended)
    return quotas
