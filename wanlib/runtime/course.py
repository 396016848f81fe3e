"""The course of a paid call: as a task that is started and waited for, or as one exchange."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from wanlib.runtime.context import LOG, Context
from wanlib.runtime.create import unknown
from wanlib.runtime.effects import Follow, Protocol
from wanlib.runtime.errors import (
    InvalidArgumentError,
    MalformedAnswer,
    TaskCanceled,
    TaskError,
    TaskFailed,
    TaskUnknown,
    WanError,
)
from wanlib.runtime.members import cleaned, mapping
from wanlib.runtime.paid import Paid, begin, doubt, origin_of, record, send, settled
from wanlib.runtime.plan import Plan
from wanlib.runtime.result import Result, read_result
from wanlib.runtime.retry import Deadline
from wanlib.runtime.snapshot import Snapshot
from wanlib.runtime.watch import Outcome, Told


def submit(context: Context, plan: Plan, max_price: Any, deadline: Deadline) -> Protocol[Paid]:
    """Starts a task and records its id, before anything else is asked."""
    paid = yield from begin(context, plan, max_price, deadline)
    reply, _, answer = yield from send(context, plan, paid, deadline)
    assert answer is not None  # only the answer to a streamed call is still to come
    names = context.api.names
    task_id = cleaned(mapping(answer, names.answer.output), names.task.id)
    try:
        task_id = context.checked_id(task_id)
    except InvalidArgumentError:
        error = unknown(context.api, plan, paid.sent_at or 0.0, "the answer has no task id", reply)
        yield from doubt(context, paid, error)
        raise error from None
    context.purse.bind(paid.held, task_id)
    request_id, at = cleaned(answer, names.answer.request_id), context.clock.wall()
    LOG.info("task %s of %s is submitted, request %s", task_id, plan.model.name, request_id)
    yield from record(context, paid, lambda journal, key: journal.accepted(key, task_id, request_id, at))
    return paid._replace(task_id=task_id, sent_at=at)


def finish(context: Context, paid: Paid, deadline: Deadline, told: Told | None) -> Protocol[Result]:
    """Waits for a task -> what it has yielded. Raises TaskError, DeadlineExceeded and the like."""
    (outcome,) = yield from finish_all(context, [paid], deadline, told)
    if isinstance(outcome, WanError):
        raise outcome
    return outcome


def finish_all(
    context: Context, paids: Sequence[Paid], deadline: Deadline, told: Told | None
) -> Protocol[list[Result | WanError]]:
    """Waits for tasks together -> what each has yielded, or the error that it ended with, in their order."""
    tasks = [(paid.task_id or "", paid.sent_at) for paid in paids]
    outcomes: list[Outcome] = yield Follow(tasks, deadline.at, told)
    ended: list[Result | WanError] = []
    for paid, outcome in zip(paids, outcomes, strict=True):
        try:
            ended.append((yield from _concluded(context, paid, outcome)))
        except WanError as error:
            ended.append(error)
    return ended


def _concluded(context: Context, paid: Paid, outcome: Outcome) -> Protocol[Result]:
    """Settles a task that has ended, or passes on why that is not known."""
    if isinstance(outcome, Snapshot):
        origin = origin_of(context, paid, outcome.ended_at or context.clock.wall())
        result = read_result(context.api, paid.model, outcome.raw, origin)
        return (yield from settled(context, paid, result, outcome.status))
    if isinstance(outcome, TaskError):
        context.purse.settle(paid.held, Decimal(0), paid.task_id)
        life, at = context.api.life, context.clock.wall()
        names = {TaskFailed: life.failed, TaskCanceled: life.canceled, TaskUnknown: life.unknown}
        status = next((name for kind, name in names.items() if isinstance(outcome, kind)), "")
        yield from record(context, paid, lambda journal, key: journal.ended(key, status, at, None))
    raise outcome


def direct(context: Context, plan: Plan, max_price: Any, deadline: Deadline) -> Protocol[Result]:
    """One synchronous call -> what it has yielded. There is no task: a cut answer is paid for and lost."""
    paid = yield from begin(context, plan, max_price, deadline)
    reply, _, answer = yield from send(context, plan, paid, deadline)
    origin = origin_of(context, paid, context.clock.wall())
    try:
        result = read_result(context.api, paid.model, answer or {}, origin)
    except MalformedAnswer as met:
        error = unknown(context.api, plan, paid.sent_at or 0.0, met.message, reply)
        yield from doubt(context, paid, error)
        raise error from met
    return (yield from settled(context, paid, result, context.api.life.succeeded))
