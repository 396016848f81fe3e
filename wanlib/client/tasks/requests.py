"""Requests that cost nothing and may be repeated: query a task, list tasks, cancel a task."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from wanlib.client.http.messages import Response, TransportError
from wanlib.client.http.responses import error_from_response, is_error_response, parse_json_object
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import Send, Sleep, Steps
from wanlib.client.protocol.retrying import RETRYABLE_ERRORS, retry_call
from wanlib.client.protocol.timing import Deadline
from wanlib.client.tasks.status import TaskPage, TaskStatus, check_task_id, parse_page, parse_task_status
from wanlib.errors import ConnectionFailedError, InvalidRequestError, MalformedResponseError

CONFIRMATIONS = 3
"""Polls after which a failure counts as real that may be an error of the query alone."""

Query = Mapping[str, str | int]


def send_once(
    context: ClientContext,
    call: str,
    deadline: Deadline,
    query: Query | None = None,
    task_id: str | None = None,
    *,
    reuse: bool = False,
) -> Steps[Response]:
    """Make one exchange within the rate limit and return a response that is not an error.

    Args:
        context: The context of the client.
        call: The key of its path in the tables of the API.
        deadline: The end of the call that it belongs to.
        query: The query of the URL. None for none.
        task_id: The task that it is about. None if there is none.
        reuse: Whether a kept connection may be used: not after a failure, which may be due to the connection.

    Raises:
        WanError: One of RETRYABLE_ERRORS, or the error of a definite refusal.
    """
    if (wait := context.rate_limiters[call].reserve(context.clock.now())) > 0:
        yield Sleep(wait)
    sent_at = context.clock.wall()
    try:
        response: Response = yield Send(context.request(call, deadline, query, task_id, reuse=reuse))
    except TransportError as cause:
        raise ConnectionFailedError(f"no response from the service: {cause}", task_id=task_id) from None
    is_success = 200 <= response.status < 300
    if is_success:
        context.service_clock.observe_date(response.headers.get("date"), sent_at, context.clock.wall())
    # The response about a task that FAILED may have the form of an error: `parse_task_status` decides.
    if is_success and (call == "query" or not is_error_response(context.api, response)):
        return response
    raise error_from_response(context.api, response, context.clock.wall(), task_id=task_id)


def send(
    context: ClientContext,
    call: str,
    deadline: Deadline,
    query: Query | None = None,
    task_id: str | None = None,
    *,
    reuse: bool = False,
) -> Steps[Response]:
    """Make an exchange, with retries where they may help.

    Raises:
        DeadlineExceededError: The deadline has passed.
        WanError: The error of the last attempt or of a definite refusal.
    """
    step = partial(send_once, context, call, deadline, query, task_id, reuse=reuse)
    return retry_call(step, call, context.attempts, context.backoff(), deadline, task_id)


def get_task(context: ClientContext, task_id: str, deadline: Deadline) -> Steps[TaskStatus]:
    """Query a task. An uncertain failure is queried again before it counts as real."""
    backoff = context.backoff()
    for polls in range(1, CONFIRMATIONS + 1):
        response = yield from send(context, "query", deadline, task_id=task_id, reuse=polls == 1)
        try:
            snapshot = parse_task_status(context.api, response, task_id)
        except RETRYABLE_ERRORS:
            if polls == CONFIRMATIONS:
                raise
        else:
            if polls == CONFIRMATIONS or not snapshot.uncertain:
                return snapshot
        yield Sleep(backoff.wait(polls))
    raise AssertionError("the last poll returns or raises")


def list_tasks(context: ClientContext, deadline: Deadline, filters: Query) -> Steps[TaskPage]:
    """Return one page of the list of tasks."""

    def step() -> Steps[TaskPage]:
        response = yield from send_once(context, "list", deadline, filters)
        return parse_page(context.api, response)

    return retry_call(step, "list", context.attempts, context.backoff(), deadline)


def cancel_task(context: ClientContext, task_id: str, deadline: Deadline) -> Steps[None]:
    """Cancel a task that is still waiting.

    If the response to a first attempt was lost, the second may be refused because the first one succeeded; so
    a refusal is compared with the status of the task.

    Raises:
        InvalidRequestError: The task is running or has ended.
    """

    def step() -> Steps[None]:
        response = yield from send_once(context, "cancel", deadline, task_id=task_id)
        payload = {}
        with suppress(MalformedResponseError):  # the status of the response is enough
            payload = parse_json_object(context.api, response)
        check_task_id(context.api, response, payload, task_id)

    try:
        yield from retry_call(step, "cancel", context.attempts, context.backoff(), deadline, task_id)
    except InvalidRequestError:
        snapshot = yield from get_task(context, task_id, deadline)
        if snapshot.status != context.api.life.canceled:
            raise
