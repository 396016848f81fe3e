"""The list of recent tasks: used to poll many tasks at once, and to search for a lost call."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import Steps
from wanlib.client.protocol.timing import Deadline
from wanlib.client.tasks.requests import Query, list_tasks, send_once
from wanlib.client.tasks.status import TaskSummary, parse_page
from wanlib.client.tasks.waiter import TaskWaiter
from wanlib.errors import DeadlineExceededError, MalformedResponseError, WanError

CLOCK_TOLERANCE = 120.0
"""Seconds by which the clocks of client and service may differ."""
MAX_PAGES = 1000
"""Pages of a list that are fetched at most: more tasks than one each second of the time they are kept."""


def time_filter(
    context: ClientContext, start: float, end: float, margin: float = CLOCK_TOLERANCE
) -> dict[str, str]:
    """Return the filter for tasks submitted between two times (seconds since 1970), with a margin."""
    zone = timedelta(seconds=context.api.query_zone)
    oldest = context.clock.wall() - context.api.life.expires_after + margin

    def format_time(moment: float) -> str:
        return (datetime.fromtimestamp(moment, UTC) + zone).strftime(context.api.list_time)

    names = context.api.names.list_query
    return {names.start: format_time(max(start - margin, oldest)), names.end: format_time(end + margin)}


def statuses_from_list(context: ClientContext, waiters: Sequence[TaskWaiter]) -> Steps[dict[str, str]]:
    """Return the status of each task that the list shows, by id; stop where single queries are cheaper."""
    wall = context.clock.wall()
    started = [watch.submitted_at for watch in waiters if watch.submitted_at is not None]
    if len(started) < len(waiters):
        started = [wall - context.api.life.expires_after]
    names = context.api.names.list_query
    filters: Query = {**time_filter(context, min(started), wall), names.page_size: context.api.list_page}
    wanted = {watch.task_id for watch in waiters}
    deadline = Deadline(min(watch.deadline for watch in waiters), context.clock.now)
    known: dict[str, str] = {}
    for number in range(1, len(waiters) + 1):
        try:
            query = {**filters, names.page: number}
            response = yield from send_once(context, "list", deadline, query, reuse=True)
            page = parse_page(context.api, response)
        except WanError:  # what is wrong, a query of the task alone will tell
            break
        listed = {item.task_id: item.status for item in page.items if item.task_id in wanted and item.status}
        known.update(listed)
        if not listed or len(known) == len(wanted) or number >= page.pages:
            break
    return known


def find_lost(
    context: ClientContext, model: str, start: float, end: float, deadline: Deadline
) -> Steps[list[TaskSummary]]:
    """Return the tasks of a model that calls sent between two times (seconds since 1970) may be.

    Empty, without a request, for calls sent longer ago than the service keeps tasks.
    """
    if context.clock.wall() - end >= context.api.life.expires_after:
        return []
    names = context.api.names.list_query
    filters: Query = {**time_filter(context, start, end), names.model: model}
    pages = TaskPages(context, filters, deadline)
    tasks: list[TaskSummary] = []
    while page := (yield from pages.next_page()):
        tasks += page
    return tasks


class TaskPages:
    """A list of tasks, fetched page by page.

    It ends even if the service claims more: at the last page, at one without a task that no page before it
    had, after `MAX_PAGES`, or when the requests have taken as long as they may.

    Args:
        context: The context of the client.
        filters: The query.
        deadline: What remains of it is the time that all requests may take; the time between them is not
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
        """Return the tasks of the next page that no page before it had; empty at the end.

        Raises:
            DeadlineExceededError: The time was up before the end.
            MalformedResponseError: The list has more pages than are fetched.
        """
        if self._number >= self._pages:
            return []
        claim = f"the list of tasks has {self._pages:,} pages, the service states, and"
        advice = "ask for fewer tasks, by status, model or time"
        if self._number >= MAX_PAGES:
            raise MalformedResponseError(f"{claim} {MAX_PAGES:,} are fetched at most; {advice}")
        now = self._context.clock.now
        began = now()
        if self._seconds <= 0:
            raise DeadlineExceededError(f"{claim} the time was up after {self._number:,}; {advice}")
        self._number += 1
        query = {**self._filters, self._context.api.names.list_query.page: self._number}
        page = yield from list_tasks(self._context, Deadline(began + self._seconds, now), query)
        self._seconds -= now() - began
        self._pages = page.pages
        new = [task for task in page.items if task.task_id not in self._seen]
        self._seen.update(task.task_id for task in new)
        return new
