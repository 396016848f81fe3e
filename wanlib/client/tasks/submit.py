"""The one exchange that is paid for. It is sent again only when it cannot have been accepted."""

from typing import Any

from wanlib.base.api_tables import ApiTables, Model
from wanlib.client.call.plan import CallPlan
from wanlib.client.http.json_access import get_sanitized
from wanlib.client.http.messages import ConnectionLostError, NotSentError, Response
from wanlib.client.http.responses import (
    _is_error_payload,
    error_from_response,
    is_retryable,
    parse_json_object,
)
from wanlib.client.protocol.context import LOG, ClientContext
from wanlib.client.protocol.effects import Open, OpenedResponse, Sleep, Steps
from wanlib.client.protocol.timing import Deadline, Pace
from wanlib.errors import (
    ConnectionFailedError,
    DeadlineExceededError,
    MalformedResponseError,
    OutcomeUnknownError,
    RateLimitError,
    WanError,
)

_GATEWAYS = frozenset({502, 504})  # what stands behind the gateway may have taken the call
_TOO_MANY = 429


def send_billed_call(context: ClientContext, plan: CallPlan, deadline: Deadline) -> Steps[OpenedResponse]:
    """Sends a call -> the answer to a call that was accepted, a streamed one with its body to come.

    An account may be allowed more than the pages say: calls of a model are sent at the documented rate from
    the first on that is refused for the rate.

    Raises Unreachable, DeadlineExceededError and the errors of a definite refusal, after which nothing is
    owed;
    OutcomeUnknownError where the call may have been accepted.
    """
    backoff = context.backoff()
    for tries in range(1, context.attempts + 1):
        yield from _wait_turn(context, plan.model, deadline)
        sent_at = context.clock.wall()
        request = plan.request(context.api, context.settings)
        error: WanError | None
        request = request._replace(timeout=min(request.timeout, deadline.left))
        try:
            opened: OpenedResponse = yield Open(request)
        except NotSentError as trouble:
            error = ConnectionFailedError(f"the service can't be reached, so nothing was accepted: {trouble}")
        except ConnectionLostError as trouble:
            raise outcome_unknown_error(
                context.api, plan, sent_at, f"the connection broke after the call was sent ({trouble})"
            ) from None
        else:
            reply = opened.reply
            if opened.body:
                return opened
            accepted = _interpret_response(context, plan, reply, sent_at)
            if not isinstance(accepted, WanError):
                return opened._replace(answer=accepted)
            error = accepted
            if reply.status != _TOO_MANY or not is_retryable(context.api, reply):
                raise error
            context.turns.setdefault(plan.model.base, Pace(plan.model.submit_per_second))
        wait = backoff.wait(tries, error.retry_after if isinstance(error, RateLimitError) else None)
        if tries == context.attempts or not deadline.allows(wait):
            raise error
        LOG.info("%s was not accepted, %s; again in %.1f s", plan.model.name, type(error).__name__, wait)
        yield Sleep(wait)
    raise AssertionError("the last try returns or raises")


def _wait_turn(context: ClientContext, model: Model, deadline: Deadline) -> Steps[None]:
    """Waits for the turn of a call, where calls of its model take turns."""
    pace = context.turns.get(model.name)
    wait = pace.reserve(context.clock.now()) if pace else 0.0
    if not deadline.allows(wait):
        raise DeadlineExceededError("the time was up before the call could be sent; nothing was accepted")
    if wait:
        yield Sleep(wait)


def _interpret_response(
    context: ClientContext, plan: CallPlan, reply: Response, sent_at: float
) -> dict[str, Any] | WanError:
    """What an answer to a create says: its object where the call was accepted, the error where it was not.

    Raises OutcomeUnknownError where it says neither.
    """
    if reply.status in _GATEWAYS:
        raise outcome_unknown_error(
            context.api, plan, sent_at, "a gateway answered in place of the service", reply
        )
    answer: dict[str, Any] = {}
    met = "the answer has no output"
    try:
        answer = parse_json_object(context.api, reply)
    except MalformedResponseError as error:
        met = error.message
    if _is_error_payload(context.api, answer, reply):
        return error_from_response(context.api, reply, context.clock.wall())
    if not 200 <= reply.status < 300:
        raise outcome_unknown_error(context.api, plan, sent_at, "the answer is not the service's", reply)
    if not isinstance(answer.get(context.api.names.answer.output), dict):
        raise outcome_unknown_error(context.api, plan, sent_at, met, reply)
    return answer


def outcome_unknown_error(
    api: ApiTables, plan: CallPlan, sent_at: float, reason: str, reply: Response | None = None
) -> OutcomeUnknownError:
    """The error for a call that may have been accepted, with what is needed to look for it."""
    advice = "look for its task with find_lost(error) before sending it again"
    if plan.call != "async":
        advice = "a synchronous call has no task to look for; what it made, if anything, is lost"
    return OutcomeUnknownError(
        f"{plan.model.name} may have been accepted: {reason}; {advice}",
        model=plan.model.name,
        sent_at=sent_at,
        **_response_ids(api, reply),
    )


def _response_ids(api: ApiTables, reply: Response | None) -> dict[str, Any]:
    """What an answer says of itself, as far as it can be read: for the vendor's support."""
    if reply is None:
        return {}
    try:
        answer = parse_json_object(api, reply)
    except MalformedResponseError:
        answer = {}
    names = api.names.answer
    request_id = get_sanitized(answer, names.request_id) or get_sanitized(reply.headers, api.id_header)
    return {"status": reply.status, "code": get_sanitized(answer, names.code), "request_id": request_id}
