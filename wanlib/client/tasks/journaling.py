"""Steps that use the journal of a client.

Two rules hold for all of them. If another process holds the file, they try again until the deadline of the
call, at most for `JOURNAL_WAIT`, and block no thread meanwhile. And once a call was sent, its outcome reaches
the caller even if the journal fails: `record_outcome` logs a failure and returns it, so that it is attached
to the result or to the error.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from wanlib.base.redaction import safe_repr
from wanlib.client.protocol.context import LOG, ClientContext
from wanlib.client.protocol.effects import RunBlocking, Sleep, Steps
from wanlib.client.protocol.timing import Deadline
from wanlib.errors import JournalError, WanError

if TYPE_CHECKING:
    from wanlib.client.journal.journal import Journal

T = TypeVar("T")
JOURNAL_WAIT = 30.0
"""Seconds to wait for another process that holds the file; each holds it for milliseconds."""
RETRY_INTERVAL = 0.05
_NAMED_TASKS = 8


def use_journal(
    context: ClientContext,
    deadline: Deadline,
    action: "Callable[[Journal], T]",
    *,
    wait: float = JOURNAL_WAIT,
) -> Steps[T]:
    """Return what an action on the journal returns; try again while another process holds the file.

    Args:
        context: The context of a client that has a journal.
        deadline: When the call ends.
        action: The action; it may be repeated.
        wait: Maximum seconds to wait for another process, 0 for one attempt.

    Raises:
        JournalError: The journal cannot be used.
    """
    journal = context.journal
    assert journal is not None
    until = Deadline(min(deadline.at, deadline.now() + wait), deadline.now)
    while True:
        try:
            value: T = yield RunBlocking(partial(action, journal))
        except JournalError as error:
            if error.retry != "yes" or not until.permits_wait(RETRY_INTERVAL):
                raise
        else:
            return value
        yield Sleep(RETRY_INTERVAL)


def record_outcome(
    context: ClientContext,
    deadline: Deadline,
    action: "Callable[[Journal], object]",
    *,
    wait: float = JOURNAL_WAIT,
) -> Steps[JournalError | None]:
    """Write the outcome of a call that was sent. Return why that failed; None if it did not.

    The arguments are those of `use_journal`. Half of the remaining time is left for the call itself.
    """
    try:
        yield from use_journal(context, deadline, action, wait=min(wait, deadline.remaining / 2))
    except Exception as error:
        failure = (
            error
            if isinstance(error, JournalError)
            else JournalError(f"the journal failed: {safe_repr(error)}")
        )
        LOG.warning("%s", failure)
        return failure
    return None


def attach_failure(error: WanError, failure: JournalError | None) -> None:
    """Attach a failure of the journal to the error of a call; the first one stays."""
    if failure is not None and error.journal_error is None:
        error.journal_error = failure
        error.add_note(str(failure))


@contextmanager
def label_errors(label: str | None) -> Iterator[None]:
    """Set the label of a call on an error that it raises."""
    try:
        yield
    except WanError as error:
        error.label = label
        raise


@contextmanager
def name_tasks(*task_ids: str | None) -> Iterator[None]:
    """Add the ids of accepted tasks, which continue, to a cancellation or interruption."""
    try:
        yield
    except (Exception, GeneratorExit):
        raise
    except BaseException as error:
        for task_id in task_ids[:_NAMED_TASKS]:
            error.add_note(f"task {task_id} was accepted and continues: get it by task({task_id!r})")
        if len(task_ids) > _NAMED_TASKS:
            error.add_note(f"{len(task_ids):,} tasks continue: unfinished() lists those of this client")
        raise
