"""The life of a billed call: a task that is submitted and waited for, or one synchronous request."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from wanlib.client.call.plan import CallPlan
from wanlib.client.http.json_access import get_object, get_sanitized
from wanlib.client.http.messages import Response
from wanlib.client.protocol.context import LOG, ClientContext
from wanlib.client.protocol.effects import Steps, WaitForTasks
from wanlib.client.protocol.timing import Deadline
from wanlib.client.results.result import Result, parse_result
from wanlib.client.tasks.billing import (
    BilledCall,
    call_context,
    mark_uncertain,
    record_end,
    reserve,
    send,
    settle,
    write_journal,
)
from wanlib.client.tasks.journaling import attach_failure, name_tasks
from wanlib.client.tasks.status import TaskStatus
from wanlib.client.tasks.submit import outcome_unknown_error
from wanlib.client.tasks.task_list import CLOCK_TOLERANCE
from wanlib.client.tasks.waiter import Outcome, StatusCallback
from wanlib.errors import (
    InvalidArgumentError,
    MalformedResponseError,
    OutcomeUnknownError,
    TaskCanceledError,
    TaskError,
    TaskFailedError,
    TaskUnknownError,
    WanError,
)

if TYPE_CHECKING:
    from wanlib.client.journal.journal import Journal


def submit(context: ClientContext, plan: CallPlan, max_price: Any, deadline: Deadline) -> Steps[BilledCall]:
    """Submit a task and record its id before anything else happens.

    A response that names a task of another call does not belong to this call: a proxy may have mixed up
    responses. The outcome of this call is then unknown, and the records of the other call are not changed.
    """
    billed = yield from reserve(context, plan, max_price, deadline)
    response, _, payload = yield from send(context, plan, billed, deadline)
    assert payload is not None and billed.live is not None  # only a streamed response is not yet complete
    names = context.api.names
    task_id = get_sanitized(get_object(payload, names.answer.output), names.task.id)
    try:
        task_id = context.validate_task_id(task_id)
    except InvalidArgumentError:
        raise (yield from _lost(context, plan, billed, "the response has no task id", response)) from None
    request_id, at = get_sanitized(payload, names.answer.request_id), context.clock.wall()
    if not context.live_calls.accept(billed.live, task_id, request_id, at):
        raise (yield from _lost(context, plan, billed, _foreign_task(task_id), response))
    context.budget.assign_to_task(billed.reserved, task_id)
    is_ours = True

    def write(journal: "Journal", key: int) -> None:
        nonlocal is_ours
        is_ours = journal.record_accepted(key, task_id, request_id, at)

    with name_tasks(task_id):
        failure = yield from write_journal(context, billed, write)
    if not is_ours:
        context.live_calls.disown(billed.live)
        context.budget.unassign(task_id)
        raise (yield from _lost(context, plan, billed, _foreign_task(task_id), response))
    LOG.info("task %s of %s is submitted, request %s", task_id, plan.model.name, request_id)
    return billed._replace(task_id=task_id, sent_at=at, journal_error=failure, request_id=request_id)


def _lost(
    context: ClientContext, plan: CallPlan, billed: BilledCall, problem: str, response: Response
) -> Steps[OutcomeUnknownError]:
    """Mark a call as possibly billed and return the error to raise."""
    error = outcome_unknown_error(context.api, plan, billed.sent_at or 0.0, problem, response)
    yield from mark_uncertain(context, billed, error)
    return error


def _foreign_task(task_id: str) -> str:
    return f"the response names task {task_id}, which belongs to another call"


def wait(
    context: ClientContext, billed: BilledCall, deadline: Deadline, on_status: StatusCallback | None
) -> Steps[Result]:
    """Wait until the task ends and return its result.

    Raises:
        TaskError: The task ended without a picture.
        DeadlineExceededError: The deadline has passed; the task continues.
    """
    (outcome,) = yield from wait_all(context, [billed], deadline, on_status)
    if isinstance(outcome, WanError):
        raise outcome
    return outcome


def wait_all(
    context: ClientContext,
    billed_calls: Sequence[BilledCall],
    deadline: Deadline,
    on_status: StatusCallback | None,
) -> Steps[list[Result | WanError]]:
    """Wait for tasks and return, in order, the result of each or the error that it ended with."""
    tasks = [(billed.task_id or "", billed.sent_at) for billed in billed_calls]
    ended: list[Result | WanError] = []
    with name_tasks(*(task_id for task_id, _ in tasks)):
        outcomes: list[Outcome] = yield WaitForTasks(tasks, deadline.at, on_status)
        for billed, outcome in zip(billed_calls, outcomes, strict=True):
            ended.append((yield from _settle_safely(context, billed, outcome, deadline)))
    for billed, final in zip(billed_calls, ended, strict=True):
        _finish(context, billed, final)
    return ended


def conclude(
    context: ClientContext, billed: BilledCall, outcome: Outcome, deadline: Deadline
) -> Steps[Result | WanError]:
    """Settle one wait and return the result or the error that it ended with."""
    with name_tasks(billed.task_id):
        ended = yield from _settle_safely(context, billed, outcome, deadline)
    _finish(context, billed, ended)
    return ended


def _settle_safely(
    context: ClientContext, billed: BilledCall, outcome: Outcome, deadline: Deadline
) -> Steps[Result | WanError]:
    try:
        return (yield from _settle(context, billed._replace(deadline=deadline), outcome))
    except WanError as error:
        attach_failure(error, billed.journal_error)
        error.label = billed.label
        return error


def _finish(context: ClientContext, billed: BilledCall, ended: Result | WanError) -> None:
    """Remove a call from the unfinished ones if its task has ended."""
    live = context.live_calls.find_task(billed.task_id or "")
    if live is not None and isinstance(ended, Result | TaskError):
        context.live_calls.finish(live)


def _settle(context: ClientContext, billed: BilledCall, outcome: Outcome) -> Steps[Result]:
    """Settle a task that has ended; raise the error of one that has not."""
    if isinstance(outcome, TaskStatus):
        result_context = call_context(context, billed, _end_time(context, billed, outcome.ended_at))
        result = parse_result(context.api, billed.model, outcome.raw, result_context)
        return (yield from settle(context, billed, result, outcome.status))
    if isinstance(outcome, TaskError):
        context.budget.settle(billed.reserved, Decimal(0), billed.task_id)
        life, at = context.api.life, context.clock.wall()
        names = {
            TaskFailedError: life.failed,
            TaskCanceledError: life.canceled,
            TaskUnknownError: life.unknown,
        }
        status = next((name for kind, name in names.items() if isinstance(outcome, kind)), "")
        attach_failure(outcome, (yield from record_end(context, billed, status, at, None)))
    raise outcome


def _end_time(context: ClientContext, billed: BilledCall, stated: float | None) -> float:
    """Return when a task ended, in seconds since 1970: now, if the stated time is impossible.

    Links expire a fixed time after it. With an impossible time, links that work would look expired, and no
    process would fetch their pictures after a crash.
    """
    now = context.clock.wall()
    earliest = now - context.api.life.expires_after if billed.sent_at is None else billed.sent_at
    is_possible = stated is not None and earliest - CLOCK_TOLERANCE <= stated <= now + CLOCK_TOLERANCE
    return stated if stated is not None and is_possible else now


def call_sync(context: ClientContext, plan: CallPlan, max_price: Any, deadline: Deadline) -> Steps[Result]:
    """Make one synchronous call and return its result. A lost response cannot be recovered."""
    billed = yield from reserve(context, plan, max_price, deadline)
    response, _, payload = yield from send(context, plan, billed, deadline)
    result_context = call_context(context, billed, context.clock.wall())
    try:
        result = parse_result(context.api, billed.model, payload or {}, result_context)
    except MalformedResponseError as malformed:
        error = outcome_unknown_error(context.api, plan, billed.sent_at or 0.0, malformed.message, response)
        yield from mark_uncertain(context, billed, error)
        raise error from malformed
    result = yield from settle(context, billed, result, context.api.life.succeeded)
    if billed.live is not None:
        context.live_calls.finish(billed.live)
    return result
