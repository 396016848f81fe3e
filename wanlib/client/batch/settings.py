"""`BatchSettings`: the checked options of a batch."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from wanlib.client.batch.job import BatchJob
from wanlib.client.batch.outcome import OutcomeCallback, ProgressCallback


class BatchSettings(NamedTuple):
    """How a batch runs.

    Attributes:
        folder: Where the pictures are saved.
        stem: Returns the beginning of the file names of a job.
        width: The maximum number of jobs in flight.
        timeout: Seconds for one job, from its sending to its last picture.
        shared_account: Whether other programs use the account for these models, so that a task that no call
            explains may be theirs.
        retry_failed: Whether jobs whose tasks failed are sent again.
        fit: Whether local images are fitted to their models.
        on_outcome: Called with the outcome of each job; None for no calls.
        on_progress: Called after each outcome and before a refused call is sent again; None for no calls.
    """

    folder: Path
    stem: Callable[[BatchJob], str]
    width: int
    timeout: float
    shared_account: bool = False
    retry_failed: bool = False
    fit: bool = False
    on_outcome: OutcomeCallback | None = None
    on_progress: ProgressCallback | None = None
