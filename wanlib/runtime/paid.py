"""The life of a paid call: recorded, sent, followed to its end, settled."""

import hashlib
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from wanlib.runtime.answer import read_answer
from wanlib.runtime.body import digest_body
from wanlib.runtime.context import LOG, Context
from wanlib.runtime.create import create, unknown
from wanlib.runtime.effects import Blocking, Follow, Opened, Protocol
from wanlib.runtime.errors import (
    BadSetting,
    MalformedAnswer,
    OutcomeUnknown,
    TaskCanceled,
    TaskError,
    TaskFailed,
    TaskUnknown,
    WanError,
)
from wanlib.runtime.members import cleaned, mapping
from wanlib.runtime.owner import LEASE
from wanlib.runtime.plan import Plan
from wanlib.runtime.price import Price, price_of
from wanlib.runtime.result import Origin, Result, read_result
from wanlib.runtime.retry import Deadline
from wanlib.runtime.snapshot import Snapshot
from wanlib.runtime.tables import Model
from wanlib.runtime.watch import Outcome, Told

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
    model = context.api.models.get(entry.model)
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


def submit(context: Context, plan: Plan, max_price: Any, deadline: Deadline) -> Protocol[Paid]:
    """Starts a task and records its id, before anything else is asked."""
    paid = yield from begin(context, plan, max_price, deadline)
    reply = (yield from send(context, plan, paid, deadline)).reply
    answer = read_answer(reply)
    task_id = cleaned(mapping(answer, "output"), "task_id")
    try:
        task_id = context.checked_id(task_id)
    except BadSetting:
        error = unknown(plan, paid.sent_at or 0.0, "the answer has no task id", reply)
        yield from doubt(context, paid, error)
        raise error from None
    context.purse.bind(paid.held, task_id)
    request_id, at = cleaned(answer, "request_id"), context.clock.wall()
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
        status = names.get(type(outcome), "")
        yield from record(context, paid, lambda journal, key: journal.ended(key, status, at, None))
    raise outcome


def direct(context: Context, plan: Plan, max_price: Any, deadline: Deadline) -> Protocol[Result]:
    """One synchronous call -> what it has yielded. There is no task: a cut answer is paid for and lost."""
    paid = yield from begin(context, plan, max_price, deadline)
    reply = (yield from send(context, plan, paid, deadline)).reply
    origin = origin_of(context, paid, context.clock.wall())
    try:
        result = read_result(context.api, paid.model, read_answer(reply), origin)
    except MalformedAnswer as met:
        error = unknown(plan, paid.sent_at or 0.0, met.message, reply)
        yield from doubt(context, paid, error)
        raise error from met
    return (yield from settled(context, paid, result, context.api.life.succeeded))


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
