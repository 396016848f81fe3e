"""One HTTP request and its answer as data; a fault is data too, and a face acts it out."""

from collections.abc import Mapping
from typing import NamedTuple

RULES_HEADER = "x-wan-rules"
"""On answers: every broken rule once with its outcome, `wan2.7/n.max;rejected, ...` (a list of RFC 8941)."""

FAULT_HEADER = "x-wan-fault"
"""On requests: the fault to meet, as `wanlib.emulator.core.fault.parse_fault` reads it. On answers: its
kind.
"""

CUT_BEFORE_RESPONSE = -1
"""Of `Response.cut`: the connection goes before the status line."""


class Request(NamedTuple):
    """What came in.

    target: path and query, as in the request line. headers: names in lower case. origin: scheme and host
    that the caller used (`http://127.0.0.1:8686`): links in answers lead there. long_texts: what a face
    took out of the body while it came in, by the text that stands there instead.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    origin: str = ""


class Response(NamedTuple):
    """What goes out.

    parts: the body in the pieces to be sent one by one (the events of a stream; else one piece).
    delay: seconds that the service takes before it answers. pace: seconds between two parts.
    cut: after so many bytes of the body the connection is cut; BEFORE: before the status line; None: never.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    parts: tuple[bytes, ...]
    delay: float = 0.0
    pace: float = 0.0
    cut: int | None = None

    @property
    def body(self) -> bytes:
        """The whole body, were nothing cut."""
        return b"".join(self.parts)

    def header(self, name: str) -> str | None:
        """A header by its name in any case."""
        wanted = name.lower()
        return next((value for each, value in self.headers if each.lower() == wanted), None)
