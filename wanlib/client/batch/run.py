"""`BatchRun`: the life cycle of the jobs of a batch, many at once.

A job is sent, its task waited for, and its pictures saved, and the journal has each of these steps (see
`tasks.billing`). So a run that was interrupted at any point, by Ctrl-C, `kill -9` or a reboot, is continued
by the next run with the same journal: `plan.next_action` decides from where. Nothing is sent again that the
service may have accepted, unless the list of tasks rules that out (see `lost`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from wanlib.client.batch.calls import Calls
from wanlib.client.batch.circuit_breaker import CircuitBreaker
from wanlib.client.batch.gate import JobGate, StoppedError
from wanlib.client.batch.job import BatchJob, parse_job
from wanlib.client.batch.lost import RESEND_AFTER, find_task, old_failure, unknown_error
from wanlib.client.batch.outcome import BatchOutcome, BatchProgress, BatchSummary, JobState, spending
from wanlib.client.batch.plan import BatchPlan, next_action, plan_job
from wanlib.client.batch.settings import BatchSettings
from wanlib.client.call.arguments import get_model
from wanlib.client.journal.entry import Entry
from wanlib.client.journal.leases import LEASE, exclusive_run
from wanlib.client.protocol.budget import Price
from wanlib.client.protocol.effects import Gather, RunBlocking, Sleep, Steps
from wanlib.client.protocol.timing import Deadline, RateLimiter
from wanlib.client.results.partial_file import Leftovers
from wanlib.client.results.result import Result
from wanlib.client.results.save_target import make_writable
from wanlib.client.tasks.billing import BilledCall, billed_call_from_entry
from wanlib.client.tasks.journaling import use_journal
from wanlib.client.tasks.lifecycle import wait
from wanlib.errors import (
    JournalError,
    OutcomeUnknownError,
    RateLimitError,
    TaskUnknownError,
    WanError,
)

if TYPE_CHECKING:
    from wanlib.client.journal.journal import Journal

_PAUSE = 0.5
"""Seconds between two checks whether a job may start or be sent."""
_SEARCH_TIMEOUT = 120.0
_FINISH_SENDING = 10.0
"""Seconds after Ctrl-C in which calls being sent may complete; another Ctrl-C ends them immediately."""
_MAX_REFUSALS = 30
"""Number of temporary refusals of a job, such as for the rate, after which it fails."""


class BatchRun:
    """One run of a batch.

    Args:
        calls: The client, which has a journal.
        plan: The check of the jobs.
        jobs: The same jobs.
        entries: The last entry of each label in the journal.
        settings: How it runs.
    """

    def __init__(
        self,
        calls: Calls,
        plan: BatchPlan,
        jobs: Iterable[Any],
        entries: Mapping[str, Entry],
        settings: BatchSettings,
    ) -> None:
        self._calls = calls
        self._context = calls.context
        self._entries = entries
        self._settings = settings
        self._gate = JobGate(settings.width)
        self._jobs = self._numbered(jobs)
        self._began = self._context.clock.now()
        self._is_saving = plan.total > plan.actions["skip"]
        self._breaker = CircuitBreaker()
        self._problem: WanError | None = None
        self._lock = Lock()
        self.summary = BatchSummary(plan.total, self._context.api.currency)
        for name in plan.models:
            model = get_model(self._context.api, name)
            self._context.submit_limiters.setdefault(model.base, RateLimiter(model.submit_per_second))

    def steps(self) -> Steps[BatchSummary]:
        """Run all jobs and return the summary.

        Raises:
            JournalError: Another batch runs with this journal.
            InvalidArgumentError: Nothing can be saved in the folder.
            BaseException: An exception of a callback, or an interruption; the journal contains all work done.
        """
        journal = self._context.journal
        assert journal is not None
        with exclusive_run(journal.path) as is_alone:
            if not is_alone:
                raise JournalError("another batch runs with this journal; wait for its end")
            if self._is_saving:
                yield RunBlocking(partial(make_writable, self._settings.folder))
            self._leftovers = Leftovers(self._settings.folder)
            workers = [self._work() for _ in range(self._settings.width)]
            try:
                outcomes: list[Any] = yield Gather(workers, len(workers), is_waiting=True)
            except BaseException as error:
                self._gate.stop()
                if isinstance(error, KeyboardInterrupt):
                    yield from self._finish_sending()
                raise
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        return self.summary

    def _finish_sending(self) -> Steps[None]:
        """Let threads read the responses to the calls being sent, so that their tasks are known."""
        until = self._context.clock.now() + _FINISH_SENDING
        while self._gate.is_sending and self._context.clock.now() < until:
            yield Sleep(_PAUSE / 5)

    @staticmethod
    def _numbered(jobs: Iterable[Any]) -> Iterator[BatchJob]:
        for number, value in enumerate(jobs, 1):
            yield parse_job(number, value)

    def _next_job(self) -> BatchJob | None:
        with self._lock:
            is_over = self.summary.stopped or self._gate.is_stopped
            return None if is_over else next(self._jobs, None)

    def _work(self) -> Steps[None]:
        """Run jobs one after another until none is left."""
        try:
            while (job := self._next_job()) is not None:
                while not self._gate.try_start():
                    yield Sleep(_PAUSE)
                try:
                    outcome = yield from self._run_job(job)
                finally:
                    self._gate.end()
                self._report(outcome)
        except StoppedError:
            return
        except Exception:  # raised by a callback or by the source of the jobs
            self._gate.stop()
            raise

    def _run_job(self, job: BatchJob) -> Steps[BatchOutcome]:
        entry = self._entries.get(job.name)
        action = next_action(self._calls, entry, retry_failed=self._settings.retry_failed)
        deadline = self._context.deadline(self._settings.timeout)
        if action == "skip":
            assert entry is not None
            paths = [self._settings.folder / Path(path).name for path in entry.paths]
            return BatchOutcome(job.number, job.name, "skipped", paths, missing=self._missing(job, entry))
        if action == "fail":
            assert entry is not None
            return self._failed(job, old_failure(entry), is_uncertain=entry.state == "lost")
        changes: list[str] = []
        result: Result | None = None
        try:
            if action == "send":
                yield from self._check_unsent(job, entry, deadline)
            else:
                self._leftovers.remove(self._settings.stem(job))
            result = yield from self._result(job, entry if action != "send" else None, deadline, changes)
            paths = yield from self._calls.save(
                result, self._settings.folder, self._settings.stem(job), False, deadline.remaining or None
            )
            if result.task_id is None:  # `save` knows entries by their task
                yield from self._record_saved(job, paths, deadline)
        except OutcomeUnknownError as error:
            return self._failed(job, error, is_uncertain=True)
        except WanError as error:
            if self._breaker.is_fatal(error, is_new=action == "send"):
                self.summary.stopped = self.summary.stopped or error
            return self._failed(job, error, spent=spending(result, entry))
        self._breaker.saved()
        if not result.images:
            return self._failed(
                job, TaskUnknownError("the task ended without a picture", task_id=result.task_id)
            )
        missing = result.requested - len(paths) if result.is_incomplete and result.requested else 0
        spent = spending(result, entry)
        return BatchOutcome(
            job.number, job.name, "saved", paths, spent, missing=missing, changes=tuple(changes)
        )

    def _missing(self, job: BatchJob, entry: Entry) -> int:
        """Return the number of requested pictures that an earlier run did not get."""
        missing = entry.pictures - len(entry.paths)
        is_exact = missing > 0 and plan_job(self._calls, job, fit=self._settings.fit).exact
        return missing if is_exact else 0

    def _check_unsent(self, job: BatchJob, entry: Entry | None, deadline: Deadline) -> Steps[None]:
        """Raise JournalError if the journal has gained a call for a job since the start."""
        newest = yield from self._newest_entry(job, deadline)
        if newest is not None and (entry is None or newest.key != entry.key):
            raise JournalError(
                "another run has sent this job meanwhile; run the batch again", task_id=newest.task_id
            )

    def _record_saved(self, job: BatchJob, paths: Sequence[Path], deadline: Deadline) -> Steps[None]:
        """Record that the pictures of a call without a task are on disk."""
        entry, at = (yield from self._newest_entry(job, deadline)), self._context.clock.wall()
        if entry is not None:
            key = entry.key
            yield from use_journal(
                self._context, deadline, lambda journal: journal.record_saved(key, paths, at)
            )

    def _failed(
        self, job: BatchJob, error: WanError, *, is_uncertain: bool = False, spent: Price | None = None
    ) -> BatchOutcome:
        error.label = job.name
        state: JobState = "uncertain" if is_uncertain else "failed"
        return BatchOutcome(job.number, job.name, state, spent=spent, error=error)

    def _result(
        self, job: BatchJob, entry: Entry | None, deadline: Deadline, changes: list[str]
    ) -> Steps[Result]:
        """Return the result of a job, from its existing task or from a new call.

        Args:
            job: The job.
            entry: Its call in the journal, which is continued; None to send a new call.
            deadline: When the job ends.
            changes: Receives descriptions of the changes that made its images fit.
        """
        refusals = 0
        while True:
            if entry is not None and entry.task_id is None:
                entry = yield from self._find(entry, deadline)
            if entry is not None:
                yield from self._lease(entry, deadline)
                billed = billed_call_from_entry(self._context, entry)
                return (yield from wait(self._context, billed, deadline, None))
            try:
                sent = yield from self._send(job, deadline, changes)
            except OutcomeUnknownError:
                entry = yield from self._newest_entry(job, deadline)
                if entry is None:
                    raise
            except WanError as error:
                self._breaker.sent(error)
                if error.retry == "no" or refusals == _MAX_REFUSALS or self._breaker.is_unreachable(error):
                    raise
                refusals += 1
                if isinstance(error, RateLimitError):
                    self._gate.refused()
                self._report_problem(error)
                yield Sleep(self._context.backoff().wait(refusals, getattr(error, "retry_after", None)))
            else:
                self._gate.succeeded()
                self._breaker.sent()
                self._problem = None
                return (
                    sent
                    if isinstance(sent, Result)
                    else (yield from wait(self._context, sent, deadline, None))
                )

    def _send(self, job: BatchJob, deadline: Deadline, changes: list[str]) -> Steps[BilledCall | Result]:
        """Send a job once no other call of its model is being sent; return its task, or a synchronous result.

        Raises:
            OutcomeUnknownError: It may have been accepted.
            WanError: It was certainly not accepted.
        """
        plan = plan_job(self._calls, job, fit=self._settings.fit)
        changes[:] = plan.changes
        kwargs = {"fit": self._settings.fit, **job.parameters, "label": job.name}
        yield from self._take_turn(plan.model.base)
        arguments = (job.model, job.prompt, job.images, kwargs | {"timeout": max(deadline.remaining, 0.001)})
        try:
            if plan.call == "sync":
                return (yield from self._calls.edit(plan.verb, *arguments))
            return (yield from self._calls.submit(*arguments))
        finally:
            self._gate.sent(plan.model.base)

    def _take_turn(self, model: str) -> Steps[None]:
        while not self._gate.try_send(model):
            yield Sleep(_PAUSE)

    def _find(self, entry: Entry, deadline: Deadline) -> Steps[Entry | None]:
        """Return a lost call with its task; None if it was not accepted.

        Args:
            entry: The call.
            deadline: When the job ends.

        Raises:
            OutcomeUnknownError: It is not known which of the two happened.
        """
        if entry.call != "async":
            raise unknown_error(entry, "it has no task by which it could be found")
        if self._settings.shared_account:
            raise unknown_error(
                entry, "the account is shared, so a task that the service lists may be another's"
            )
        model = get_model(self._context.api, entry.model).base
        search_deadline = self._context.deadline(_SEARCH_TIMEOUT)
        yield from self._take_turn(model)
        try:
            search = yield from find_task(self._context, entry, search_deadline)
        except WanError as error:
            raise unknown_error(entry, f"the list of tasks can't be read: {error}") from error
        finally:
            self._gate.sent(model)
        if search.entry is not None:
            return search.entry
        wait_for = entry.sent_at + RESEND_AFTER - self._context.clock.wall()
        if wait_for > 0:
            if not deadline.permits_wait(wait_for):
                raise unknown_error(
                    entry, "the time of the job ends before the list of tasks is sure to have it"
                )
            yield Sleep(wait_for)
            return (yield from self._find(entry, deadline))
        if search.is_listed:
            raise unknown_error(entry, "the service lists tasks of that time that no call explains")
        now = self._context.clock.wall()
        yield from use_journal(
            self._context,
            search_deadline,
            lambda journal: journal.record_refused(entry.key, "the service does not list a task of it", now),
        )
        return None

    def _newest_entry(self, job: BatchJob, deadline: Deadline) -> Steps[Entry | None]:
        """Return the newest entry of a job."""
        return use_journal(self._context, deadline, lambda journal: journal.newest(job.name))

    def _lease(self, entry: Entry, deadline: Deadline) -> Steps[None]:
        """Lease an entry that an earlier run has left. Raise JournalError if another process works on it."""
        owner = self._context.lease_owner
        assert owner is not None
        now = self._context.clock.wall()
        until = now + deadline.remaining + LEASE

        def take(journal: "Journal") -> bool:
            return journal.acquire_lease(entry.key, owner.mark, now, until)

        if not (yield from use_journal(self._context, deadline, take)):
            raise JournalError(
                f"another process works on job {entry.label}; wait for its end", task_id=entry.task_id
            )

    def _report(self, outcome: BatchOutcome) -> None:
        with self._lock:
            if self._gate.is_stopped:  # nothing can read the error any more
                return
            self.summary.add(outcome)
            if self._settings.on_outcome is not None:
                self._settings.on_outcome(outcome)
            if self._settings.on_progress is not None and outcome.state != "skipped":
                self._settings.on_progress(self._progress())

    def _report_problem(self, error: WanError) -> None:
        """Report why a call was refused that is sent again."""
        with self._lock:
            self._problem = error
            if self._settings.on_progress is not None and not self._gate.is_stopped:
                self._settings.on_progress(self._progress())

    def _progress(self) -> BatchProgress:
        summary, elapsed = self.summary, self._context.clock.now() - self._began
        worked = summary.ended - summary.skipped
        remaining = elapsed / worked * (summary.total - summary.ended) if worked else None
        return BatchProgress(
            summary.total,
            summary.ended,
            summary.skipped,
            summary.failed + summary.uncertain,
            self._gate.running,
            summary.spent,
            elapsed,
            remaining,
            self._problem,
        )
