"""The one exchange that is paid for. It is sent again only when it cannot have been accepted."""

from typing import Any

from wanlib.runtime.answer import is_error, problem, read_answer, retryable
from wanlib.runtime.context import LOG, Context
from wanlib.runtime.effects import Open, Opened, Protocol, Sleep
from wanlib.runtime.errors import (
    DeadlineExceeded,
    MalformedAnswer,
    OutcomeUnknown,
    RateLimited,
    Unreachable,
    WanError,
)
from wanlib.runtime.exchange import Cut, Reply, Unsent
from wanlib.runtime.members import cleaned
from wanlib.runtime.pace import Pace
from wanlib.runtime.plan import Plan
from wanlib.runtime.retry import Deadline
from wanlib.runtime.tables import Api, Model

_GATEWAYS = frozenset({502, 504})  # what stands behind the gateway may have taken the call
_TOO_MANY = 429


def create(context: Context, plan: Plan, deadline: Deadline) -> Protocol[Opened]:
    """Sends a call -> the answer to a call that was accepted, a streamed one with its body to come.

    An account may be allowed more than the pages say: calls of a model are sent at the documented rate from
    the first on that is refused for the rate.

    Raises Unreachable, DeadlineExceeded and the errors of a definite refusal, after which nothing is owed;
    OutcomeUnknown where the call may have been accepted.
    """
    backoff = context.backoff()
    for tries in range(1, context.attempts + 1):
        yield from _turn(context, plan.model, deadline)
        sent_at = context.clock.wall()
        request = plan.request(context.api, context.settings)
        error: WanError | None
        request = request._replace(timeout=min(request.timeout, deadline.left))
        try:
            opened: Opened = yield Open(request)
        except Unsent as trouble:
            error = Unreachable(f"the service can't be reached, so nothing was accepted: {trouble}")
        except Cut as trouble:
            raise unknown(
                context.api, plan, sent_at, f"the connection broke after the call was sent ({trouble})"
            ) from None
        else:
            reply = opened.reply
            if opened.body:
                return opened
            accepted = _judged(context, plan, reply, sent_at)
            if not isinstance(accepted, WanError):
                return opened._replace(answer=accepted)
            error = accepted
            if reply.status != _TOO_MANY or not retryable(context.api, reply):
                raise error
            context.turns.setdefault(plan.model.base, Pace(plan.model.submit_per_second))
        wait = backoff.wait(tries, error.retry_after if isinstance(error, RateLimited) else None)
        if tries == context.attempts or not deadline.allows(wait):
            raise error
        LOG.info("%s was not accepted, %s; again in %.1f s", plan.model.name, type(error).__name__, wait)
        yield Sleep(wait)
    raise AssertionError("the last try returns or raises")


def _turn(context: Context, model: Model, deadline: Deadline) -> Protocol[None]:
    """Waits for the turn of a call, where calls of its model take turns."""
    pace = context.turns.get(model.name)
    wait = pace.wait(context.clock.now()) if pace else 0.0
    if not deadline.allows(wait):
        raise DeadlineExceeded("the time was up before the call could be sent; nothing was accepted")
    if wait:
        yield Sleep(wait)


def _judged(context: Context, plan: Plan, reply: Reply, sent_at: float) -> dict[str, Any] | WanError:
    """What an answer to a create says: its object where the call was accepted, the error where it was not.

    Raises OutcomeUnknown where it says neither.
    """
    if reply.status in _GATEWAYS:
        raise unknown(context.api, plan, sent_at, "a gateway answered in place of the service", reply)
    answer: dict[str, Any] = {}
    met = "the answer has no output"
    try:
        answer = read_answer(context.api, reply)
    except MalformedAnswer as error:
        met = error.message
    if is_error(context.api, answer, reply):
        return problem(context.api, reply, context.clock.wall())
    if not 200 <= reply.status < 300:
        raise unknown(context.api, plan, sent_at, "the answer is not the service's", reply)
    if not isinstance(answer.get(context.api.names.answer.output), dict):
        raise unknown(context.api, plan, sent_at, met, reply)
    return answer


def unknown(api: Api, plan: Plan, sent_at: float, reason: str, reply: Reply | None = None) -> OutcomeUnknown:
    """The error for a call that may have been accepted, with what is needed to look for it."""
    advice = "look for its task with find_lost(error) before sending it again"
    if plan.call != "async":
        advice = "a synchronous call has no task to look for; what it made, if anything, is lost"
    return OutcomeUnknown(
        f"{plan.model.name} may have been accepted: {reason}; {advice}",
        model=plan.model.name,
        sent_at=sent_at,
        **_named(api, reply),
    )


def _named(api: Api, reply: Reply | None) -> dict[str, Any]:
    """What an answer says of itself, as far as it can be read: for the vendor's support."""
    if reply is None:
        return {}
    try:
        answer = read_answer(api, reply)
    except MalformedAnswer:
        answer = {}
    names = api.names.answer
    request_id = cleaned(answer, names.request_id) or cleaned(reply.headers, api.id_header)
    return {"status": reply.status, "code": cleaned(answer, names.code), "request_id": request_id}
