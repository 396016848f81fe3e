"""The reports of a batch: the outcome of each job, the progress, and the summary."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict

from wanlib.client.journal.entry import Entry
from wanlib.client.protocol.budget import Price
from wanlib.client.results.result import Result
from wanlib.errors import WanError

JobState = Literal["saved", "skipped", "failed", "uncertain"]
_SHOWN_LABELS = 5


class BatchOutcome(NamedTuple):
    """The outcome of one job.

    Attributes:
        number: The position of the job, from 1.
        label: The name of the job.
        state: `saved`: its pictures are on disk. `skipped`: an earlier run has saved them. `failed`: there
            are no pictures, or they could not be saved. `uncertain`: it may have been accepted, but its
            task is not known.
        paths: The files of its pictures, including those that an earlier run has saved.
        spent: The price of its pictures, saved or not; None if no price is documented, if there are no
            pictures, or if an earlier run has counted it.
        error: Why it failed or is uncertain; None otherwise.
        missing: The number of requested pictures that are missing; the job is not resent.
        changes: A description of each change that made an image fit.
    """

    number: int
    label: str
    state: JobState
    paths: Sequence[Path] = ()
    spent: Price | None = None
    error: WanError | None = None
    missing: int = 0
    changes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        return {
            "number": self.number,
            "label": self.label,
            "state": self.state,
            "files": [str(path) for path in self.paths],
            "spent": self.spent.to_dict() if self.spent else None,
            "error": self.error.to_dict() if self.error else None,
            "missing": self.missing,
            "changes": [*self.changes],
        }


class BatchProgress(NamedTuple):
    """The progress of a batch.

    Attributes:
        total: The number of jobs.
        ended: The number of jobs with an outcome.
        skipped: How many of them an earlier run has saved.
        failed: How many of them failed or are uncertain.
        running: The number of jobs in flight.
        spent: The price of the pictures that this run received, in the currency of the prices.
        elapsed: Seconds since this run began.
        remaining: Estimated seconds until the end, at the rate of this run; None before its first outcome.
        problem: Why the service refused the latest call, which is sent again, or could not be reached; None
            after a call that it accepted.
    """

    total: int
    ended: int
    skipped: int
    failed: int
    running: int
    spent: Decimal
    elapsed: float
    remaining: float | None
    problem: WanError | None

    @property
    def per_minute(self) -> float:
        """Outcomes per minute in this run."""
        return 60 * (self.ended - self.skipped) / self.elapsed if self.elapsed else 0.0


@dataclass(slots=True)
class FailureGroup:
    """Failed jobs with the same cause.

    Attributes:
        cause: The class of the error, and the service's code if there is one.
        example: The first message.
        count: The number of jobs.
        labels: The names of the first few.
    """

    cause: str
    example: str
    count: int = 0
    labels: list[str] = field(default_factory=list)

    def add(self, label: str) -> None:
        """Count a job."""
        self.count += 1
        if len(self.labels) < _SHOWN_LABELS:
            self.labels.append(label)


@dataclass(slots=True)
class BatchSummary:
    """The outcome of a batch.

    Attributes:
        total: The number of jobs.
        saved: Jobs whose pictures this run has saved.
        skipped: Jobs whose pictures an earlier run has saved.
        failed: Jobs that failed.
        uncertain: Jobs that may have been accepted, but whose task is not known.
        incomplete: Jobs saved, now or earlier, with fewer pictures than requested.
        spent: The price of the pictures that this run received.
        currency: The currency of the prices.
        groups: The failed and uncertain jobs by cause, the most frequent first.
        stopped: Why the batch stopped early, such as a wrong key; None if all jobs were started.
    """

    total: int
    currency: str
    saved: int = 0
    skipped: int = 0
    failed: int = 0
    uncertain: int = 0
    incomplete: int = 0
    spent: Decimal = Decimal(0)
    groups: list[FailureGroup] = field(default_factory=list)
    stopped: WanError | None = None

    @property
    def ended(self) -> int:
        """The number of jobs with an outcome."""
        return self.saved + self.skipped + self.failed + self.uncertain

    @property
    def is_complete(self) -> bool:
        """Whether all requested pictures of every job are on disk."""
        return self.saved + self.skipped == self.total and not self.incomplete

    def add(self, outcome: BatchOutcome) -> None:
        """Count an outcome."""
        setattr(self, outcome.state, getattr(self, outcome.state) + 1)
        self.incomplete += outcome.missing > 0
        if outcome.spent is not None:
            self.spent += outcome.spent.amount
        if outcome.error is None:
            return
        cause = type(outcome.error).__name__ + (f" {outcome.error.code}" if outcome.error.code else "")
        group = next((group for group in self.groups if group.cause == cause), None)
        if group is None:
            group = FailureGroup(cause, str(outcome.error.message))
            self.groups.append(group)
        group.add(outcome.label)
        self.groups.sort(key=lambda group: -group.count)


def spending(result: Result | None, entry: Entry | None) -> Price | None:
    """Return the price of the pictures of a job, unless an earlier run has counted it.

    Args:
        result: The result of the job; None if there is none.
        entry: Its call in the journal before this run; None if there was none.
    """
    was_counted = entry is not None and entry.state == "unsaved"  # that run has seen the end of the task
    return result.spent if result is not None and not was_counted else None


OutcomeCallback = Callable[[BatchOutcome], None]
ProgressCallback = Callable[[BatchProgress], None]


class BatchKeywords(TypedDict, total=False):
    """The keyword arguments of `Wan.batch`, the fields of `BatchOptions`."""

    names: str
    in_flight: int
    timeout: float
    max_price: Decimal | float | str | None
    shared_account: bool
    retry_failed: bool
    fit: bool
    on_outcome: OutcomeCallback | None
    on_progress: ProgressCallback | None
