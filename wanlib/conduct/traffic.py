"""`Traffic`: a record arranged by tasks and requests, for the rules; and histories with times."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from wanlib.base.redaction import printable
from wanlib.base.text import quantity
from wanlib.conduct.record import PICTURE_CALL, RecordedExchange, RecordedJob, TrafficRecord
from wanlib.conduct.terms import ServiceTerms

DEAD_STATUSES = (403, 404, 410)
"""Statuses with which a storage refuses a link for good."""
_MAX_STORY = 12
_SHOWN_ID = 8


class ClientRun(NamedTuple):
    """Data about a client besides its requests: a run of a command or function with one order.

    Attributes:
        intents: How many calls it was asked to make.
        allowed: Seconds after which it must have ended; None without a limit.
        took: Seconds that it took.
        was_stopped: Whether it had to be stopped.
        reported_success: Whether it reported success; None if it reported nothing.
        saved: How many pictures it saved; None if that is not known.
        can_succeed: Whether a careful client has pictures in the end; None if either end is right.
    """

    intents: int = 1
    allowed: float | None = None
    took: float = 0.0
    was_stopped: bool = False
    reported_success: bool | None = None
    saved: int | None = None
    can_succeed: bool | None = None


class Traffic:
    """A record, arranged.

    Attributes:
        record: The record.
        terms: The facts of the spec.
        run: Data about the client besides its requests; None if there is none.
    """

    def __init__(self, record: TrafficRecord, terms: ServiceTerms, run: ClientRun | None = None) -> None:
        """Arrange a record."""
        self.record = record
        self.terms = terms
        self.run = run

    @cached_property
    def jobs(self) -> Mapping[str, RecordedJob]:
        """The jobs that are complete in the record, by id."""
        since = self.record.since
        return {job.id: job for job in self.record.jobs if since is None or job.submitted > since}

    @cached_property
    def creates(self) -> tuple[RecordedExchange, ...]:
        """The requests that ask for pictures."""
        return tuple(exchange for exchange in self.record.exchanges if exchange.intent)

    @cached_property
    def creation(self) -> Mapping[str, RecordedExchange]:
        """The exchange that created each job."""
        return {job: exchange for exchange in self.creates for job in exchange.jobs}

    @cached_property
    def polls(self) -> Mapping[str, tuple[RecordedExchange, ...]]:
        """The queries of each task."""
        return _grouped(self._of_call(self.terms.query))

    @cached_property
    def fetches(self) -> Mapping[str, tuple[RecordedExchange, ...]]:
        """The requests for pictures of each job."""
        return _grouped(self._of_call(PICTURE_CALL))

    def is_known(self, job: RecordedJob) -> bool:
        """Return True if the client has the id of a job, or its pictures."""
        creation = self.creation.get(job.id)
        has_result = (
            creation is not None
            and not creation.is_lost
            and creation.status < 300
            and (creation.task == job.id or not job.is_task)
        )
        return has_result or job.id in self.polls or job.id in self.fetches

    def seen_end(self, job: RecordedJob) -> RecordedExchange | None:
        """Return the exchange in which the client learned how a job ended; None if it did not."""
        if not job.is_task:
            creation = self.creation.get(job.id)
            return creation if creation and not creation.is_lost else None
        return self.first_end(job.id)

    def first_end(self, task: str) -> RecordedExchange | None:
        """Return the first response that stated an end of a task, None if there was none."""
        polls = self.polls.get(task, ())
        return next((poll for poll in polls if not poll.is_lost and poll.state in self.terms.ends), None)

    def was_canceled(self, job: RecordedJob) -> bool:
        """Return True if the client canceled a task, or tried to."""
        cancels = self._of_call(self.terms.cancel)
        return job.end == self.terms.canceled or any(cancel.task == job.id for cancel in cancels)

    def fetched(self, job: RecordedJob) -> frozenset[int]:
        """Return the numbers of the pictures that the client has received."""
        fetches = self.fetches.get(job.id, ())
        return frozenset(
            fetch.picture
            for fetch in fetches
            if fetch.picture is not None and fetch.status in (200, 206) and not fetch.is_lost
        )

    def has_dead_link(self, task: str) -> bool:
        """Return True if the storage refused a picture of a job."""
        return any(fetch.status in DEAD_STATUSES for fetch in self.fetches.get(task, ()))

    def cost(self, job: RecordedJob) -> str:
        """Return the price of a job in words: ` (0.40 CNY)`, "" if it is not known."""
        return f" ({job.price} {self.terms.currency})" if job.price else ""

    def story_of(self, task: str) -> tuple[str, ...]:
        """Return everything that happened with a task, with times."""
        record = self.record.exchanges
        return self.story(exchange for exchange in record if exchange.task == task or task in exchange.jobs)

    def story(self, exchanges: Iterable[RecordedExchange], *, last: str = "") -> tuple[str, ...]:
        """Return exchanges as lines with times: `09:00:01 queried task 1f0c…: RUNNING`.

        Args:
            exchanges: In any order.
            last: What happened in the end; "" for nothing.
        """
        ordered = sorted(exchanges, key=lambda exchange: exchange.number)
        lines = [f"{clock_time(exchange.at)} {self._sentence(exchange)}" for exchange in ordered]
        if len(lines) > _MAX_STORY:
            left = len(lines) - _MAX_STORY + 1
            half = _MAX_STORY // 2
            lines = [*lines[:half], f"… {left} more requests", *lines[-(_MAX_STORY - half - 1) :]]
        if last:
            lines.append(f"{clock_time(self.record.until)} {last}")
        return tuple(lines)

    def _of_call(self, call: str) -> tuple[RecordedExchange, ...]:
        return tuple(exchange for exchange in self.record.exchanges if exchange.call == call)

    def _sentence(self, exchange: RecordedExchange) -> str:
        return printable(f"{self._request_words(exchange)}: {self._response_words(exchange)}")

    def _request_words(self, exchange: RecordedExchange) -> str:
        if exchange.intent:
            return f"sent a create request ({exchange.call})"
        if exchange.call == self.terms.query:
            return f"queried task {short_id(exchange.task)}"
        if exchange.call == PICTURE_CALL and exchange.picture is not None:
            return f"fetched picture {exchange.picture + 1} of {short_id(exchange.task)}"
        if exchange.call == self.terms.cancel:
            return f"canceled task {short_id(exchange.task)}"
        return f"{exchange.method} {exchange.path}"

    def _response_words(self, exchange: RecordedExchange) -> str:
        words = [str(exchange.status)] if exchange.status and exchange.status != 200 else []
        words += [exchange.code] if exchange.code else []
        if exchange.retry_after is not None:
            words.append(f"retry after {exchange.retry_after:g} s")
        if exchange.intent and exchange.jobs:
            words.append(f"accepted as {' and '.join(map(self._job_words, exchange.jobs))}")
        elif exchange.state:
            words.append(exchange.state)
        if exchange.is_lost:
            words.append("the response was lost")
        return ", ".join(words) or "done"

    def _job_words(self, job_id: str) -> str:
        job = self.jobs.get(job_id)
        if job is None:
            return short_id(job_id)
        noun = "task" if job.is_task else "job"
        return f"{noun} {short_id(job_id)}, {quantity(job.pictures, 'picture')}{self.cost(job)}"


def clock_time(at: float) -> str:
    """Return a time of day on this machine, as the access log shows it."""
    return datetime.fromtimestamp(at).strftime("%H:%M:%S")


def short_id(text: str) -> str:
    """Return the beginning of an id, which is enough to find it."""
    return f"{text[:_SHOWN_ID]}…" if len(text) > _SHOWN_ID else text


def _grouped(exchanges: Iterable[RecordedExchange]) -> Mapping[str, tuple[RecordedExchange, ...]]:
    groups = defaultdict(list)
    for exchange in exchanges:
        groups[exchange.task].append(exchange)
    return {task: tuple(group) for task, group in groups.items()}
