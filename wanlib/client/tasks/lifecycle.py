"""The course of a paid call: as a task that is started and waited for, or as one exchange."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from wanlib.client.call.plan import CallPlan
from wanlib.client.http.json_access import get_object, get_sanitized
from wanlib.client.protocol.context import LOG, ClientContext
from wanlib.client.protocol.effects import Steps, WaitForTasks
from wanlib.client.protocol.timing import Deadline
from wanlib.client.results.result import Result, parse_result
from wanlib.client.tasks.billing import (
    BilledCall,
    call_context,
    mark_uncertain,
    reserve,
    send,
    settle,
    write_journal,
)
from wanlib.client.tasks.status import TaskStatus
from wanlib.client.tasks.submit import outcome_unknown_error
from wanlib.client.tasks.waiter import Outcome, StatusCallback
from wanlib.errors import (
    InvalidArgumentError,
    MalformedResponseError,
    TaskCanceledError,
    TaskError,
    TaskFailedError,
    TaskUnknownError,
    WanError,
)


def submit(context: ClientContext, plan: CallPlan, max_price: Any, deadline: Deadline) -> Steps[BilledCall]:
    """Starts a task and records its id, before anything else is asked."""
    paid = yield from reserve(context, plan, max_price, deadline)
    reply, _, answer = yield from send(context, plan, paid, deadline)
    assert answer is not None  # only the answer to a streamed call is still to come
    names = context.api.names
    task_id = get_sanitized(get_object(answer, names.answer.output), names.task.id)
    try:
        task_id = context.validate_task_id(task_id)
    except InvalidArgumentError:
        error = outcome_unknown_error(
            context.api, plan, paid.sent_at or 0.0, "the answer has no task id", reply
        )
        yield from mark_uncertain(context, paid, error)
        raise error from None
    context.purse.assign_to_task(paid.held, task_id)
    request_id, at = get_sanitized(answer, names.answer.request_id), context.clock.wall()
    LOG.info("task %s of %s is submitted, request %s", task_id, plan.model.name, request_id)
    yield from write_journal(
        context, paid, lambda journal, key: journal.record_accepted(key, task_id, request_id, at)
    )
    return paid._replace(task_id=task_id, sent_at=at)


def wait(
    context: ClientContext, paid: BilledCall, deadline: Deadline, told: StatusCallback | None
) -> Steps[Result]:
    """Waits for a task -> what it has yielded. Raises TaskError, DeadlineExceededError and the like."""
    (outcome,) = yield from wait_all(context, [paid], deadline, told)
    if isinstance(outcome, WanError):
        raise outcome
    return outcome


def wait_all(
    context: ClientContext, paids: Sequence[BilledCall], deadline: Deadline, told: StatusCallback | None
) -> Steps[list[Result | WanError]]:
    """Waits for tasks together -> what each has yielded, or the error that it ended with, in their order."""
    tasks = [(paid.task_id or "", paid.sent_at) for paid in paids]
    outcomes: list[Outcome] = yield WaitForTasks(tasks, deadline.at, told)
    ended: list[Result | WanError] = []
    for paid, outcome in zip(paids, outcomes, strict=True):
        try:
            ended.append((yield from _settle(context, paid, outcome)))
        except WanError as error:
            ended.append(error)
    return ended


def _settle(context: ClientContext, paid: BilledCall, outcome: Outcome) -> Steps[Result]:
    """Settles a task that has ended, or passes on why that is not known."""
    if isinstance(outcome, TaskStatus):
        origin = call_context(context, paid, outcome.ended_at or context.clock.wall())
        result = parse_result(context.api, paid.model, outcome.raw, origin)
        return (yield from settle(context, paid, result, outcome.status))
    if isinstance(outcome, TaskError):
        context.purse.settle(paid.held, Decimal(0), paid.task_id)
        life, at = context.api.life, context.clock.wall()
        names = {
            TaskFailedError: life.failed,
            TaskCanceledError: life.canceled,
            TaskUnknownError: life.unknown,
        }
        status = next((name for kind, name in names.items() if isinstance(outcome, kind)), "")
        yield from write_journal(
            context, paid, lambda journal, key: journal.record_ended(key, status, at, None)
        )
    raise outcome


def call_sync(context: ClientContext, plan: CallPlan, max_price: Any, deadline: Deadline) -> Steps[Result]:
    """One synchronous call -> what it has yielded. There is no task: a cut answer is paid for and lost."""
    paid = yield from reserve(context, plan, max_price, deadline)
    reply, _, answer = yield from send(context, plan, paid, deadline)
    origin = call_context(context, paid, context.clock.wall())
    try:
        result = parse_result(context.api, paid.model, answer or {}, origin)
    except MalformedResponseError as met:
        error = outcome_unknown_error(context.api, plan, paid.sent_at or 0.0, met.message, reply)
        yield from mark_uncertain(context, paid, error)
        raise error from met
    return (yield from settle(context, paid, result, context.api.life.succeeded))
