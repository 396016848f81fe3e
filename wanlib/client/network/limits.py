"""`ExchangeLimits`: the network limits of one request. `ConnectionState`: the state of its connection.

httpcore passes a timeout to each read and write, but no total. So the transport marks the current request
in a context variable, and the streams of the network backends use its remaining time for every operation.
Then no server can prolong an exchange, however it spreads its bytes.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

PIECE = 16 * 1024
"""Bytes written at once: httpcore's own loop restarts its timeout whenever a part of them was accepted."""
EXTENSION = "wanlib.limits"
"""Name of the request extension of httpx that contains `ExchangeLimits`."""
_MAX_HEAD = 128 * 1024
"""Bytes in which the head of a response is searched for its end; httpcore refuses more than 100 KiB."""


class ExchangeLimits:
    """One request and its response.

    Args:
        seconds: How long it may take in total, from now: name lookup, TLS, body and trailers included.
        stall_timeout: How many seconds may pass until the head or the next part of the body has come. None
            for no such limit.
        public_only: Whether connections to addresses that are not public are refused.
        reuse: Whether a connection of an earlier exchange may be used.
    """

    def __init__(
        self,
        seconds: float,
        *,
        stall_timeout: float | None = None,
        public_only: bool = False,
        reuse: bool = False,
    ) -> None:
        self.public_only = public_only
        self.reuse = reuse
        self._ends_at = time.monotonic() + seconds
        self._stall_timeout = stall_timeout
        self._stalls_at = self._ends_at
        self.note_progress()

    def note_progress(self) -> None:
        """Begin to wait for the next part of the body."""
        if self._stall_timeout is not None:
            self._stalls_at = time.monotonic() + self._stall_timeout

    def remaining(self, timeout: float | None = None) -> float:
        """Return the seconds that an operation may take; 0 or less after the end.

        Args:
            timeout: The operation's own limit in seconds. None for no such limit.
        """
        left = min(self._ends_at, self._stalls_at) - time.monotonic()
        return left if timeout is None else min(left, timeout)


_CURRENT: ContextVar[ExchangeLimits] = ContextVar("wanlib_exchange_limits")


def current_limits() -> ExchangeLimits:
    """Return the limits of the exchange that this thread or task sends."""
    return _CURRENT.get()


@contextmanager
def sending(limits: ExchangeLimits) -> Iterator[None]:
    """Make limits those of the exchange that this thread or task sends."""
    token = _CURRENT.set(limits)
    try:
        yield
    finally:
        _CURRENT.reset(token)


class ConnectionState:
    """The limits of the exchange that a connection serves, and whether all that it received has been used.

    A server or proxy that sends a response twice, or bytes after it, would make the next exchange on the
    connection read the wrong response. So a connection is kept only if the bytes received are exactly the
    head and the body of one response; a chunked response, whose end cannot be found this way, is never kept.
    """

    def __init__(self, limits: ExchangeLimits) -> None:
        self.limits = limits
        self.is_reusable = False
        self._head = b""
        self._head_length: int | None = None
        self._received = 0
        self._waiting = b""

    def begin(self) -> ExchangeLimits:
        """Return the limits of the request that is written now; what is received next is its response."""
        limits = current_limits()
        if limits is not self.limits:
            self.limits, self.is_reusable = limits, False
            self._head, self._head_length, self._received = b"", None, 0
        return limits

    def gather(self, buffer: bytes) -> bytes:
        """Return what to write now: the head of a request waits for a short body, to go in one packet.

        Args:
            buffer: The next bytes of the request; empty at its end.
        """
        waiting, self._waiting = self._waiting, b""
        if buffer and len(waiting) + len(buffer) <= PIECE:
            self._waiting = waiting + buffer
            return b""
        return waiting + buffer

    @property
    def is_gathering(self) -> bool:
        """Whether bytes wait to be written."""
        return bool(self._waiting)

    def receive(self, data: bytes) -> bytes:
        """Count received bytes and return them."""
        self._received += len(data)
        if self._head_length is None and len(self._head) < _MAX_HEAD:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end >= 0:
                self._head_length, self._head = end + 4, b""
        return data

    def finish(self, body_length: int) -> None:
        """Keep the connection if a body of this length, which was read to its end, leaves no byte unread."""
        self.is_reusable = self._received == (self._head_length or 0) + body_length
