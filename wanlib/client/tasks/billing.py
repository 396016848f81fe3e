"""`BilledCall`: a billed call from the reservation of its price to the settlement.

A billed call passes these steps, and each is written to the journal, if there is one, before the next begins:

1. `reserve`: the highest possible price is set aside in the budget, and the intent is recorded, with a lease
   that lasts as long as the call may. Nothing was sent yet, so a failure here costs nothing.
2. `send`: the request is sent (see `submit` for what may be sent again). A definite refusal gives the
   reservation back and is recorded as refused. An unknown outcome counts the whole reservation as spent and
   is recorded as uncertain, because the pictures may be billed.
3. Acceptance: the task id is recorded at once (see `lifecycle.submit`). From here on the task can be found by
   any process, even if this one is killed.
4. `settle`: the price of the pictures that were made is spent and the rest given back; the end is recorded.

So after a crash at any point the journal contains the call in a state from which `resume` can continue: an
intent without an outcome is searched for in the list of tasks, and a task id is polled. Money is counted at
most once for each task, however often and by whichever handle it is waited for (`Budget.settle`).
"""

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
    """A billed call under way, or a task that is continued.

    Attributes:
        model: The model; None if it is not known.
        task_id: None until it is known, and for a call without a task.
        journal_key: The key of its entry in the journal; None without a journal.
        reserved: The amount that is set aside for it.
        requested: How many pictures it asks for; None if not known.
        exact: Whether it asks for exactly so many.
        sent_at: Seconds since 1970; None if not known.
    """

    model: Model | None
    task_id: str | None = None
    journal_key: int | None = None
    reserved: Decimal = Decimal(0)
    requested: int | None = None
    exact: bool = False
    sent_at: float | None = None


def billed_call_from_entry(context: ClientContext, entry: "Entry") -> BilledCall:
    """Return an entry of the journal as a billed call; the process that made it has counted its price."""
    model = find_model(context.api, entry.model)
    return BilledCall(model, entry.task_id, entry.key, requested=entry.pictures, sent_at=entry.sent_at)


def reserve(context: ClientContext, plan: CallPlan, max_price: Any, deadline: Deadline) -> Steps[BilledCall]:
    """Reserve the price and record the intent, before anything is sent.

    Raises:
        BudgetExceededError: The call could cost more than it may.
        JournalError: The intent cannot be recorded.
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
    """Send the call. The reservation is given back only after a definite refusal."""
    try:
        return (yield from send_billed_call(context, plan, deadline))
    except OutcomeUnknownError as error:
        yield from mark_uncertain(context, billed, error)
        raise
    except WanError as error:
        yield from mark_refused(context, billed, error)
        raise


def mark_refused(context: ClientContext, billed: BilledCall, error: WanError) -> Steps[None]:
    """Record that the call was not accepted and give the reservation back."""
    context.budget.settle(billed.reserved, Decimal(0))
    reason, at = str(error), context.clock.wall()
    yield from write_journal(context, billed, lambda journal, key: journal.record_refused(key, reason, at))


def mark_uncertain(context: ClientContext, billed: BilledCall, error: WanError) -> Steps[None]:
    """Mark the call as possibly billed and charge the reserved amount."""
    context.budget.settle(billed.reserved, billed.reserved)
    yield from write_journal(context, billed, lambda journal, key: journal.record_uncertain(key, str(error)))


def settle(context: ClientContext, billed: BilledCall, result: Result, status: str) -> Steps[Result]:
    """Charge the price of a result and record the end."""
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
    """Write to the journal, if there is one and it contains the call."""
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
    """Return what is known of a call beyond its response."""
    unit_price: Price | None = None
    if billed.model is not None:
        unit_price = compute_price(context.api, billed.model, context.settings.region, 1)
    return CallContext(billed.requested, billed.exact, billed.task_id, billed.sent_at, ended_at, unit_price)
