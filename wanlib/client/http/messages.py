"""Requests and responses as data, and the errors of transport."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import NamedTuple, Protocol

from wanlib.client.http.json_access import strip_url


class RequestBody(Protocol):
    """A request body that can be sent again: each iteration yields the same chunks from the start."""

    @property
    def length(self) -> int:
        """Bytes in total, for Content-Length."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks, each read on demand."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the same chunks on an event loop."""


class Request(NamedTuple):
    """One HTTP request.

    Attributes:
        method: The HTTP method.
        url: The absolute URL, without secrets in its path.
        headers: The headers, with `{key}` where the driver puts the key in.
        content: Bytes or chunks; None for no body.
        timeout: Seconds for the whole exchange.
        stall_timeout: Seconds within which the head or the next part of the body must arrive; None for
            `timeout`.
        reuse: Whether a connection of an earlier exchange may be used. False for billed calls.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | RequestBody | None
    timeout: float
    stall_timeout: float | None = None
    reuse: bool = False

    def __repr__(self) -> str:
        return f"<Request {self.method} {strip_url(self.url)}>"


class Response(NamedTuple):
    """One HTTP response.

    Attributes:
        status: The status code.
        headers: The headers, by names in lower case.
        body: The body, decompressed; empty if a sink took it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<Response {self.status}: {len(self.body):,} bytes>"


class BodySink(Protocol):
    """Takes the body of a response as it arrives."""

    def start(self, response: Response) -> None:
        """Take status and headers; the body of the response is empty."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes of the body."""


class TransportError(Exception):
    """The exchange has no response; the message states why, without URL or key."""


class NotSentError(TransportError):
    """Nothing of the request can have been accepted: DNS, refused connection, TLS, pool timeout."""


class PrivateAddressError(NotSentError):
    """The host of a link has no public address, so that no connection was made to it."""


class ConnectionLostError(TransportError):
    """The request may have been accepted: lost connection, timeout, broken response."""


class ExchangeTimeoutError(ConnectionLostError):
    """The exchange took longer than its `timeout`."""


class ResponseTooLargeError(ConnectionLostError):
    """The response is larger than the limit."""
