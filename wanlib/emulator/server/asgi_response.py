"""From an answer to ASGI: waits, parts one by one, and cuts that are seen on the socket."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import uuid4

from wanlib.emulator.core.http_messages import CUT_BEFORE_RESPONSE, Response
from wanlib.emulator.core.vendor_errors import VendorErrors, error_body
from wanlib.emulator.server.asgi_request import Receive, Scope, Send

EXTENSION = "wanlib.transport"
"""In a scope's extensions: the transport below it, whose end is the only true cut."""

WHOLE = "wanlib.whole"
"""In a scope's extensions: takes status, header lines and body of a plain answer and writes them at once,
past `send`, which costs as much as to find most answers. It says whether it did."""

_EMPTY = (204, 304)
_STREAM = "text/event-stream"


class TransportProtocol(Protocol):
    """As much of asyncio's as is needed. close: what was written still goes out."""

    def close(self) -> None: ...


class ResponseWriter:
    """The connection that a request came on. stopping: set when the server is about to end."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, stopping: asyncio.Event) -> None:
        extensions: Mapping[str, Any] = scope.get("extensions", {})
        self._transport: TransportProtocol | None = extensions.get(EXTENSION)
        self._whole: Callable[[int, bytes, bytes], bool] | None = extensions.get(WHOLE)
        self._receive = receive
        self._stopping = stopping
        self.send = send

    def write(self, response: Response) -> bool:
        """Sends an answer that is neither a stream nor the connection's last, where there is a short way."""
        headers = dict(response.headers)
        if (
            self._whole is None
            or response.status in _EMPTY
            or "connection" in headers
            or _is_event_stream(headers)
        ):
            return False
        body = response.body
        lines = "".join(map("%s: %s\r\n".__mod__, response.headers))
        head = f"{lines}content-length: {len(body)}\r\n"
        return self._whole(response.status, head.encode("latin-1", "replace"), body)

    async def sleep_unless_disconnected(self, seconds: float) -> bool:
        """Waits; False where the client went away meanwhile, or the server ends."""
        waits = {asyncio.ensure_future(self._wait_disconnect()), asyncio.ensure_future(self._stopping.wait())}
        try:
            done, _ = await asyncio.wait(
                waits, timeout=seconds if seconds < 1e9 else None, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for each in waits:
                each.cancel()
        return not done

    async def abort_connection(self) -> None:
        """Ends the connection after what was written. ConnectionResetError where a server gives no way to."""
        if self._transport is None:
            raise ConnectionResetError("the connection was cut on demand")
        self._transport.close()
        await self._wait_disconnect()

    async def _wait_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def send_response(response: Response, line: ResponseWriter) -> None:
    """Sends an answer as it says: late, slowly, in part, or not at all."""
    if response.delay and not await line.sleep_unless_disconnected(response.delay):
        return await line.abort_connection()
    if response.cut == CUT_BEFORE_RESPONSE:
        return await line.abort_connection()
    plain = response.cut is None and not response.pace and len(response.parts) < 2
    if plain and line.write(response):
        return None
    empty = response.status in _EMPTY
    await line.send(_start_message(response, empty))
    if plain:
        return await line.send(_body_message(b"" if empty else response.body, last=True))
    if not empty and not await _send_parts(response, line):
        return await line.abort_connection()
    await line.send(_body_message(b"", last=True))
    if response.cut is not None:
        await line.abort_connection()
    return None


async def _send_parts(response: Response, line: ResponseWriter) -> bool:
    """Sends the parts; whether all of them went."""
    left = response.cut
    for part in response.parts:
        if response.pace and not await line.sleep_unless_disconnected(response.pace):
            return False
        if left is not None and left < len(part):
            await line.send(_body_message(part[:left], last=False))
            return False
        await line.send(_body_message(part, last=False))
        left = left if left is None else left - len(part)
    return True


def _start_message(response: Response, empty: bool) -> dict[str, Any]:
    """The head; of anything but a stream the length is known before."""
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in response.headers
    ]
    if not empty and not _is_event_stream(dict(response.headers)):
        headers.append((b"content-length", b"%d" % sum(map(len, response.parts))))
    return {"type": "http.response.start", "status": response.status, "headers": headers}


def _is_event_stream(headers: Mapping[str, str]) -> bool:
    return _STREAM in headers.get("content-type", "")


def _body_message(body: bytes, *, last: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": not last}


def early_rejection(vendor: VendorErrors, status: int, error_key: str, detail: str) -> Response:
    """Build the answer of a row of `errors`; the connection ends with it."""
    told = vendor.lookup(error_key, detail=detail)
    body = json.dumps(error_body(vendor.names, told, str(uuid4())))
    headers = (("content-type", "application/json"), ("connection", "close"))
    return Response(status, headers, (body.encode(),))
