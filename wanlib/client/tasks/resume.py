"""Unfinished calls of a journal, continued after a crash."""

from typing import Any, NamedTuple

from wanlib.client.journal.entry import LEASE, Entry, is_owner_dead
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import RunBlocking, Steps
from wanlib.client.protocol.timing import Deadline
from wanlib.client.results.result import Result
from wanlib.client.tasks.billing import billed_call_from_entry
from wanlib.client.tasks.lifecycle import wait_all
from wanlib.client.tasks.lost_calls import LostCall, search_lost_calls
from wanlib.client.tasks.waiter import StatusCallback
from wanlib.errors import ConfigurationError, WanError


class ResumeResult(NamedTuple):
    """What became of the unfinished calls of a journal.

    Attributes:
        results: The outputs of tasks that succeeded.
        failed: The errors of the others, with the id of the task.
        lost: Calls without a task id, with the tasks that they may have become.
    """

    results: list[Any]
    failed: list[WanError]
    lost: list[LostCall]


def resume(
    context: ClientContext, deadline: Deadline, on_status: StatusCallback | None, *, adopt: bool
) -> Steps[ResumeResult]:
    """Wait for all unfinished tasks of the journal, and look for the lost ones, which `adopt` continues.

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
        adopted, lost = yield from search_lost_calls(
            context, [entry for entry in taken if entry.task_id is None], deadline, adopt=adopt
        )
        running = [entry for entry in taken if entry.task_id is not None] + adopted
        outcomes = yield from wait_all(
            context, [billed_call_from_entry(context, entry) for entry in running], deadline, on_status
        )
    finally:
        give_back()
    results = [outcome for outcome in outcomes if isinstance(outcome, Result)]
    return ResumeResult(results, [outcome for outcome in outcomes if isinstance(outcome, WanError)], lost)
