"""One HTTP request and its response as data. A fault is data too: the server or transport carries it out."""

from collections.abc import Mapping
from typing import NamedTuple

RULES_HEADER = "x-wan-rules"
"""On responses: every violated rule once with its outcome, `wan2.7/n.max;rejected, ...` (a list of RFC 8941).
"""

FAULT_HEADER = "x-wan-fault"
"""On requests: the fault to inject, as `core.fault.parse_fault` reads it. On responses: its kind.
"""

NEVER_ANSWERED = float("inf")
"""A value of `Response.delay`: no response comes, and the connection stays open."""

CUT_BEFORE_RESPONSE = -1
"""A value of `Response.cut`: the connection ends before the status line."""


class Request(NamedTuple):
    """An HTTP request.

    Attributes:
        method: In upper case.
        target: Path and query, as in the request line.
        headers: By names in lower case.
        body: The complete body.
        origin: Scheme and host that the client used (`http://127.0.0.1:8686`): links in responses use it.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    origin: str = ""

    def __repr__(self) -> str:
        path = self.target.partition("?")[0]
        return f"<Request {self.method} {path}: {len(self.body):,} bytes>"


class Response(NamedTuple):
    """An HTTP response, and how it is delivered.

    Attributes:
        status: The HTTP status.
        headers: Names and values in order.
        parts: The body in pieces that are sent one by one: the events of a stream, else one piece.
        delay: Seconds before the response begins; `NEVER_ANSWERED`: it never does.
        pace: Seconds before each part.
        cut: Bytes of the body after which the connection ends; `CUT_BEFORE_RESPONSE`: before the status
            line; None: never.
        surplus: Bytes that follow the response on its connection, where there is one.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    parts: tuple[bytes, ...]
    delay: float = 0.0
    pace: float = 0.0
    cut: int | None = None
    surplus: bytes = b""

    def __repr__(self) -> str:
        return f"<Response {self.status}: {sum(map(len, self.parts)):,} bytes>"

    @property
    def body(self) -> bytes:
        """The complete body, regardless of a cut."""
        return b"".join(self.parts)

    def header(self, name: str) -> str | None:
        """Return the value of a header by its name in any case, None if it is missing."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


def encode_response(response: Response) -> bytes:
    """Return a response as the bytes of HTTP/1.1, with its complete body and its length."""
    lines = [f"HTTP/1.1 {response.status} -", *(f"{name}: {value}" for name, value in response.headers)]
    head = "\r\n".join([*lines, f"content-length: {len(response.body)}", "", ""])
    return head.encode("latin-1", "replace") + response.body
