"""`SyncNetworkBackend`: sockets for httpcore that respect the deadline of their exchange."""

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from wanlib.client.network.addresses import look_up, shares
from wanlib.client.network.limits import PIECE, ConnectionState, current_limits


class SyncNetworkBackend(httpcore.NetworkBackend):
    """Opens connections, in the time of the current exchange and to addresses that it permits.

    Args:
        to_proxy: Whether the connections lead to a proxy, which may have a private address.
    """

    def __init__(self, *, to_proxy: bool) -> None:
        self._to_proxy = to_proxy
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that accepts."""
        limits = current_limits()
        until = time.monotonic() + limits.remaining(timeout)
        public_only = limits.public_only and not self._to_proxy
        addresses = look_up(host, port, until - time.monotonic(), public_only)
        error: Exception = httpcore.ConnectError("the name has no address")
        for address, share in shares(addresses):
            seconds = (until - time.monotonic()) * share
            if seconds <= 0:
                raise httpcore.ConnectTimeout("timed out")
            try:
                stream = self._sockets.connect_tcp(
                    address, port, timeout=seconds, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failure:
                error = failure
            else:
                return _Stream(stream, ConnectionState(limits))
        raise error


class _Stream(httpcore.NetworkStream):
    """A connection, plain or with TLS."""

    def __init__(self, stream: httpcore.NetworkStream, state: ConnectionState) -> None:
        self._stream = stream
        self.state = state

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self.state.is_gathering:
            self.write(b"", timeout)
        seconds = self.state.limits.remaining(timeout)
        if seconds <= 0:
            raise httpcore.ReadTimeout("timed out")
        return self.state.receive(self._stream.read(max_bytes, seconds))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        limits = self.state.begin()
        try:
            buffer = self.state.gather(buffer)
            for start in range(0, len(buffer), PIECE):
                seconds = limits.remaining(timeout)
                if seconds <= 0:
                    raise httpcore.WriteTimeout("timed out")
                self._stream.write(buffer[start : start + PIECE], seconds)
        finally:
            del buffer  # it may contain the key, and error trackers collect the variables of a frame

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = self.state.limits.remaining(timeout)
        if seconds <= 0:
            raise httpcore.ConnectTimeout("timed out")
        try:
            secure = self._stream.start_tls(ssl_context, server_hostname, seconds)
        except ValueError as error:  # a host that no certificate can name
            raise httpcore.ConnectError(str(error)) from None
        return _Stream(secure, ConnectionState(self.state.limits))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and not self.state.is_reusable:
            return True  # httpcore closes an idle connection that has something to read
        return self._stream.get_extra_info(info)
