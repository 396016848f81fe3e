"""The one request that is billed, and when it may be sent again.

A request that creates pictures costs money each time the service accepts it, and the service has no
idempotency key. So the request is sent again only where it cannot have been accepted:

- no connection was made (DNS, refused, TLS, pool timeout): nothing was sent;
- the service refused it for its rate, with an error in its own form: HTTP 429 with a retryable code.

Any other refusal in the vendor's form is definite, and is raised. Everything else leaves the outcome unknown
and raises OutcomeUnknownError: a connection that broke after the request was sent, a timeout, an HTTP 502 or
504 of a gateway, a body that is neither an output nor an error of the vendor. The error has the model and the
time, with which `find_lost` searches the list of tasks.

An account may be allowed more than the pages document. So requests are not limited from the start, but only
after the first rate refusal of a model, then to the documented rate.
"""

from collections.abc import Callable
from typing import Any

from wanlib.base.api_tables import ApiTables, Model
from wanlib.client.call.plan import CallPlan
from wanlib.client.http.json_access import get_sanitized
from wanlib.client.http.messages import ConnectionLostError, NotSentError, Response
from wanlib.client.http.responses import (
    error_from_response,
    is_error_payload,
    is_retryable,
    parse_json_object,
)
from wanlib.client.protocol.context import LOG, ClientContext
from wanlib.client.protocol.effects import Open, OpenedResponse, Sleep, Steps
from wanlib.client.protocol.live_calls import LiveCall
from wanlib.client.protocol.timing import Deadline, RateLimiter
from wanlib.errors import (
    ConnectionFailedError,
    DeadlineExceededError,
    MalformedResponseError,
    OutcomeUnknownError,
    RateLimitError,
    WanError,
)

_GATEWAY_STATUSES = frozenset({502, 504})  # the service behind the gateway may have accepted the call
_TOO_MANY_REQUESTS = 429
_MAX_DELAY = 10.0
"""Seconds between the recorded time and that of the request, far less than the tolerance of a search."""


def send_billed_call(
    context: ClientContext,
    plan: CallPlan,
    deadline: Deadline,
    live: LiveCall,
    postpone: Callable[[float], Steps[None]],
) -> Steps[OpenedResponse]:
    """Send a call and return the response if it was accepted; the body of a stream is not read yet.

    Args:
        context: The context of the client.
        plan: The call.
        deadline: When it ends.
        live: The call among the unfinished ones; its state shows whether it may have been accepted.
        postpone: Records that the call is sent later than recorded, at this time in seconds since 1970, about
            which `find_lost` searches.

    Raises:
        ConnectionFailedError: The service cannot be reached; nothing was accepted.
        DeadlineExceededError: The deadline passed before the request could be sent.
        OutcomeUnknownError: The call may have been accepted.
        WanError: The error of a definite refusal; nothing is billed.
    """
    backoff = context.backoff()
    for attempt in range(1, context.attempts + 1):
        yield from _wait_turn(context, plan.model, deadline)
        sent_at = context.clock.wall()
        if sent_at - live.sent_at > _MAX_DELAY:
            yield from postpone(sent_at)
            live.sent_at = sent_at
        outcome = yield from _send_once(context, plan, deadline, live, sent_at)
        if isinstance(outcome, OpenedResponse):
            return outcome
        wait = backoff.wait(attempt, outcome.retry_after if isinstance(outcome, RateLimitError) else None)
        if attempt == context.attempts or not deadline.permits_wait(wait):
            raise outcome
        LOG.info("%s was not accepted, %s; again in %.1f s", plan.model.name, type(outcome).__name__, wait)
        yield Sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def _send_once(
    context: ClientContext, plan: CallPlan, deadline: Deadline, live: LiveCall, sent_at: float
) -> Steps[OpenedResponse | WanError]:
    """Make one attempt. Return its response, or the error of an attempt that may be repeated.

    Raises:
        OutcomeUnknownError: The call may have been accepted.
        WanError: The error of a definite refusal.
    """
    request = plan.request(context.api, context.settings)
    live.state = "sent"
    try:
        opened: OpenedResponse = yield Open(
            request._replace(timeout=min(request.timeout, deadline.remaining))
        )
    except NotSentError as cause:
        live.state = None
        return ConnectionFailedError(f"the service can't be reached, so nothing was accepted: {cause}")
    except ConnectionLostError as cause:
        raise outcome_unknown_error(
            context.api, plan, sent_at, f"the connection broke after the call was sent ({cause})"
        ) from None
    response = opened.response
    if response.status not in _GATEWAY_STATUSES:
        context.service_clock.observe_date(response.headers.get("date"), sent_at, context.clock.wall())
    if opened.body:
        return opened
    accepted = _interpret_response(context, plan, response, sent_at)
    if not isinstance(accepted, WanError):
        return opened._replace(payload=accepted)
    live.state = None
    if response.status != _TOO_MANY_REQUESTS or not is_retryable(context.api, response):
        raise accepted
    context.submit_limiters.setdefault(plan.model.base, RateLimiter(plan.model.submit_per_second))
    return accepted


def _wait_turn(context: ClientContext, model: Model, deadline: Deadline) -> Steps[None]:
    """Wait for the rate limiter of the model, if it has one."""
    limiter = context.submit_limiters.get(model.base)
    wait = limiter.reserve(context.clock.now()) if limiter else 0.0
    if not deadline.permits_wait(wait):
        raise DeadlineExceededError(
            "the timeout has passed before the call could be sent; nothing was accepted"
        )
    if wait:
        yield Sleep(wait)


def _interpret_response(
    context: ClientContext, plan: CallPlan, response: Response, sent_at: float
) -> dict[str, Any] | WanError:
    """Return the object of an accepted call, or the error of a definite refusal.

    Raises:
        OutcomeUnknownError: The response is neither.
    """
    if response.status in _GATEWAY_STATUSES:
        raise outcome_unknown_error(
            context.api, plan, sent_at, "a gateway responded instead of the service", response
        )
    payload: dict[str, Any] = {}
    problem = "the response has no output"
    try:
        payload = parse_json_object(context.api, response)
    except MalformedResponseError as error:
        problem = error.message
    if is_error_payload(context.api, payload, response):
        return error_from_response(context.api, response, context.clock.wall())
    if not 200 <= response.status < 300:
        raise outcome_unknown_error(
            context.api, plan, sent_at, "the response is not from the service", response
        )
    if not isinstance(payload.get(context.api.names.answer.output), dict):
        raise outcome_unknown_error(context.api, plan, sent_at, problem, response)
    return payload


def outcome_unknown_error(
    api: ApiTables, plan: CallPlan, sent_at: float, reason: str, response: Response | None = None
) -> OutcomeUnknownError:
    """Return the error for a call that may have been accepted, with what a search for it needs."""
    advice = "look for its task with find_lost(error) before sending it again"
    if plan.call != "async":
        advice = "a synchronous call has no task to look for; what it made, if anything, is lost"
    return OutcomeUnknownError(
        f"{plan.model.name} may have been accepted: {reason}; {advice}",
        model=plan.model.name,
        sent_at=sent_at,
        **_response_ids(api, response),
    )


def _response_ids(api: ApiTables, response: Response | None) -> dict[str, Any]:
    """Return the ids of a response as far as it can be read, for the vendor's support."""
    if response is None:
        return {}
    try:
        payload = parse_json_object(api, response)
    except MalformedResponseError:
        payload = {}
    names = api.names.answer
    request_id = get_sanitized(payload, names.request_id) or get_sanitized(response.headers, api.id_header)
    return {"status": response.status, "code": get_sanitized(payload, names.code), "request_id": request_id}
