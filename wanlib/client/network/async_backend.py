"""`AsyncNetworkBackend`: the connections of `sync_backend` on an event loop of asyncio."""

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from wanlib.client.network.addresses import look_up_async, shares
from wanlib.client.network.limits import ConnectionState, current_limits


class AsyncNetworkBackend(httpcore.AsyncNetworkBackend):
    """Opens connections, in the time of the current exchange and to addresses that it permits.

    Args:
        to_proxy: Whether the connections lead to a proxy, which may have a private address.
    """

    def __init__(self, *, to_proxy: bool) -> None:
        self._to_proxy = to_proxy
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that accepts."""
        limits, loop = current_limits(), asyncio.get_running_loop()
        until = loop.time() + limits.remaining(timeout)
        public_only = limits.public_only and not self._to_proxy
        addresses = await look_up_async(host, port, until - loop.time(), public_only)
        error: Exception = httpcore.ConnectError("the name has no address")
        for address, share in shares(addresses):
            seconds = (until - loop.time()) * share
            if seconds <= 0:
                raise httpcore.ConnectTimeout("timed out")
            try:
                stream = await self._sockets.connect_tcp(
                    address, port, timeout=seconds, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failure:
                error = failure
            else:
                return _AsyncStream(stream, ConnectionState(limits))
        raise error


class _AsyncStream(httpcore.AsyncNetworkStream):
    """A connection, plain or with TLS."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, state: ConnectionState) -> None:
        self._stream = stream
        self.state = state

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self.state.is_gathering:
            await self.write(b"", timeout)
        seconds = self.state.limits.remaining(timeout)
        if seconds <= 0:
            raise httpcore.ReadTimeout("timed out")
        return self.state.receive(await self._stream.read(max_bytes, seconds))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            seconds = self.state.begin().remaining(timeout)
            if seconds <= 0:
                raise httpcore.WriteTimeout("timed out")
            if buffer := self.state.gather(buffer):
                await self._stream.write(buffer, seconds)
        finally:
            del buffer  # it may contain the key, and error trackers collect the variables of a frame

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        seconds = self.state.limits.remaining(timeout)
        if seconds <= 0:
            raise httpcore.ConnectTimeout("timed out")
        try:
            secure = await self._stream.start_tls(ssl_context, server_hostname, seconds)
        except ValueError as error:  # a host that no certificate can name
            raise httpcore.ConnectError(str(error)) from None
        return _AsyncStream(secure, ConnectionState(self.state.limits))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and not self.state.is_reusable:
            return True  # httpcore closes an idle connection that has something to read
        return self._stream.get_extra_info(info)
