"""`check_batch` and `prepare_batch`: the check of a batch and, if the price is allowed, its run."""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from os import PathLike
from typing import Any, NamedTuple

from wanlib.base.redaction import safe_repr
from wanlib.client.batch.calls import Calls
from wanlib.client.batch.job import BatchJob
from wanlib.client.batch.outcome import OutcomeCallback, ProgressCallback
from wanlib.client.batch.plan import BatchPlan, plan_batch
from wanlib.client.batch.run import BatchRun
from wanlib.client.batch.settings import BatchSettings
from wanlib.client.journal.entry import Entry
from wanlib.client.journal.leases import is_owner_dead
from wanlib.client.protocol.budget import parse_amount
from wanlib.client.protocol.context import check_flags, validate_timeout
from wanlib.client.results.save_target import check_is_no_file, to_path, validate_stem
from wanlib.errors import BudgetExceededError, ConfigurationError, InvalidArgumentError

JOB_TIMEOUT = 3600.0
"""Seconds for one job: tasks queue at the service, since only a few of an account run at once."""
_MAX_IN_FLIGHT = 1000
_FIELD = re.compile(r"\{(?:label|number(?::0?[1-9])?)\}")


class BatchOptions(NamedTuple):
    """The options of a batch, as the methods of the clients take them.

    Attributes:
        names: The beginning of the file names of a job, with `{label}` and `{number}`.
        in_flight: The maximum number of jobs in flight.
        timeout: Seconds for one job.
        max_price: The maximum cost of the run, in the currency of the prices; None for no limit.
        shared_account: Whether other programs use the account for these models.
        retry_failed: Whether jobs whose tasks failed in an earlier run are sent again.
        fit: Whether local images are fitted to their models; see `fitting`.
        on_outcome: Called with the outcome of each job; None for no calls.
        on_progress: Called with the progress after each outcome, and before a refused call is sent again;
            None for no calls.
    """

    names: str = "{label}"
    in_flight: int = 10
    timeout: float = JOB_TIMEOUT
    max_price: Any = None
    shared_account: bool = False
    retry_failed: bool = False
    fit: bool = False
    on_outcome: OutcomeCallback | None = None
    on_progress: ProgressCallback | None = None


class PreparedBatch(NamedTuple):
    """A batch that was checked.

    Attributes:
        plan: The actions of the run, and its maximum cost.
        run: The run.
    """

    plan: BatchPlan
    run: BatchRun


def prepare_batch(
    calls: Calls, jobs: Iterable[Any], folder: str | PathLike[str], options: BatchOptions
) -> PreparedBatch:
    """Check all jobs and return the run, without sending anything.

    Args:
        calls: The client.
        jobs: The jobs: mappings or `BatchJob`. An iterator is read into a list; any other iterable is read
            twice, so that a long file need not be in memory.
        folder: Where the pictures are saved.
        options: How it runs.

    Raises:
        ConfigurationError: The client has no journal.
        InvalidArgumentError: An option has a value that is not allowed.
        InvalidBatchError: Jobs cannot be sent.
        BudgetExceededError: The jobs could cost more than allowed.
        JournalError: The journal cannot be read.
    """
    if calls.context.journal is None:
        raise ConfigurationError("a batch needs a journal; make the client with journal='batch.sqlite'")
    _check_jobs(jobs)
    settings, limit = _check_options(folder, options)
    all_jobs: Iterable[Any] = list(jobs) if isinstance(jobs, Iterator) else jobs
    entries = _entries(calls)
    plan = plan_batch(calls, all_jobs, entries, settings)
    _check_price(calls, plan, limit)
    return PreparedBatch(plan, BatchRun(calls, plan, all_jobs, entries, settings))


def check_batch(
    calls: Calls, jobs: Iterable[Any], folder: str | PathLike[str], options: BatchOptions
) -> BatchPlan:
    """Check all jobs and return the actions of their run; without a journal, those of a first run.

    Args:
        calls: The client.
        jobs: As for `prepare_batch`; an iterator is read to its end.
        folder: As for `prepare_batch`.
        options: As for `prepare_batch`.

    Raises:
        WanError: As for `prepare_batch`.
    """
    _check_jobs(jobs)
    settings, limit = _check_options(folder, options)
    plan = plan_batch(calls, jobs, _entries(calls), settings)
    _check_price(calls, plan, limit)
    return plan


def _check_jobs(jobs: Any) -> None:
    """Raise InvalidArgumentError for anything but an iterable of jobs."""
    if isinstance(jobs, str | bytes | Mapping) or not isinstance(jobs, Iterable):
        raise InvalidArgumentError(f"jobs is {safe_repr(jobs)}; allowed: a list or another iterable of jobs")


def _check_options(
    folder: str | PathLike[str], options: BatchOptions
) -> tuple[BatchSettings, Decimal | None]:
    """Return the settings of the batch, and its maximum cost. Raise InvalidArgumentError."""
    place, limit = to_path(folder), parse_amount(options.max_price, "max_price")
    check_is_no_file(place)
    check_flags(shared_account=options.shared_account, retry_failed=options.retry_failed, fit=options.fit)
    if not 1 <= _integer(options.in_flight) <= _MAX_IN_FLIGHT:
        raise InvalidArgumentError(
            f"in_flight is {safe_repr(options.in_flight)}; allowed: an integer from 1 to {_MAX_IN_FLIGHT:,}"
        )
    for name, callback in (("on_outcome", options.on_outcome), ("on_progress", options.on_progress)):
        if callback is not None and not callable(callback):
            raise InvalidArgumentError(f"{name} is {safe_repr(callback)}; allowed: a function, or None")
    timeout, stem = validate_timeout(options.timeout), partial(_stem, _check_names(options.names))
    settings = BatchSettings(
        place,
        stem,
        options.in_flight,
        timeout,
        options.shared_account,
        options.retry_failed,
        options.fit,
        options.on_outcome,
        options.on_progress,
    )
    return settings, limit


def _check_price(calls: Calls, plan: BatchPlan, limit: Decimal | None) -> None:
    """Raise BudgetExceededError if the jobs could cost more than allowed."""
    if limit is not None and (plan.amount > limit or plan.unpriced):
        unpriced = f", and {plan.unpriced:,} jobs have no documented price" if plan.unpriced else ""
        raise BudgetExceededError(
            f"the batch could cost {plan.amount} {calls.context.api.currency}{unpriced}; allowed: {limit}"
        )


def _integer(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _check_names(names: Any) -> str:
    """Return the pattern of file names. Raise InvalidArgumentError."""
    if isinstance(names, str) and _FIELD.search(names) and not set("{}") & set(_FIELD.sub("", names)):
        return names
    raise InvalidArgumentError(
        f"names is {safe_repr(names)}; allowed: a text with {{label}} or {{number}}, such as "
        "'{number:05}-{label}'"
    )


def _stem(names: str, job: BatchJob) -> str:
    """Return the beginning of the file names of a job. Raise InvalidArgumentError."""
    return validate_stem(names.format(label=job.name, number=job.number))


def _entries(calls: Calls) -> dict[str, Entry]:
    """Return the newest entry of each label in the journal."""
    journal = calls.context.journal
    if journal is None:
        return {}
    journal.release_dead_leases(partial(is_owner_dead, journal.path))
    return {entry.label or "": entry for entry in journal.labelled(calls.context.settings.origin)}
