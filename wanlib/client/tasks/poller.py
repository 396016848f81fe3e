"""The waiter: follows any number of tasks to their ends, within the rate that the account is allowed.

Each task is looked at in growing gaps. Where many are due together, the list of recent tasks tells most
of them at once; only those that it does not tell, or tells to have ended, are queried one by one.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count

from wanlib.client.protocol.context import LOG, ClientContext
from wanlib.client.protocol.effects import Gather, Steps, WaitForWork
from wanlib.client.protocol.retrying import PASSING
from wanlib.client.protocol.timing import Deadline, PollIntervals
from wanlib.client.tasks.requests import DOUBTS, send_once
from wanlib.client.tasks.status import TaskStatus, parse_snapshot, task_error
from wanlib.client.tasks.task_list import statuses_from_list
from wanlib.client.tasks.waiter import Watch
from wanlib.errors import DeadlineExceededError, RateLimitError, WanError

FIRST_LOOK = 1.0
"""Seconds from the submission to the first poll; the gaps then double to the advised one."""
MANY = 8
"""Tasks due together from which on the list is asked; also how many polls are under way at once."""
ROUND = 100
"""Tasks queried one by one before newly due ones get their turn."""


class TaskPoller:
    """The tasks that one client waits for. Add watches, then run `protocol` until it returns."""

    def __init__(self, context: ClientContext) -> None:
        self._context = context
        self._gaps = PollIntervals(FIRST_LOOK, context.api.gap)
        self._heap: list[tuple[float, int, Watch]] = []
        self._order = count()
        self._looked_at: Sequence[Watch] = ()

    def add(self, watch: Watch) -> None:
        """Takes a task up; one that was submitted just now is left alone for the first gap."""
        clock = self._context.clock
        age = self._gaps.delay_after(0) if watch.submitted_at is None else clock.wall() - watch.submitted_at
        self._schedule(
            watch, clock.now() + min(max(0.0, self._gaps.delay_after(0) - age), self._gaps.delay_after(0))
        )

    def protocol(self) -> Steps[None]:
        """Polls until every watch is over."""
        while self._heap:
            alone, many = self._take_due()
            if len(many) < MANY:
                alone, many = alone + many, []
            if alone or many:
                self._looked_at = [*alone, *many]
                yield from self._poll_round(alone, many)
                self._looked_at = ()
            elif self._heap:
                yield WaitForWork(max(0.0, self._heap[0][0] - self._context.clock.now()))

    def fail_all(self, error: BaseException) -> None:
        """Ends every wait with an error: following itself broke, or was stopped."""
        for watch in [*self._looked_at, *(watch for _, _, watch in self._heap)]:
            watch.finish(error)
        self._heap.clear()

    def _schedule(self, watch: Watch, due: float) -> None:
        heappush(self._heap, (min(due, watch.deadline), next(self._order), watch))

    def _take_due(self) -> tuple[list[Watch], list[Watch]]:
        """Takes what is due now: those to be queried alone, and the others. Late ones end here."""
        now = self._context.clock.now()
        alone: list[Watch] = []
        many: list[Watch] = []
        while self._heap and self._heap[0][0] <= now and len(alone) < ROUND:
            watch = heappop(self._heap)[2]
            if not watch.over and now >= watch.deadline:
                watch.finish(_deadline_error(watch))
            elif not watch.over:
                (alone if watch.alone else many).append(watch)
        return alone, many

    def _poll_round(self, alone: Sequence[Watch], many: Sequence[Watch]) -> Steps[None]:
        """A round of polls side by side. What breaks one of them, and is no answer, ends its waits."""
        rounds: list[tuple[Steps[None], Sequence[Watch]]] = [(self._poll_one(each), [each]) for each in alone]
        if many:
            rounds.insert(0, (self._poll_by_list(many), many))
        outcomes = yield Gather([job for job, _ in rounds], MANY)
        for outcome, (_, watches) in zip(outcomes, rounds, strict=True):
            for watch in watches if isinstance(outcome, BaseException) else ():
                watch.finish(outcome)

    def _poll_by_list(self, due: Sequence[Watch]) -> Steps[None]:
        """Those whom the list tells to be under way wait on; the others are queried next."""
        known = yield from statuses_from_list(self._context, due)
        for watch in due:
            status = known.get(watch.task_id)
            if status is None or status in self._context.api.life.terminal:
                watch.alone = True
                self._schedule(watch, self._context.clock.now())
            else:
                _notify(watch, status)
                self._reschedule(watch)

    def _poll_one(self, watch: Watch) -> Steps[None]:
        deadline = Deadline(watch.deadline, self._context.clock.now)
        try:
            reply = yield from send_once(self._context, "query", deadline, task_id=watch.task_id)
            snapshot = parse_snapshot(self._context.api, reply, watch.task_id)
        except PASSING as error:
            watch.problem = error
            self._reschedule(watch, error.retry_after if isinstance(error, RateLimitError) else None)
        except WanError as error:
            watch.finish(error)
        else:
            watch.problem = None
            if snapshot.doubtful and not (yield from self._is_confirmed_failure(watch, snapshot)):
                self._reschedule(watch)
                return
            watch.doubted = 0
            _notify(watch, snapshot.status)
            self._handle_status(watch, snapshot)

    def _is_confirmed_failure(self, watch: Watch, snapshot: TaskStatus) -> Steps[bool]:
        """Whether a failure in doubt is one: else a paid picture is given up for an error that passes.

        The list says so, or, where it does not show the task, the same is said again and again.
        """
        status = (yield from statuses_from_list(self._context, [watch])).get(watch.task_id)
        watch.doubted += 1
        return watch.doubted >= DOUBTS if status is None else status == snapshot.status

    def _handle_status(self, watch: Watch, snapshot: TaskStatus) -> None:
        if not snapshot.ended:
            self._reschedule(watch)
        elif snapshot.status == self._context.api.life.succeeded:
            watch.finish(snapshot)
        else:
            wall = self._context.clock.wall()
            watch.finish(task_error(self._context.api, snapshot, watch.submitted_at, wall))

    def _reschedule(self, watch: Watch, asked: float | None = None) -> None:
        watch.polls += 1
        watch.alone = False
        self._schedule(
            watch, self._context.clock.now() + max(self._gaps.delay_after(watch.polls), asked or 0.0)
        )


def _notify(watch: Watch, status: str) -> None:
    """Tells a new status. A callback that fails harms no other wait."""
    if status == watch.last:
        return
    watch.last = status
    LOG.info("task %s is %s", watch.task_id, status)
    if watch.told:
        try:
            watch.told(watch.task_id, status)
        except Exception:
            LOG.exception("on_status failed for task %s", watch.task_id)


def _deadline_error(watch: Watch) -> DeadlineExceededError:
    state = f"was {watch.last} when last seen" if watch.last else "gave no answer"
    error = DeadlineExceededError(
        f"the time is up; the task {state} and goes on: wait for it again by its id", task_id=watch.task_id
    )
    error.__cause__ = watch.problem
    return error
