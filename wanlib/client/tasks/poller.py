"""The waiter: follows any number of tasks to their ends, within the rate that the account is allowed.

Each task is looked at in growing gaps. Where many are due together, the list of recent tasks tells most
of them at once; only those that it does not tell, or tells to have ended, are queried one by one.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count

from wanlib.client.protocol.context import LOG, ClientContext
from wanlib.client.protocol.effects import Gather, Steps, WaitForWork
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
"""Tasks queried one by one before newly due ones get their turn."""


class TaskPoller:
    """The tasks that one client waits for. Add watches, then run `protocol` until it returns."""

    def __init__(self, context: ClientContext) -> None:
        self._context = context
        self._intervals = PollIntervals(FIRST_POLL, context.api.gap)
        self._heap: list[tuple[float, int, TaskWaiter]] = []
        self._order = count()
        self._in_progress: Sequence[TaskWaiter] = ()

    def add(self, watch: TaskWaiter) -> None:
        """Takes a task up; one that was submitted just now is left alone for the first gap."""
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
        """Polls until every watch is over."""
        while self._heap:
            single, listed = self._take_due()
            if len(listed) < LIST_THRESHOLD:
                single, listed = single + listed, []
            if single or listed:
                self._in_progress = [*single, *listed]
                yield from self._poll_round(single, listed)
                self._in_progress = ()
            elif self._heap:
                yield WaitForWork(max(0.0, self._heap[0][0] - self._context.clock.now()))

    def fail_all(self, error: BaseException) -> None:
        """Ends every wait with an error: following itself broke, or was stopped."""
        for watch in [*self._in_progress, *(watch for _, _, watch in self._heap)]:
            watch.finish(error)
        self._heap.clear()

    def _schedule(self, watch: TaskWaiter, due_at: float) -> None:
        heappush(self._heap, (min(due_at, watch.deadline), next(self._order), watch))

    def _take_due(self) -> tuple[list[TaskWaiter], list[TaskWaiter]]:
        """Takes what is due now: those to be queried alone, and the others. Late ones end here."""
        now = self._context.clock.now()
        single: list[TaskWaiter] = []
        listed: list[TaskWaiter] = []
        while self._heap and self._heap[0][0] <= now and len(single) < MAX_QUERIES_PER_ROUND:
            watch = heappop(self._heap)[2]
            if not watch.is_finished and now >= watch.deadline:
                watch.finish(_deadline_error(watch))
            elif not watch.is_finished:
                (single if watch.needs_query else listed).append(watch)
        return single, listed

    def _poll_round(self, single: Sequence[TaskWaiter], listed: Sequence[TaskWaiter]) -> Steps[None]:
        """A round of polls side by side. What breaks one of them, and is no answer, ends its waits."""
        rounds: list[tuple[Steps[None], Sequence[TaskWaiter]]] = [
            (self._poll_one(waiter), [waiter]) for waiter in single
        ]
        if listed:
            rounds.insert(0, (self._poll_by_list(listed), listed))
        outcomes = yield Gather([job for job, _ in rounds], LIST_THRESHOLD)
        for outcome, (_, waiters) in zip(outcomes, rounds, strict=True):
            for watch in waiters if isinstance(outcome, BaseException) else ():
                watch.finish(outcome)

    def _poll_by_list(self, waiters: Sequence[TaskWaiter]) -> Steps[None]:
        """Those whom the list tells to be under way wait on; the others are queried next."""
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
            response = yield from send_once(self._context, "query", deadline, task_id=watch.task_id)
            snapshot = parse_task_status(self._context.api, response, watch.task_id)
        except RETRYABLE_ERRORS as error:
            watch.last_error = error
            self._reschedule(watch, error.retry_after if isinstance(error, RateLimitError) else None)
        except WanError as error:
            watch.finish(error)
        else:
            watch.last_error = None
            if snapshot.uncertain and not (yield from self._is_confirmed_failure(watch, snapshot)):
                self._reschedule(watch)
                return
            watch.uncertain_polls = 0
            _notify(watch, snapshot.status)
            self._handle_status(watch, snapshot)

    def _is_confirmed_failure(self, watch: TaskWaiter, snapshot: TaskStatus) -> Steps[bool]:
        """Whether a failure in doubt is one: else a paid picture is given up for an error that passes.

        The list says so, or, where it does not show the task, the same is said again and again.
        """
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
    """Tells a new status. A callback that fails harms no other wait."""
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
