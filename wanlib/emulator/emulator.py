"""The core: one request in, one answer out, no socket and no waiting."""

import logging
from collections import deque
from random import Random
from threading import Lock
from typing import NamedTuple

from wanlib.base.clock import Clock, ManualClock
from wanlib.emulator.drawing import Sheet, draw, preview
from wanlib.emulator.exchange import FAULT_HEADER, RULES_HEADER, Request, Response
from wanlib.emulator.faults import Faults, play
from wanlib.emulator.front import Front
from wanlib.emulator.ledger import Ledger
from wanlib.emulator.life import Life, read_life
from wanlib.emulator.quotas import Quotas
from wanlib.emulator.routes import Route
from wanlib.emulator.settings import Settings
from wanlib.emulator.store import Account, MemoryStore, Store
from wanlib.emulator.vendor import Vendor
from wanlib.emulator.work import Work
from wanlib.emulator.world import World
from wanlib.spec import Spec, load
from wanlib.spec.mutant import plant

_HISTORY = 200
_LOG = logging.getLogger("wanlib.emulator")


class Seen(NamedTuple):
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
    mutant: `RULE` or `RULE=WAY`: a fault that is planted in a rule, as `wanlib.spec.mutant.plant` does it.
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
            self.spec = plant(self.spec, mutant)
        self.settings = settings
        self._world = _world(self.spec, self.clock, seed, self.settings, self.store)
        self.faults = Faults(self.settings, seed)
        self.history: deque[Seen] = deque(maxlen=_HISTORY)
        self._front = Front(self._world, str(seed))
        if self.store.starts:  # what signs policies is as it was; no id may come a second time
            self._world.random.seed(f"emulator {seed} start {self.store.starts}")
        self._lock = Lock()

    def handle(self, request: Request) -> Response:
        """The answer to any request. Raises nothing."""
        with self._lock:
            try:
                with self.store.change():
                    found = self._answer(request)
            except Exception:  # a bug of ours, or a full disk; nothing of the request is kept
                _LOG.exception("a request could not be answered")
                found = self._front.refused("broken")
                self._world.ledger.await_all()
                self._note(request, None, found, "")
        return self._whole(found)

    def finish(self, task_id: str, code: str | None = None, message: str = "") -> bool:
        """Ends a task now: well, or FAILED with a code; whether there was one to end.

        message: what the failure says of itself; the wording of the code unless given.
        """
        with self._lock, self.store.change():
            failure = self._world.vendor.of_code(code, message) if code else None
            return self._front.bureau.finish(task_id, failure)

    def ledger(self) -> tuple[Account, ...]:
        """What each model has come to by now."""
        with self._lock, self.store.change():
            self._world.ledger.settle(self.clock.wall())
            return self._world.ledger.accounts()

    def works(self) -> tuple[Work, ...]:
        """All that is remembered, newest first; `work.status(emulator.life, now)` tells its state."""
        with self._lock:
            return tuple(self.store.works.newest_first())

    def picture(self, work: Work, index: int) -> bytes:
        """Picture `index` (from 0) of a work as a PNG, whatever its state. IndexError where it has none."""
        with self._lock:
            sheet = self._front.gallery.sheet(work, index)
        return draw(sheet)

    def preview(self, work: Work, index: int, width: int) -> bytes:
        """The same picture; one that is too large to be opened comes in this width."""
        with self._lock:
            sheet = self._front.gallery.sheet(work, index)
        return draw(preview(sheet, width))

    @property
    def life(self) -> Life:
        """The states and terms of `task.yaml`."""
        return self._world.life

    @property
    def vendor(self) -> Vendor:
        """What `service.yaml` says."""
        return self._world.vendor

    @property
    def spooled(self) -> tuple[int, int]:
        """Bytes of inputs that are kept: in memory, and in the temporary file."""
        return self._world.spool.used

    def close(self) -> None:
        """Gives up the temporary file, and the store."""
        self._world.spool.close()
        self.store.close()

    def _answer(self, request: Request) -> Response | Sheet:
        """Faults first; what they leave of the request is carried out."""
        self._world.ledger.settle(self.clock.wall())
        self._front.sweep()
        route = self._front.routes.find(request)
        try:
            fault = self.faults.next(request, route.call if route else "")
        except ValueError as error:
            return self._front.refused("bad_fault", detail=str(error))
        if fault is None:
            found = self._front.act(request, route, None)
        else:
            told, life = self._world.vendor, self._world.life
            found = play(
                fault,
                lambda fate: self._whole(self._front.act(request, route, fate)),
                self._front.error,
                told.error,
                life.unlisted,
                told.names,
            )
            found = found._replace(headers=(*found.headers, (FAULT_HEADER, fault.kind)))
        self._note(request, route, found, fault.kind if fault else "")
        return found

    def _whole(self, found: Response | Sheet) -> Response:
        if isinstance(found, Response):
            return found
        try:
            return self._front.drawn(found)
        except Exception:
            _LOG.exception("a picture could not be drawn")
            return self._front.refused("broken")

    def _note(self, request: Request, route: Route | None, found: Response | Sheet, fault: str) -> None:
        status, rules, request_id = 200, "", ""
        if isinstance(found, Response):
            headers = dict(found.headers)
            status, rules = found.status, headers.get(RULES_HEADER, "")
            request_id = headers.get(self._world.vendor.id_header, "")
        path = request.target.partition("?")[0][:200]
        call = route.call if route else ""
        number = self.history[-1].number + 1 if self.history else 1
        self.history.append(
            Seen(self.clock.wall(), call, request.method, path, status, rules, fault, request_id, number)
        )


def _world(spec: Spec, clock: Clock, seed: int, settings: Settings, store: Store) -> World:
    region = settings.region or spec.wire["default_region"]
    if region not in spec.wire["regions"]:
        raise ValueError(f"no region {region[:80]!r}, expected one of {', '.join(spec.wire['regions'])}")
    for of in settings.keys.values():
        if of not in spec.wire["regions"]:
            raise ValueError(
                f"a key is of the region {of[:80]!r}, expected one of {', '.join(spec.wire['regions'])}"
            )
    return World(
        spec=spec,
        settings=settings,
        clock=clock,
        vendor=Vendor(spec),
        store=store,
        spool=store.pieces(settings.spool_cap, settings.memory_cap),
        life=read_life(spec.task),
        ledger=Ledger(spec, region, store),
        quotas=_quotas(spec, clock, store) if settings.quotas else None,
        random=Random(f"emulator {seed}"),
        region=region,
    )


def _quotas(spec: Spec, clock: Clock, store: Store) -> Quotas:
    """With the tasks of an earlier process that still run."""
    quotas = Quotas(spec)
    for work in store.works.newest_first():
        if work.task and work.ended > clock.wall():
            quotas.resume(work.order.model, work.ended)
    return quotas
