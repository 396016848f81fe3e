"""Read requests from ASGI: the head becomes a `Request`, the body is received within a limit.

`EmulatorApp` calls `read_request` first, then `read_body`. A large body goes to a temporary file while it
arrives, so that slow or aborted uploads take no memory; it is read and parsed once, when it is complete.

Memory: 2 MiB while a body arrives; up to four times its size while it is parsed and validated (measured: 687
MiB for a body of 228 MiB with nine images of 20 MB, CPython 3.11, 2026-11).
"""

import tempfile
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from wanlib.base.values import MIB
from wanlib.emulator.core.http_messages import Request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
SpooledBody = tempfile.SpooledTemporaryFile[bytes]


IN_MEMORY = MIB
"""Bytes of a body up to which it stays in memory while it arrives."""


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Limits on what a client may send, and for how long it may be idle.

    Attributes:
        head: Bytes of the request line and the headers.
        create: Bytes of a body that creates a job. Nine images of 20 MB, the maximum that a model accepts,
            are 240 MiB as base64.
        other: Bytes of any other body, uploads excepted (their limit is in `service.yaml`).
        drained: Bytes of a body over its limit that are read and dropped, so that the client can read the
            response before the connection ends.
        connections: Open connections. A further one replaces one without a request in progress;
            if all have one, uvicorn refuses requests on it with a plain 503.
        stalled: Seconds after which a connection ends whose client neither sends nor reads anything. Must
            exceed the interval between two polls on a connection that is kept alive.
    """

    head: int = 64 * 1024
    create: int = 400 * MIB
    other: int = MIB
    drained: int = 1024 * MIB
    connections: int = 500
    stalled: float = 75.0


class ClientDisconnectedError(Exception):
    """The client closed the connection before its request was complete."""


class BodyTooLargeError(Exception):
    """A body is over its limit.

    Attributes:
        limit: The limit in bytes.
    """

    def __init__(self, limit: int) -> None:
        """Create the exception; the limit is in bytes."""
        super().__init__(f"over {limit:,} bytes")
        self.limit = limit


def read_request(scope: Scope) -> Request:
    """Convert an ASGI scope to a request without a body. HEAD becomes GET: uvicorn leaves the body out."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    target = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin-1")
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return Request(method, target, headers, b"", _base_url(scope, headers))


def header_size(scope: Scope) -> int:
    """Return the approximate size of the request line and the headers in bytes."""
    fields = sum(map(len, chain.from_iterable(scope["headers"])))
    return fields + len(scope.get("raw_path", b"")) + len(scope["query_string"])


async def read_body(
    receive: Receive, limit: int, drained: int, on_chunk: Callable[[], None] = lambda: None
) -> bytes | SpooledBody:
    """Receive the body of a request.

    Args:
        receive: The ASGI callable.
        limit: Bytes that the body may have.
        drained: Bytes over the limit that are received and dropped before the call fails.
        on_chunk: Called for each chunk that has arrived.

    Returns:
        A body of up to `IN_MEMORY` bytes as such, a larger one as a temporary file at its start, to be
        closed.

    Raises:
        BodyTooLargeError: The body is over the limit.
        ClientDisconnectedError: The client closed the connection.
    """
    chunk, is_last = await _next_chunk(receive)
    if is_last and len(chunk) <= limit:
        return chunk
    body = SpooledBody(max_size=IN_MEMORY)
    try:
        size = 0
        while True:
            on_chunk()
            size += len(chunk)
            if size <= limit:
                body.write(chunk)
            if is_last or size > limit + drained:
                break
            chunk, is_last = await _next_chunk(receive)
        if size > limit:
            raise BodyTooLargeError(limit)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    if size > IN_MEMORY:
        return body
    with body:
        return body.read()


async def _next_chunk(receive: Receive) -> tuple[bytes, bool]:
    """Return the next bytes of the body and whether they are the last."""
    message = await receive()
    if message["type"] != "http.request":
        raise ClientDisconnectedError
    return message.get("body", b""), not message.get("more_body")


def _base_url(scope: Scope, headers: Mapping[str, str]) -> str:
    """Return scheme and host as the client addressed them, else those of the server."""
    host = headers.get("host")
    if not host:
        name, port = scope.get("server") or ("localhost", None)
        host = f"{name}:{port}" if port else name
    return f"{scope.get('scheme', 'http')}://{host}"
