"""uvicorn's connections with limits of our own: what both kinds have in common."""

import asyncio
from typing import TYPE_CHECKING, Any

from wanlib.emulator.core.vendor_errors import VendorErrors
from wanlib.emulator.server.asgi_request import ServerLimits
from wanlib.emulator.server.asgi_response import early_rejection

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    Base = HttpToolsProtocol
else:
    Base = object


class LimitedProtocol(Base):
    """A connection. limits, vendor: set by a class of its own for each server."""

    limits: ServerLimits
    vendor: VendorErrors

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there; one too many is sent away."""
        super().connection_made(transport)
        self._seen = self.loop.time()  # when the last byte came or went
        self._head = 0  # bytes since the last whole head
        self._unsent = 0
        if len(self.connections) > self.limits.connections:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request. A head without end is answered before it is whole."""
        self._seen = self.loop.time()
        super().data_received(data)
        if self.transport.is_closing() or not self._is_reading_head():
            self._head = 0
            return
        self._head += len(data)
        if self._head > 2 * self.limits.head:
            self.transport.write(_head_too_large(self.vendor, self.limits.head))
            self.transport.close()

    def close_if_idle(self, now: float) -> None:
        """Ends the connection where it has stood still too long. now: as the loop's time goes."""
        unsent = self.transport.get_write_buffer_size()
        cycle = self.cycle
        asked = cycle is not None and not cycle.response_complete and getattr(cycle, "more_body", False)
        if unsent and unsent != self._unsent:
            self._seen = now
        self._unsent = unsent
        if (unsent or asked or self._is_reading_head()) and now - self._seen >= self.limits.slow:
            self.transport.abort()

    def _is_reading_head(self) -> bool:
        """Whether the next bytes belong to a head of which something may have come already."""
        raise NotImplementedError


def connection_class(limits: ServerLimits, vendor: VendorErrors) -> type[Any]:
    """On httptools where it is installed: it is twice as fast. Only the one that is used is loaded."""
    try:
        from wanlib.emulator.server.httptools_connection import HttpToolsConnection as kind
    except ImportError:
        from wanlib.emulator.server.h11_connection import H11Connection as kind  # type: ignore[assignment]
    return type("LimitedConnection", (kind,), {"limits": limits, "vendor": vendor})


def _head_too_large(vendor: VendorErrors, limit: int) -> bytes:
    """The answer as bytes: the head never came to its end, so there is no request to answer."""
    answer = early_rejection(vendor, 431, "head_too_large", f"{limit:,}")
    lines = ["HTTP/1.1 431 Request Header Fields Too Large", f"content-length: {len(answer.body)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body
