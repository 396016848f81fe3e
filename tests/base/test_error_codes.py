"""The meaning of codes: rows, prefixes, messages, statuses; for the client and `wanlib.classify` alike."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.response_samples import API, TASK, refusal, reply, task
from wanlib import errors
from wanlib.base.error_codes import Classification, classify
from wanlib.client.http.responses import error_from_response, is_retryable
from wanlib.client.tasks.status import parse_task_status, task_error

TABLE = API.errors
TIMED_OUT = "Download the media resource timed out during the data inspection process."
WRONG_PATH = "url error, please check url\uff01"

# code, message, status -> error, retry, basis, the code of the table that decided
CASES: list[tuple[tuple[str | None, str | None, int | None], tuple[str, str, str, str | None]]] = [
    (("DataInspectionFailed", None, None), ("ContentModerationError", "no", "code", "DataInspectionFailed")),
    (
        ("InternalError.Algo.DataInspectionFailed", None, 500),
        ("ContentModerationError", "no", "prefix", "DataInspectionFailed"),
    ),
    (
        ("InternalError.Algo.InvalidParameter", None, 500),
        ("InvalidRequestError", "no", "prefix", "InvalidParameter"),
    ),
    (("InternalError.Algo", None, 400), ("ServiceError", "yes", "code", "InternalError.Algo")),
    (("InternalError.Algo.New", None, 400), ("ServiceError", "yes", "parent", "InternalError.Algo")),
    (("Throttling.New.Kind", None, 400), ("RateLimitError", "yes", "parent", "Throttling")),
    (
        ("InvalidParameter.DataInspection", TIMED_OUT, 400),
        ("InvalidRequestError", "once", "code", "InvalidParameter.DataInspection"),
    ),
    (
        ("InvalidParameter.DataInspection", "Failed to decode the image", 400),
        ("InvalidRequestError", "no", "code", "InvalidParameter.DataInspection"),
    ),
    (
        ("BadRequest.InputDownloadFailed", "Timed out.", None),
        ("InvalidRequestError", "once", "code", "BadRequest.InputDownloadFailed"),
    ),
    (("InvalidURL.Timeout", None, None), ("InvalidRequestError", "once", "code", "InvalidURL.Timeout")),
    (("access_denied", None, 403), ("AuthenticationError", "no", "code", "access_denied")),
    (("model_not_found", None, None), ("NotFoundError", "no", "code", "model_not_found")),
    (("Endpoint.AccessDenied", None, None), ("NotFoundError", "no", "code", "Endpoint.AccessDenied")),
    (("LimitRequests", None, None), ("RateLimitError", "yes", "code", "LimitRequests")),
    (("PrepaidBillOverdue", None, 429), ("QuotaExceededError", "no", "code", "PrepaidBillOverdue")),
    (("GatewayTimeout", None, 504), ("ServiceError", "yes", "code", "GatewayTimeout")),
    (("Brand.New", None, 429), ("RateLimitError", "yes", "status", None)),
    (("Brand.New", None, 503), ("ServiceError", "yes", "status", None)),
    (("Brand.New", None, 418), ("InvalidRequestError", "no", "status", None)),
    (("Brand.New", None, 200), ("ServiceError", "no", "status", None)),
    (("Brand.New", None, None), ("WanError", "no", "none", None)),
    ((None, None, None), ("WanError", "no", "none", None)),
    (("", "", 401), ("AuthenticationError", "no", "status", None)),
]


@pytest.mark.parametrize(("asked", "expected"), CASES, ids=lambda value: "-".join(map(str, value[:2])))
def test_a_code_is_classified(asked: Any, expected: Any) -> None:
    found = classify(TABLE, *asked)
    assert (found.error, found.retry, found.basis, found.documented) == expected
    assert issubclass(getattr(errors, found.error), errors.WanError)
    assert found.means and found.advice
    assert found.is_certain is (expected[2] in ("code", "prefix"))


def test_an_alias_has_the_meaning_of_its_code() -> None:
    for alias, row in TABLE.codes.items():
        if row.alias_of:
            mine, main = classify(TABLE, alias), classify(TABLE, row.alias_of)
            assert (mine.means, mine.advice, mine.retry, mine.kind) == (
                main.means,
                main.advice,
                main.retry,
                main.kind,
            )


def test_a_message_that_says_more_than_its_code() -> None:
    """The most frequent error of this API names a URL and means the path of the request."""
    for code in ("InvalidParameter", "InternalError.Algo.InvalidParameter"):
        advice = classify(TABLE, code, WRONG_PATH, 400).advice
        assert "model name" in advice and "path" in advice and "image" not in advice
    refused = error_from_response(API, refusal("InvalidParameter", WRONG_PATH))
    assert "What to do: check the model name and the path" in str(refused)
    denied = classify(TABLE, "access_denied", "current user api does not support synchronous calls.")
    assert "header for asynchronous calls" in denied.advice
    assert classify(TABLE, "Arrearage", WRONG_PATH).advice == classify(TABLE, "Arrearage").advice


ANSWERED = [case for case in CASES if case[0][0] and case[0][2] is not None]


@pytest.mark.parametrize(("asked", "expected"), ANSWERED, ids=lambda value: "-".join(map(str, value[:2])))
def test_the_client_raises_by_the_same_reading(asked: Any, expected: Any) -> None:
    code, message, status = asked
    answer = refusal(code, message or "No.", status=status)
    error = error_from_response(API, answer)
    found = classify(TABLE, code, message, status)
    assert type(error).__name__ == expected[0]
    assert (error.kind, error.advice, error.retry) == (found.kind, found.advice, found.retry)
    assert is_retryable(API, answer) is (found.retry == "yes")


FAILED = {
    "DataInspectionFailed": (errors.TaskContentModerationError, errors.ContentModerationError, "no"),
    "InternalError.Algo.DataInspectionFailed": (
        errors.TaskContentModerationError,
        errors.ContentModerationError,
        "no",
    ),
    "InvalidParameter": (errors.TaskInvalidRequestError, errors.InvalidRequestError, "no"),
    "InvalidURL.Timeout": (errors.TaskInvalidRequestError, errors.InvalidRequestError, "once"),
    "Arrearage": (errors.TaskQuotaExceededError, errors.QuotaExceededError, "no"),
    "Throttling": (errors.TaskRateLimitError, errors.RateLimitError, "yes"),
    "InternalError.Timeout": (errors.TaskServiceError, errors.ServiceError, "yes"),
    "AccessDenied": (errors.TaskFailedError, errors.TaskFailedError, "no"),
    "Brand.New": (errors.TaskFailedError, errors.TaskFailedError, "no"),
}


@pytest.mark.parametrize("code", FAILED)
def test_a_failed_task_is_also_an_error_of_its_cause(code: str) -> None:
    own, cause, retry = FAILED[code]
    snapshot = parse_task_status(API, reply(task("FAILED", code=code, message="No.")), TASK)
    error = task_error(API, snapshot, None, 0.0)
    assert type(error) is own and isinstance(error, errors.TaskFailedError) and isinstance(error, cause)
    assert (error.code, error.task_id, error.retry) == (code, TASK, retry)
    found = classify(TABLE, code, "No.")
    assert (error.kind, error.advice) == (found.kind, found.advice)
    assert error.to_dict()["retry"] == retry and f"What to do: {found.advice}" in str(error)


def test_a_download_that_timed_out_is_not_final() -> None:
    nested = task("FAILED", code="InvalidParameter.DataInspection", message=TIMED_OUT)
    error = task_error(API, parse_task_status(API, reply(nested), TASK), None, 0.0)
    assert error.retry == "once" and "once more" in str(error)


def test_errors_of_the_client_itself_say_whether_to_try_again() -> None:
    retries = {
        errors.ConnectionFailedError: "yes",
        errors.DownloadFailedError: "yes",
        errors.LinkExpiredError: "no",
    }
    retries |= {
        errors.OutcomeUnknownError: "no",
        errors.DeadlineExceededError: "no",
        errors.TaskUnknownError: "no",
    }
    for family, retry in retries.items():
        error = family("It failed.")
        assert (error.retry, error.kind, error.advice) == (retry, None, None)


NEAR = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", ".", "InternalError.Algo."]),
    st.sampled_from([*TABLE.codes]),
    st.sampled_from(["", ".", ".x.y"]),
)
ANY = st.text(max_size=30) | NEAR


@given(st.none() | ANY, st.none() | st.text(max_size=40), st.none() | st.integers(-1, 1000))
def test_any_code_is_classified(code: str | None, message: str | None, status: int | None) -> None:
    found = classify(TABLE, code, message, status)
    assert isinstance(found, Classification) and hasattr(errors, found.error)
