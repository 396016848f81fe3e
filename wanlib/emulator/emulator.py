"""The core: one request in, one answer out, no socket and no waiting."""

import logging
from collections import deque
from random import Random
from threading import Lock
from typing import NamedTuple

from wanlib.base.clock import Clock, ManualClock
from wanlib.emulator.api.router import Router
from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.fault_injection import FaultInjector, apply_fault
from wanlib.emulator.core.http_messages import FAULT_HEADER, RULES_HEADER, Request, Response
from wanlib.emulator.core.routes import Route
from wanlib.emulator.core.settings import Settings
from wanlib.emulator.core.vendor_errors import VendorErrors
from wanlib.emulator.jobs.job import Job
from wanlib.emulator.jobs.lifecycle import TaskLifecycle, lifecycle_from_spec
from wanlib.emulator.jobs.rendering import RenderSpec, preview, render_png
from wanlib.emulator.storage.ledger import Ledger
from wanlib.emulator.storage.rate_limits import RateLimits
from wanlib.emulator.storage.store import Account, MemoryStore, Store
from wanlib.spec import Spec, load
from wanlib.spec.mutations import mutate_spec

_HISTORY = 200
_LOG = logging.getLogger("wanlib.emulator")


class RecordedRequest(NamedTuple):
    """A request of the past.

    at: seconds since 1970. call: of wire.yaml, "" for none. path: without its query. rules: as in the
    header `x-wan-rules`. fault: the kind that it met, "" for none. number: from 1, in the order of answers.
    """

    at: float
    call: str
    method: str
    path: str
    status: int
    rules: str
    fault: str
    request_id: str
    number: int


