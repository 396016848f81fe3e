"""`BoundedHttpProtocol`: uvicorn's HTTP protocol, with bounds on clients that hold connections.

`EmulatorServer` passes a class from `bounded_protocol` to uvicorn. Beyond the limit of connections, the new
one takes the place of an open one that waits for its client: first the one that has been sending a head for
longest, then the one that has been idle for longest, then the one whose body comes slowest, then the one
whose response has not been read for longest. So any number of slow clients cannot keep out one that sends its
request at once.

The class overrides callbacks of `asyncio.Protocol` and of httptools, and one method of uvicorn,
`on_response_complete`.
"""

import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from wanlib.emulator.server.asgi_request import ServerLimits

_HEAD_READ_AHEAD = 4  # times the limit of a head: up to there it is read, so that the client gets a response
_ABSOLUTE_TARGET = re.compile(rb"[a-z][a-z0-9+.-]*://([^/?#]*)", re.IGNORECASE)
_HEAD, _IDLE, _BODY, _RESPONSE = range(4)


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection, which may be evicted in favour of another.

    Attributes:
        limits: Limits on requests and connections.
    """

    limits = ServerLimits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of uvicorn's protocol."""
        super().__init__(*args, **kwargs)
        self._has_open_head = True
        self._head_bytes = 0
        self._received = 0
        self._since = self.loop.time()

    def connection_made(self, transport: Any) -> None:
        """Note a new connection; beyond the limit, end another one."""
        super().connection_made(transport)
        others: set[Any] = self.connections - {self}
        open_others = [other for other in others if not other.transport.is_closing()]
        waiting = sorted(
            (other for other in open_others if not other.is_at_work), key=BoundedHttpProtocol.eviction_rank
        )
        for other in waiting[: max(0, len(open_others) + 1 - self.limits.connections)]:
            other.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Receive bytes; endless headers are cut off."""
        self._received += len(data)
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if self._has_open_head else 0
        if self._head_bytes > _HEAD_READ_AHEAD * self.limits.head:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """Note the beginning of a head."""
        super().on_message_begin()
        self._begin_phase(has_open_head=True)

    def on_headers_complete(self) -> None:
        """Note the end of a head. The host of an absolute target replaces Host (RFC 9112, section 3.2.2)."""
        self._begin_phase(has_open_head=False)
        if target := _ABSOLUTE_TARGET.match(self.url):
            others = [header for header in self.headers if header[0] != b"host"]
            self.headers[:] = [*others, (b"host", target[1])]
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Note that the connection is idle."""
        self._begin_phase(has_open_head=False)
        super().on_response_complete()

    @property
    def is_at_work(self) -> bool:
        """Whether a request has arrived completely, and the client reads its response."""
        return self._has_open_request and not self.cycle.more_body and not self.flow.write_paused

    def eviction_rank(self) -> tuple[int, float]:
        """Return the sort key for eviction, the lowest first."""
        if self._has_open_request and not self.cycle.more_body:
            return _RESPONSE, self._since
        if self._has_open_request:
            return _BODY, self._received / max(self.loop.time() - self._since, 1e-9)
        return _HEAD if self._has_open_head else _IDLE, self._since

    @property
    def _has_open_request(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _begin_phase(self, *, has_open_head: bool) -> None:
        self._has_open_head, self._received, self._since = has_open_head, 0, self.loop.time()


def bounded_protocol(limits: ServerLimits) -> type[BoundedHttpProtocol]:
    """Return a protocol class for `uvicorn.Config(http=...)`, with these limits."""
    return type("BoundedHttpProtocol", (BoundedHttpProtocol,), {"limits": limits})
