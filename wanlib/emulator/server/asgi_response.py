"""Send a `Response` over ASGI: delays, bodies part by part, and cut connections.

Everything goes through the `send` of ASGI, with two exceptions: ASGI has no message that ends a connection
before the status line, or that sends bytes after a response. `EmulatorServer` therefore passes in a function
that finds the transport of a client, in `uvicorn.Server.server_state.connections`. Under any other server
surplus bytes are left out, and a cut raises `ConnectionResetError` instead; the server then closes a
connection on which a response has begun, and responds with 500 on any other.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from wanlib.emulator.core.http_messages import CUT_BEFORE_RESPONSE, Response
from wanlib.emulator.core.vendor_errors import VendorErrors, error_body
from wanlib.emulator.server.asgi_request import Receive, Scope, Send

FindTransport = Callable[[Any], asyncio.Transport | None]
"""Finds the transport of a client (`scope["client"]`); None if there is none."""

_LONG_WAIT = 1e9  # seconds; from here on a wait is unlimited: event loops refuse larger timeouts
_NO_BODY = (204, 304)
_EVENT_STREAM = "text/event-stream"


class ResponseWriter:
    """One request's connection, as far as the response needs it.

    Attributes:
        send: The ASGI callable.
        has_client_left: Whether the client disconnected before the response was sent.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        stopping: asyncio.Event,
        find_transport: FindTransport | None = None,
    ) -> None:
        """Wrap the arguments of an ASGI call.

        Args:
            scope: The ASGI scope.
            receive: The ASGI callable.
            send: The ASGI callable.
            stopping: Set when the server is about to stop: waits then end early.
            find_transport: Finds the transport of a client; None if the server does not support that.
        """
        self.send = send
        self._client = scope.get("client")
        self._receive = receive
        self._stopping = stopping
        self._find_transport = find_transport
        self.has_client_left = False

    async def sleep_unless_disconnected(self, seconds: float) -> bool:
        """Wait. Return False if the client disconnected or the server stops meanwhile."""
        events = {
            asyncio.ensure_future(self._wait_disconnect()),
            asyncio.ensure_future(self._stopping.wait()),
        }
        try:
            done, _ = await asyncio.wait(
                events,
                timeout=seconds if seconds < _LONG_WAIT else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for event in events:
                event.cancel()
        self.has_client_left = bool(done) and not self._stopping.is_set()
        return not done

    async def abort_connection(self) -> None:
        """End the connection after the bytes sent so far.

        Raises:
            ConnectionResetError: The server does not support closing an open connection.
        """
        transport = self._transport()
        if transport is None:
            if self.has_client_left:
                return
            raise ConnectionResetError("the connection was cut on demand")
        transport.close()
        await self._wait_disconnect()

    def write_surplus(self, surplus: bytes) -> None:
        """Write bytes after a response that has been sent."""
        if transport := self._transport():
            transport.write(surplus)

    def _transport(self) -> asyncio.Transport | None:
        return self._find_transport(self._client) if self._find_transport else None

    async def _wait_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def send_response(response: Response, writer: ResponseWriter) -> None:
    """Send a response as specified: late, in parts with pauses, cut short, or not at all."""
    if response.delay and not await writer.sleep_unless_disconnected(response.delay):
        return await writer.abort_connection()
    if response.cut == CUT_BEFORE_RESPONSE:
        return await writer.abort_connection()
    has_body = response.status not in _NO_BODY
    await writer.send(_start_message(response, has_body=has_body))
    if response.cut is None and not response.pace and len(response.parts) < 2:
        await writer.send(_body_message(response.body if has_body else b"", is_last=True))
        return writer.write_surplus(response.surplus) if response.surplus else None
    if has_body and not await _send_parts(response, writer):
        return await writer.abort_connection()
    await writer.send(_body_message(b"", is_last=True))
    if response.cut is not None:
        await writer.abort_connection()
    elif response.surplus:
        writer.write_surplus(response.surplus)
    return None


def early_rejection(vendor: VendorErrors, status: int, error_key: str, detail: str) -> Response:
    """Build the vendor's error response to a request that is refused before it reaches the emulator.

    Args:
        vendor: The vendor's error tables.
        status: The HTTP status.
        error_key: The row of `errors` in `service.yaml`.
        detail: Fills `{detail}` in its message.
    """
    error = vendor.lookup(error_key, detail=detail)
    body = json.dumps(error_body(vendor.names, error, str(uuid4())))
    headers = (("content-type", "application/json"), ("connection", "close"))
    return Response(status, headers, (body.encode(),))


async def _send_parts(response: Response, writer: ResponseWriter) -> bool:
    """Send the parts one by one. Return False if the connection must be cut before the last."""
    remaining = response.cut
    for part in response.parts:
        if response.pace and not await writer.sleep_unless_disconnected(response.pace):
            return False
        if remaining is not None and remaining < len(part):
            await writer.send(_body_message(part[:remaining], is_last=False))
            return False
        await writer.send(_body_message(part, is_last=False))
        remaining = remaining if remaining is None else remaining - len(part)
    return True


def _start_message(response: Response, *, has_body: bool) -> dict[str, Any]:
    """Build the message with status and headers. The length is stated unless the body is an event stream."""
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in response.headers
    ]
    if has_body and not _is_event_stream(dict(response.headers)):
        headers.append((b"content-length", b"%d" % sum(map(len, response.parts))))
    return {"type": "http.response.start", "status": response.status, "headers": headers}


def _is_event_stream(headers: Mapping[str, str]) -> bool:
    return _EVENT_STREAM in headers.get("content-type", "")


def _body_message(body: bytes, *, is_last: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": not is_last}
