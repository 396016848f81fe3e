"""A paid call under way: its money held, its traces in the journal, its end settled."""

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from wanlib.runtime.asked import known_model
from wanlib.runtime.body import digest_body
from wanlib.runtime.context import Context
from wanlib.runtime.create import create
from wanlib.runtime.effects import Blocking, Opened, Protocol
from wanlib.runtime.errors import (
    OutcomeUnknown,
    WanError,
)
from wanlib.runtime.owner import LEASE
from wanlib.runtime.plan import Plan
from wanlib.runtime.price import Price, price_of
from wanlib.runtime.result import Origin, Result
from wanlib.runtime.retry import Deadline
from wanlib.runtime.tables import Model

if TYPE_CHECKING:
    from wanlib.runtime.journal_entry import Entry


class Paid(NamedTuple):
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


def paid_of(context: Context, entry: "Entry") -> Paid:
    """An entry of the journal as a call under way; its money was counted by the process that made it."""
    model = known_model(context.api, entry.model)
    return Paid(model, entry.task_id, entry.key, asked=entry.pictures, sent_at=entry.sent_at)


def begin(context: Context, plan: Plan, max_price: Any, deadline: Deadline) -> Protocol[Paid]:
    """Sets the money aside and records the intent, before anything is sent.

    Raises OverBudget and JournalError.
    """
    held = context.purse.hold(plan.price, max_price)
    sent_at = context.clock.wall()
    try:
        key = yield from _intend(context, plan, sent_at, sent_at + deadline.left + LEASE)
    except WanError:
        context.purse.settle(held, Decimal(0))
        raise
    return Paid(plan.model, None, key, held, plan.pictures, plan.exact, sent_at)


def send(context: Context, plan: Plan, paid: Paid, deadline: Deadline) -> Protocol[Opened]:
    """Sends the call. What was held goes back only where the call was refused for certain."""
    try:
        return (yield from create(context, plan, deadline))
    except OutcomeUnknown as error:
        yield from doubt(context, paid, error)
        raise
    except WanError as error:
        yield from refused(context, paid, error)
        raise


def refused(context: Context, paid: Paid, error: WanError) -> Protocol[None]:
    """The call was not accepted: nothing is owed."""
    context.purse.settle(paid.held, Decimal(0))
    told, at = str(error), context.clock.wall()
    yield from record(context, paid, lambda journal, key: journal.refused(key, told, at))


def doubt(context: Context, paid: Paid, error: WanError) -> Protocol[None]:
    """The call may be billed: what was held is counted as spent."""
    context.purse.settle(paid.held, paid.held)
    yield from record(context, paid, lambda journal, key: journal.uncertain(key, str(error)))


def settled(context: Context, paid: Paid, result: Result, status: str) -> Protocol[Result]:
    """Takes what a result cost and records the end."""
    context.purse.settle(paid.held, result.spent.amount if result.spent else paid.held, paid.task_id)
    links = result.links_expire_at if result.images else None
    at = result.ended_at or context.clock.wall()
    yield from record(context, paid, lambda journal, key: journal.ended(key, status, at, links))
    return result


def record(context: Context, paid: Paid, write: Callable[[Any, int], None]) -> Protocol[None]:
    """Writes to the journal, if there is one and the call stands in it."""
    journal, key = context.journal, paid.key
    if journal is not None and key is not None:
        yield Blocking(lambda: write(journal, key))


def _intend(context: Context, plan: Plan, at: float, until: float) -> Protocol[int | None]:
    journal = context.journal
    if journal is None:
        return None
    body = json.dumps(digest_body(plan.body()), sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    price = str(plan.price.amount) if plan.price else None

    def write() -> int:
        return journal.intend(
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

    key: int = yield Blocking(write)
    return key


def origin_of(context: Context, paid: Paid, ended_at: float) -> Origin:
    """What is known of a call beyond its answer."""
    each: Price | None = None
    if paid.model is not None:
        each = price_of(context.api, paid.model, context.settings.region, 1)
    return Origin(paid.asked, paid.exact, paid.task_id, paid.sent_at, ended_at, each)
