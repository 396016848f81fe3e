"""`TaskPoller`: any number of waits, served within the rate limit of the account.

How it works. Each wait is a `TaskWaiter` in a heap, ordered by the time at which its task is to be looked at
next. The first look comes a second after the submission, and the intervals then double up to the interval
that the vendor advises, since most tasks end soon and the others end late. The poller sleeps until the first
waiter is due (`WaitForWork`), takes all that are due then, and looks at them in one round. A round ends after
a second: a query that is not answered by then goes on beside the next rounds, so it delays no other wait.

The account has a rate limit for queries, so a thousand waits cannot each have a query at every interval. From
`LIST_THRESHOLD` waiters on, the round asks for the list of recent tasks in place of single queries: one page
of it answers for a hundred tasks. The list does not contain results, so a task that the list reports as
ended, or does not contain, is queried by itself next (`needs_query`). All requests pass the rate limiter of
their kind, which hands out times first come, first served; so waits share the rate fairly and none can
starve.

A wait ends in one of four ways: with the final status, with the error that the status means, with a refusal
of the query that will not pass, or at its deadline. An error that may pass is kept as `last_error` and the
task is looked at again. A FAILED that may be an error of the query alone is believed only when the list
agrees, or after `CONFIRMATIONS` such responses: otherwise a billed picture would be given up.

One poller serves a whole async client, and new waiters may be added while it runs; the sync client makes one
for each call of `wait`.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import chain, count
from threading import Lock

from wanlib.client.protocol.context import LOG, ClientContext
from wanlib.client.protocol.effects import PollRound, Steps, WaitForWork
from wanlib.client.protocol.retrying import RETRYABLE_ERRORS
from wanlib.client.protocol.timing import Deadline, PollIntervals
from wanlib.client.tasks.requests import CONFIRMATIONS, send_once
from wanlib.client.tasks.status import TaskStatus, parse_task_status, task_error
from wanlib.client.tasks.task_list import statuses_from_list
from wanlib.client.tasks.waiter import TaskWaiter
from wanlib.errors import DeadlineExceededError, RateLimitError, WanError

FIRST_POLL = 1.0
"""Seconds from the submission to the first poll; the gaps then double to the advised one."""
LIST_THRESHOLD = 8
"""Tasks due together from which on the list is asked; also how many polls are under way at once."""
MAX_QUERIES_PER_ROUND = 100
"""Tasks queried one by one before newly due ones get their turn; also how many may be unanswered at once."""
ROUND_PATIENCE = 1.0
"""Seconds after which a round goes on without the queries that are not answered."""


class TaskPoller:
    """Waits of one client. Add waiters, then run the steps of `run` until they return."""

    def __init__(self, context: ClientContext) -> None:
        self._context = context
        interval = context.poll_interval
        self._intervals = PollIntervals(min(FIRST_POLL, interval), interval)
        self._heap: list[tuple[float, int, TaskWaiter]] = []
        self._order = count()
        self._polls: dict[int, Sequence[TaskWaiter]] = {}  # those under way, and the waiters of each
        self._taken: Sequence[TaskWaiter] = ()  # those of the round that is being started
        self._lock = Lock()  # polls may run in threads

    def add(self, watch: TaskWaiter) -> None:
        """Add a wait. A task that was submitted just now is not queried before the first interval is over."""
        clock = self._context.clock
        age = (
            self._intervals.delay_after(0)
            if watch.submitted_at is None
            else clock.wall() - watch.submitted_at
        )
        self._schedule(
            watch,
            clock.now() + min(max(0.0, self._intervals.delay_after(0) - age), self._intervals.delay_after(0)),
        )

    def run(self) -> Steps[None]:
        """Poll until all waits have ended."""
        while self._heap or self._polls:
            single, listed = self._take_due()
            if len(listed) < LIST_THRESHOLD:
                single, listed = single + listed, []
            if single or listed:
                self._taken = [*single, *listed]
                yield from self._poll_round(single, listed)
                self._taken = ()
            elif (next_at := self._next_time()) is not None:
                yield WaitForWork(max(0.0, next_at - self._context.clock.now()))

    def fail_all(self, error: BaseException) -> None:
        """End all waits with an error, because polling itself failed or was stopped."""
        with self._lock:
            scheduled = [watch for _, _, watch in self._heap]
            waiters = [*self._taken, *chain(*self._polls.values()), *scheduled]
            self._heap.clear()
            self._polls.clear()
        for watch in waiters:
            watch.finish(error)

    def _schedule(self, watch: TaskWaiter, due_at: float) -> None:
        with self._lock:
            heappush(self._heap, (min(due_at, watch.deadline), next(self._order), watch))

    def _take_due(self) -> tuple[list[TaskWaiter], list[TaskWaiter]]:
        """Return the waiters that are due, first those to be queried singly; end those whose time is up."""
        now = self._context.clock.now()
        single: list[TaskWaiter] = []
        listed: list[TaskWaiter] = []
        with self._lock:
            late = self._take_late(now)
            free = MAX_QUERIES_PER_ROUND - len(self._polls)
            while self._heap and self._heap[0][0] <= now and len(single) < free:
                watch = heappop(self._heap)[2]
                if not watch.is_finished and now >= watch.deadline:
                    late.append(watch)
                elif not watch.is_finished:
                    (single if watch.needs_query else listed).append(watch)
        for watch in late:
            watch.finish(_deadline_error(watch))
        return single, listed

    def _take_late(self, now: float) -> list[TaskWaiter]:
        """Return the waiters whose time is up while a poll for them, or too many of others, is unanswered."""
        waiters = [*chain(*self._polls.values())]
        if len(self._polls) >= MAX_QUERIES_PER_ROUND:
            waiters += [watch for _, _, watch in self._heap]
        late = [watch for watch in waiters if now >= watch.deadline and not watch.is_finished]
        for key, polled in list(self._polls.items()):
            if all(watch.is_finished or now >= watch.deadline for watch in polled):
                del self._polls[key]
        return late

    def _next_time(self) -> float | None:
        """Return when something is to be done next, in monotonic seconds; None if all waits have ended."""
        with self._lock:
            times = [watch.deadline for polled in self._polls.values() for watch in polled]
            if len(self._polls) >= MAX_QUERIES_PER_ROUND:
                times += [watch.deadline for _, _, watch in self._heap]
            elif self._heap:
                times.append(self._heap[0][0])
            return min(times, default=None)

    def _poll_round(self, single: Sequence[TaskWaiter], listed: Sequence[TaskWaiter]) -> Steps[None]:
        """Poll waiters at once."""
        is_only = len(single) + bool(listed) == 1 and not self._heap and not self._polls
        polls = [self._start(self._poll_by_list(listed), listed)] if listed else []
        polls += [self._start(self._poll_one(waiter), [waiter]) for waiter in single]
        yield PollRound(polls, LIST_THRESHOLD, ROUND_PATIENCE, is_only)

    def _start(self, steps: Steps[None], waiters: Sequence[TaskWaiter]) -> Steps[None]:
        """Count a poll as under way, and return its steps with what belongs to its end."""
        key = next(self._order)
        with self._lock:
            self._polls[key] = waiters
        return self._run_poll(key, steps, waiters)

    def _run_poll(self, key: int, steps: Steps[None], waiters: Sequence[TaskWaiter]) -> Steps[None]:
        """Poll. An exception that is not a response ends the waits that it concerns, a cancellation too."""
        try:
            yield from steps
        except GeneratorExit:
            raise
        except BaseException as error:
            for watch in waiters:
                watch.finish(error)
            if not isinstance(error, Exception):
                raise
        finally:
            with self._lock:
                self._polls.pop(key, None)

    def _poll_by_list(self, waiters: Sequence[TaskWaiter]) -> Steps[None]:
        """Reschedule the tasks that the list shows as running; the others are queried next."""
        known = yield from statuses_from_list(self._context, waiters)
        for watch in waiters:
            status = known.get(watch.task_id)
            if status is None or status in self._context.api.life.terminal:
                watch.needs_query = True
                self._schedule(watch, self._context.clock.now())
            else:
                _notify(watch, status)
                self._reschedule(watch)

    def _poll_one(self, watch: TaskWaiter) -> Steps[None]:
        deadline = Deadline(watch.deadline, self._context.clock.now)
        try:
            response = yield from send_once(
                self._context, "query", deadline, task_id=watch.task_id, reuse=watch.last_error is None
            )
            snapshot = parse_task_status(self._context.api, response, watch.task_id)
        except RETRYABLE_ERRORS as error:
            watch.last_error = error
            self._reschedule(watch, error.retry_after if isinstance(error, RateLimitError) else None)
        except WanError as error:
            watch.finish(error)
        else:
            watch.last_error = None
            self._learn_time(snapshot)
            if snapshot.uncertain and not (yield from self._is_confirmed_failure(watch, snapshot)):
                self._reschedule(watch)
                return
            watch.uncertain_polls = 0
            _notify(watch, snapshot.status)
            self._handle_status(watch, snapshot)

    def _learn_time(self, snapshot: TaskStatus) -> None:
        """Learn the service's time from the submission of a task of this client."""
        live = self._context.live_calls.find_task(snapshot.task_id)
        if live is not None and live.accepted_at is not None and snapshot.submitted_at is not None:
            self._context.service_clock.observe_submission(
                snapshot.submitted_at, live.sent_at, live.accepted_at
            )

    def _is_confirmed_failure(self, watch: TaskWaiter, snapshot: TaskStatus) -> Steps[bool]:
        """Return whether an uncertain failure is real: the list agrees, or it was reported several times."""
        status = (yield from statuses_from_list(self._context, [watch])).get(watch.task_id)
        watch.uncertain_polls += 1
        return watch.uncertain_polls >= CONFIRMATIONS if status is None else status == snapshot.status

    def _handle_status(self, watch: TaskWaiter, snapshot: TaskStatus) -> None:
        if not snapshot.ended:
            self._reschedule(watch)
        elif snapshot.status == self._context.api.life.succeeded:
            watch.finish(snapshot)
        else:
            wall = self._context.clock.wall()
            watch.finish(task_error(self._context.api, snapshot, watch.submitted_at, wall))

    def _reschedule(self, watch: TaskWaiter, retry_after: float | None = None) -> None:
        watch.polls += 1
        watch.needs_query = False
        self._schedule(
            watch,
            self._context.clock.now() + max(self._intervals.delay_after(watch.polls), retry_after or 0.0),
        )


def _notify(watch: TaskWaiter, status: str) -> None:
    """Report a new status. A callback that fails does not affect other waits."""
    if status == watch.last_status:
        return
    watch.last_status = status
    LOG.info("task %s is %s", watch.task_id, status)
    if watch.on_status:
        try:
            watch.on_status(watch.task_id, status)
        except Exception:
            LOG.exception("on_status failed for task %s", watch.task_id)


def _deadline_error(watch: TaskWaiter) -> DeadlineExceededError:
    state = f"was {watch.last_status} when last seen" if watch.last_status else "gave no answer"
    error = DeadlineExceededError(
        f"the time is up; the task {state} and goes on: wait for it again by its id", task_id=watch.task_id
    )
    error.__cause__ = watch.last_error
    return error
