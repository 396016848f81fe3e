"""Name lookup with a timeout, and the check that an address is public, made when the connection is opened.

A name is checked again by its addresses, because a public name may resolve to a private address, and to
another one at the next lookup. The connection is made to the addresses that were checked.
"""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from httpcore import ConnectError, ConnectTimeout

from wanlib.base.redaction import safe_repr
from wanlib.base.urls import is_private
from wanlib.client.http.messages import PrivateAddressError

LookupResult = Sequence[tuple[Any, ...]] | Exception
"""Entries of `socket.getaddrinfo`, or why there are none."""


def look_up(host: str, port: int, seconds: float, public_only: bool) -> list[str]:
    """Return the addresses of a host, in the order in which to try them.

    Args:
        host: A name or an address.
        port: The port, for the lookup.
        seconds: How long the lookup may take.
        public_only: Whether addresses that are not public are left out.

    Raises:
        ConnectError: The name has no address.
        ConnectTimeout: The lookup took too long.
        PrivateAddressError: No address is public.
    """
    if _is_address(host):
        return _permitted(host, [host], public_only)
    queue: SimpleQueue[LookupResult] = SimpleQueue()
    # In a thread, because getaddrinfo has no timeout.
    Thread(target=_find, args=(host, port, queue.put), daemon=True).start()
    try:
        result = queue.get(timeout=max(0.0, seconds))
    except Empty:
        raise _lookup_timeout(host) from None
    return _permitted(host, _addresses(result), public_only)


async def look_up_async(host: str, port: int, seconds: float, public_only: bool) -> list[str]:
    """Do the same on an event loop."""
    if _is_address(host):
        return _permitted(host, [host], public_only)
    import asyncio  # which a client without an event loop does not load

    loop = asyncio.get_running_loop()
    future: asyncio.Future[LookupResult] = loop.create_future()

    def deliver(result: LookupResult) -> None:
        if not future.done():
            future.set_result(result)

    def deliver_from_thread(result: LookupResult) -> None:
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(deliver, result)

    # Not in the executor of the loop, whose shutdown would wait for it.
    Thread(target=_find, args=(host, port, deliver_from_thread), daemon=True).start()
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            result = await future
    except TimeoutError:
        raise _lookup_timeout(host) from None
    return _permitted(host, _addresses(result), public_only)


def shares(addresses: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Yield each address with the part of the remaining time that an attempt to connect to it may take."""
    for index, address in enumerate(addresses):
        yield address, 1 / (len(addresses) - index)


def _find(host: str, port: int, deliver: Callable[[LookupResult], None]) -> None:
    try:
        deliver(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, ValueError) as error:  # ValueError: a host that IDNA cannot encode
        deliver(error)


def _addresses(result: LookupResult) -> list[str]:
    if isinstance(result, Exception):
        raise ConnectError(f"{type(result).__name__}: {result}") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in result))


def _permitted(host: str, addresses: list[str], public_only: bool) -> list[str]:
    if not public_only:
        return addresses
    public = [address for address in addresses if not is_private(address)]
    if not public:
        raise PrivateAddressError(f"{safe_repr(host)} does not have a public address")
    return public


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError, ValueError):
            socket.inet_pton(family, host)
            return True
    return False


def _lookup_timeout(host: str) -> ConnectTimeout:
    return ConnectTimeout(f"the lookup of {safe_repr(host)} took too long")
