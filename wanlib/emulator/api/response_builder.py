"""Build HTTP responses: recorded headers, JSON, server-sent events, storage errors as XML."""

import json
from collections.abc import Iterable

from wanlib.base.violation import Violation
from wanlib.emulator.api.response_bodies import Body
from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.http_messages import RULES_HEADER, Response
from wanlib.emulator.core.vendor_errors import VendorError, error_body
from wanlib.emulator.jobs.job import JobOutcome

Violations = tuple[Violation, ...]
Headers = tuple[tuple[str, str], ...]

_JSON = ("content-type", "application/json")
_XML = (("content-type", "application/xml"),)
_ENCODER = json.JSONEncoder(
    separators=(",", ":"), check_circular=False
)  # bodies are built here, so they have no cycles


class ResponseBuilder:
    """Builds the responses of one emulator."""

    def __init__(self, context: EmulatorContext) -> None:
        """Prepare the headers that every response has."""
        self._context = context
        timeout = context.spec.wire["timeouts"]["sync"].partition(" ")[0]
        self._recorded = tuple(
            (name, value.replace("{timeout}", timeout)) for name, value in context.vendor.headers.items()
        )
        self._streamed = ("content-type", context.spec.wire["streaming"]["content_type"])

    def json_response(
        self, status: int, body: Body, request_id: str, violations: Violations = ()
    ) -> Response:
        """Build a JSON response; violated rules are listed in a header."""
        return Response(status, self._headers(request_id, _JSON, violations), (_dumps(body),))

    def error_response(
        self, error: VendorError, request_id: str, violations: Violations = (), *, status: int = 0
    ) -> Response:
        """Build the vendor's error response.

        Args:
            error: The code and message.
            request_id: The id of the response.
            violations: Listed in a header.
            status: The HTTP status; 0 for the usual one of the code.
        """
        body = error_body(self._context.vendor.names, error, request_id)
        return self.json_response(status or self._status(error.code), body, request_id, violations)

    def stream_response(self, events: list[Body], request_id: str, violations: Violations) -> Response:
        """Build a stream of server-sent events, one part each."""
        parts = [_event(number, "result", 200, body) for number, body in enumerate(events, 1)]
        return Response(200, self._headers(request_id, self._streamed, violations), tuple(parts))

    def failed_stream_response(
        self, outcome: JobOutcome, request_id: str, violations: Violations
    ) -> Response:
        """Build a stream that contains only an error event."""
        body = error_body(self._context.vendor.names, VendorError(outcome.code, outcome.message), request_id)
        parts = (_event(1, "error", self._status(outcome.code), body),)
        return Response(200, self._headers(request_id, self._streamed, violations), parts)

    def storage_error(self, error_key: str, detail: str = "") -> Response:
        """Build an error of the file storage, in XML.

        Args:
            error_key: A row of `storage` in `service.yaml`.
            detail: Fills the placeholder of its message.
        """
        row = self._context.vendor.storage[error_key]
        names = self._context.vendor.names.storage
        message = row["message"].replace("{detail}", detail)
        inner = _element(names.code, row["code"]) + _element(names.message, message)
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n{_element(names.error, inner)}\n'
        return Response(row["status"], _XML, (text.encode(),))

    def _status(self, code: str) -> int:
        status: int = self._context.spec.wire["errors"].get(code, {"status": 400})["status"]
        return status

    def _headers(self, request_id: str, content: tuple[str, str], violations: Violations) -> Headers:
        moment = str(int(self._context.clock.wall() * 1000))
        recorded = tuple(
            (name, value.replace("{request_id}", request_id).replace("{now}", moment))
            for name, value in self._recorded
        )
        rules = ((RULES_HEADER, _violation_header(violations)),) if violations else ()
        return (content, *recorded, *rules)


def _violation_header(violations: Iterable[Violation]) -> str:
    """Format the violated rules, each once with its outcome."""
    return ", ".join(dict.fromkeys(f"{violation.rule};{violation.outcome}" for violation in violations))


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"


def _event(number: int, name: str, status: int, body: Body) -> bytes:
    """Format one server-sent event, with the comment in which the service states its status."""
    return f"id:{number}\nevent:{name}\n:HTTP_STATUS/{status}\ndata:".encode() + _dumps(body) + b"\n\n"


def _dumps(body: Body) -> bytes:
    return _ENCODER.encode(body).encode()
