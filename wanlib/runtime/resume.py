"""What a process before this one left unfinished, taken up from the journal."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from wanlib.runtime.context import LOG, Context
from wanlib.runtime.course import finish_all
from wanlib.runtime.effects import Blocking, Protocol
from wanlib.runtime.errors import ConfigurationError, WanError
from wanlib.runtime.journal_entry import Entry
from wanlib.runtime.owner import LEASE, is_dead
from wanlib.runtime.paid import paid_of
from wanlib.runtime.recent import MARGIN, find_lost
from wanlib.runtime.result import Result
from wanlib.runtime.retry import Deadline
from wanlib.runtime.snapshot import Listed
from wanlib.runtime.watch import Told


class Lost(NamedTuple):
    """A call that may have been accepted although no task id came back.

    candidates: tasks of the account that it may have become; empty: the list shows none, so it was most
    likely never accepted, or it was a synchronous call, which makes no task.
    """

    entry: Entry
    candidates: tuple[Listed, ...]


class Resumed(NamedTuple):
    """What became of the unfinished calls of a journal.

    results: of tasks that succeeded. failed: errors with the task's id. lost: calls without a task id.
    """

    results: list[Any]
    failed: list[WanError]
    lost: list[Lost]


def resume(context: Context, deadline: Deadline, told: Told | None) -> Protocol[Resumed]:
    """Follows every unfinished task of the journal to its end, and looks for the lost ones.

    Tasks that another process has taken up, and those of another address, are left alone. Raises
    ConfigurationError where there is no journal, JournalError where it can't be used.
    """
    journal = context.journal
    if journal is None:
        raise ConfigurationError("this client has no journal; make it with journal='calls.sqlite'")
    owner, wall = context.owner, context.clock.wall()
    until = wall + deadline.left + LEASE

    def take() -> list[Entry]:
        journal.free(is_dead)
        left = journal.entries(wall, context.api.life.expires_after)
        here = [entry for entry in left if entry.origin == context.settings.origin]
        keys = [entry.key for entry in here if journal.claim(entry.key, owner, wall, until)]
        return [entry for entry in map(journal.entry, keys) if entry is not None]

    def give_back() -> None:
        for entry in taken:
            journal.release(entry.key, owner)

    taken: list[Entry] = yield Blocking(take)
    try:
        found, lost = yield from _found(context, [each for each in taken if each.task_id is None], deadline)
        running = [each for each in taken if each.task_id is not None] + found
        outcomes = yield from finish_all(
            context, [paid_of(context, each) for each in running], deadline, told
        )
    finally:
        give_back()
    results = [each for each in outcomes if isinstance(each, Result)]
    return Resumed(results, [each for each in outcomes if isinstance(each, WanError)], lost)


def _found(
    context: Context, entries: Sequence[Entry], deadline: Deadline
) -> Protocol[tuple[list[Entry], list[Lost]]]:
    """Looks for the tasks of lost calls -> those that are certain, with their ids; and the others.

    It is certain where the account has as many unaccounted tasks of a model as calls of it are lost.
    """
    found: list[Entry] = []
    lost: list[Lost] = []
    for name in dict.fromkeys(entry.model for entry in entries):
        mine = [entry for entry in entries if entry.model == name and entry.call == "async"]
        lost += [Lost(entry, ()) for entry in entries if entry.model == name and entry.call != "async"]
        candidates = yield from _candidates(context, mine, deadline)
        if mine and len(candidates) == len(mine):
            for entry, task in zip(mine, candidates, strict=True):
                LOG.info("lost call of %s is task %s", name, task.task_id)
                yield Blocking(partial(_adopt, context, entry.key, task))
                found.append(entry._replace(task_id=task.task_id))
        else:
            lost += [Lost(entry, tuple(candidates)) for entry in mine]
    return found, lost


def _candidates(context: Context, entries: Sequence[Entry], deadline: Deadline) -> Protocol[list[Listed]]:
    """Tasks of the account that were submitted about when entries of one model were, and stand in none."""
    seen: dict[str, Listed] = {}
    for start, end in _spans(entry.sent_at for entry in entries):
        for task in (yield from find_lost(context, entries[0].model, start, end, deadline)):
            seen[task.task_id] = task
    journal = context.journal
    assert journal is not None

    def unaccounted() -> list[Listed]:
        return [task for task in seen.values() if journal.entry(task.task_id) is None]

    free: list[Listed] = (yield Blocking(unaccounted)) if seen else []
    return sorted(free, key=lambda task: task.created_at or 0.0)


def _spans(moments: Iterable[float]) -> list[tuple[float, float]]:
    """First and last of moments that lie so close that one look at the list shows what is around all."""
    spans: list[tuple[float, float]] = []
    for moment in sorted(moments):
        if spans and moment - spans[-1][1] <= 2 * MARGIN:
            spans[-1] = spans[-1][0], moment
        else:
            spans.append((moment, moment))
    return spans


def _adopt(context: Context, key: int, task: Listed) -> None:
    assert context.journal is not None
    context.journal.accepted(key, task.task_id, task.request_id, task.created_at or context.clock.wall())
