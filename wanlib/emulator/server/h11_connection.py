"""uvicorn's connection on h11, which is always there."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from wanlib.emulator.server.asgi_response import EXTENSION
from wanlib.emulator.server.connection import LimitedProtocol


class H11Connection(LimitedProtocol, H11Protocol):  # type: ignore[misc]
    """A connection whose transport is told to the app."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there; its scopes are made far from here."""
        super().connection_made(transport)
        self.app = _with_transport(self.app, transport)

    def data_received(self, data: bytes) -> None:
        """uvicorn answers bytes that are no HTTP even after an answer has begun, which h11 refuses."""
        try:
            super().data_received(data)
        except h11.LocalProtocolError:
            self.transport.abort()

    def _is_reading_head(self) -> bool:
        idle = self.conn.their_state is h11.IDLE
        return idle and (self.cycle is None or bool(self.conn.trailing_data[0]))


def _with_transport(app: Any, transport: asyncio.Transport) -> Any:
    """`app`, which finds the transport in its scope."""

    async def told(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("extensions", {})[EXTENSION] = transport
        await app(scope, receive, send)

    return told
