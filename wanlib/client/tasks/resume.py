"""Unfinished calls of a journal, continued after a crash."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from wanlib.client.journal.entry import Entry
from wanlib.client.journal.leases import LEASE, is_owner_dead
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import Steps
from wanlib.client.protocol.timing import Deadline
from wanlib.client.results.result import Result
from wanlib.client.tasks.billing import billed_call_from_entry
from wanlib.client.tasks.journaling import record_outcome, use_journal
from wanlib.client.tasks.lifecycle import wait_all
from wanlib.client.tasks.lost_calls import LostCall, search_lost_calls
from wanlib.client.tasks.waiter import StatusCallback
from wanlib.errors import ConfigurationError, JournalError, WanError

if TYPE_CHECKING:
    from wanlib.client.journal.journal import Journal


class ResumeResult(NamedTuple):
    """The outcomes of the unfinished calls of a journal.

    Attributes:
        results: The outputs of tasks that succeeded.
        failed: The errors of the others, with the id of the task.
        lost: Calls without a task id, with the tasks that they may have become.
        leased: Calls that another process has leased; a process on another machine may have ended.
    """

    results: list[Any]
    failed: list[WanError]
    lost: list[LostCall]
    leased: list[Entry]


def resume(
    context: ClientContext, deadline: Deadline, on_status: StatusCallback | None, *, adopt: bool
) -> Steps[ResumeResult]:
    """Wait for all unfinished tasks of the journal, and search for the lost calls, which `adopt` continues.

    Tasks that another process has leased, and those of another address, are left alone.

    Raises:
        ConfigurationError: The client has no journal.
        JournalError: The journal cannot be used.
    """
    owner = context.lease_owner
    if context.journal is None or owner is None:
        raise ConfigurationError("this client has no journal; make it with journal='calls.sqlite'")
    wall = context.clock.wall()
    until = wall + deadline.remaining + LEASE

    def take(journal: "Journal") -> tuple[list[Entry], list[Entry]]:
        journal.release_dead_leases(partial(is_owner_dead, journal.path))
        unfinished = journal.entries(wall, context.api.life.expires_after)
        here = [entry for entry in unfinished if entry.origin == context.settings.origin]
        keys = [entry.key for entry in here if journal.acquire_lease(entry.key, owner.mark, wall, until)]
        return (
            [entry for entry in map(journal.entry, keys) if entry is not None],
            [entry for entry in here if entry.key not in keys],
        )

    taken, leased = yield from use_journal(context, deadline, take)
    try:
        adopted, lost = yield from search_lost_calls(
            context, [entry for entry in taken if entry.task_id is None], deadline, adopt=adopt
        )
        running = [entry for entry in taken if entry.task_id is not None] + adopted
        outcomes = yield from wait_all(
            context, [billed_call_from_entry(context, entry) for entry in running], deadline, on_status
        )
    except BaseException:
        with suppress(JournalError):  # the first error is the one to report
            _give_back(context.journal, taken, owner.mark)
        raise
    yield from record_outcome(context, deadline, lambda journal: _give_back(journal, taken, owner.mark))
    results = [outcome for outcome in outcomes if isinstance(outcome, Result)]
    failed = [outcome for outcome in outcomes if isinstance(outcome, WanError)]
    return ResumeResult(results, failed, lost, leased)


def _give_back(journal: "Journal", entries: Sequence[Entry], owner: str) -> None:
    for entry in entries:
        journal.release_lease(entry.key, owner)
