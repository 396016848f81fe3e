"""What a request asks for, once it is accepted: all that is needed to make its pictures."""

from typing import NamedTuple

from wanlib.base.redaction import redact_text
from wanlib.emulator.core.fault import JOB_FAULTS, Fault
from wanlib.emulator.core.vendor_errors import VendorErrors
from wanlib.emulator.jobs.lifecycle import TaskLifecycle, has_elapsed
from wanlib.emulator.jobs.state_paths import StatePath, Walk


class InputImage(NamedTuple):
    """An input image.

    width, height: 0 where nobody saw it. piece: its bytes in the blobs, "" where there are none.
    """

    label: str
    width: int = 0
    height: int = 0
    format: str = ""
    blob_key: str = ""


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
    picture_count: int
    is_exact_count: bool
    seeds: tuple[tuple[int, int], ...]
    watermark: bool
    one_choice: bool
    has_texts: bool
    repeats_prompt: bool
    is_rewritten: bool


NEVER = float("inf")


class JobOutcome(NamedTuple):
    """How job ends. tried: pictures in all. broken: how many of them, from the last, fail, and why."""

    attempted: int
    failed: int = 0
    code: str = ""
    message: str = ""


class Job(NamedTuple):
    """Times in seconds since 1970; `ended` is NEVER until the end is known.

    task: whether there is an id to ask for. endpoint: the path that it came to. canceled: it never ran,
    and ended then. booked: the ledger has its end.
    """

    id: str
    request_id: str
    spec: JobSpec
    outcome: JobOutcome
    endpoint: str
    is_task: bool
    submitted: float
    scheduled: float
    ended: float
    is_canceled: bool = False
    is_booked: bool = False

    def status(self, life: TaskLifecycle, now: float) -> str:
        """Its state at a time, by the words of task.yaml."""
        beyond = round(now - getattr(self, life.task_lifetime_from), 6) - life.task_lifetime
        if beyond >= 0:
            return _state_after(life.expiry_walk, beyond)
        if self.is_canceled:
            return _state_after(life.cancel_walk, now - self.ended)
        road = self._path(life)
        if now < self.scheduled:
            return road.waiting
        if now < self.ended:
            part = (now - self.scheduled) / (self.ended - self.scheduled)
            return _state_after(road.working, part * len(road.working))
        return _state_after(road.ended, now - self.ended)

    def image_count(self) -> int:
        """The pictures that it yields once it has ended."""
        return 0 if self.is_canceled else max(0, self.outcome.attempted - self.outcome.failed)

    def is_purged(self, life: TaskLifecycle, now: float) -> bool:
        """Whether nothing about it can be asked any more."""
        return self.is_expired(life, now) and (self.ended == NEVER or self.are_links_expired(life, now))

    def expires_at(self, life: TaskLifecycle) -> float:
        """From when on the service knows it no more; NEVER until that is known."""
        since: float = getattr(self, life.task_lifetime_from)
        return since + life.task_lifetime

    def is_expired(self, life: TaskLifecycle, now: float) -> bool:
        """Whether the service knows it no more."""
        return has_elapsed(life.task_lifetime, getattr(self, life.task_lifetime_from), now)

    def links_expire_at(self, life: TaskLifecycle) -> float:
        """When the links to its pictures die; NEVER until that is known."""
        since: float = getattr(self, life.link_lifetime_from)
        return since + life.link_lifetime

    def are_links_expired(self, life: TaskLifecycle, now: float) -> bool:
        """Whether the links to its pictures are dead."""
        return has_elapsed(life.link_lifetime, getattr(self, life.link_lifetime_from), now)

    def _path(self, life: TaskLifecycle) -> StatePath:
        roads, outcome = life.success_paths, self.outcome
        if outcome.failed:
            roads = life.partial_paths if outcome.failed < outcome.attempted else life.failure_paths
        return roads[self.spec.seeds[0][0] % len(roads)] if len(roads) > 1 else roads[0]


def _state_after(walk: Walk, steps: float) -> str:
    """Where a walk has come to after so many steps; it stays at its last state."""
    return walk[min(int(steps), len(walk) - 1)] if len(walk) > 1 else walk[0]


def decide_outcome(order: JobSpec, fault: Fault | None, vendor: VendorErrors, url: str = "") -> JobOutcome:
    """All its pictures, unless a fault says otherwise; of a partial failure at least one picture is left.

    url: of the first input image that the service downloads, "" where there is none.
    """
    if fault is None or fault.kind not in JOB_FAULTS or (fault.kind == "download" and not url):
        return JobOutcome(order.picture_count)
    if fault.kind == "short":
        return JobOutcome(
            order.picture_count if order.is_exact_count else max(1, order.picture_count - fault.count)
        )
    broken = min(fault.count, order.picture_count - 1) if fault.kind == "partial" else order.picture_count
    usual = vendor.download["failed"] if fault.kind == "download" else vendor.failure
    told = vendor.by_code(fault.code or usual, fault.message, redact_text(url))
    return JobOutcome(order.picture_count, broken, *told) if broken else JobOutcome(order.picture_count)
