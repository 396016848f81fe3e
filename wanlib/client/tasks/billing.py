"""A paid call under way: its money held, its traces in the journal, its end settled."""

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from wanlib.base.api_tables import Model
from wanlib.client.call.arguments import find_model
from wanlib.client.call.plan import CallPlan
from wanlib.client.images.json_body import redact_body
from wanlib.client.journal.entry import LEASE
from wanlib.client.protocol.budget import Price, compute_price
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import OpenedResponse, RunBlocking, Steps
from wanlib.client.protocol.timing import Deadline
from wanlib.client.results.result import CallContext, Result
from wanlib.client.tasks.submit import send_billed_call
from wanlib.errors import (
    OutcomeUnknownError,
    WanError,
)

if TYPE_CHECKING:
    from wanlib.client.journal.entry import Entry
    from wanlib.client.journal.journal import Journal


class BilledCall(NamedTuple):
    """A paid call under way, or a task taken up again.

    task_id: None until it is known, and for a call without a task. key: its entry in the journal. held:
    the money set aside. asked, exact: the pictures asked for. Times are epoch seconds, None if unknown.
    """

    model: Model | None
    task_id: str | None = None
    journal_key: int | None = None
    reserved: Decimal = Decimal(0)
    requested: int | None = None
    exact: bool = False
    sent_at: float | None = None


def billed_call_from_entry(context: ClientContext, entry: "Entry") -> BilledCall:
    """An entry of the journal as a call under way; its money was counted by the process that made it."""
    model = find_model(context.api, entry.model)
    return BilledCall(model, entry.task_id, entry.key, requested=entry.pictures, sent_at=entry.sent_at)


def reserve(context: ClientContext, plan: CallPlan, max_price: Any, deadline: Deadline) -> Steps[BilledCall]:
    """Sets the money aside and records the intent, before anything is sent.

    Raises BudgetExceededError and JournalError.
    """
    reserved = context.budget.reserve(plan.price, max_price)
    sent_at = context.clock.wall()
    try:
        key = yield from _record_intent(context, plan, sent_at, sent_at + deadline.remaining + LEASE)
    except WanError:
        context.budget.settle(reserved, Decimal(0))
        raise
    return BilledCall(plan.model, None, key, reserved, plan.pictures, plan.exact, sent_at)


def send(
    context: ClientContext, plan: CallPlan, billed: BilledCall, deadline: Deadline
) -> Steps[OpenedResponse]:
    """Sends the call. What was held goes back only where the call was refused for certain."""
    try:
        return (yield from send_billed_call(context, plan, deadline))
    except OutcomeUnknownError as error:
        yield from mark_uncertain(context, billed, error)
        raise
    except WanError as error:
        yield from mark_refused(context, billed, error)
        raise


def mark_refused(context: ClientContext, billed: BilledCall, error: WanError) -> Steps[None]:
    """The call was not accepted: nothing is owed."""
    context.budget.settle(billed.reserved, Decimal(0))
    reason, at = str(error), context.clock.wall()
    yield from write_journal(context, billed, lambda journal, key: journal.record_refused(key, reason, at))


def mark_uncertain(context: ClientContext, billed: BilledCall, error: WanError) -> Steps[None]:
    """The call may be billed: what was held is counted as spent."""
    context.budget.settle(billed.reserved, billed.reserved)
    yield from write_journal(context, billed, lambda journal, key: journal.record_uncertain(key, str(error)))


def settle(context: ClientContext, billed: BilledCall, result: Result, status: str) -> Steps[Result]:
    """Takes what a result cost and records the end."""
    context.budget.settle(
        billed.reserved, result.spent.amount if result.spent else billed.reserved, billed.task_id
    )
    links = result.links_expire_at if result.images else None
    at = result.ended_at or context.clock.wall()
    yield from write_journal(
        context, billed, lambda journal, key: journal.record_ended(key, status, at, links)
    )
    return result


def write_journal(
    context: ClientContext, billed: BilledCall, write: "Callable[[Journal, int], None]"
) -> Steps[None]:
    """Writes to the journal, if there is one and the call stands in it."""
    journal, key = context.journal, billed.journal_key
    if journal is not None and key is not None:
        yield RunBlocking(lambda: write(journal, key))


def _record_intent(context: ClientContext, plan: CallPlan, at: float, until: float) -> Steps[int | None]:
    journal = context.journal
    if journal is None:
        return None
    body = json.dumps(redact_body(plan.body()), sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    price = str(plan.price.amount) if plan.price else None

    def write() -> int:
        return journal.record_intent(
            verb=plan.verb,
            model=plan.model.name,
            call=plan.call,
            digest=digest,
            pictures=plan.pictures,
            price=price,
            currency=context.api.currency,
            origin=context.settings.origin,
            at=at,
            owner=context.owner,
            until=until,
        )

    key: int = yield RunBlocking(write)
    return key


def call_context(context: ClientContext, billed: BilledCall, ended_at: float) -> CallContext:
    """What is known of a call beyond its answer."""
    unit_price: Price | None = None
    if billed.model is not None:
        unit_price = compute_price(context.api, billed.model, context.settings.region, 1)
    return CallContext(billed.requested, billed.exact, billed.task_id, billed.sent_at, ended_at, unit_price)
