"""Record one exchange: the request of the client, and the information in the response.

Secrets stay out: a key becomes a fingerprint, a URL loses its query, a body becomes a fingerprint.
"""

import json
from typing import NamedTuple
from urllib.parse import parse_qsl

from wanlib.base.redaction import redact_text
from wanlib.conduct.record import RecordedExchange, Recorder, intent_fingerprint
from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.fault import Fault
from wanlib.emulator.core.http_messages import (
    CUT_BEFORE_RESPONSE,
    NEVER_ANSWERED,
    RULES_HEADER,
    Request,
    Response,
)
from wanlib.emulator.core.routes import RESULT, Route
from wanlib.emulator.jobs.rendering import RenderSpec
from wanlib.spec import Spec

_MAX_PATH = 200
_MAX_BODY = 65536
"""The maximum size of a response that is read for its task and code."""
_ID_LENGTH = 64
_RETRY_AFTER = "retry-after"


class KeyHeader:
    """Where a request has its API key."""

    def __init__(self, spec: Spec) -> None:
        """Read it from the headers of the spec."""
        name, row = next((name, row) for name, row in spec.wire["headers"].items() if "{key}" in row["is"])
        self._name = name.lower()
        self._before = len(row["is"].partition("{key}")[0])

    def key(self, request: Request) -> str:
        """Return the key of a request, "" if it has none."""
        return request.headers.get(self._name, "")[self._before :].strip()


class _ResponseFacts(NamedTuple):
    code: str = ""
    task: str = ""
    state: str = ""


def recorded_exchange(
    context: EmulatorContext,
    key_header: KeyHeader,
    request: Request,
    route: Route | None,
    result: Response | RenderSpec,
    fault: Fault | None,
) -> RecordedExchange:
    """Return the record of an exchange, to be added next. It takes the jobs that were accepted.

    Args:
        context: The emulator.
        key_header: Where the key is.
        request: The request.
        route: Its route, None if there is none.
        result: The response, or the picture that is rendered for it.
        fault: The injected fault, or None. With a neighbour fault, the first job belongs to another client.
    """
    path, _, query = request.target.partition("?")
    response = result if isinstance(result, Response) else Response(200, (), ())
    facts = _read_response(context, response)
    task, picture = _subject(route)
    raw_key = key_header.key(request)
    recorder = context.recorder
    key = recorder.note_key(raw_key) if raw_key else ""
    headers = dict(response.headers)
    has_no_status = _has_no_status(response)
    return RecordedExchange(
        number=recorder.next_number(),
        at=context.clock.wall(),
        call=route.call if route else "",
        method=request.method,
        path=path[:_MAX_PATH] if route else redact_text(path)[:_MAX_PATH],
        status=0 if has_no_status else response.status,
        code=facts.code,
        task=task or facts.task,
        state=facts.state if not task or facts.task in (task, "") else "",
        picture=picture,
        key=key,
        intent=intent_fingerprint(request.body) if route and route.create_calls else "",
        jobs=recorder.take_jobs(foreign_jobs=fault is not None and fault.kind == "neighbour"),
        is_lost=has_no_status or (response.cut is not None and response.cut < len(response.body)),
        retry_after=_seconds(headers.get(_RETRY_AFTER)),
        has_key_in_url=bool(query) and _has_key(query, recorder),
        rules=headers.get(RULES_HEADER, ""),
        fault=fault.kind if fault else "",
        request_id=headers.get(context.vendor.id_header, ""),
    )


def _subject(route: Route | None) -> tuple[str, int | None]:
    """Return the task, and the number of the picture, that a path names."""
    if route is None or not route.name:
        return "", None
    if route.call != RESULT:
        return route.name[:_ID_LENGTH], None
    task, _, file = route.name.partition("/")
    number = file.partition(".")[0]
    is_number = number.isascii() and number.isdecimal() and len(number) < 4
    return task[:_ID_LENGTH], int(number) if is_number else None


def _read_response(context: EmulatorContext, response: Response) -> _ResponseFacts:
    """Return the code, task and state in a response; empty texts for those that it does not have."""
    if len(response.parts) != 1 or len(response.parts[0]) > _MAX_BODY:
        return _ResponseFacts()
    try:
        body = json.loads(response.parts[0].decode())
        names, output = context.vendor.names, body.get(context.vendor.names.answer.output) or {}
        code = body.get(names.answer.code) or ""
        task, state = output.get(names.task.id) or "", output.get(names.task.status) or ""
    except (ValueError, AttributeError, RecursionError):
        return _ResponseFacts()
    return _ResponseFacts(*(str(text)[:_ID_LENGTH] for text in (code, task, state)))


def _has_no_status(response: Response) -> bool:
    return response.delay == NEVER_ANSWERED or response.cut == CUT_BEFORE_RESPONSE


def _seconds(header: str | None) -> float | None:
    """Return the seconds of Retry-After; None for a date or nothing."""
    return float(header) if header and header.isascii() and header.isdecimal() and len(header) < 7 else None


def _has_key(query: str, recorder: Recorder) -> bool:
    return any(recorder.is_known_key(value) for _, value in parse_qsl(query))