class Emulator:
    """The service on this machine, played from a Spec. Safe to be used by several threads.

    Answers name every rule that a request breaks in `x-wan-rules`; a request asks for a fault in
    `x-wan-fault`, a test puts several in line with `faults.script`.

    spec: the packaged one unless given. clock: None means a `ManualClock` that starts
    now; hand the same one to `Wan`. seed: the same requests in the same order at the same times get the same
    answers to the byte. store: what it remembers, in memory unless given.
    mutant: `RULE` or `RULE=WAY`: a fault that is planted in a rule, as `wanlib.spec.mutations.plant` does it.
    ValueError for a region that the spec has not, or a fault that can't be planted. The emulator owns the
    store: it closes it in `close()`, and when it cannot start.
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
        self.history: deque[RecordedRequest] = deque(maxlen=_HISTORY)
        self._router = Router(self._context, str(seed))
        if self.store.start_count:  # what signs policies is as it was; no id may come a second time
            self._context.random.seed(f"emulator {seed} start {self.store.start_count}")
        self._lock = Lock()

    def handle(self, request: Request) -> Response:
        """The answer to any request. Raises nothing."""
        with self._lock:
            try:
                with self.store.transaction():
                    found = self._respond(request)
            except Exception:  # a bug of ours, or a full disk; nothing of the request is kept
                _LOG.exception("a request could not be answered")
                found = self._router.refusal_response("broken")
                self._context.ledger.schedule_all()
                self._record(request, None, found, "")
        return self._render(found)

    def complete_task(self, task_id: str, error_code: str | None = None, message: str = "") -> bool:
        """Ends a task now: well, or FAILED with a code; whether there was one to end.

        message: what the failure says of itself; the wording of the code unless given.
        """
        with self._lock, self.store.transaction():
            failure = self._context.vendor.by_code(error_code, message) if error_code else None
            return self._router.tasks.finish(task_id, failure)

    def ledger(self) -> tuple[Account, ...]:
        """What each model has come to by now."""
        with self._lock, self.store.transaction():
            self._context.ledger.record_finished(self.clock.wall())
            return self._context.ledger.accounts()

    def jobs(self) -> tuple[Job, ...]:
        """All that is remembered, newest first; `job.status(emulator.life, now)` tells its state."""
        with self._lock:
            return tuple(self.store.jobs.newest_first())

    def picture(self, job: Job, index: int) -> bytes:
        """Picture `index` (from 0) of a job as a PNG, whatever its state. IndexError where it has none."""
        with self._lock:
            sheet = self._router.results.render_spec(job, index)
        return render_png(sheet)

    def preview(self, job: Job, index: int, width: int) -> bytes:
        """The same picture; one that is too large to be opened comes in this width."""
        with self._lock:
            sheet = self._router.results.render_spec(job, index)
        return render_png(preview(sheet, width))

    @property
    def lifecycle(self) -> TaskLifecycle:
        """The states and terms of `task.yaml`."""
        return self._context.lifecycle

    @property
    def vendor(self) -> VendorErrors:
        """What `service.yaml` says."""
        return self._context.vendor

    @property
    def stored_bytes(self) -> tuple[int, int]:
        """Bytes of inputs that are kept: in memory, and in the temporary file."""
        return self._context.blobs.used

    def close(self) -> None:
        """Gives up the temporary file, and the store."""
        self._context.blobs.close()
        self.store.close()

    def _respond(self, request: Request) -> Response | RenderSpec:
        """Faults first; what they leave of the request is carried out."""
        self._context.ledger.record_finished(self.clock.wall())
        self._router.purge_expired()
        route = self._router.routes.find(request)
        try:
            fault = self.faults.next_fault(request, route.call if route else "")
        except ValueError as error:
            return self._router.refusal_response("bad_fault", detail=str(error))
        if fault is None:
            found = self._router.dispatch(request, route, None)
        else:
            told, life = self._context.vendor, self._context.lifecycle
            found = apply_fault(
                fault,
                lambda outcome: self._render(self._router.dispatch(request, route, outcome)),
                self._router.error_response,
                told.error,
                life.unlisted,
                told.names,
            )
            found = found._replace(headers=(*found.headers, (FAULT_HEADER, fault.kind)))
        self._record(request, route, found, fault.kind if fault else "")
        return found

    def _render(self, found: Response | RenderSpec) -> Response:
        if isinstance(found, Response):
            return found
        try:
            return self._router.render_response(found)
        except Exception:
            _LOG.exception("a picture could not be drawn")
            return self._router.refusal_response("broken")

    def _record(
        self, request: Request, route: Route | None, found: Response | RenderSpec, fault: str
    ) -> None:
        status, rules, request_id = 200, "", ""
        if isinstance(found, Response):
            headers = dict(found.headers)
            status, rules = found.status, headers.get(RULES_HEADER, "")
            request_id = headers.get(self._context.vendor.id_header, "")
        path = request.target.partition("?")[0][:200]
        call = route.call if route else ""
        number = self.history[-1].number + 1 if self.history else 1
        self.history.append(
            RecordedRequest(
                self.clock.wall(), call, request.method, path, status, rules, fault, request_id, number
            )
        )


def _create_context(spec: Spec, clock: Clock, seed: int, settings: Settings, store: Store) -> EmulatorContext:
    region = settings.region or spec.wire["default_region"]
    if region not in spec.wire["regions"]:
        raise ValueError(f"no region {region[:80]!r}, expected one of {', '.join(spec.wire['regions'])}")
    for of in settings.keys.values():
        if of not in spec.wire["regions"]:
            raise ValueError(
                f"a key is of the region {of[:80]!r}, expected one of {', '.join(spec.wire['regions'])}"
            )
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
        random=Random(f"emulator {seed}"),
        region=region,
    )


def _create_rate_limits(spec: Spec, clock: Clock, store: Store) -> RateLimits:
    """With the tasks of an earlier process that still run."""
    quotas = RateLimits(spec)
    for job in store.jobs.newest_first():
        if job.is_task and job.ended > clock.wall():
            quotas.restore_slot(job.spec.model, job.ended)
    return quotas
