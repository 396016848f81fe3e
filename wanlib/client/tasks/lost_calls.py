"""Lost calls of a journal: the tasks that they may have become, and their adoption.

A call is lost if it may have been accepted and no task id came back. The list of tasks shows what the
account submitted at that time, which includes the tasks of every other client of the account: neither the
list nor a query says which call made a task. So a task is only a *candidate*. It is adopted, which means that
the journal takes it for the task of the call, if the caller states that no other client uses the account for
this model, and if as many calls were lost as tasks are unexplained at that time. The journal checks the
second condition again in the transaction that writes the ids, with the calls that other processes have under
way.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from wanlib.client.journal.entry import Entry
from wanlib.client.protocol.context import LOG, ClientContext
from wanlib.client.protocol.effects import Steps
from wanlib.client.protocol.timing import Deadline
from wanlib.client.tasks.journaling import use_journal
from wanlib.client.tasks.status import TaskSummary
from wanlib.client.tasks.task_list import CLOCK_TOLERANCE, find_lost
from wanlib.errors import WanError

if TYPE_CHECKING:
    from wanlib.client.journal.journal import Journal


class LostCall(NamedTuple):
    """A call that may have been accepted although no task id came back.

    Attributes:
        entry: Its entry in the journal.
        candidates: The tasks that it may have become: of its model, submitted at about that time, and in no
            entry of the journal. They can be tasks of another client of the account. Empty if the service
            lists none, and for a synchronous call, which has no task.
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
        adopt: Whether no other client uses the account for these models, so that tasks are adopted where
            their number is that of the lost calls.

    Returns:
        The entries with the adopted tasks, and the other calls.
    """
    adopted: list[Entry] = []
    lost = [LostCall(entry, ()) for entry in entries if entry.call != "async"]
    for group in _group_by_time(entry for entry in entries if entry.call == "async"):
        candidates: list[TaskSummary] = []
        matches: list[Entry] = []
        problem: WanError | None = None
        try:
            candidates = yield from _find_candidates(context, group, deadline)
            matches = (yield from _adopt(context, group, candidates, deadline)) if adopt else []
        except WanError as error:
            problem = error
        adopted += matches
        lost += [] if matches else [LostCall(entry, tuple(candidates), problem) for entry in group]
    return adopted, lost


def _group_by_time(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Group calls of one model that are so close in time that one task may be that of either."""
    groups: list[list[Entry]] = []
    for entry in sorted(entries, key=lambda entry: (entry.model, entry.sent_at)):
        last = groups[-1][-1] if groups else None
        is_near = last is not None and entry.sent_at - last.sent_at <= 2 * CLOCK_TOLERANCE
        if last is not None and last.model == entry.model and is_near:
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return groups


def _find_candidates(
    context: ClientContext, group: Sequence[Entry], deadline: Deadline
) -> Steps[list[TaskSummary]]:
    """Return the tasks that were submitted when these calls were sent, and that no entry contains."""
    first, last = group[0], group[-1]
    listed = yield from find_lost(context, first.model, first.sent_at, last.sent_at, deadline)
    tasks = {task.task_id: task for task in listed}

    def unexplained(journal: "Journal") -> list[TaskSummary]:
        return [task for task in tasks.values() if journal.entry(task.task_id) is None]

    candidates = (yield from use_journal(context, deadline, unexplained)) if tasks else []
    return sorted(candidates, key=lambda task: task.created_at or 0.0)


def _adopt(
    context: ClientContext, group: Sequence[Entry], candidates: Sequence[TaskSummary], deadline: Deadline
) -> Steps[list[Entry]]:
    """Write the ids of as many tasks as calls into the journal, in the order of their times."""
    if len(candidates) != len(group):
        return []
    tasks = {entry.key: task.task_id for entry, task in zip(group, candidates, strict=True)}
    margin = 2 * CLOCK_TOLERANCE

    def write(journal: "Journal") -> bool:
        return journal.adopt(tasks, since=group[0].sent_at - margin, until=group[-1].sent_at + margin)

    if not (yield from use_journal(context, deadline, write)):
        return []
    for entry in group:
        LOG.info("lost call of %s is taken to be task %s", entry.model, tasks[entry.key])
    return [entry._replace(task_id=tasks[entry.key]) for entry in group]
