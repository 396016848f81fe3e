"""Find the task of a lost call of a batch.

A batch sends the calls of a model one after another, and assumes by default that no other program uses the
account for its models. So a task that was submitted while the lost call was sent, and that is not in the
journal, is the task of this call. If the service lists no such task, either the call was not accepted or
the task is not listed yet; after `RESEND_AFTER` the latter is ruled out, and the job is resent.
"""

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from wanlib.client.journal.entry import Entry
from wanlib.client.protocol.context import LOG, ClientContext
from wanlib.client.protocol.effects import Steps
from wanlib.client.protocol.timing import Deadline
from wanlib.client.tasks.journaling import use_journal
from wanlib.client.tasks.status import TaskSummary
from wanlib.client.tasks.task_list import CLOCK_TOLERANCE, find_lost, submission_window
from wanlib.errors import OutcomeUnknownError, TaskUnknownError, WanError

if TYPE_CHECKING:
    from wanlib.client.journal.journal import Journal

RESEND_AFTER = 600.0
"""Seconds after which a call that the service does not list counts as not accepted: ten times the timeout
of a response, so that no request can still be in transit."""
_NEAR = 5.0
"""Tolerance in seconds between the times of a task and of its call, in addition to the clock offset."""


class LostSearch(NamedTuple):
    """The result of a search.

    Attributes:
        entry: The entry with the adopted task; None if no task was adopted.
        is_listed: Whether the service lists a task that may belong to the call.
    """

    entry: Entry | None
    is_listed: bool


def find_task(context: ClientContext, entry: Entry, deadline: Deadline) -> Steps[LostSearch]:
    """Search for the task of a lost call, and write it into the journal if it is the only one.

    Args:
        context: The context of a client with a journal.
        entry: The lost call.
        deadline: When the search ends.
    """
    window = partial(submission_window, context, entry.sent_at, entry.sent_at, entry.clock_offset)
    listed = yield from find_lost(context, entry.model, window, deadline)

    def unexplained(journal: "Journal") -> tuple[list[TaskSummary], float]:
        tasks = [task for task in listed if journal.entry(task.task_id) is None]
        slowest = entry.sent_at + CLOCK_TOLERANCE
        return tasks, min(slowest, journal.next_sent_at(entry) or slowest)

    candidates, sent_by = yield from use_journal(context, deadline, unexplained)
    near = [task for task in candidates if _is_near(context, entry, sent_by, task)]
    if len(near) != 1:
        return LostSearch(None, bool(candidates))
    task_id = near[0].task_id

    def is_same(other: Entry) -> bool:
        return other.key == entry.key

    if not (
        yield from use_journal(
            context, deadline, lambda journal: journal.adopt({entry.key: task_id}, is_same)
        )
    ):
        return LostSearch(None, True)
    LOG.info("lost call of %s is taken to be task %s", entry.model, task_id)
    return LostSearch(entry._replace(task_id=task_id), True)


def _is_near(context: ClientContext, entry: Entry, sent_by: float, task: TaskSummary) -> bool:
    """Return whether a task was submitted while the call was sent, as far as the service's clock is known.

    Args:
        context: The context of the client.
        entry: The call.
        sent_by: When the whole request had been sent, at the latest; a large one may take a minute.
        task: The task.
    """
    offset = context.service_clock.offset or entry.clock_offset
    if offset is None or task.created_at is None:
        return True
    return entry.sent_at + offset.low - _NEAR <= task.created_at <= sent_by + offset.high + _NEAR


def unknown_error(entry: Entry, why: str) -> OutcomeUnknownError:
    """Return the error for a call that may have been accepted."""
    return OutcomeUnknownError(
        f"the call may have been accepted, and its task is not known: {why}",
        model=entry.model,
        sent_at=entry.sent_at,
        request_id=entry.request_id,
    )


def old_failure(entry: Entry) -> WanError:
    """Return why a job of an earlier run has no pictures."""
    if entry.state == "lost":
        return unknown_error(entry, "it can't be found any more; change its label to send it again")
    if entry.task_id is None:
        problem = "its call, which has no task, ended in an earlier run without saving; it is billed"
    elif entry.state in ("running", "unsaved"):
        problem = (
            "its task is older than the service keeps it, and its pictures were not saved; they are billed"
        )
    else:
        problem = f"its task ended {entry.status or 'without a status'} in an earlier run"
    return TaskUnknownError(f"{problem}; --retry-failed sends it again", task_id=entry.task_id)
