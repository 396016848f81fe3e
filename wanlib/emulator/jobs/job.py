"""An accepted job: its content (`JobSpec`), outcome (`JobOutcome`), and state at any time (`Job`).

Jobs are immutable. Nothing runs in the background: a job stores when it starts and ends, and its state is
computed on demand.
"""

from decimal import Decimal
from typing import NamedTuple

from wanlib.base.redaction import redact_text
from wanlib.conduct.record import RecordedJob
from wanlib.emulator.core.fault import Fault
from wanlib.emulator.core.vendor_errors import VendorErrors
from wanlib.emulator.jobs.lifecycle import TaskLifecycle, has_elapsed
from wanlib.emulator.jobs.state_paths import StatePath, Walk


class InputImage(NamedTuple):
    """An input image.

    Attributes:
        label: A text shown in place of the image if it cannot be drawn.
        width: In pixels; 0 if unknown.
        height: In pixels; 0 if unknown.
        format: Such as `png`; "" if unknown.
        blob_key: The key of its bytes in the blob store; "" if they are not stored.
    """

    label: str
    width: int = 0
    height: int = 0
    format: str = ""
    blob_key: str = ""


class JobSpec(NamedTuple):
    """The content of an accepted request.

    Attributes:
        model: The name in the request, fine-tuned models included.
        call: A call of `wire.yaml`.
        prompt: The text, "" for none.
        inputs: The input images.
        size: Width and height of every picture.
        picture_count: The number of pictures, or its maximum.
        is_exact_count: Whether exactly `picture_count` pictures are made.
        seeds: (seed, number) of each picture; equal pairs give the same picture.
        watermark: Whether pictures have one.
        one_choice: Whether all pictures are in one element of `choices`.
        has_texts: Whether there is text between the pictures.
        repeats_prompt: Whether results repeat the prompt.
        is_rewritten: Whether the prompt was rewritten.
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


_BREAKING = ("fail", "partial", "short", "download")  # faults that decide how a job ends
NEVER = float("inf")


class JobOutcome(NamedTuple):
    """How a job ends.

    Attributes:
        attempted: Number of pictures.
        failed: How many of them fail, counted from the last.
        code: The error code of those.
        message: Its message.
    """

    attempted: int
    failed: int = 0
    code: str = ""
    message: str = ""


class Job(NamedTuple):
    """An accepted job. Times are seconds since 1970; `ended` is `NEVER` while the end is unknown.

    Attributes:
        id: The task id.
        request_id: The id of the request that created it.
        spec: What it makes.
        outcome: How it ends, decided when it is accepted.
        endpoint: The path of the request.
        is_task: Whether it can be queried; False for synchronous calls.
        submitted: When it was accepted.
        scheduled: When it starts to run.
        ended: When it ends.
        is_canceled: Whether it was canceled before it ran.
        is_booked: Whether the ledger has its end.
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

    def status(self, lifecycle: TaskLifecycle, now: float) -> str:
        """Return its state at a time, as `task.yaml` names it."""
        beyond = round(now - getattr(self, lifecycle.task_lifetime_from), 6) - lifecycle.task_lifetime
        if beyond >= 0:
            return _state_after(lifecycle.expiry_walk, beyond)
        if self.is_canceled:
            return _state_after(lifecycle.cancel_walk, now - self.ended)
        path = self._path(lifecycle)
        if now < self.scheduled:
            return path.waiting
        if now < self.ended:
            share = (now - self.scheduled) / (self.ended - self.scheduled)
            return _state_after(path.working, share * len(path.working))
        return _state_after(path.ended, now - self.ended)

    def image_count(self) -> int:
        """Return how many pictures it has once it has ended."""
        return 0 if self.is_canceled else max(0, self.outcome.attempted - self.outcome.failed)

    def to_record(self, lifecycle: TaskLifecycle, price: Decimal) -> RecordedJob:
        """Return its entry for the record of traffic.

        Args:
            lifecycle: The states of a task.
            price: The price of one picture.
        """
        pictures = self.image_count()
        end = lifecycle.canceled if self.is_canceled else self._path(lifecycle).ended[0]
        return RecordedJob(
            self.id,
            self.is_task,
            self.spec.model,
            self.submitted,
            self.ended,
            end,
            pictures,
            self.links_expire_at(lifecycle),
            str(pictures * price) if pictures and price else "",
        )

    def is_purged(self, lifecycle: TaskLifecycle, now: float) -> bool:
        """Return True if neither the job nor its pictures can be requested any more."""
        return self.is_expired(lifecycle, now) and (
            self.ended == NEVER or self.are_links_expired(lifecycle, now)
        )

    def expires_at(self, lifecycle: TaskLifecycle) -> float:
        """Return when its id becomes unknown; `NEVER` while that is undecided."""
        since: float = getattr(self, lifecycle.task_lifetime_from)
        return since + lifecycle.task_lifetime

    def is_expired(self, lifecycle: TaskLifecycle, now: float) -> bool:
        """Return True if its id is no longer known."""
        return has_elapsed(lifecycle.task_lifetime, getattr(self, lifecycle.task_lifetime_from), now)

    def links_expire_at(self, lifecycle: TaskLifecycle) -> float:
        """Return when the links to its pictures expire; `NEVER` while that is undecided."""
        since: float = getattr(self, lifecycle.link_lifetime_from)
        return since + lifecycle.link_lifetime

    def are_links_expired(self, lifecycle: TaskLifecycle, now: float) -> bool:
        """Return True if the links to its pictures have expired."""
        return has_elapsed(lifecycle.link_lifetime, getattr(self, lifecycle.link_lifetime_from), now)

    def _path(self, lifecycle: TaskLifecycle) -> StatePath:
        paths, outcome = lifecycle.success_paths, self.outcome
        if outcome.failed:
            paths = lifecycle.partial_paths if outcome.failed < outcome.attempted else lifecycle.failure_paths
        return paths[self.spec.seeds[0][0] % len(paths)] if len(paths) > 1 else paths[0]


def _state_after(walk: Walk, steps: float) -> str:
    """Return the state of a walk after a number of steps; it stays in its last state."""
    return walk[min(int(steps), len(walk) - 1)] if len(walk) > 1 else walk[0]


def decide_outcome(spec: JobSpec, fault: Fault | None, vendor: VendorErrors, url: str = "") -> JobOutcome:
    """Decide how a job ends: all its pictures succeed, unless a fault decides otherwise.

    Args:
        spec: What it makes.
        fault: The fault of its request, or None. A partial failure leaves at least one picture.
        vendor: Codes and messages.
        url: The first input image that the service downloads, "" for none.
    """
    if fault is None or fault.kind not in _BREAKING or (fault.kind == "download" and not url):
        return JobOutcome(spec.picture_count)
    if fault.kind == "short":
        return JobOutcome(
            spec.picture_count if spec.is_exact_count else max(1, spec.picture_count - fault.count)
        )
    broken = min(fault.count, spec.picture_count - 1) if fault.kind == "partial" else spec.picture_count
    usual = vendor.download["failed"] if fault.kind == "download" else vendor.failure
    error = vendor.by_code(fault.code or usual, fault.message, redact_text(url))
    return JobOutcome(spec.picture_count, broken, *error) if broken else JobOutcome(spec.picture_count)
