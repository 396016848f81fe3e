"""A simulated network below httpcore: connections that carry bytes between a client and the service.

`InProcessClient` exchanges requests and responses as objects. Here the client uses its own HTTP client and
transport, and only sockets and time are simulated, so that faults of connections have an effect: the next
request on a connection reads bytes that follow a response, and timeouts apply to single reads. Create and
use clients inside `simulated_network`.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import httpcore
import httpx

from wan_conformance.lifecycle.simulation.clock import SimulatedEventLoop
from wan_conformance.lifecycle.simulation.service import FaultyService
from wanlib.client.drivers import http_adapter
from wanlib.client.network import limits, sync_backend
from wanlib.emulator import Request, Response
from wanlib.emulator.core.http_messages import CUT_BEFORE_RESPONSE, NEVER_ANSWERED, encode_response

IN_ONE_PACKET, LATE = "twice", "later"
"""Faults whose surplus arrives in one packet with the response, or with the response to the next request;
with other faults it follows the response in a separate packet."""
_END = b"\r\n\r\n"
_CONTEXT = httpx.create_ssl_context(trust_env=False)  # created once: it takes more time than a schedule


class _Connection:
    """One connection: the bytes that the client has written, and those that the service sends."""

    def __init__(self, service: FaultyService) -> None:
        self._service = service
        self._written = b""
        self._late = b""
        self._incoming: deque[tuple[float, bytes]] = deque()  # seconds until the bytes come, and the bytes

    def write(self, data: bytes) -> None:
        """Take bytes of a request; a complete one is answered."""
        self._written += data
        head, end, body = self._written.partition(_END)
        if not end:
            return
        request = _parse_head(head)
        if len(body) >= int(request.headers.get("content-length", "0")):
            self._written = b""
            self._answer(self._service.handle(request._replace(body=body)))

    def take(self, max_bytes: int, timeout: float | None) -> tuple[float, bytes | None]:
        """Return the next bytes and the seconds until they come; None if that is after the timeout."""
        pause, data = self._incoming[0] if self._incoming else (0.0, b"")
        if timeout is not None and pause > timeout:
            self._incoming[0] = pause - timeout, data
            return timeout, None
        if self._incoming:
            self._incoming.popleft()
            if len(data) > max_bytes:
                self._incoming.appendleft((0.0, data[max_bytes:]))
        return pause, data[:max_bytes]

    @property
    def is_readable(self) -> bool:
        """Whether bytes have arrived that were not read, or the service has closed the connection."""
        return bool(self._incoming)

    def _answer(self, response: Response) -> None:
        late, self._late = self._late, b""
        if late:
            self._incoming.append((0.0, late))
            self._service.mark_displaced()
        if response.delay == NEVER_ANSWERED or response.cut == CUT_BEFORE_RESPONSE:
            self._incoming.append((response.delay, b""))
            return
        head, end, _ = encode_response(response).partition(_END)
        self._incoming.append((response.delay, head + end))
        remaining = len(response.body) if response.cut is None else response.cut
        for part in response.parts:
            self._incoming.append((response.pace, part[:remaining]))
            remaining -= len(part[:remaining])
        if response.cut is not None:
            self._incoming.append((0.0, b""))
        if response.surplus:
            self._add_surplus(response.surplus, self._service.exchanges[-1].fault_name)

    def _add_surplus(self, surplus: bytes, fault: str) -> None:
        if fault == LATE:
            self._late = surplus
        elif fault == IN_ONE_PACKET:
            pause, last = self._incoming.pop()
            self._incoming.append((pause, last + surplus))
        else:
            self._incoming.append((0.0, surplus))


class _SyncStream(httpcore.NetworkStream):
    def __init__(self, connection: _Connection, loop: SimulatedEventLoop) -> None:
        self._connection, self._loop = connection, loop

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        seconds, data = self._connection.take(max_bytes, timeout)
        self._loop.clock.sleep(seconds)
        return _check_timeout(data)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._connection.write(buffer)

    def close(self) -> None:
        pass

    def get_extra_info(self, info: str) -> Any:
        return self._connection.is_readable if info == "is_readable" else None


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        seconds, data = self._connection.take(max_bytes, timeout)
        if seconds:
            await asyncio.sleep(seconds)
        return _check_timeout(data)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._connection.write(buffer)

    async def aclose(self) -> None:
        pass

    def get_extra_info(self, info: str) -> Any:
        return self._connection.is_readable if info == "is_readable" else None


@contextmanager
def simulated_network(service: FaultyService, loop: SimulatedEventLoop) -> Iterator[None]:
    """Connect all clients that are created inside the block to a service, by the time of a loop.

    Args:
        service: The service at every address.
        loop: Its clock is the time of client and service.
    """

    class Backend(httpcore.NetworkBackend):
        def connect_tcp(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
            return _SyncStream(_Connection(service), loop)

    class AsyncBackend(httpcore.AsyncNetworkBackend):
        async def connect_tcp(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
            return _AsyncStream(_Connection(service))

    clock = SimpleNamespace(monotonic=loop.clock.now)
    changes: list[tuple[Any, str, Any]] = [
        (httpcore, "SyncBackend", Backend),
        (httpcore, "AnyIOBackend", AsyncBackend),
        (http_adapter, "_create_ssl_context", lambda *_: _CONTEXT),
        (limits, "time", clock),
        (sync_backend, "time", clock),
    ]
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    try:
        for owner, name, value in changes:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in originals:
            setattr(owner, name, value)


def _check_timeout(data: bytes | None) -> bytes:
    if data is None:
        raise httpcore.ReadTimeout("timed out")
    return data


def _parse_head(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Request(method, target, headers, b"", f"http://{headers['host']}")
