"""Answers: their JSON, and the error that they mean."""

import json
from typing import Any

import pytest

from tests.client.response_samples import API, TASK, choice, choices, image, refusal, reply, task
from wanlib import errors
from wanlib.client.http.messages import Response
from wanlib.client.http.responses import (
    error_from_response,
    is_error_response,
    is_retryable,
    parse_json_object,
)

CLASSES = {
    "invalid": errors.InvalidRequestError,
    "moderation": errors.ContentModerationError,
    "billing": errors.QuotaExceededError,
    "authentication": errors.AuthenticationError,
    "not_found": errors.NotFoundError,
    "rate": errors.RateLimitError,
    "service": errors.ServiceError,
}
NO_ANSWERS = {
    "html": b"<html><body>502 Bad Gateway</body></html>",
    "empty": b"",
    "blank": b" \n",
    "broken": b'{"output": {"task_',
    "a list": b'[{"task_id": "1"}]',
    "null": b"null",
    "a text": b'"ok"',
    "not utf-8": b'{"a": "\xff\xfe"}',
    "deep": b"[" * 100_000,
    "a long number": b'{"a": ' + b"9" * 5000 + b"}",
    "compressed": bytes.fromhex("1f8b0800000000000003abaeae05"),
}


@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_an_answer_that_is_not_an_object_is_malformed(body: bytes) -> None:
    with pytest.raises(errors.MalformedResponseError, match="expected a JSON object") as caught:
        parse_json_object(API, reply(body, 502, x_request_id="r-1"))
    assert (caught.value.status, caught.value.request_id) == (502, "r-1")
    raised = error_from_response(API, reply(body, 502), task_id=TASK)
    assert type(raised) is errors.MalformedResponseError
    assert raised.task_id == TASK


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ('{"a": "é"}'.encode("utf-8-sig"), {}),
        ('{"a": "é"}'.encode(), {"content_type": "application/json; charset=latin-1"}),
        ('{"a": "é"}'.encode("latin-1"), {"content_type": 'application/json;charset="ISO-8859-1"'}),
        ('{"a": "é"}'.encode("gb18030"), {"content_type": "application/json; charset=GBK"}),
    ],
)
def test_marks_and_charsets(body: bytes, headers: dict[str, str]) -> None:
    assert parse_json_object(API, reply(body, **headers)) == {"a": "é"}


@pytest.mark.parametrize("charset", ["utf-99", "rot13", "punycode", "hex", "undefined", ""])
def test_unknown_charsets_are_refused(charset: str) -> None:
    with pytest.raises(errors.MalformedResponseError):
        parse_json_object(API, reply(b'"\xff"', content_type=f"application/json; charset={charset}"))


def test_numbers_that_json_does_not_have_cost_no_picture() -> None:
    answer = parse_json_object(API, reply(b'{"a": NaN, "b": -Infinity, "c": 1e999, "d": 1.5}'))
    assert answer == {"a": None, "b": None, "c": None, "d": 1.5}


@pytest.mark.parametrize("code", API.errors.codes)
@pytest.mark.parametrize("status", [200, 500, None])
def test_the_code_decides_not_the_status(code: str, status: int | None) -> None:
    entry = API.errors.codes[code]
    answer = refusal(code, status=entry.status if status is None else status)
    assert is_error_response(API, answer)
    assert type(error_from_response(API, answer)) is CLASSES[entry.kind]
    assert is_retryable(API, answer) is (entry.retry == "yes")


@pytest.mark.parametrize(
    ("status", "family", "again"),
    [
        (400, errors.InvalidRequestError, False),
        (401, errors.AuthenticationError, False),
        (403, errors.AuthenticationError, False),
        (404, errors.NotFoundError, False),
        (409, errors.InvalidRequestError, False),
        (429, errors.RateLimitError, True),
        (500, errors.ServiceError, True),
        (503, errors.ServiceError, True),
        (200, errors.ServiceError, False),
    ],
)
def test_an_unknown_code_is_classified_by_the_status(status: int, family: type, again: bool) -> None:
    answer = refusal("Brand.New", status=status)
    assert type(error_from_response(API, answer)) is family
    assert is_retryable(API, answer) is again


