"""What a request asks for, once it is accepted: all that is needed to make its pictures."""

from typing import NamedTuple

from wanlib.base.redaction import redact_text
from wanlib.emulator.core.fault import FATES, Fault
from wanlib.emulator.core.vendor_errors import VendorErrors
from wanlib.emulator.jobs.lifecycle import TaskLifecycle, has_elapsed
from wanlib.emulator.jobs.state_paths import StatePath, Walk


class InputImage(NamedTuple):
    """An input image.

    width, height: 0 where nobody saw it. piece: its bytes in the spool, "" where there are none.
    """

    label: str
    width: int = 0
    height: int = 0
    format: str = ""
    piece: str = ""


class JobSpec(NamedTuple):
    """size: of every picture. pictures: how many at most; exact: whether so many are made.

    seeds: of each picture (seed, index), the same for the same picture. one_choice: whether all stand in
    one choice. texts: whether text stands between them. told: whether results repeat the prompt;
    extended: whether it was rewritten.
    """

    model: str
    call: str
    prompt: str
    inputs: tuple[InputImage, ...]
    size: tuple[int, int]
    pictures: int
    exact: bool
    seeds: tuple[tuple[int, int], ...]
    watermark: bool
    one_choice: bool
    texts: bool
    told: bool
    extended: bool


NEVER = float("inf")


class Outcome(NamedTuple):
    """How work ends. tried: pictures in all. broken: how many of them, from the last, fail, and why."""

    tried: int
    broken: int = 0
    code: str = ""
    message: str = ""


class Job(NamedTuple):
    """Times in seconds since 1970; `ended` is NEVER until the end is known.

    task: whether there is an id to ask for. endpoint: the path that it came to. canceled: it never ran,
    and ended then. booked: the ledger has its end.
    """

    id: str
    request_id: str
    order: JobSpec
    fate: Outcome
    endpoint: str
    task: bool
    submitted: float
    scheduled: float
    ended: float
    canceled: bool = False
    booked: bool = False

    def status(self, life: TaskLifecycle, now: float) -> str:
        """Its state at a time, by the words of task.yaml."""
        beyond = round(now - getattr(self, life.expires_since), 6) - life.expires
        if beyond >= 0:
            return _state_after(life.expired, beyond)
        if self.canceled:
            return _state_after(life.canceling, now - self.ended)
        road = self._path(life)
        if now < self.scheduled:
            return road.first
        if now < self.ended:
            part = (now - self.scheduled) / (self.ended - self.scheduled)
            return _state_after(road.between, part * len(road.between))
        return _state_after(road.on, now - self.ended)

    def image_count(self) -> int:
        """The pictures that it yields once it has ended."""
        return 0 if self.canceled else max(0, self.fate.tried - self.fate.broken)

    def is_purged(self, life: TaskLifecycle, now: float) -> bool:
        """Whether nothing about it can be asked any more."""
        return self.expired(life, now) and (self.ended == NEVER or self.are_links_expired(life, now))

    def expires_at(self, life: TaskLifecycle) -> float:
        """From when on the service knows it no more; NEVER until that is known."""
        since: float = getattr(self, life.expires_since)
        return since + life.expires

    def expired(self, life: TaskLifecycle, now: float) -> bool:
        """Whether the service knows it no more."""
        return has_elapsed(life.expires, getattr(self, life.expires_since), now)

    def links_expire_at(self, life: TaskLifecycle) -> float:
        """When the links to its pictures die; NEVER until that is known."""
        since: float = getattr(self, life.links_since)
        return since + life.links

    def are_links_expired(self, life: TaskLifecycle, now: float) -> bool:
        """Whether the links to its pictures are dead."""
        return has_elapsed(life.links, getattr(self, life.links_since), now)

    def _path(self, life: TaskLifecycle) -> StatePath:
        roads, fate = life.succeeding, self.fate
        if fate.broken:
            roads = life.partly if fate.broken < fate.tried else life.failing
        return roads[self.order.seeds[0][0] % len(roads)] if len(roads) > 1 else roads[0]


def _state_after(walk: Walk, steps: float) -> str:
    """Where a walk has come to after so many steps; it stays at its last state."""
    return walk[min(int(steps), len(walk) - 1)] if len(walk) > 1 else walk[0]


def decide_outcome(order: JobSpec, fault: Fault | None, vendor: VendorErrors, url: str = "") -> Outcome:
    """All its pictures, unless a fault says otherwise; of a partial failure at least one picture is left.

    url: of the first input image that the service downloads, "" where there is none.
    """
    if fault is None or fault.kind not in FATES or (fault.kind == "download" and not url):
        return Outcome(order.pictures)
    if fault.kind == "short":
        return Outcome(order.pictures if order.exact else max(1, order.pictures - fault.count))
    broken = min(fault.count, order.pictures - 1) if fault.kind == "partial" else order.pictures
    usual = vendor.download["failed"] if fault.kind == "download" else vendor.failure
    told = vendor.by_code(fault.code or usual, fault.message, redact_text(url))
    return Outcome(order.pictures, broken, *told) if broken else Outcome(order.pictures)
