"""Unfinished calls of a journal, continued after a crash."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from wanlib.client.journal.entry import LEASE, Entry, is_owner_dead
from wanlib.client.protocol.context import LOG, ClientContext
from wanlib.client.protocol.effects import RunBlocking, Steps
from wanlib.client.protocol.timing import Deadline
from wanlib.client.results.result import Result
from wanlib.client.tasks.billing import billed_call_from_entry
from wanlib.client.tasks.lifecycle import wait_all
from wanlib.client.tasks.status import TaskSummary
from wanlib.client.tasks.task_list import CLOCK_TOLERANCE, find_lost
from wanlib.client.tasks.waiter import StatusCallback
from wanlib.errors import ConfigurationError, WanError


class LostCall(NamedTuple):
    """A call that may have been accepted although no task id came back.

    Attributes:
        entry: Its entry in the journal.
        candidates: The tasks that it may have become. Empty if the list shows none, so that it was most
            likely not accepted; or for a synchronous call, which has no task.
    """

    entry: Entry
    candidates: tuple[TaskSummary, ...]


class ResumeResult(NamedTuple):
    """What became of the unfinished calls of a journal.

    Attributes:
        results: The outputs of tasks that succeeded.
        failed: The errors of the others, with the id of the task.
        lost: Calls without a task id.
    """

    results: list[Any]
    failed: list[WanError]
    lost: list[LostCall]


def resume(
    context: ClientContext, deadline: Deadline, on_status: StatusCallback | None
) -> Steps[ResumeResult]:
    """Wait for all unfinished tasks of the journal, and look for the lost ones.

    Tasks that another process has leased, and those of another address, are left alone.

    Raises:
        ConfigurationError: The client has no journal.
        JournalError: The journal cannot be used.
    """
    journal = context.journal
    if journal is None:
        raise ConfigurationError("this client has no journal; make it with journal='calls.sqlite'")
    owner, wall = context.owner, context.clock.wall()
    until = wall + deadline.remaining + LEASE

    def take() -> list[Entry]:
        journal.release_dead_leases(is_owner_dead)
        unfinished = journal.entries(wall, context.api.life.expires_after)
        here = [entry for entry in unfinished if entry.origin == context.settings.origin]
        keys = [entry.key for entry in here if journal.acquire_lease(entry.key, owner, wall, until)]
        return [entry for entry in map(journal.entry, keys) if entry is not None]

    def give_back() -> None:
        for entry in taken:
            journal.release_lease(entry.key, owner)

    taken: list[Entry] = yield RunBlocking(take)
    try:
        recovered, lost = yield from _search_lost(
            context, [entry for entry in taken if entry.task_id is None], deadline
        )
        running = [entry for entry in taken if entry.task_id is not None] + recovered
        outcomes = yield from wait_all(
            context, [billed_call_from_entry(context, entry) for entry in running], deadline, on_status
        )
    finally:
        give_back()
    results = [outcome for outcome in outcomes if isinstance(outcome, Result)]
    return ResumeResult(results, [outcome for outcome in outcomes if isinstance(outcome, WanError)], lost)


def _search_lost(
    context: ClientContext, entries: Sequence[Entry], deadline: Deadline
) -> Steps[tuple[list[Entry], list[LostCall]]]:
    """Search for the tasks of lost calls; return the certain ones with their ids, and the others.

    It is certain if the account has as many unaccounted tasks of a model as calls of it are lost.
    """
    recovered: list[Entry] = []
    lost: list[LostCall] = []
    for name in dict.fromkeys(entry.model for entry in entries):
        mine = [entry for entry in entries if entry.model == name and entry.call == "async"]
        lost += [LostCall(entry, ()) for entry in entries if entry.model == name and entry.call != "async"]
        candidates = yield from _matching_tasks(context, mine, deadline)
        if mine and len(candidates) == len(mine):
            for entry, task in zip(mine, candidates, strict=True):
                LOG.info("lost call of %s is task %s", name, task.task_id)
                yield RunBlocking(partial(_attach_task, context, entry.key, task))
                recovered.append(entry._replace(task_id=task.task_id))
        else:
            lost += [LostCall(entry, tuple(candidates)) for entry in mine]
    return recovered, lost


def _matching_tasks(
    context: ClientContext, entries: Sequence[Entry], deadline: Deadline
) -> Steps[list[TaskSummary]]:
    """Return tasks that were submitted when entries of one model were, and that no entry contains."""
    seen: dict[str, TaskSummary] = {}
    for start, end in _merge_time_windows(entry.sent_at for entry in entries):
        for task in (yield from find_lost(context, entries[0].model, start, end, deadline)):
            seen[task.task_id] = task
    journal = context.journal
    assert journal is not None

    def unaccounted() -> list[TaskSummary]:
        return [task for task in seen.values() if journal.entry(task.task_id) is None]

    free: list[TaskSummary] = (yield RunBlocking(unaccounted)) if seen else []
    return sorted(free, key=lambda task: task.created_at or 0.0)


def _merge_time_windows(moments: Iterable[float]) -> list[tuple[float, float]]:
    """Merge times that are so close that one search covers them; return first and last of each group."""
    windows: list[tuple[float, float]] = []
    for moment in sorted(moments):
        if windows and moment - windows[-1][1] <= 2 * CLOCK_TOLERANCE:
            windows[-1] = windows[-1][0], moment
        else:
            windows.append((moment, moment))
    return windows


def _attach_task(context: ClientContext, key: int, task: TaskSummary) -> None:
    assert context.journal is not None
    context.journal.record_accepted(
        key, task.task_id, task.request_id, task.created_at or context.clock.wall()
    )
