"""`TaskStatus`, `TaskSummary`, `TaskPage`: tasks as queries and lists report them, and their errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wanlib.base.api_tables import ApiTables, TaskLifecycleTable
from wanlib.base.error_codes import classify
from wanlib.client.http.json_access import (
    get_list,
    get_number,
    get_object,
    get_sanitized,
    get_text,
    parse_time,
    sanitize,
)
from wanlib.client.http.messages import Response
from wanlib.client.http.responses import (
    error_from_response,
    error_kind,
    is_error_payload,
    is_retryable,
    malformed_response_error,
    parse_json_object,
)
from wanlib.errors import (
    TaskCanceledError,
    TaskContentModerationError,
    TaskError,
    TaskFailedError,
    TaskInvalidRequestError,
    TaskQuotaExceededError,
    TaskRateLimitError,
    TaskServiceError,
    TaskUnknownError,
)

_ERROR_BY_KIND: Mapping[str, type[TaskFailedError]] = {
    "moderation": TaskContentModerationError,
    "invalid": TaskInvalidRequestError,
    "billing": TaskQuotaExceededError,
    "rate": TaskRateLimitError,
    "service": TaskServiceError,
}
# An error of these kinds is about the query, not about the task.
_QUERY_ERROR_KINDS = frozenset({"rate", "authentication"})


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """A task at one moment.

    Attributes:
        task_id: The id of the task.
        status: The status as the service names it, which may be an undocumented one.
        ended: Whether the status is final.
        submitted_at: Seconds since 1970; None if the response has no such time; likewise for the next two.
        scheduled_at: When the service started it.
        ended_at: When it ended.
        metrics: The counts of pictures; empty if the response has none.
        code: The vendor's error code; None if there is none. Its presence alone does not mean failure.
        message: The vendor's reason; None if there is none.
        request_id: The vendor's id of the exchange.
        raw: The whole response body.
        uncertain: Whether the error with which the task FAILED may be about this query alone; query it again.
    """

    task_id: str
    status: str
    ended: bool
    submitted_at: float | None
    scheduled_at: float | None
    ended_at: float | None
    metrics: Mapping[str, Any] = field(repr=False)
    code: str | None
    message: str | None
    request_id: str | None
    raw: Mapping[str, Any] = field(repr=False)
    uncertain: bool


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """A task in a list. Times are seconds since 1970, None where the list has none."""

    task_id: str
    status: str
    model: str | None
    created_at: float | None
    started_at: float | None
    ended_at: float | None
    request_id: str | None
    raw: Mapping[str, Any] = field(repr=False)


class TaskPage(NamedTuple):
    """A page of a list of tasks.

    Attributes:
        items: The tasks.
        page: The number of this page, from 1.
        pages: The number of pages.
        total: The number of tasks on all pages.
    """

    items: tuple[TaskSummary, ...]
    page: int
    pages: int
    total: int


def parse_task_status(api: ApiTables, response: Response, task_id: str) -> TaskStatus:
    """Parse the response to a query of a task.

    A task that FAILED is reported in `output`, or by an error at the top level with status 200; the vendor's
    pages show both.

    Raises:
        MalformedResponseError: The body has no task status, or is about another task.
        WanError: The error for any other refusal.
    """
    if not 200 <= response.status < 300:
        raise error_from_response(api, response, task_id=task_id)
    payload, names = parse_json_object(api, response), api.names
    check_task_id(api, response, payload, task_id)
    status = get_sanitized(get_object(payload, names.answer.output), names.task.status)
    if status is not None:
        return _task_status(api, payload, task_id, status)
    if not is_error_payload(api, payload, response):
        expected = f"{names.answer.output}.{names.task.status}"
        raise malformed_response_error(api, response, f"the response has no {expected}", task_id=task_id)
    if error_kind(api, get_text(payload, names.answer.code), response.status) in _QUERY_ERROR_KINDS:
        raise error_from_response(api, response, task_id=task_id)
    return _task_status(api, payload, task_id, api.life.failed, uncertain=is_retryable(api, response))


def check_task_id(api: ApiTables, response: Response, payload: dict[str, Any], task_id: str) -> None:
    """Raise MalformedResponseError for a response about a task other than the requested one.

    If a server or proxy sends a response twice, the next request on the connection reads it.
    """
    named = get_sanitized(get_object(payload, api.names.answer.output), api.names.task.id)
    if named is not None and named != task_id:
        raise malformed_response_error(
            api, response, f"the response is about task {named}, not about this one", task_id=task_id
        )


def task_error(api: ApiTables, snapshot: TaskStatus, submitted_at: float | None, now: float) -> TaskError:
    """Return the error for the final status of a task.

    Args:
        api: The tables of the API.
        snapshot: The final status.
        submitted_at: Seconds since 1970; None if not known. With it an unknown task can be reported as
            expired.
        now: Seconds since 1970.
    """
    life = api.life
    if snapshot.status == life.failed:
        return _failure(api, snapshot)
    family, message = TaskError, f"the task ended as {snapshot.status}, which no page describes"
    if snapshot.status == life.canceled:
        family, message = TaskCanceledError, "the task was canceled while it waited; it is not billed"
    elif snapshot.status == life.unknown:
        family, message = TaskUnknownError, _unknown_task_message(submitted_at, now, life)
    return family(message, code=snapshot.code, request_id=snapshot.request_id, task_id=snapshot.task_id)


def _failure(api: ApiTables, snapshot: TaskStatus) -> TaskFailedError:
    """Return the error for a task that FAILED, of the class for its code."""
    classification = classify(api.errors, snapshot.code, snapshot.message)
    reason = (snapshot.message or "no reason is given").rstrip(".")
    return _ERROR_BY_KIND.get(classification.kind, TaskFailedError)(
        f"the task failed: {reason}. What to do: {classification.advice}",
        code=snapshot.code,
        request_id=snapshot.request_id,
        task_id=snapshot.task_id,
    ).with_classification(classification)


def parse_page(api: ApiTables, response: Response) -> TaskPage:
    """Parse a page of the list of tasks; entries without an id are left out.

    Raises:
        WanError: The error for a refusal.
    """
    payload, names = parse_json_object(api, response), api.names.listed
    if not 200 <= response.status < 300 or is_error_payload(api, payload, response):
        raise error_from_response(api, response)
    entries = get_list(payload, names.tasks)
    if entries is None and get_number(payload, names.total) != 0:
        raise malformed_response_error(api, response, f"the response has no list {names.tasks}")
    listed = tuple(
        _task_summary(api, entry) for entry in entries or () if get_sanitized(entry, names.task_id)
    )
    page, pages, total = (
        int(get_number(payload, name) or 0) for name in (names.page, names.pages, names.total)
    )
    return TaskPage(listed, page, pages, total)


def _task_status(
    api: ApiTables, payload: dict[str, Any], task_id: str, status: str, uncertain: bool = False
) -> TaskStatus:
    response_names, names = api.names.answer, api.names.task
    output = get_object(payload, response_names.output)
    return TaskStatus(
        task_id=task_id,
        status=status,
        ended=status in api.life.terminal,
        submitted_at=parse_time(get_text(output, names.submitted), api.query_zone),
        scheduled_at=parse_time(get_text(output, names.scheduled), api.query_zone),
        ended_at=parse_time(get_text(output, names.ended), api.query_zone),
        metrics=get_object(output, names.metrics),
        code=get_sanitized(output, response_names.code) or get_sanitized(payload, response_names.code),
        message=get_sanitized(output, response_names.message)
        or get_sanitized(payload, response_names.message),
        request_id=get_sanitized(payload, response_names.request_id),
        raw=payload,
        uncertain=uncertain,
    )


def _task_summary(api: ApiTables, entry: dict[str, Any]) -> TaskSummary:
    names = api.names.listed
    return TaskSummary(
        task_id=sanitize(entry[names.task_id]),
        status=get_sanitized(entry, names.status) or "",
        model=get_sanitized(entry, names.model),
        created_at=_seconds(api, entry, names.created),
        started_at=_seconds(api, entry, names.started),
        ended_at=_seconds(api, entry, names.ended),
        request_id=get_sanitized(entry, names.request_id),
        raw=entry,
    )


def _seconds(api: ApiTables, entry: dict[str, Any], name: str) -> float | None:
    """Return a time of the list as seconds since 1970."""
    units = get_number(entry, name)
    return None if units is None else units / api.list_units


def _unknown_task_message(submitted_at: float | None, now: float, life: TaskLifecycleTable) -> str:
    kept = f"a task is kept for {life.expires_after / 3600:g} hours"
    if submitted_at is not None and now - submitted_at >= life.expires_after:
        ago = f"{(now - submitted_at) / 3600:.1f} hours ago"
        return f"the task has expired: {kept}, this one was submitted {ago}"
    if submitted_at is not None:
        return f"the service does not know the task, though {kept}: check the account and region of the key"
    return (
        "the service does not know the task: it never existed, has expired "
        f"({kept}), or belongs to another account or region: check the id, the key and the region"
    )
