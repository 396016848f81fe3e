"""Tasks as queries and lists show them."""

from typing import Any

import pytest

from tests.client.response_samples import API, START, TASK, TIMES, refusal, reply, task
from tests.support.api_facts import KEPT_FOR
from wanlib import errors
from wanlib.client.tasks.status import parse_page, parse_task_status, task_error

DAY = API.life.expires_after


def test_a_query_in_full() -> None:
    metrics = {"TOTAL": 4, "SUCCEEDED": 1, "FAILED": 0}
    body = task("RUNNING", **TIMES, task_metrics=metrics)
    snapshot = parse_task_status(API, reply(body), TASK)
    assert (snapshot.task_id, snapshot.status, snapshot.ended) == (TASK, "RUNNING", False)
    times = (snapshot.submitted_at, snapshot.scheduled_at, snapshot.ended_at)
    assert times == (START + 0.25, START + 1, START + 60.5)
    assert snapshot.metrics == metrics
    assert (snapshot.code, snapshot.message, snapshot.request_id) == (None, None, "req-4")
    assert snapshot.raw == body
    assert "raw" not in repr(snapshot)


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("PENDING", False),
        ("RUNNING", False),
        ("SUSPENDED", False),
        ("NEVER_HEARD_OF", False),
        ("SUCCEEDED", True),
        ("FAILED", True),
        ("CANCELED", True),
        ("UNKNOWN", True),
    ],
)
def test_which_states_are_the_end(status: str, ended: bool) -> None:
    snapshot = parse_task_status(API, reply(task(status)), TASK)
    assert (snapshot.status, snapshot.ended) == (status, ended)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-05-04 08:00:00.001", START + 0.001),
        ("2026-05-04 08:00:00", START),
        ("2026-05-04T08:00:00Z", START + 8 * 3600),
        ("", None),
        ("4 May 2026", None),
        ("9999-99-99 00:00:00", None),
        ("0001-01-01 00:00:00", pytest.approx(-62135625600.0)),
        (1777852800, None),
        (None, None),
    ],
)
def test_times_with_and_without_their_fraction(text: Any, seconds: float | None) -> None:
    assert parse_task_status(API, reply(task("SUCCEEDED", end_time=text)), TASK).ended_at == seconds


def test_a_failure_nested_or_flat_is_the_same_failure() -> None:
    nested = reply(task("FAILED", code="InvalidParameter", message="too small"))
    flat = reply({"request_id": "req-4", "code": "InvalidParameter", "message": "too small"})
    for answer in (nested, flat):
        snapshot = parse_task_status(API, answer, TASK)
        assert (snapshot.status, snapshot.ended, snapshot.task_id) == ("FAILED", True, TASK)
        error = task_error(API, snapshot, START, START + 9)
        assert type(error) is errors.TaskInvalidRequestError
        assert (error.code, error.request_id, error.task_id) == ("InvalidParameter", "req-4", TASK)
        assert "too small" in error.message


@pytest.mark.parametrize(
    ("code", "family"),
    [
        ("Throttling.RateQuota", errors.RateLimitError),
        ("InvalidApiKey", errors.AuthenticationError),
    ],
)
def test_a_flat_refusal_of_the_query_is_not_a_failure_of_the_task(code: str, family: type) -> None:
    with pytest.raises(family) as caught:
        parse_task_status(API, refusal(code, status=200), TASK)
    assert caught.value.task_id == TASK  # type: ignore[attr-defined]


def test_a_status_of_refusal_is_raised() -> None:
    with pytest.raises(errors.NotFoundError):
        parse_task_status(API, refusal("NotFound", status=404), TASK)
    with pytest.raises(errors.MalformedResponseError):
        parse_task_status(API, reply(task("RUNNING"), 500), TASK)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"output": None, "request_id": "r"},
        {"output": [], "request_id": "r"},
        {"output": {"task_id": TASK}, "request_id": "r"},
        {"output": {"task_id": TASK, "task_status": None}},
        {"output": {"task_id": TASK, "task_status": ""}},
        {"output": {"task_id": TASK, "task_status": ["RUNNING"]}},
        {"code": "", "message": "", "request_id": "r"},
    ],
)
def test_an_answer_without_a_status_is_malformed(body: Any) -> None:
    with pytest.raises(errors.MalformedResponseError, match="task_status") as caught:
        parse_task_status(API, reply(body), TASK)
    assert caught.value.task_id == TASK


def test_words_of_success_are_not_a_failure() -> None:
    body = task("SUCCEEDED", error_message="Success", error_code=0, message="Success", code="")
    assert parse_task_status(API, reply(body), TASK).status == "SUCCEEDED"


def test_canceled() -> None:
    error = task_error(API, parse_task_status(API, reply(task("CANCELED")), TASK), None, START)
    assert type(error) is errors.TaskCanceledError
    assert error.task_id == TASK


HOURS = KEPT_FOR / 3600


@pytest.mark.parametrize(
    ("submitted", "now", "shown", "absent"),
    [
        (
            START,
            START + KEPT_FOR,
            f"has expired: a task is kept for {HOURS:.0f} hours, this one was submitted {HOURS:.1f}",
            "account",
        ),
        (START, START + KEPT_FOR - 1, "check the account and region of the key", "has expired"),
        (None, START, "belongs to another account or region", "submitted"),
    ],
)
def test_an_unknown_task_is_explained(submitted: float | None, now: float, shown: str, absent: str) -> None:
    error = task_error(API, parse_task_status(API, reply(task("UNKNOWN")), TASK), submitted, now)
    assert type(error) is errors.TaskUnknownError
    assert shown in error.message
    assert absent not in error.message


def entry(**members: Any) -> dict[str, Any]:
    return {
        "task_id": TASK,
        "status": "RUNNING",
        "model_name": "wan2.6-image",
        "gmt_create": 1777852800000,
    } | members


def test_a_page_of_tasks() -> None:
    data = [entry(start_time=1777852801500, end_time=1777852860000), entry(status="PENDING")]
    page = parse_page(
        API,
        reply({"total": 12, "total_page": 6, "page_no": 2, "page_size": 2, "request_id": "r", "data": data}),
    )
    assert (page.page, page.pages, page.total) == (2, 6, 12)
    first, second = page.items
    assert (first.task_id, first.status, first.model) == (TASK, "RUNNING", "wan2.6-image")
    assert (first.created_at, first.started_at, first.ended_at) == (START, START + 1.5, START + 60)
    assert (second.status, second.started_at, second.ended_at) == ("PENDING", None, None)


def test_a_page_is_read_leniently_but_not_without_its_list() -> None:
    odd = [None, "x", {}, entry(task_id=""), entry(gmt_create="now", status=None)]
    page = parse_page(API, reply({"data": odd}))
    assert [(each.task_id, each.status, each.created_at) for each in page.items] == [(TASK, "", None)]
    assert parse_page(API, reply({"total": 0, "data": None})).items == ()
    for body in ({}, {"data": {}}, {"data": None, "total": 1}):
        with pytest.raises(errors.MalformedResponseError, match="has no list data"):
            parse_page(API, reply(body))
    with pytest.raises(errors.RateLimitError):
        parse_page(API, refusal("Throttling", status=200))
