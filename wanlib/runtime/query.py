"""The exchanges that cost nothing and may be made again: query, list, cancel."""

from collections.abc import Mapping
from functools import partial

from wanlib.runtime.again import PASSING, again
from wanlib.runtime.answer import is_vendor_error, problem
from wanlib.runtime.context import Context
from wanlib.runtime.effects import Protocol, Send, Sleep
from wanlib.runtime.errors import InvalidRequest, Unreachable
from wanlib.runtime.exchange import Reply, Trouble
from wanlib.runtime.retry import Deadline
from wanlib.runtime.snapshot import Page, Snapshot, read_page, read_snapshot

DOUBTS = 3
"""Looks after which an answer is believed that may be an error of the query alone."""

Query = Mapping[str, str | int]


def ask_once(
    context: Context, call: str, deadline: Deadline, query: Query | None = None, task_id: str | None = None
) -> Protocol[Reply]:
    """One exchange at the pace that the account is allowed -> a Reply that is no error.

    Raises one of PASSING, or the WanError of a definite refusal.
    """
    if (wait := context.paces[call].wait(context.clock.now())) > 0:
        yield Sleep(wait)
    try:
        reply: Reply = yield Send(context.request(call, deadline, query, task_id))
    except Trouble as trouble:
        raise Unreachable(f"no answer from the service: {trouble}", task_id=task_id) from None
    good = 200 <= reply.status < 300
    # A query of a task that FAILED may be answered in the form of an error: its reader knows.
    if good and (call == "query" or not is_vendor_error(context.api, reply)):
        return reply
    raise problem(context.api, reply, context.clock.wall(), task_id=task_id)


def ask(
    context: Context, call: str, deadline: Deadline, query: Query | None = None, task_id: str | None = None
) -> Protocol[Reply]:
    """The same, again where that may help. Raises WanError; DeadlineExceeded where the time is up."""
    step = partial(ask_once, context, call, deadline, query, task_id)
    return again(step, call, context.attempts, context.backoff(), deadline, task_id)


def query(context: Context, task_id: str, deadline: Deadline) -> Protocol[Snapshot]:
    """What a task is doing now. A failure in doubt is asked for again, and believed in the end."""
    backoff = context.backoff()
    for looks in range(1, DOUBTS + 1):
        reply = yield from ask(context, "query", deadline, task_id=task_id)
        try:
            snapshot = read_snapshot(context.api, reply, task_id)
        except PASSING:
            if looks == DOUBTS:
                raise
        else:
            if looks == DOUBTS or not snapshot.doubtful:
                return snapshot
        yield Sleep(backoff.wait(looks))
    raise AssertionError("the last look returns or raises")


def page(context: Context, deadline: Deadline, filters: Query) -> Protocol[Page]:
    """One page of the list of tasks."""

    def step() -> Protocol[Page]:
        reply = yield from ask_once(context, "list", deadline, filters)
        return read_page(context.api, reply)

    return again(step, "list", context.attempts, context.backoff(), deadline)


def cancel(context: Context, task_id: str, deadline: Deadline) -> Protocol[None]:
    """Cancels a task that is still waiting. Raises InvalidRequest where it is running or has ended.

    Where the answer to a first try was lost, the second may be refused because the first one worked: so
    a refusal is held against what the task says.
    """
    try:
        yield from ask(context, "cancel", deadline, task_id=task_id)
    except InvalidRequest:
        snapshot = yield from query(context, task_id, deadline)
        if snapshot.status != context.api.life.canceled:
            raise
