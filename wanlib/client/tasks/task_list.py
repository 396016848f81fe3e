"""The list of recent tasks: used to poll many tasks at once, and to search for a lost call."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import Steps
from wanlib.client.protocol.timing import Deadline
from wanlib.client.tasks.requests import Query, list_tasks, send_once
from wanlib.client.tasks.status import TaskSummary, parse_page
from wanlib.client.tasks.waiter import TaskWaiter
from wanlib.errors import WanError

CLOCK_TOLERANCE = 120.0
"""Seconds by which the clocks of client and service may differ."""


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
            response = yield from send_once(context, "list", deadline, {**filters, names.page: number})
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
    paging: Query = {names.model: model, names.page_size: context.api.list_page}
    filters: Query = {**time_filter(context, start, end), **paging}
    tasks: list[TaskSummary] = []
    number = 1
    while True:
        payload = yield from list_tasks(context, deadline, {**filters, names.page: number})
        tasks += payload.items
        if number >= payload.pages or not payload.items:
            return tasks
        number += 1
