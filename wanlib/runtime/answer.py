"""An answer of the service: its JSON object, or the error that it means."""

import json
import math
import re
from email.utils import parsedate_to_datetime
from typing import Any

from wanlib.base.error_codes import classify
from wanlib.base.shown import shown
from wanlib.runtime import errors
from wanlib.runtime.errors import MalformedAnswer, RateLimited, WanError
from wanlib.runtime.exchange import Reply
from wanlib.runtime.members import clean, cleaned, text
from wanlib.runtime.tables import Api

# The charsets of text; Python knows codecs of other kinds, which a header has no business to name.
_CHARSET = re.compile(r"""(?i)\bcharset\s*=\s*["']?((?:utf|gb|big5|iso|latin|windows|cp)[\w.-]{0,20})""")


def read_answer(api: Api, reply: Reply) -> dict[str, Any]:
    """The JSON object of an answer, whatever its status.

    A byte order mark, another charset that the headers name, and numbers that JSON does not have (read as
    null) are let pass. Raises MalformedAnswer for everything else that is no JSON object.
    """
    try:
        answer = _JSON.decode(_decoded(reply))
    except (ValueError, RecursionError):
        answer = None
        met = _met(reply)
    else:
        met = f"a JSON {type(answer).__name__}"
    if isinstance(answer, dict):
        return answer
    raise malformed(api, reply, f"a JSON object was due, {met} came")


def malformed(api: Api, reply: Reply, said: str, *, task_id: str | None = None) -> MalformedAnswer:
    """The error for an answer that is none of the documented ones. said: what was due and what came."""
    return MalformedAnswer(
        f"{said}. Is base_url the service itself, and no gateway between?",
        status=reply.status,
        request_id=cleaned(reply.headers, api.id_header),
        task_id=task_id,
    )


def is_vendor_error(api: Api, reply: Reply) -> bool:
    """Whether an answer is an error in the vendor's own form, with whatever status, 200 among them.

    That form is `code`, `message` and a request id (in the body or the header) at the top, and no output.
    A code or message that is empty or null says nothing: sister tasks and SDK dumps carry such beside
    their pictures. A gateway's page or JSON of its own is no answer of the vendor.
    """
    try:
        return is_error(api, read_answer(api, reply), reply)
    except MalformedAnswer:
        return False


def problem(api: Api, reply: Reply, wall: float | None = None, *, task_id: str | None = None) -> WanError:
    """The error that an answer means, to be raised by the caller.

    The code decides by the table, not the status; a code that the table lacks goes by the status.
    `RateLimited.retry_after` is set from Retry-After. wall: seconds since the epoch, for a Retry-After
    that is a date. An answer that is no error in the vendor's form gives MalformedAnswer.
    """
    try:
        answer = read_answer(api, reply)
    except MalformedAnswer as error:
        error.task_id = task_id
        return error
    if not is_error(api, answer, reply):
        return malformed(api, reply, _not_an_error(reply), task_id=task_id)
    refusal = stated(api, answer, status=reply.status, task_id=task_id)
    if refusal.request_id is None:
        refusal.request_id = cleaned(reply.headers, api.id_header)
    if isinstance(refusal, RateLimited):
        refusal.retry_after = _retry_after(reply.headers.get("retry-after", ""), wall)
    return refusal


def stated(api: Api, node: dict[str, Any], *, status: int, task_id: str | None = None) -> WanError:
    """The error that `code` and `message` of an object state; by `status` where the table lacks the code."""
    names = api.names.answer
    said = cleaned(node, names.message) or "no reason is given"
    found = classify(api.errors, text(node, names.code), said, status)
    family: type[WanError] = getattr(errors, found.error)
    return family(
        f"the service says: {said.rstrip('.')}. What to do: {found.advice}",
        status=status,
        code=cleaned(node, names.code),
        request_id=cleaned(node, names.request_id),
        task_id=task_id,
    ).explained(found)


def retryable(api: Api, reply: Reply) -> bool:
    """Whether the same request may succeed later: by the table; codes that it lacks by 429 and 5xx."""
    names = api.names.answer
    answer = read_answer(api, reply) if is_vendor_error(api, reply) else {}
    code, message = text(answer, names.code), text(answer, names.message)
    return classify(api.errors, code, message, reply.status).retry == "yes"


def kind_of(api: Api, code: str | None, status: int) -> str:
    """The kind of an error: what the table says of its code, else what its status says."""
    return classify(api.errors, code, None, status).kind


def is_error(api: Api, answer: dict[str, Any], reply: Reply) -> bool:
    """`is_vendor_error` of an answer that has been read."""
    names = api.names.answer
    named = text(answer, names.request_id) or reply.headers.get(api.id_header)
    stated = text(answer, names.code) and text(answer, names.message)
    return bool(stated and named and not answer.get(names.output))


def _not_an_error(reply: Reply) -> str:
    if 300 <= reply.status < 400:
        return "an answer was due, a redirect came, which is not followed: the key goes to base_url alone"
    return "an error with code, message and request_id was due, another JSON object came"


def _decoded(reply: Reply) -> str:
    try:
        return reply.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        named = _CHARSET.search(reply.headers.get("content-type", ""))
        if named is None:
            raise
    try:
        return reply.body.decode(named[1])
    except LookupError as error:  # a charset that nobody knows
        raise ValueError(str(error)) from None


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


# Made once: that costs more than to read an answer.
_JSON = json.JSONDecoder(parse_float=_finite, parse_constant=lambda _: None)


def _met(reply: Reply) -> str:
    """The beginning of a body that is no JSON, for a message."""
    if not reply.body.strip():
        return "an empty body"
    return f"{len(reply.body):,} bytes beginning {shown(clean(reply.body[:400].decode('utf-8', 'replace')))}"


def _retry_after(value: str, wall: float | None) -> float | None:
    """Seconds of a Retry-After header: a number, or a date where the time is known."""
    if re.fullmatch(r"\s*[0-9]{1,9}(?:\.[0-9]{1,9})?\s*", value):
        return float(value)
    try:
        date = parsedate_to_datetime(value).timestamp() if wall is not None else None
    except (ValueError, OverflowError):
        return None
    return None if date is None or wall is None else max(0.0, date - wall)
