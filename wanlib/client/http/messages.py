"""What goes to the network and what comes back, as data."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import NamedTuple, Protocol

from wanlib.client.http.json_access import strip_url


class RequestBody(Protocol):
    """A request body that can be sent again: each iteration yields the same chunks from the start."""

    @property
    def length(self) -> int:
        """Bytes in all, for Content-Length."""

    def __iter__(self) -> Iterator[bytes]:
        """The chunks, read as they are asked for."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The same chunks for an event loop."""


class Request(NamedTuple):
    """One HTTP request.

    url: absolute, without secrets in its path. headers: as sent, the key among them. content: bytes, or
    chunks; None for no body. timeout: seconds for the whole exchange.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | RequestBody | None
    timeout: float

    def __repr__(self) -> str:
        return f"<Request {self.method} {strip_url(self.url)}>"  # for tracebacks: the headers hold the key


class Response(NamedTuple):
    """One HTTP answer. headers: names in lower case. body: decoded of gzip; empty where a sink took it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class BodySink(Protocol):
    """Takes the body of an answer as it comes in."""

    def start(self, response: Response) -> None:
        """Status and headers are known; the body of `reply` is empty."""

    def write(self, chunk: bytes) -> None:
        """The next bytes of the body."""


class TransportError(Exception):
    """The exchange has no answer; the text says why, without URL or key."""


class NotSentError(TransportError):
    """Nothing of the request can have been accepted: DNS, refused connection, TLS, pool time-out."""


class ConnectionLostError(TransportError):
    """The request may have been accepted: cut, time-out, broken answer."""


class ExchangeTimeoutError(ConnectionLostError):
    """The exchange took longer than its `timeout`."""


class ResponseTooLargeError(ConnectionLostError):
    """The answer is larger than any answer may be."""
