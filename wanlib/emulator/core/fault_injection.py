"""Choose the fault of each request (by header, queue or rate), and apply it to the response."""

import json
from collections import deque
from collections.abc import Callable, Iterable
from random import Random
from typing import NamedTuple
from uuid import NAMESPACE_OID, uuid5

from wanlib.base.wire_names import WireNames
from wanlib.emulator.core.fault import JOB_FAULTS, Fault, parse_fault
from wanlib.emulator.core.http_messages import (
    CUT_BEFORE_RESPONSE,
    FAULT_HEADER,
    NEVER_ANSWERED,
    Request,
    Response,
    encode_response,
)
from wanlib.emulator.core.settings import Settings

_CHUNK_BYTES = 16  # larger if a response would otherwise have more than _MAX_CHUNKS
_MAX_CHUNKS = 4096
_REPLACING = ("error", "html", "inside", "silent")  # faults whose response does not depend on the request
_NO_RESPONSE = Response(200, (), (), cut=CUT_BEFORE_RESPONSE)
_SURPLUS = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
_HTML = (("content-type", "text/html"),)
_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

PerformRequest = Callable[[Fault | None], Response]
"""Carries the request out; takes a fault of its job, or None."""
BuildError = Callable[[str, str, int], Response]
"""Builds the vendor's error response from code, message ("" for the usual one) and status (0 likewise).
"""


class FaultInjector:
    """Chooses faults. Seeded: the same requests in the same order get the same faults."""

    def __init__(self, settings: Settings, seed: int) -> None:
        """Create an injector with the rate and the faults of the settings."""
        self._random = Random(f"faults {seed}")
        self._rate = settings.fault_rate
        self._random_faults = settings.faults
        self._queue: deque[Fault | None] = deque()

    def queue(self, faults: Iterable[Fault | None]) -> None:
        """Queue faults for the next requests, one each; None lets a request pass.

        A fault with `on` waits in the queue until a request makes one of these calls.
        """
        self._queue.extend(faults)

    def next_fault(self, request: Request, call: str) -> Fault | None:
        """Return the fault of a request, None for none.

        Raises:
            ValueError: The header of the request is not a fault.
        """
        if FAULT_HEADER in request.headers:
            return parse_fault(_decode_header(request.headers[FAULT_HEADER]))
        if self._queue:
            first = self._queue[0]
            return self._queue.popleft() if first is None or not first.on or call in first.on else None
        if self._rate and self._random.random() < self._rate:
            matching = [fault for fault in self._random_faults if not fault.on or call in fault.on]
            return self._random.choice(matching) if matching else None
        return None


def _decode_header(header: str) -> str:
    """Decode a header that was sent as UTF-8 and read as Latin-1, as servers do."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except ValueError:
        return header


class FaultContext(NamedTuple):
    """The data that the faults of one request need.

    Attributes:
        error: Builds an error response.
        code: The error code if the fault has none.
        unlisted: The task status that no document lists.
        failed: The task status of a failure.
        names: The names of members in responses.
        is_create: Whether the request creates a job.
        earlier_task: The id of the newest task before the request, "" for none.
    """

    error: BuildError
    code: str
    unlisted: str
    failed: str
    names: WireNames
    is_create: bool
    earlier_task: str


def apply_fault(fault: Fault, act: PerformRequest, context: FaultContext) -> Response:
    """Return the response to a request under a fault.

    Args:
        fault: The fault.
        act: Carries the request out.
        context: The data that the fault needs.
    """
    if fault.kind in JOB_FAULTS:
        return act(fault)
    if fault.kind == "neighbour":
        act(None)
        return _NO_RESPONSE if fault.where == "unread" else act(None)
    if fault.kind in _REPLACING or (fault.kind == "cut" and fault.where == "unread"):
        if fault.done:
            act(None)
        return _replacement(fault, context.error, fault.code or context.code)
    response = act(None)
    if fault.kind == "again":
        response = act(None)
    return _altered(fault, response, context)


def _replacement(fault: Fault, error: BuildError, code: str) -> Response:
    if fault.kind == "html":
        return Response(fault.status or 502, _HTML, (_PAGE,))
    if fault.kind == "inside":
        return error(code, fault.message, 200)
    if fault.kind == "cut":
        return _NO_RESPONSE
    if fault.kind == "silent":
        return _NO_RESPONSE._replace(delay=NEVER_ANSWERED)
    response = error(code, fault.message, fault.status)
    if fault.retry_after:
        return response._replace(headers=(*response.headers, ("retry-after", fault.retry_after)))
    return response


def _altered(fault: Fault, response: Response, context: FaultContext) -> Response:
    if fault.kind == "cut":
        length = len(response.body)
        return response._replace(
            cut={"before": CUT_BEFORE_RESPONSE, "inside": length // 2, "after": length}[fault.where]
        )
    if fault.kind == "trickle":
        return response._replace(parts=_pieces(response.body, _CHUNK_BYTES), pace=fault.pace)
    if fault.kind == "slow":
        return response._replace(parts=_pieces(response.body, fault.rate), pace=1.0)
    if fault.kind == "doubled":
        return response._replace(parts=tuple(part for part in response.parts for _ in range(2)))
    if fault.kind == "repeated":
        return response._replace(surplus=encode_response(response))
    if fault.kind == "surplus":
        return response._replace(surplus=(fault.message or _SURPLUS).encode("utf-8", "replace"))
    return _with_altered_output(fault, response, context)


def _pieces(body: bytes, size: int) -> tuple[bytes, ...]:
    grain = max(size, len(body) // _MAX_CHUNKS)
    return tuple(body[at : at + grain] for at in range(0, len(body), grain))


def _with_altered_output(fault: Fault, response: Response, context: FaultContext) -> Response:
    names = context.names
    try:
        body = json.loads(response.body)
        output = body[names.answer.output]
        task_id, _ = output[names.task.id], output[names.task.status]
    except (ValueError, KeyError, TypeError):  # a response without a task is not changed
        return response
    if fault.kind == "status":
        output[names.task.status] = fault.word or context.unlisted
    elif fault.kind == "other" and not context.is_create:
        other = str(uuid5(NAMESPACE_OID, str(task_id)))
        body[names.answer.output] = {
            names.task.id: other,
            names.task.status: fault.word or context.failed,
        }
    elif fault.kind == "reused" and context.is_create and context.earlier_task:
        output[names.task.id] = context.earlier_task
    else:
        return response
    return response._replace(parts=(json.dumps(body).encode(),))
