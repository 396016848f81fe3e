"""A task as a query or a list of tasks shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wanlib.base.error_codes import classify
from wanlib.runtime.answer import is_error, kind_of, malformed, problem, read_answer, retryable
from wanlib.runtime.errors import (
    TaskCanceled,
    TaskContentModerationError,
    TaskError,
    TaskFailed,
    TaskInvalidRequestError,
    TaskQuotaExceededError,
    TaskRateLimitError,
    TaskServiceError,
    TaskUnknown,
)
from wanlib.runtime.exchange import Reply
from wanlib.runtime.members import clean, cleaned, items, mapping, moment, number, text
from wanlib.runtime.tables import Api, Life

_FAILURES: Mapping[str, type[TaskFailed]] = {
    "moderation": TaskContentModerationError,
    "invalid": TaskInvalidRequestError,
    "billing": TaskQuotaExceededError,
    "rate": TaskRateLimitError,
    "service": TaskServiceError,
}
# An answer of these kinds is about the query, not about the task.
_OF_THE_QUERY = frozenset({"rate", "authentication"})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A task at one moment.

    status: as the service names it, one nobody has heard of among them. ended: it will not change again.
    submitted_at, scheduled_at, ended_at: seconds since the epoch, None where the answer has no such time.
    metrics: the counts of `task_metrics`. code, message: the vendor's reason, None where there is none;
    their presence alone is no failure. raw: the whole answer. doubtful: it FAILED by an error that may be
    one of this query alone; a second query tells.
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
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A task in a list. Times are seconds since the epoch, None where the list has none."""

    task_id: str
    status: str
    model: str | None
    created_at: float | None
    started_at: float | None
    ended_at: float | None
    request_id: str | None
    raw: Mapping[str, Any] = field(repr=False)


class Page(NamedTuple):
    """A page of tasks. page, pages, total: this page's number, how many there are, tasks in all."""

    items: tuple[Listed, ...]
    page: int
    pages: int
    total: int


def read_snapshot(api: Api, reply: Reply, task_id: str) -> Snapshot:
    """The answer to a query of this task.

    A task that FAILED may say so in `output`, or by a flat error of the vendor with status 200 (the pages
    print both). Raises the error that any other refusal means, and MalformedAnswer where no `task_status`
    is found.
    """
    if not 200 <= reply.status < 300:
        raise problem(api, reply, task_id=task_id)
    answer, names = read_answer(api, reply), api.names
    status = cleaned(mapping(answer, names.answer.output), names.task.status)
    if status is not None:
        return _snapshot(api, answer, task_id, status)
    if not is_error(api, answer, reply):
        due = f"{names.answer.output}.{names.task.status}"
        raise malformed(api, reply, f"a task with {due} was due, there is none", task_id=task_id)
    if kind_of(api, text(answer, names.answer.code), reply.status) in _OF_THE_QUERY:
        raise problem(api, reply, task_id=task_id)
    return _snapshot(api, answer, task_id, api.life.failed, doubtful=retryable(api, reply))


def task_error(api: Api, snapshot: Snapshot, submitted_at: float | None, now: float) -> TaskError:
    """The error for a task that has ended without a result.

    submitted_at, now: seconds since the epoch; with the former an UNKNOWN task can be told to have expired.
    """
    life = api.life
    if snapshot.status == life.failed:
        return _failure(api, snapshot)
    family, said = TaskError, f"the task ended as {snapshot.status}, which no page describes"
    if snapshot.status == life.canceled:
        family, said = TaskCanceled, "the task was canceled while it waited; nothing of it is billed"
    elif snapshot.status == life.unknown:
        family, said = TaskUnknown, _unknown(submitted_at, now, life)
    return family(said, code=snapshot.code, request_id=snapshot.request_id, task_id=snapshot.task_id)


def _failure(api: Api, snapshot: Snapshot) -> TaskFailed:
    """The error for a task that FAILED, of the class that its code names."""
    found = classify(api.errors, snapshot.code, snapshot.message)
    reason = (snapshot.message or "no reason is given").rstrip(".")
    return _FAILURES.get(found.kind, TaskFailed)(
        f"the task failed: {reason}. What to do: {found.advice}",
        code=snapshot.code,
        request_id=snapshot.request_id,
        task_id=snapshot.task_id,
    ).explained(found)


def read_page(api: Api, reply: Reply) -> Page:
    """A list of tasks. Entries without an id are left out. Raises the error that a refusal means."""
    answer, names = read_answer(api, reply), api.names.listed
    if not 200 <= reply.status < 300 or is_error(api, answer, reply):
        raise problem(api, reply)
    entries = items(answer, names.tasks)
    if entries is None and number(answer, names.total) != 0:
        raise malformed(api, reply, f"a list of tasks under {names.tasks} was due, there is none")
    listed = tuple(_listed(api, each) for each in entries or () if text(each, names.task_id))
    page, pages, total = (int(number(answer, name) or 0) for name in (names.page, names.pages, names.total))
    return Page(listed, page, pages, total)


def _snapshot(
    api: Api, answer: dict[str, Any], task_id: str, status: str, doubtful: bool = False
) -> Snapshot:
    named, names = api.names.answer, api.names.task
    output = mapping(answer, named.output)
    return Snapshot(
        task_id=task_id,
        status=status,
        ended=status in api.life.terminal,
        submitted_at=moment(text(output, names.submitted), api.query_zone),
        scheduled_at=moment(text(output, names.scheduled), api.query_zone),
        ended_at=moment(text(output, names.ended), api.query_zone),
        metrics=mapping(output, names.metrics),
        code=cleaned(output, named.code) or cleaned(answer, named.code),
        message=cleaned(output, named.message) or cleaned(answer, named.message),
        request_id=cleaned(answer, named.request_id),
        raw=answer,
        doubtful=doubtful,
    )


def _listed(api: Api, entry: dict[str, Any]) -> Listed:
    names = api.names.listed
    return Listed(
        task_id=clean(entry[names.task_id]),
        status=cleaned(entry, names.status) or "",
        model=cleaned(entry, names.model),
        created_at=_seconds(api, entry, names.created),
        started_at=_seconds(api, entry, names.started),
        ended_at=_seconds(api, entry, names.ended),
        request_id=cleaned(entry, names.request_id),
        raw=entry,
    )


def _seconds(api: Api, entry: dict[str, Any], name: str) -> float | None:
    """A time since the epoch in the unit of the list, as seconds."""
    units = number(entry, name)
    return None if units is None else units / api.list_units


def _unknown(submitted_at: float | None, now: float, life: Life) -> str:
    kept = f"a task is kept for {life.expires_after / 3600:g} hours"
    if submitted_at is not None and now - submitted_at >= life.expires_after:
        ago = f"{(now - submitted_at) / 3600:.1f} hours ago"
        return f"the task has expired: {kept}, this one was submitted {ago}"
    if submitted_at is not None:
        return f"the service does not know the task, though {kept}: look at the key's account and region"
    return (
        "the service does not know the task: it never was, has expired "
        f"({kept}), or belongs to another account or region: look at the id, the key and the region"
    )
