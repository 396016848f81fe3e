"""`TaskPoller`: any number of waits, served within the rate limit of the account.

Each wait is a `TaskWaiter` in a heap, ordered by the time of its next poll. The first poll comes a second
after the submission, and the intervals then double up to the interval that the vendor advises, since most
tasks end soon and the others end late. The poller sleeps until the first waiter is due (`WaitForWork`), takes
all that are due then, and polls them in one round. A round ends after a second: a query without a response by
then continues during the next rounds, so it delays no other wait.

The account has a rate limit for queries, so a thousand waits cannot each have a query at every interval. From
`LIST_THRESHOLD` waiters on, the round requests the list of recent tasks instead of single tasks: one page of
it has a hundred of them. The list does not contain results, so a task that the list reports as ended, or does
not contain, is then queried singly (`needs_query`). All requests pass the rate limiter of their kind, which
assigns times in FIFO order; so waits share the rate fairly and none can starve.

A wait ends in one of four ways: with the final status, with the error that the status means, with a permanent
refusal of the query, or at its deadline. A transient error is kept as `last_error` and the task is polled
again. A FAILED that may be an error of the query alone is accepted only when the list agrees, or after
`CONFIRMATIONS` such responses: otherwise a billed picture would be given up.

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
"""Seconds from the submission to the first poll; the intervals then double up to the advised one."""
LIST_THRESHOLD = 8
"""The number of tasks due at once from which on the list is requested; also how many polls run at once."""
MAX_QUERIES_PER_ROUND = 100
"""Maximum number of single queries in a round; also of queries without a response at any time."""
ROUND_PATIENCE = 1.0
"""Seconds after which a round ends without waiting for its remaining queries."""


class TaskPoller:
    """Waits of one client. Add waiters, then run the steps of `run` until they return."""

    def __init__(self, context: ClientContext) -> None:
        self._context = context
        interval = context.poll_interval
        self._intervals = PollIntervals(min(FIRST_POLL, interval), interval)
        self._heap: list[tuple[float, int, TaskWaiter]] = []
        self._order = count()
        self._polls: dict[int, Sequence[TaskWaiter]] = {}  # the waiters of each running poll
        self._taken: Sequence[TaskWaiter] = ()  # those of the round that is being started
        self._lock = Lock()  # polls may run in threads

    def add(self, waiter: TaskWaiter) -> None:
        """Add a wait. A task that was submitted just now is not queried before the first interval is over."""
        clock, delay = self._context.clock, 0.0
        if waiter.submitted_at is not None:
            first = self._intervals.delay_after(0)
            delay = min(max(0.0, first - (clock.wall() - waiter.submitted_at)), first)
        self._schedule(waiter, clock.now() + delay)

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
            scheduled = [waiter for _, _, waiter in self._heap]
            waiters = [*self._taken, *chain(*self._polls.values()), *scheduled]
            self._heap.clear()
            self._polls.clear()
        for waiter in waiters:
            waiter.finish(error)

    def _schedule(self, waiter: TaskWaiter, due_at: float) -> None:
        with self._lock:
            heappush(self._heap, (min(due_at, waiter.deadline), next(self._order), waiter))

    def _take_due(self) -> tuple[list[TaskWaiter], list[TaskWaiter]]:
        """Return the waiters that are due, first those to query singly; end those after their deadline."""
        now = self._context.clock.now()
        single: list[TaskWaiter] = []
        listed: list[TaskWaiter] = []
        with self._lock:
            late = self._take_late(now)
            free = MAX_QUERIES_PER_ROUND - len(self._polls)
            while self._heap and self._heap[0][0] <= now and len(single) < free:
                waiter = heappop(self._heap)[2]
                if not waiter.is_finished and now >= waiter.deadline:
                    late.append(waiter)
                elif not waiter.is_finished:
                    (single if waiter.needs_query else listed).append(waiter)
        for waiter in late:
            waiter.finish(_deadline_error(waiter))
        return single, listed

    def _take_late(self, now: float) -> list[TaskWaiter]:
        """Return the waiters after their deadline whose own poll, or too many polls of others, still run."""
        waiters = [*chain(*self._polls.values())]
        if len(self._polls) >= MAX_QUERIES_PER_ROUND:
            waiters += [waiter for _, _, waiter in self._heap]
        late = [waiter for waiter in waiters if now >= waiter.deadline and not waiter.is_finished]
        for key, polled in list(self._polls.items()):
            if all(waiter.is_finished or now >= waiter.deadline for waiter in polled):
                del self._polls[key]
        return late

    def _next_time(self) -> float | None:
        """Return the monotonic time of the next poll or deadline; None if all waits have ended."""
        with self._lock:
            times = [waiter.deadline for polled in self._polls.values() for waiter in polled]
            if len(self._polls) >= MAX_QUERIES_PER_ROUND:
                times += [waiter.deadline for _, _, waiter in self._heap]
            elif self._heap:
                times.append(self._heap[0][0])
            return min(times, default=None)

    def _poll_round(self, single: Sequence[TaskWaiter], listed: Sequence[TaskWaiter]) -> Steps[None]:
        """Poll these waiters concurrently."""
        is_only = len(single) + bool(listed) == 1 and not self._heap and not self._polls
        polls = [self._start(self._poll_by_list(listed), listed)] if listed else []
        polls += [self._start(self._poll_one(waiter), [waiter]) for waiter in single]
        yield PollRound(polls, LIST_THRESHOLD, ROUND_PATIENCE, is_only)

    def _start(self, steps: Steps[None], waiters: Sequence[TaskWaiter]) -> Steps[None]:
        """Register a running poll, and return its steps, which unregister it at their end."""
        key = next(self._order)
        with self._lock:
            self._polls[key] = waiters
        return self._run_poll(key, steps, waiters)

    def _run_poll(self, key: int, steps: Steps[None], waiters: Sequence[TaskWaiter]) -> Steps[None]:
        """Poll. An unexpected exception, or a cancellation, ends the waits of this poll."""
        try:
            yield from steps
        except GeneratorExit:
            raise
        except BaseException as error:
            for waiter in waiters:
                waiter.finish(error)
            if not isinstance(error, Exception):
                raise
        finally:
            with self._lock:
                self._polls.pop(key, None)

    def _poll_by_list(self, waiters: Sequence[TaskWaiter]) -> Steps[None]:
        """Reschedule the tasks that the list shows as running; the others are queried next."""
        known = yield from statuses_from_list(self._context, waiters)
        for waiter in waiters:
            status = known.get(waiter.task_id)
            if status is None or status in self._context.api.life.terminal:
                waiter.needs_query = True
                self._schedule(waiter, self._context.clock.now())
            else:
                _notify(waiter, status)
                self._reschedule(waiter)

    def _poll_one(self, waiter: TaskWaiter) -> Steps[None]:
        deadline = Deadline(waiter.deadline, self._context.clock.now)
        try:
            response = yield from send_once(
                self._context, "query", deadline, task_id=waiter.task_id, reuse=waiter.last_error is None
            )
            snapshot = parse_task_status(self._context.api, response, waiter.task_id)
        except RETRYABLE_ERRORS as error:
            waiter.last_error = error
            self._reschedule(waiter, error.retry_after if isinstance(error, RateLimitError) else None)
        except WanError as error:
            waiter.finish(error)
        else:
            waiter.last_error = None
            self._compare_clocks(snapshot)
            if snapshot.uncertain and not (yield from self._is_confirmed_failure(waiter, snapshot)):
                self._reschedule(waiter)
                return
            waiter.uncertain_polls = 0
            _notify(waiter, snapshot.status)
            self._handle_status(waiter, snapshot)

    def _compare_clocks(self, snapshot: TaskStatus) -> None:
        """Compare the clocks by the submission time of a task of this client."""
        live = self._context.live_calls.find_task(snapshot.task_id)
        if live is not None and live.accepted_at is not None and snapshot.submitted_at is not None:
            self._context.service_clock.observe_submission(
                snapshot.submitted_at, live.sent_at, live.accepted_at
            )

    def _is_confirmed_failure(self, waiter: TaskWaiter, snapshot: TaskStatus) -> Steps[bool]:
        """Return whether an uncertain failure is real: the list agrees, or it was reported several times."""
        status = (yield from statuses_from_list(self._context, [waiter])).get(waiter.task_id)
        waiter.uncertain_polls += 1
        return waiter.uncertain_polls >= CONFIRMATIONS if status is None else status == snapshot.status

    def _handle_status(self, waiter: TaskWaiter, snapshot: TaskStatus) -> None:
        if not snapshot.ended:
            self._reschedule(waiter)
        elif snapshot.status == self._context.api.life.succeeded:
            waiter.finish(snapshot)
        else:
            wall = self._context.clock.wall()
            waiter.finish(task_error(self._context.api, snapshot, waiter.submitted_at, wall))

    def _reschedule(self, waiter: TaskWaiter, retry_after: float | None = None) -> None:
        waiter.polls += 1
        waiter.needs_query = False
        self._schedule(
            waiter,
            self._context.clock.now() + max(self._intervals.delay_after(waiter.polls), retry_after or 0.0),
        )


def _notify(waiter: TaskWaiter, status: str) -> None:
    """Report a new status. A callback that fails does not affect other waits."""
    if status == waiter.last_status:
        return
    waiter.last_status = status
    LOG.info("task %s is %s", waiter.task_id, status)
    if waiter.on_status:
        try:
            waiter.on_status(waiter.task_id, status)
        except Exception:
            LOG.exception("on_status failed for task %s", waiter.task_id)


def _deadline_error(waiter: TaskWaiter) -> DeadlineExceededError:
    state = f"was {waiter.last_status} at the last poll" if waiter.last_status else "could not be queried"
    error = DeadlineExceededError(
        f"the timeout has passed; the task {state} and continues: wait for it again by its id",
        task_id=waiter.task_id,
    )
    error.__cause__ = waiter.last_error
    return error
