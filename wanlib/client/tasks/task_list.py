"""The list of recent tasks: used to poll many tasks at once, and to search for a lost call."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from wanlib.base.clock import ClockOffset
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import Steps
from wanlib.client.protocol.timing import Deadline
from wanlib.client.tasks.requests import Query, list_tasks, send_once
from wanlib.client.tasks.status import TaskSummary, parse_page
from wanlib.client.tasks.waiter import TaskWaiter
from wanlib.errors import DeadlineExceededError, MalformedResponseError, WanError

CLOCK_TOLERANCE = 120.0
"""Maximum seconds between sending and submission of a call, and between two clocks that count as equal."""
WIDENING = 30.0
"""Seconds by which a window may grow without another search; a part of the tolerance."""
MAX_PAGES = 1000
"""Maximum number of pages to fetch: more than one task for each second that tasks are kept."""


class TimeWindow(NamedTuple):
    """A span of time on the service's clock, in seconds since 1970."""

    start: float
    end: float

    def overlaps(self, other: "TimeWindow") -> bool:
        """Return whether the two windows overlap."""
        return self.start <= other.end and other.start <= self.end

    def covers(self, other: "TimeWindow") -> bool:
        """Return whether another window is in this one, except for `WIDENING` seconds at each end."""
        return self.start - WIDENING <= other.start and other.end <= self.end + WIDENING

    def join(self, other: "TimeWindow") -> "TimeWindow":
        """Return the span from the beginning of the first to the end of the last."""
        return TimeWindow(min(self.start, other.start), max(self.end, other.end))


def submission_window(
    context: ClientContext, first: float, last: float, offset: ClockOffset | None = None
) -> TimeWindow:
    """Return the time in which the service can have accepted calls that were sent between two times.

    It is empty, its end not after its start, for calls that are older than the tasks that the service keeps.

    Args:
        context: The context of the client.
        first: When the first call was sent, in seconds since 1970 on the clock of its sender.
        last: When the last call was sent.
        offset: How far the service's clock was ahead of that clock. None if it is not known: then the window
            allows for equal clocks and for the offset that this client has observed.
    """
    ours = context.service_clock.offset or ClockOffset(0.0, 0.0)
    ours = ClockOffset(min(ours.low, 0.0), max(ours.high, 0.0))
    low, high = offset or ours
    oldest = context.clock.wall() + ours.high - context.api.life.expires_after
    return TimeWindow(
        max(first + low, oldest + 2 * CLOCK_TOLERANCE) - CLOCK_TOLERANCE, last + high + CLOCK_TOLERANCE
    )


def time_filter(context: ClientContext, window: TimeWindow) -> dict[str, str]:
    """Return the filter for tasks that were submitted in a window, as far back as the service keeps them."""
    zone = timedelta(seconds=context.api.query_zone)
    oldest = context.clock.wall() - context.api.life.expires_after

    def format_time(moment: float) -> str:
        return (datetime.fromtimestamp(moment, UTC) + zone).strftime(context.api.list_time)

    names = context.api.names.list_query
    return {names.start: format_time(max(window.start, oldest)), names.end: format_time(window.end)}


def statuses_from_list(context: ClientContext, waiters: Sequence[TaskWaiter]) -> Steps[dict[str, str]]:
    """Return the status of each task that the list shows, by id; stop when single queries are cheaper."""
    wall = context.clock.wall()
    started = [waiter.submitted_at for waiter in waiters if waiter.submitted_at is not None]
    if len(started) < len(waiters):
        started = [wall - context.api.life.expires_after]
    names = context.api.names.list_query
    window = submission_window(context, min(started), wall)
    filters: Query = {**time_filter(context, window), names.page_size: context.api.list_page}
    wanted = {waiter.task_id for waiter in waiters}
    deadline = Deadline(min(waiter.deadline for waiter in waiters), context.clock.now)
    known: dict[str, str] = {}
    for number in range(1, len(waiters) + 1):
        try:
            query = {**filters, names.page: number}
            response = yield from send_once(context, "list", deadline, query, reuse=True)
            page = parse_page(context.api, response)
        except WanError:  # the single queries that follow report what is wrong
            break
        listed = {item.task_id: item.status for item in page.items if item.task_id in wanted and item.status}
        known.update(listed)
        if not listed or len(known) == len(wanted) or number >= page.pages:
            break
    return known


def find_lost(
    context: ClientContext, model: str, window: Callable[[], TimeWindow], deadline: Deadline
) -> Steps[list[TaskSummary]]:
    """Return the tasks of a model that were submitted in a window.

    Args:
        context: The context of the client.
        model: The name of the model.
        window: Returns the window. It is called again after the list, whose response can show that the
            service's clock differs; if it is wider then by more than `WIDENING`, the list is fetched once
            more.
        deadline: When the search ends.
    """
    names = context.api.names.list_query
    tasks: list[TaskSummary] = []
    searched: TimeWindow | None = None
    for _ in range(2):  # a limit: a service may state another time in each response
        wanted = window()
        if wanted.end <= wanted.start or (searched and searched.covers(wanted)):
            break
        searched = wanted.join(searched) if searched else wanted
        tasks.clear()
        filters: Query = {**time_filter(context, searched), names.model: model}
        pages = TaskPages(context, filters, deadline)
        while page := (yield from pages.next_page()):
            tasks += page
    return tasks


class TaskPages:
    """A list of tasks, fetched page by page.

    It ends even if the service claims that there are more pages: at the last page, at a page without a new
    task, after `MAX_PAGES`, or when the time for the requests has passed.

    Args:
        context: The context of the client.
        filters: The query.
        deadline: Its remaining time is the limit for all requests together; the time between them is not
            counted, since a caller may do other work there.
    """

    def __init__(self, context: ClientContext, filters: Query, deadline: Deadline) -> None:
        self._context = context
        self._filters = {**filters, context.api.names.list_query.page_size: context.api.list_page}
        self._seconds = deadline.remaining
        self._number = 0
        self._pages = 1
        self._seen: set[str] = set()

    def next_page(self) -> Steps[list[TaskSummary]]:
        """Return the new tasks of the next page; empty at the end.

        Raises:
            DeadlineExceededError: The time for the requests passed before the end.
            MalformedResponseError: The list has more pages than are fetched.
        """
        if self._number >= self._pages:
            return []
        claim = f"the service states that the list of tasks has {self._pages:,} pages, and"
        advice = "ask for fewer tasks, by status, model or time"
        if self._number >= MAX_PAGES:
            raise MalformedResponseError(f"{claim} at most {MAX_PAGES:,} are fetched; {advice}")
        now = self._context.clock.now
        started_at = now()
        if self._seconds <= 0:
            raise DeadlineExceededError(f"{claim} the timeout has passed after {self._number:,}; {advice}")
        self._number += 1
        query = {**self._filters, self._context.api.names.list_query.page: self._number}
        page = yield from list_tasks(self._context, Deadline(started_at + self._seconds, now), query)
        self._seconds -= now() - started_at
        self._pages = page.pages
        new = [task for task in page.items if task.task_id not in self._seen]
        self._seen.update(task.task_id for task in new)
        return new