def test_the_error_has_every_detail_of_the_answer() -> None:
    error = error_from_response(API, refusal("Arrearage", "The account is overdue.", 400), task_id=TASK)
    assert (error.status, error.code, error.request_id, error.task_id) == (400, "Arrearage", "req-1", TASK)
    assert "The account is overdue" in error.message
    assert "waiting does not help" in error.message
    header_only = reply({"code": "Conflict", "message": "m"}, 409, x_request_id="r-9")
    assert error_from_response(API, header_only).request_id == "r-9"


@pytest.mark.parametrize(
    "body",
    [
        choices(choice(image("a"))) | {"code": "", "message": ""},
        choices(choice(image("a"))) | {"code": None, "message": "", "status_code": 200},
        choices(choice(image("a"))) | {"code": "Success", "message": "Success"},
        task("SUCCEEDED", error_message="Success", error_code=0),
        task("FAILED", code="InternalError", message="m"),
        {"request_id": "r"},
        {"code": "InvalidParameter", "request_id": "r"},
        {"code": "", "message": "", "request_id": "r"},
        {"code": 400, "message": "m", "request_id": "r"},
        {"code": "BadGateway", "message": "a gateway's own"},
        {"error": "not found"},
    ],
)
def test_answers_that_are_not_errors_of_the_vendor(body: Any) -> None:
    assert not is_error_response(API, reply(body))
    raised = error_from_response(API, reply(body, 500), task_id=TASK)
    assert type(raised) is errors.MalformedResponseError
    assert (raised.status, raised.task_id) == (500, TASK)


def test_an_error_inside_a_200_is_one() -> None:
    body = {"code": "DataInspectionFailed", "message": "m", "request_id": "r", "output": None, "usage": None}
    assert is_error_response(API, reply(body))
    assert type(error_from_response(API, reply(body))) is errors.ContentModerationError


def test_a_redirect_is_reported_as_one() -> None:
    assert (
        "the response is a redirect"
        in error_from_response(API, reply({}, 302, location="https://else.example")).message
    )
    assert not is_retryable(API, reply({}, 302))


@pytest.mark.parametrize(
    ("header", "wall", "seconds"),
    [
        ("7", None, 7.0),
        (" 2.5 ", None, 2.5),
        ("0", None, 0.0),
        ("Mon, 04 May 2026 00:00:10 GMT", 1777852800.0, 10.0),
        ("Mon, 04 May 2026 00:00:10 GMT", 1777852900.0, 0.0),
        ("Mon, 04 May 2026 00:00:10 GMT", None, None),
        ("soon", 0.0, None),
        ("-3", 0.0, None),
        ("inf", 0.0, None),
        ("Mon, 99 May 99999 00:00:10 GMT", 0.0, None),
    ],
)
def test_retry_after(header: str, wall: float | None, seconds: float | None) -> None:
    error = error_from_response(API, refusal("Throttling", status=429, retry_after=header), wall)
    assert isinstance(error, errors.RateLimitError)
    assert error.retry_after == seconds


def test_no_secret_and_no_control_character_comes_into_an_error() -> None:
    message = (
        "Can't fetch https://me:pass@host.example/a.png?Signature=hidden1 or data:image/png;base64,"
        + "iVBORw0KGgo" * 30
        + "\x1b[31m\nsecond\u202eline "
        + "long " * 400
    )
    for answer in (
        refusal("InvalidParameter", message),
        refusal("Inv\x1bal\nid", message),
        reply(message.encode(), 502),
    ):
        error = error_from_response(API, answer)
        said = str(error) + repr(error) + json.dumps(error.to_dict(), ensure_ascii=False)
        for secret in ("hidden1", "pass@", "iVBORw0KGgo" * 3, "\x1b", "\u202e"):
            assert secret not in said
        assert "\n" not in str(error)
        assert len(str(error)) < 700


def test_lone_surrogates_are_removed() -> None:
    error = error_from_response(
        API, Response(400, {}, b'{"code": "A\\ud800", "message": "b\\udfff", "request_id": "\\ud800"}')
    )
    assert str(error).startswith("the service says: b. ")
    assert str(error).endswith("[HTTP 400, code A]")
