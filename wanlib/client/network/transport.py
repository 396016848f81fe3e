"""`Transport` and `AsyncTransport`: the transports of our own httpx client.

Each has two pools of httpcore: one keeps connections for queries, which cost nothing and whose responses name
their task; the other opens a connection for each request and closes it afterwards. `ExchangeLimits` choose
the pool of a request. Exceptions of httpcore pass unchanged; the drivers translate them by name.
"""

import ssl
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from typing import Any, TypeVar
from urllib.request import getproxies

import httpcore
import httpx

from wanlib.client.network.limits import EXTENSION, ExchangeLimits, sending
from wanlib.client.network.sync_backend import SyncNetworkBackend

T = TypeVar("T")
KEEPALIVE = 30.0
"""Seconds that an idle connection is kept: longer than the interval between two polls."""
_MAX_CONNECTIONS = 100
_MAX_IDLE = 20


class Transport(httpx.BaseTransport):
    """Sends requests of an `httpx.Client`.

    Args:
        ssl_context: The TLS context of all connections.
        proxy: The proxy for all requests. None for none.
    """

    def __init__(self, ssl_context: ssl.SSLContext, proxy: httpx.Proxy | None = None) -> None:
        backend = SyncNetworkBackend(to_proxy=proxy is not None)
        kinds = (httpcore.ConnectionPool, httpcore.HTTPProxy, httpcore.SOCKSProxy)
        kind, options = _pool_options(kinds, ssl_context, proxy, backend)
        self._kept = kind(max_keepalive_connections=_MAX_IDLE, **options)
        self._single = kind(max_keepalive_connections=0, **options)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its response, with the body unread."""
        limits: ExchangeLimits = request.extensions[EXTENSION]
        with sending(limits):
            response = (self._kept if limits.reuse else self._single).handle_request(_core_request(request))
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response, limits),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._kept.close()
        self._single.close()


class AsyncTransport(httpx.AsyncBaseTransport):
    """Sends requests of an `httpx.AsyncClient`.

    Args:
        ssl_context: The TLS context of all connections.
        proxy: The proxy for all requests. None for none.
    """

    def __init__(self, ssl_context: ssl.SSLContext, proxy: httpx.Proxy | None = None) -> None:
        from wanlib.client.network.async_backend import AsyncNetworkBackend  # it loads asyncio

        backend = AsyncNetworkBackend(to_proxy=proxy is not None)
        kinds = (httpcore.AsyncConnectionPool, httpcore.AsyncHTTPProxy, httpcore.AsyncSOCKSProxy)
        kind, options = _pool_options(kinds, ssl_context, proxy, backend)
        self._kept = kind(max_keepalive_connections=_MAX_IDLE, **options)
        self._single = kind(max_keepalive_connections=0, **options)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its response, with the body unread."""
        limits: ExchangeLimits = request.extensions[EXTENSION]
        pool = self._kept if limits.reuse else self._single
        with sending(limits):
            response = await pool.handle_async_request(_core_request(request))
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_AsyncBody(response, limits),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._kept.aclose()
        await self._single.aclose()


class _Body(httpx.SyncByteStream):
    """The body of a response; read to its end, it decides whether the connection is kept."""

    def __init__(self, response: httpcore.Response, limits: ExchangeLimits) -> None:
        self._response = response
        self._limits = limits

    def __iter__(self) -> Iterator[bytes]:
        length = 0
        self._limits.note_progress()
        for part in self._response.iter_stream():
            length += len(part)
            yield part
            self._limits.note_progress()
        _finish(self._response, length)

    def close(self) -> None:
        self._response.close()


class _AsyncBody(httpx.AsyncByteStream):
    """The same on an event loop."""

    def __init__(self, response: httpcore.Response, limits: ExchangeLimits) -> None:
        self._response = response
        self._limits = limits

    async def __aiter__(self) -> AsyncIterator[bytes]:
        length = 0
        self._limits.note_progress()
        async for part in self._response.aiter_stream():
            length += len(part)
            yield part
            self._limits.note_progress()
        _finish(self._response, length)

    async def aclose(self) -> None:
        await self._response.aclose()


def environment_proxies() -> dict[str, str | None]:
    """Return the proxies that environment or system set, by patterns of httpx; None for direct connections.

    NO_PROXY contains hosts, and `*` for all; a host excludes the names below it, too.
    """
    settings = getproxies()
    proxies: dict[str, str | None] = {
        f"{scheme}://": url if "://" in url else f"http://{url}"
        for scheme in ("http", "https", "all")
        if (url := settings.get(scheme))
    }
    direct = [host.strip() for host in settings.get("no", "").split(",") if host.strip()]
    if "*" in direct:
        return {}
    for host in direct:
        proxies[host if "://" in host else _direct_pattern(host)] = None
    return proxies


def _direct_pattern(host: str) -> str:
    address = host.partition("/")[0]
    if ":" in address and not address.startswith("["):
        return f"all://[{host}]"
    is_exact = address.replace(".", "").isdigit() or host.lower() == "localhost"
    return f"all://{host}" if is_exact else f"all://*{host}"


def _core_request(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


def _pool_options(
    kinds: tuple[type[T], type[T], type[T]],
    ssl_context: ssl.SSLContext,
    proxy: httpx.Proxy | None,
    backend: Any,
) -> tuple[Any, dict[str, Any]]:
    """Return the class of a pool (direct, by an HTTP proxy, by a SOCKS proxy) and its arguments."""
    direct, by_http, by_socks = kinds
    options: dict[str, Any] = {
        "ssl_context": ssl_context,
        "max_connections": _MAX_CONNECTIONS,
        "keepalive_expiry": KEEPALIVE,
        "network_backend": backend,
    }
    if proxy is None:
        return direct, options
    url = proxy.url
    options["proxy_url"] = httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )
    options["proxy_auth"] = proxy.raw_auth
    if url.scheme in ("socks5", "socks5h"):
        if find_spec("socksio") is None:  # httpcore would find out at the first request
            raise ImportError("a SOCKS proxy needs the package socksio; install httpx[socks]")
        return by_socks, options
    options |= {"proxy_headers": proxy.headers.raw, "proxy_ssl_context": proxy.ssl_context}
    return by_http, options


def _finish(response: httpcore.Response, length: int) -> None:
    """Pass the length of a body that was read to its end to the state of its connection."""
    state = getattr(response.extensions.get("network_stream"), "state", None)
    if state is not None:
        state.finish(length)
