"""uvicorn's connections with limits of our own, and with their transport told to the app."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from wanlib.emulator.incoming import DIVERT, Limits
from wanlib.emulator.outgoing import EXTENSION
from wanlib.emulator.turned_away import turned_away

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    Base = HttpToolsProtocol
else:
    Base = object


class _Connection(Base):
    """What both kinds have in common. limits: given by the server through the config's app."""

    limits: Limits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there; one too many is sent away."""
        super().connection_made(transport)
        self._seen = self.loop.time()  # when the last byte came or went
        self._head = 0  # bytes since the last whole head
        self._unsent = 0
        self.app = _telling(self.app, transport)
        if len(self.connections) > self.limits.connections:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request. A head without end is answered before it is whole."""
        self._seen = self.loop.time()
        super().data_received(data)
        if self.transport.is_closing() or not self._in_head():
            self._head = 0
            return
        self._head += len(data)
        if self._head > 2 * self.limits.head:
            self.transport.write(_head_too_large(self.limits.head))
            self.transport.close()

    def sweep(self, now: float) -> None:
        """Ends the connection where it has stood still too long. now: as the loop's time goes."""
        unsent = self.transport.get_write_buffer_size()
        cycle = self.cycle
        asked = cycle is not None and not cycle.response_complete and getattr(cycle, "more_body", False)
        if unsent and unsent != self._unsent:
            self._seen = now
        self._unsent = unsent
        if (unsent or asked or self._in_head()) and now - self._seen >= self.limits.slow:
            self.transport.abort()

    def _in_head(self) -> bool:
        """Whether the next bytes belong to a head of which something may have come already."""
        raise NotImplementedError


class H11Connection(_Connection, H11Protocol):  # type: ignore[misc]
    """On h11, which is always there."""

    def data_received(self, data: bytes) -> None:
        """uvicorn answers bytes that are no HTTP even after an answer has begun, which h11 refuses."""
        try:
            super().data_received(data)
        except h11.LocalProtocolError:
            self.transport.abort()

    def _in_head(self) -> bool:
        idle = self.conn.their_state is h11.IDLE
        return idle and (self.cycle is None or bool(self.conn.trailing_data[0]))


def connection_class(limits: Limits) -> type[Any]:
    """On httptools where it is installed: it is twice as fast."""
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        return type("LimitedConnection", (H11Connection,), {"limits": limits})

    class HttpToolsConnection(_Connection, HttpToolsProtocol):
        """On httptools."""

        _open = True
        _sink: Callable[[bytes], bool] | None = None

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._open, self._sink = True, None
            self.scope["extensions"] = {DIVERT: self._divert}  # type: ignore[dict-item]

        def on_body(self, body: bytes) -> None:
            if self._sink is None:
                super().on_body(body)
            elif not self._sink(body):
                self.transport.abort()

        def _divert(self, sink: Callable[[bytes], bool]) -> None:
            self._sink = sink
            self.flow.resume_reading()

        def on_headers_complete(self) -> None:
            super().on_headers_complete()
            self._open = False

        def _in_head(self) -> bool:
            return self._open

    return type("LimitedConnection", (HttpToolsConnection,), {"limits": limits})


def _telling(app: Any, transport: asyncio.Transport) -> Any:
    """`app`, which finds the transport in its scope."""

    async def told(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("extensions", {})[EXTENSION] = transport
        await app(scope, receive, send)

    return told


def _head_too_large(limit: int) -> bytes:
    """The answer as bytes: the head never came to its end, so there is no request to answer."""
    answer = turned_away(431, "head_too_large", f"{limit:,}")
    lines = ["HTTP/1.1 431 Request Header Fields Too Large", f"content-length: {len(answer.body)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body
