"""`BilledCall`: a billed call from the reservation of its price to the settlement.

A billed call passes these steps, and each is written to the journal, if there is one, before the next begins:

1. `reserve`: the highest possible price is reserved in the budget, and the intent is recorded, with a lease
   that lasts as long as the call may. Nothing was sent yet, so a failure here costs nothing.
2. `send`: the request is sent (see `submit` for what may be sent again). A definite refusal gives the
   reservation back and is recorded as refused. An unknown outcome counts the whole reservation as spent and
   is recorded as uncertain, because the pictures may be billed.
3. Acceptance: the task id is recorded at once (see `lifecycle.submit`). From here on the task can be found by
   any process, even if this one is killed.
4. `settle`: the price of the pictures that were made is spent and the rest given back; the end is recorded.

So after a crash at any point the journal contains the call in a state from which `resume` can continue: an
intent without an outcome is searched for in the list of tasks, and a task id is polled. Money is counted at
most once for each task, however often and through whichever handle it is waited for (`Budget.settle`).

If the journal cannot be written in step 1, the call is refused. After that its failure is attached to the
outcome and logged. A call that is cancelled or interrupted stays among the client's `LiveCalls`.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from wanlib.base.api_tables import Model
from wanlib.client.call.arguments import find_model
from wanlib.client.call.plan import CallPlan
from wanlib.client.images.json_body import redact_body
from wanlib.client.journal.leases import LEASE
from wanlib.client.protocol.budget import Price, compute_price
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import OpenedResponse, Steps
from wanlib.client.protocol.live_calls import LiveCall
from wanlib.client.protocol.timing import Deadline
from wanlib.client.results.result import CallContext, Result
from wanlib.client.tasks.journaling import JOURNAL_WAIT, attach_failure, record_outcome, use_journal
from wanlib.client.tasks.submit import send_billed_call
from wanlib.errors import JournalError, OutcomeUnknownError, WanError

if TYPE_CHECKING:
    from wanlib.client.journal.entry import Entry
    from wanlib.client.journal.journal import Journal


class BilledCall(NamedTuple):
    """A billed call in progress, or a task that is continued.

    Attributes:
        model: The model; None if it is not known.
        task_id: None until it is known, and for a call without a task.
        journal_key: The key of its entry in the journal; None without a journal.
        reserved: The reserved amount.
        requested: How many pictures it asks for; None if not known.
        exact: Whether it asks for exactly that many.
        sent_at: Seconds since 1970; None if not known.
        deadline: When the call ends; None for a handle, whose waits have their own deadlines.
        live: The call among the unfinished ones; None for a task that is continued.
        journal_error: Why the journal does not contain the task; None if it does, or without a journal.
        label: The caller's own name for the call; None if it has none.
        request_id: The vendor's id of the exchange that accepted it; None if it is not known.
    """

    model: Model | None
    task_id: str | None = None
    journal_key: int | None = None
    reserved: Decimal = Decimal(0)
    requested: int | None = None
    exact: bool = False
    sent_at: float | None = None
    deadline: Deadline | None = None
    live: LiveCall | None = None
    journal_error: JournalError | None = None
    label: str | None = None
    request_id: str | None = None


def billed_call_from_entry(context: ClientContext, entry: "Entry") -> BilledCall:
    """Return an entry of the journal as a billed call; its price is counted by the process that made it."""
    model = find_model(context.api, entry.model)
    return BilledCall(
        model,
        entry.task_id,
        entry.key,
        requested=entry.pictures,
        sent_at=entry.sent_at,
        label=entry.label,
        request_id=entry.request_id,
    )


def reserve(context: ClientContext, plan: CallPlan, max_price: Any, deadline: Deadline) -> Steps[BilledCall]:
    """Reserve the price and record the intent, before anything is sent.

    Raises:
        BudgetExceededError: The call could cost more than allowed.
        JournalError: The intent cannot be recorded.
    """
    reserved = context.budget.reserve(plan.price, max_price)
    sent_at = context.clock.wall()
    live = context.live_calls.begin(plan.verb, plan.model.name, plan.call, sent_at, plan.label)
    billed = BilledCall(
        plan.model,
        reserved=reserved,
        requested=plan.pictures,
        exact=plan.exact,
        sent_at=sent_at,
        deadline=deadline,
        live=live,
        label=plan.label,
    )
    try:
        key = yield from _record_intent(context, plan, sent_at, deadline)
    except BaseException:
        _release(context, billed)
        raise
    return billed._replace(journal_key=key)


def send(
    context: ClientContext, plan: CallPlan, billed: BilledCall, deadline: Deadline
) -> Steps[OpenedResponse]:
    """Send the call. The reservation is given back only if it was certainly not accepted."""
    assert billed.live is not None

    def postpone(at: float) -> Steps[None]:
        key = billed.journal_key
        if key is not None:
            yield from use_journal(context, deadline, lambda journal: journal.record_postponed(key, at))

    try:
        return (yield from send_billed_call(context, plan, deadline, billed.live, postpone))
    except OutcomeUnknownError as error:
        yield from mark_uncertain(context, billed, error)
        raise
    except WanError as error:
        yield from mark_refused(context, billed, error)
        raise
    except BaseException as error:
        yield from _cut_off(context, billed, error)
        raise


def _cut_off(context: ClientContext, billed: BilledCall, error: BaseException) -> Steps[None]:
    """Account for a call that ended without a response: cancelled, interrupted, or by a defect."""
    reason, at = f"cut off: {type(error).__name__}", context.clock.wall()
    is_sent = billed.live is not None and billed.live.state is not None
    if is_sent:
        _charge(context, billed)
        error.add_note(
            "the call was sent and may have been accepted: unfinished() lists it, and tasks() its candidates"
        )
    else:
        _release(context, billed)
    if isinstance(error, GeneratorExit):  # nothing can be awaited now; the journal has the intent
        return

    def write(journal: "Journal", key: int) -> None:
        if is_sent:
            journal.record_uncertain(key, reason)
        else:
            journal.record_refused(key, reason, at)

    yield from write_journal(context, billed, write, wait=0.0)


def mark_refused(context: ClientContext, billed: BilledCall, error: WanError) -> Steps[None]:
    """Record that the call was not accepted and give the reservation back."""
    _release(context, billed)
    reason, at = str(error), context.clock.wall()

    def write(journal: "Journal", key: int) -> None:
        journal.record_refused(key, reason, at)

    attach_failure(error, (yield from write_journal(context, billed, write)))


def mark_uncertain(context: ClientContext, billed: BilledCall, error: WanError) -> Steps[None]:
    """Mark the call as possibly billed and charge the reserved amount."""
    _charge(context, billed)
    reason = str(error)

    def write(journal: "Journal", key: int) -> None:
        journal.record_uncertain(key, reason)

    attach_failure(error, (yield from write_journal(context, billed, write)))


def _release(context: ClientContext, billed: BilledCall) -> None:
    context.budget.settle(billed.reserved, Decimal(0))
    if billed.live is not None:
        context.live_calls.finish(billed.live)


def _charge(context: ClientContext, billed: BilledCall) -> None:
    context.budget.settle(billed.reserved, billed.reserved)
    if billed.live is not None:
        billed.live.state = "lost"


def settle(context: ClientContext, billed: BilledCall, result: Result, status: str) -> Steps[Result]:
    """Charge the price of a result and record the end. The call is finished when its outcome is returned."""
    if billed.live is not None:
        billed.live.state, billed.live.result = "ended", result
    context.budget.settle(
        billed.reserved, result.spent.amount if result.spent else billed.reserved, billed.task_id
    )
    at = result.ended_at or context.clock.wall()
    links = (result.links_expire_at or at) if result.images else None
    failure = yield from record_end(context, billed, status, at, links)
    return result if failure is None else replace(result, journal_error=failure)


def record_end(
    context: ClientContext, billed: BilledCall, status: str, at: float, links_expire_at: float | None
) -> Steps[JournalError | None]:
    """Record the end of a call, and its task if that failed before.

    Args:
        context: The context of the client.
        billed: The call.
        status: The final status.
        at: When it ended, in seconds since 1970.
        links_expire_at: When the links of its pictures expire; None if it has none.

    Returns:
        The first failure of the journal in this call; None if there was none.
    """
    sent_at = billed.sent_at or at
    request_id = billed.live.request_id if billed.live else None

    def write(journal: "Journal", key: int) -> None:
        if billed.journal_error is not None:
            journal.record_accepted(key, billed.task_id, request_id, sent_at)
        journal.record_ended(key, status, at, links_expire_at)

    failure = yield from write_journal(context, billed, write)
    return billed.journal_error or failure


def write_journal(
    context: ClientContext,
    billed: BilledCall,
    write: "Callable[[Journal, int], object]",
    *,
    wait: float = JOURNAL_WAIT,
) -> Steps[JournalError | None]:
    """Write to the journal, if there is one and it contains the call. Return why that failed."""
    key = billed.journal_key
    if context.journal is None or key is None:
        return None
    deadline = billed.deadline or context.deadline(None)
    return (yield from record_outcome(context, deadline, lambda journal: write(journal, key), wait=wait))


def body_digest(plan: CallPlan) -> str:
    """Return the SHA-256 of the canonical body, without image bytes and signatures, in hex digits."""
    body = json.dumps(redact_body(plan.body()), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(body.encode()).hexdigest()


def _record_intent(
    context: ClientContext, plan: CallPlan, at: float, deadline: Deadline
) -> Steps[int | None]:
    journal, owner = context.journal, context.lease_owner
    if journal is None or owner is None:
        return None
    digest = body_digest(plan)
    price = str(plan.price.amount) if plan.price else None

    keys: list[int] = []
    is_cut_off = False

    def refuse(journal: "Journal") -> None:
        for key in keys:
            journal.record_refused(key, "cut off before it was sent", at)

    def write(journal: "Journal") -> int:
        key = journal.record_intent(
            verb=plan.verb,
            model=plan.model.name,
            call=plan.call,
            digest=digest,
            pictures=plan.pictures,
            price=price,
            currency=context.api.currency,
            origin=context.settings.origin,
            at=at,
            label=plan.label,
            offset=context.service_clock.offset,
            owner=owner.mark,
            until=at + deadline.remaining + LEASE,
        )
        keys.append(key)
        if is_cut_off:  # by a cancellation, while this thread wrote
            refuse(journal)
        return key

    try:
        return (yield from use_journal(context, deadline, write))
    except BaseException:
        is_cut_off = True
        with suppress(JournalError):
            refuse(journal)
        raise


def call_context(context: ClientContext, billed: BilledCall, ended_at: float) -> CallContext:
    """Return the client's data about a call beyond its response."""
    unit_price: Price | None = None
    if billed.model is not None:
        unit_price = compute_price(context.api, billed.model, context.settings.region, 1)
    return CallContext(
        billed.requested,
        billed.exact,
        billed.task_id,
        billed.sent_at,
        ended_at,
        unit_price,
        billed.label,
        billed.request_id,
    )
