"""A paid call under way: its money held, its traces in the journal, its end settled."""

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from wanlib.base.api_tables import Model
from wanlib.client.call.arguments import known_model
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
    key: int | None = None
    held: Decimal = Decimal(0)
    asked: int | None = None
    exact: bool = False
    sent_at: float | None = None


def billed_call_from_entry(context: ClientContext, entry: "Entry") -> BilledCall:
    """An entry of the journal as a call under way; its money was counted by the process that made it."""
    model = known_model(context.api, entry.model)
    return BilledCall(model, entry.task_id, entry.key, asked=entry.pictures, sent_at=entry.sent_at)


def reserve(context: ClientContext, plan: CallPlan, max_price: Any, deadline: Deadline) -> Steps[BilledCall]:
    """Sets the money aside and records the intent, before anything is sent.

    Raises BudgetExceededError and JournalError.
    """
    held = context.purse.reserve(plan.price, max_price)
    sent_at = context.clock.wall()
    try:
        key = yield from _record_intent(context, plan, sent_at, sent_at + deadline.left + LEASE)
    except WanError:
        context.purse.settle(held, Decimal(0))
        raise
    return BilledCall(plan.model, None, key, held, plan.pictures, plan.exact, sent_at)


def send(
    context: ClientContext, plan: CallPlan, paid: BilledCall, deadline: Deadline
) -> Steps[OpenedResponse]:
    """Sends the call. What was held goes back only where the call was refused for certain."""
    try:
        return (yield from send_billed_call(context, plan, deadline))
    except OutcomeUnknownError as error:
        yield from mark_uncertain(context, paid, error)
        raise
    except WanError as error:
        yield from mark_refused(context, paid, error)
        raise


def mark_refused(context: ClientContext, paid: BilledCall, error: WanError) -> Steps[None]:
    """The call was not accepted: nothing is owed."""
    context.purse.settle(paid.held, Decimal(0))
    told, at = str(error), context.clock.wall()
    yield from write_journal(context, paid, lambda journal, key: journal.record_refused(key, told, at))


def mark_uncertain(context: ClientContext, paid: BilledCall, error: WanError) -> Steps[None]:
    """The call may be billed: what was held is counted as spent."""
    context.purse.settle(paid.held, paid.held)
    yield from write_journal(context, paid, lambda journal, key: journal.record_uncertain(key, str(error)))


def settle(context: ClientContext, paid: BilledCall, result: Result, status: str) -> Steps[Result]:
    """Takes what a result cost and records the end."""
    context.purse.settle(paid.held, result.spent.amount if result.spent else paid.held, paid.task_id)
    links = result.links_expire_at if result.images else None
    at = result.ended_at or context.clock.wall()
    yield from write_journal(context, paid, lambda journal, key: journal.record_ended(key, status, at, links))
    return result


def write_journal(
    context: ClientContext, paid: BilledCall, write: "Callable[[Journal, int], None]"
) -> Steps[None]:
    """Writes to the journal, if there is one and the call stands in it."""
    journal, key = context.journal, paid.key
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


def call_context(context: ClientContext, paid: BilledCall, ended_at: float) -> CallContext:
    """What is known of a call beyond its answer."""
    each: Price | None = None
    if paid.model is not None:
        each = compute_price(context.api, paid.model, context.settings.region, 1)
    return CallContext(paid.asked, paid.exact, paid.task_id, paid.sent_at, ended_at, each)
