"""Responses of the service: parsed to their JSON object, or to the corresponding error."""

import codecs
import json
import math
import re
from email.utils import parsedate_to_datetime
from typing import Any

from wanlib import errors
from wanlib.base.api_tables import ApiTables
from wanlib.base.error_codes import classify
from wanlib.base.redaction import hide_keys_in_json, safe_repr
from wanlib.client.http.json_access import get_sanitized, get_text, sanitize
from wanlib.client.http.messages import Response
from wanlib.errors import MalformedResponseError, RateLimitError, WanError

# The charsets of text: Python also has codecs of other kinds, which a header must not select.
_CHARSET = re.compile(r"""(?i)\bcharset\s*=\s*["']?((?:utf|gb|big5|iso|latin|windows|cp)[\w.-]{0,20})""")


def parse_json_object(api: ApiTables, response: Response) -> dict[str, Any]:
    """Return the JSON object of a response with any status.

    A byte order mark, another charset that the headers name, and numbers that JSON does not have (read as
    null) are accepted.

    Raises:
        MalformedResponseError: The body is not a JSON object.
    """
    try:
        payload = _JSON.decode(_decode_text(response))
        if b"\\" in response.body or not response.body.isascii():
            payload = hide_keys_in_json(payload)  # in any other body the driver has masked what it decodes to
    except (ValueError, RecursionError):
        payload = None
        actual = _body_excerpt(response)
    else:
        actual = f"a JSON {type(payload).__name__}"
    if isinstance(payload, dict):
        return payload
    raise malformed_response_error(api, response, f"expected a JSON object, got {actual}")


def malformed_response_error(
    api: ApiTables, response: Response, problem: str, *, task_id: str | None = None
) -> MalformedResponseError:
    """Return the error for an undocumented response with this problem."""
    return MalformedResponseError(
        f"{problem}. Is base_url the service itself, without a gateway in between?",
        status=response.status,
        request_id=get_sanitized(response.headers, api.id_header),
        task_id=task_id,
    )


def is_error_response(api: ApiTables, response: Response) -> bool:
    """Return whether a response is an error in the vendor's own form, with any status, 200 included.

    That form is `code`, `message` and a request id (in the body or the header) at the top level, and no
    output. A code or message that is empty or null means nothing: SDK dumps have such members next to their
    pictures. A page or JSON of a gateway is not in this form.
    """
    try:
        return is_error_payload(api, parse_json_object(api, response), response)
    except MalformedResponseError:
        return False


def error_from_response(
    api: ApiTables, response: Response, wall: float | None = None, *, task_id: str | None = None
) -> WanError:
    """Return the error for a response, to be raised by the caller.

    The table of codes decides, not the status; for a code that is not in the table, the status does.

    Args:
        api: The tables of the API.
        response: The response.
        wall: Seconds since 1970, for a Retry-After that is a date. None ignores such a date.
        task_id: The task that the request was about; None if there is none.

    Returns:
        An error; MalformedResponseError if the response is not an error in the vendor's form.
    """
    try:
        payload = parse_json_object(api, response)
    except MalformedResponseError as error:
        error.task_id = task_id
        return error
    if not is_error_payload(api, payload, response):
        return malformed_response_error(api, response, _missing_error_fields(response), task_id=task_id)
    refusal = error_from_body(api, payload, status=response.status, task_id=task_id)
    if refusal.request_id is None:
        refusal.request_id = get_sanitized(response.headers, api.id_header)
    if isinstance(refusal, RateLimitError):
        refusal.retry_after = _retry_after(response.headers.get("retry-after", ""), wall)
    return refusal


def error_from_body(
    api: ApiTables, node: dict[str, Any], *, status: int, task_id: str | None = None
) -> WanError:
    """Return the error for `code` and `message` of an object; `status` decides for an unknown code."""
    names = api.names.answer
    message = get_sanitized(node, names.message) or "no reason is given"
    classification = classify(api.errors, get_text(node, names.code), message, status)
    family: type[WanError] = getattr(errors, classification.error)
    return family(
        f"the service says: {message.rstrip('.')}. What to do: {classification.advice}",
        status=status,
        code=get_sanitized(node, names.code),
        request_id=get_sanitized(node, names.request_id),
        task_id=task_id,
    ).with_classification(classification)


def is_retryable(api: ApiTables, response: Response) -> bool:
    """Return whether the same request may succeed later; for an unknown code, 429 and 5xx may."""
    names = api.names.answer
    payload = parse_json_object(api, response) if is_error_response(api, response) else {}
    code, message = get_text(payload, names.code), get_text(payload, names.message)
    return classify(api.errors, code, message, response.status).retry == "yes"


def error_kind(api: ApiTables, code: str | None, status: int) -> str:
    """Return the kind of an error: by the table of codes, else by its status."""
    return classify(api.errors, code, None, status).kind


def is_error_payload(api: ApiTables, payload: dict[str, Any], response: Response) -> bool:
    """Return the result of `is_error_response` for a parsed body."""
    names = api.names.answer
    request_id = get_text(payload, names.request_id) or response.headers.get(api.id_header)
    stated = get_text(payload, names.code) and get_text(payload, names.message)
    return bool(stated and request_id and not payload.get(names.output))


def _missing_error_fields(response: Response) -> str:
    if 300 <= response.status < 400:
        return "the response is a redirect, which is not followed: the key is sent only to base_url"
    return "expected an error with code, message and request_id, got another JSON object"


def _decode_text(response: Response) -> str:
    try:
        return response.body.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        charset = _CHARSET.search(response.headers.get("content-type", ""))
        if charset is None:
            raise
    try:
        return response.body.decode(charset[1])
    except LookupError as error:  # an unknown charset
        raise ValueError(str(error)) from None


def _parse_finite_float(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


# Created once: that takes longer than parsing a response.
_JSON = json.JSONDecoder(parse_float=_parse_finite_float, parse_constant=lambda _: None)


def _body_excerpt(response: Response) -> str:
    """Return the beginning of a body that is not JSON, for a message."""
    if not response.body.strip():
        return "an empty body"
    beginning = sanitize(response.body[:4_000].decode("utf-8", "replace"))
    return f"{len(response.body):,} bytes beginning {safe_repr(beginning)}"


def _retry_after(value: str, wall: float | None) -> float | None:
    """Return the seconds of a Retry-After header: a number, or a date if the time is known."""
    if re.fullmatch(r"\s*[0-9]{1,9}(?:\.[0-9]{1,9})?\s*", value):
        return float(value)
    try:
        date = parsedate_to_datetime(value).timestamp() if wall is not None else None
    except (ValueError, OverflowError):
        return None
    return None if date is None or wall is None else max(0.0, date - wall)
