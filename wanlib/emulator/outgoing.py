"""From an answer to ASGI: waits, parts one by one, and cuts that are seen on the socket."""

import asyncio
from typing import Any, Protocol

from wanlib.emulator.exchange import BEFORE, Response
from wanlib.emulator.incoming import Receive, Scope, Send

EXTENSION = "wanlib.transport"
"""In a scope's extensions: the transport below it, whose end is the only true cut."""

_EMPTY = (204, 304)
_STREAM = "text/event-stream"


class Transport(Protocol):
    """As much of asyncio's as is needed. close: what was written still goes out."""

    def close(self) -> None: ...


class Line:
    """The connection that a request came on. stopping: set when the server is about to end."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, stopping: asyncio.Event) -> None:
        self._transport: Transport | None = scope.get("extensions", {}).get(EXTENSION)
        self._receive = receive
        self._stopping = stopping
        self.send = send

    async def pause(self, seconds: float) -> bool:
        """Waits; False where the client went away meanwhile, or the server ends."""
        waits = {asyncio.ensure_future(self._gone()), asyncio.ensure_future(self._stopping.wait())}
        try:
            done, _ = await asyncio.wait(
                waits, timeout=seconds if seconds < 1e9 else None, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for each in waits:
                each.cancel()
        return not done

    async def cut(self) -> None:
        """Ends the connection after what was written. ConnectionResetError where a server gives no way to."""
        if self._transport is None:
            raise ConnectionResetError("the connection was cut on demand")
        self._transport.close()
        await self._gone()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def act_out(response: Response, line: Line) -> None:
    """Sends an answer as it says: late, slowly, in part, or not at all."""
    if response.delay and not await line.pause(response.delay):
        return await line.cut()
    if response.cut == BEFORE:
        return await line.cut()
    empty = response.status in _EMPTY
    await line.send(_start(response, empty))
    if response.cut is None and not response.pace and len(response.parts) < 2:
        return await line.send(_piece(b"" if empty else response.body, last=True))
    if not empty and not await _in_parts(response, line):
        return await line.cut()
    await line.send(_piece(b"", last=True))
    if response.cut is not None:
        await line.cut()
    return None


async def _in_parts(response: Response, line: Line) -> bool:
    """Sends the parts; whether all of them went."""
    left = response.cut
    for part in response.parts:
        if response.pace and not await line.pause(response.pace):
            return False
        if left is not None and left < len(part):
            await line.send(_piece(part[:left], last=False))
            return False
        await line.send(_piece(part, last=False))
        left = left if left is None else left - len(part)
    return True


def _start(response: Response, empty: bool) -> dict[str, Any]:
    """The head; of anything but a stream the length is known before."""
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in response.headers
    ]
    if not empty and not any(_STREAM in value for name, value in response.headers if name == "content-type"):
        headers.append((b"content-length", str(sum(map(len, response.parts))).encode()))
    return {"type": "http.response.start", "status": response.status, "headers": headers}


def _piece(body: bytes, *, last: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": not last}
