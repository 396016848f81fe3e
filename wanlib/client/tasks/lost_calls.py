"""Lost calls of a journal: their candidate tasks, and the adoption of these.

A call is lost if it may have been accepted and no task id was received. The list of tasks shows what the
account submitted at that time, including the tasks of every other client of the account: neither the list
nor a query says which call created a task. So a task is only a *candidate*. It is adopted, which means that
the journal treats it as the task of the call, if the caller asserts that no other client uses the account
for this model, and if the number of lost calls equals the number of unexplained tasks at that time. The
journal checks the second condition again in the transaction that writes the ids, including the running calls
of other processes.
"""

from collections.abc import Sequence
from functools import partial, reduce
from typing import TYPE_CHECKING, NamedTuple

from wanlib.client.journal.entry import Entry
from wanlib.client.protocol.context import LOG, ClientContext
from wanlib.client.protocol.effects import Steps
from wanlib.client.protocol.timing import Deadline
from wanlib.client.tasks.journaling import use_journal
from wanlib.client.tasks.status import TaskSummary
from wanlib.client.tasks.task_list import TimeWindow, find_lost, submission_window
from wanlib.errors import WanError

if TYPE_CHECKING:
    from wanlib.client.journal.journal import Journal


class LostCall(NamedTuple):
    """A call that may have been accepted although no task id was received.

    Attributes:
        entry: Its entry in the journal.
        candidates: The tasks that it may have become: of its model, submitted at about that time, and in no
            entry of the journal. They can be tasks of another client of the account. Empty if the service
            lists none at present, and for a synchronous call, which has no task.
        error: Why the list could not be searched; None if it was, and for a synchronous call.
    """

    entry: Entry
    candidates: tuple[TaskSummary, ...]
    error: WanError | None = None


def search_lost_calls(
    context: ClientContext, entries: Sequence[Entry], deadline: Deadline, *, adopt: bool
) -> Steps[tuple[list[Entry], list[LostCall]]]:
    """Search for the tasks of lost calls.

    Args:
        context: The context of the client.
        entries: The lost calls, which this client has leased.
        deadline: When the search ends.
        adopt: Whether no other client uses the account for these models, so that tasks are adopted if
            their number equals that of the lost calls.

    Returns:
        The entries with the adopted tasks, and the other calls.
    """
    adopted: list[Entry] = []
    lost = [LostCall(entry, ()) for entry in entries if entry.call != "async"]
    pending = [entry for entry in entries if entry.call == "async"]
    searches = 2 * len(pending)  # a limit: a service may state another time in each response
    while pending:
        searches -= 1
        group = _nearby_calls(context, pending)
        candidates: list[TaskSummary] = []
        matches: list[Entry] = []
        problem: WanError | None = None
        try:
            candidates = yield from _find_candidates(context, group, deadline)
            if searches >= len(pending) and len(_nearby_calls(context, pending)) > len(group):
                continue  # the response has shown that the clocks differ, and wider windows overlap
            matches = (yield from _adopt(context, group, candidates, deadline)) if adopt else []
        except WanError as error:
            problem = error
        adopted += matches
        if not matches:
            lost += [LostCall(entry, tuple(candidates), problem) for entry in group]
        pending = [entry for entry in pending if entry not in group]
    return adopted, lost


def _window(context: ClientContext, entry: Entry) -> TimeWindow:
    return submission_window(context, entry.sent_at, entry.sent_at, entry.clock_offset)


def _joint_window(context: ClientContext, entries: Sequence[Entry]) -> TimeWindow:
    return reduce(TimeWindow.join, [_window(context, entry) for entry in entries])


def _nearby_calls(context: ClientContext, entries: Sequence[Entry]) -> list[Entry]:
    """Return the first call and those of its model that are near enough in time to share a candidate."""
    ordered = sorted(
        (entry for entry in entries if entry.model == entries[0].model),
        key=lambda entry: _window(context, entry),
    )
    group = ordered[:1]
    for entry in ordered[1:]:
        if not _joint_window(context, group).overlaps(_window(context, entry)):
            break
        group.append(entry)
    return group


def _find_candidates(
    context: ClientContext, group: Sequence[Entry], deadline: Deadline
) -> Steps[list[TaskSummary]]:
    """Return the tasks that were submitted when these calls were sent, and that no entry contains."""
    listed = yield from find_lost(context, group[0].model, partial(_joint_window, context, group), deadline)
    tasks = {task.task_id: task for task in listed}

    def unexplained(journal: "Journal") -> list[TaskSummary]:
        return [task for task in tasks.values() if journal.entry(task.task_id) is None]

    candidates = (yield from use_journal(context, deadline, unexplained)) if tasks else []
    return sorted(candidates, key=lambda task: task.created_at or 0.0)


def _adopt(
    context: ClientContext, group: Sequence[Entry], candidates: Sequence[TaskSummary], deadline: Deadline
) -> Steps[list[Entry]]:
    """Write the ids of the tasks into the journal, in order of time, if there is one for each call."""
    if len(candidates) != len(group):
        return []
    tasks = {entry.key: task.task_id for entry, task in zip(group, candidates, strict=True)}
    window = _joint_window(context, group)

    def is_near(other: Entry) -> bool:
        return other.model == group[0].model and window.overlaps(_window(context, other))

    if not (yield from use_journal(context, deadline, lambda journal: journal.adopt(tasks, is_near))):
        return []
    for entry in group:
        LOG.info("lost call of %s is taken to be task %s", entry.model, tasks[entry.key])
    return [entry._replace(task_id=tasks[entry.key]) for entry in group]
