"""`HttpxAdapter`: requests built for httpx, and its exceptions translated."""

import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any, NamedTuple

from wanlib.base.api_tables import ApiTables
from wanlib.base.redaction import hide_keys, redact_text, safe_repr
from wanlib.base.values import MIB
from wanlib.client.drivers.private_logs import protect_logs
from wanlib.client.http.json_access import strip_url
from wanlib.client.http.messages import (
    ConnectionLostError,
    ExchangeTimeoutError,
    NotSentError,
    Request,
    RequestBody,
    Response,
    ResponseTooLargeError,
    TransportError,
)
from wanlib.client.network.limits import EXTENSION, ExchangeLimits
from wanlib.client.protocol.context import LOG
from wanlib.client.protocol.settings import KEY_FIELD, Settings
from wanlib.errors import ConfigurationError, UsageError, WanError

CONNECT_TIMEOUT = 10.0
"""Seconds for a connection and its TLS handshake."""
MAX_RESPONSE_BYTES = 64 * MIB
"""The maximum size in bytes of a response in memory; a picture goes to its sink instead."""

# By name, so that a library with the same names can stand in for httpx.
_NOT_SENT_ERRORS = frozenset(
    {
        "ConnectError",
        "ConnectTimeout",
        "PoolTimeout",
        "ProxyError",
        "UnsupportedProtocol",
        "InvalidURL",
        "UnicodeError",  # of a host that IDNA cannot encode
    }
)
_REQUEST_HEADERS = frozenset(
    {"accept", "accept-encoding", "user-agent"}
)  # headers that each request sets itself
# The errors of httpx, and those of httpcore, which our own transport passes on.
_CONNECTION_ERRORS = frozenset(
    {"TransportError", "DecodingError", "StreamError", "OSError", "NetworkError", "ProtocolError"}
)
_TLS_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


def create_http_client(client: str, proxy: str | None, trust_env: bool) -> Any:
    """Return an httpx client, `Client` or `AsyncClient`, with one TLS context for all connections.

    Raises:
        ConfigurationError: A proxy or a file of certificates cannot be used.
    """
    import httpx

    from wanlib.client.network.transport import AsyncTransport, Transport, environment_proxies

    context = _create_ssl_context(httpx, trust_env)
    transport: Any = Transport if client == "Client" else AsyncTransport
    proxies = {"all://": proxy} if proxy is not None else environment_proxies() if trust_env else {}
    address: str | None = None
    try:
        mounts = {}
        for pattern, address in proxies.items():
            mounts[pattern] = address if address is None else transport(context, httpx.Proxy(address))
        kind = _own_client_class(httpx, client)
        return kind(transport=transport(context), mounts=mounts, trust_env=trust_env)
    except (ValueError, TypeError, AttributeError, httpx.InvalidURL, ImportError) as error:
        raise ConfigurationError(
            f"proxy is {safe_repr(redact_text(str(address)))}: {redact_text(str(error))}"
        ) from None


def _create_ssl_context(library: Any, trust_env: bool) -> Any:
    try:
        return library.create_ssl_context(trust_env=trust_env)
    except OSError as error:
        set_variables = [name for name in _TLS_VARIABLES if os.environ.get(name)]
        raise ConfigurationError(
            f"TLS cannot be set up: {error.strerror or error}; look at {' and '.join(set_variables)} in the "
            "environment, which must name files that exist"
            if set_variables
            else f"TLS cannot be set up: {error.strerror or error}; look at the installation of certifi"
        ) from None


def _own_client_class(library: Any, client: str) -> Any:
    """Return a client class that passes requests to its transport, which is sufficient for our exchanges.

    Cookies, authentication, redirects and hooks take a tenth of the time of a call (`bench_client`). The log
    lines of httpx are still written if the user enables its log.
    """
    none = type("NoCookies", (library.Cookies,), {"extract_cookies": lambda *_: None})()
    base = getattr(library, client)
    handler = "handle_request" if client == "Client" else "handle_async_request"
    log = logging.getLogger(library.__name__)

    def send(self: Any, request: Any, **options: Any) -> Any:
        if self.is_closed or log.isEnabledFor(logging.INFO):
            return base.send(self, request, **options)
        return getattr(self._transport_for_url(request.url), handler)(request)

    return type("OwnClient", (base,), {"cookies": none, "send": send})


def validate_http_client(http: Any, client: str) -> Any:
    """Return a client that was passed in. Raise ConfigurationError for an object of another kind."""
    detect_library(http, client)
    return http


def detect_library(http: Any, client: str) -> ModuleType:
    """Return the library that a client comes from. Raise ConfigurationError for an object of another kind."""
    for base in type(http).__mro__:
        if base.__name__ == client:
            library = sys.modules[base.__module__.partition(".")[0]]
            if hasattr(library, "Request"):
                return library
    kind = f"{type(http).__module__}.{type(http).__qualname__}"
    raise ConfigurationError(
        f"http_client is a {kind}; allowed: an httpx.{client}, or a client with the same interface"
    )


class ResponseBody(NamedTuple):
    """The unread body of a response.

    Attributes:
        response: The response object of the library.
        encoding: Its Content-Encoding; empty for none.
        deadline: Monotonic seconds after which reading stops.
        goes_to_sink: Whether it is not kept in memory.
    """

    response: Any
    encoding: str
    deadline: float
    goes_to_sink: bool


def is_event_stream(request: Request, reply: Response, api: ApiTables) -> bool:
    """Return whether a response is the requested stream of events, to be read as it arrives."""
    if request.headers.get("Accept") != api.stream_type:
        return False
    return 200 <= reply.status < 300 and reply.headers.get("content-type", "").startswith(api.stream_type)


class HttpxAdapter:
    """Builds requests of the library and translates its exceptions."""

    def __init__(self, http: Any, client: str, settings: Settings, owned: bool) -> None:
        self._http = http
        self._owned = owned
        self._is_local = settings.is_local
        self._client_headers = (
            {name: value for name, value in http.headers.items() if name not in _REQUEST_HEADERS}
            if owned
            else None
        )
        self._library = detect_library(http, client)
        protect_logs(self._library.__name__)
        self._base = f"{settings.base_url}/"
        self._key = settings.key
        self._url = lru_cache(getattr(self._library, "URL", str))  # few, and slow to parse

    def build(self, request: Request) -> Any:
        """Return the library's request; its time starts now.

        Headers of the HTTP client are sent only to the address of the API.
        """
        is_api = request.url.startswith(self._base)
        public_only = not (is_api or self._is_local)
        limits = ExchangeLimits(
            request.timeout,
            stall_timeout=request.stall_timeout,
            public_only=public_only,
            reuse=request.reuse,
        )
        options: dict[str, Any] = {
            "content": request.content,
            "extensions": {"timeout": _timeouts(request), EXTENSION: limits},
        }
        if not is_api:
            return self._library.Request(request.method, request.url, headers=_headers(request), **options)
        create = self._http.build_request if self._client_headers is None else self._library.Request
        # No variable holds the headers with the key: error trackers collect those of each frame.
        return create(request.method, self._url(request.url), headers=self._with_key(request), **options)

    def _with_key(self, request: Request) -> Mapping[str, str]:
        """Return the headers with the key, and those that our own client adds to every request."""
        return {
            name: value.replace(KEY_FIELD, self._key.reveal())
            for name, value in {**_headers(request), **(self._client_headers or {})}.items()
        }

    def translate(self, error: Exception) -> Exception:
        """Return the error to raise for an exception of the library.

        Any exception of our own HTTP client is an error of the exchange. A client that was passed in may also
        raise an exception of its owner's code, such as a hook.
        """
        if isinstance(error, WanError):  # a body could not be read
            return error
        if translated := translate_exception(error):
            return translated
        if getattr(self._http, "is_closed", False):
            return UsageError(f"the HTTP client is closed ({error}); make another one")
        if self._owned:
            return ConnectionLostError(f"{type(error).__name__} {redact_text(str(error))}".strip())
        return error


def _headers(request: Request) -> dict[str, str]:
    """Return the headers without the key, with the length of the body; no encoding is requested."""
    headers = {"Accept-Encoding": "identity", **request.headers}
    content = request.content
    if content is not None:
        headers["Content-Length"] = str(len(content) if isinstance(content, bytes) else content.length)
    return headers


class AsyncChunks:
    """A request body for an event loop only: httpx takes a body with both interfaces for a blocking one."""

    def __init__(self, content: RequestBody) -> None:
        self._content = content
        self.length = content.length

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._content.__aiter__()


def lower_headers(headers: Any) -> Mapping[str, str]:
    """Return headers without keys, by names in lower case, from their bytes: httpx guesses a charset."""
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers.raw]
    text = "\n".join(part for pair in pairs for part in pair)
    if hide_keys(text) == text:  # one search for all of them
        return dict(pairs)
    return {hide_keys(name): hide_keys(value) for name, value in pairs}


def translate_exception(error: Exception) -> TransportError | None:
    """Translate an exception of the library to a TransportError. Return None for any other exception."""
    if isinstance(error, TransportError):
        return error
    names = {base.__name__ for base in type(error).__mro__}
    message = f"{type(error).__name__} {redact_text(str(error))}".strip()
    if names & _NOT_SENT_ERRORS:
        return NotSentError(message)
    if "TimeoutException" in names:
        return ExchangeTimeoutError(message)
    return ConnectionLostError(message) if names & _CONNECTION_ERRORS else None


def log_response(request: Request, reply: Response, seconds: float) -> None:
    """Log the status and the time of a response, without the secrets of its URL."""
    if LOG.isEnabledFor(logging.DEBUG):
        LOG.debug("%s %s: HTTP %d in %.3f s", request.method, strip_url(request.url), reply.status, seconds)


def check_limits(size: int, now: float, until: float) -> None:
    """Raise ResponseTooLargeError or ExchangeTimeoutError for a response that does not end."""
    if size > MAX_RESPONSE_BYTES:
        raise ResponseTooLargeError(f"the response is larger than {MAX_RESPONSE_BYTES:,} bytes")
    if now > until:
        raise ExchangeTimeoutError("the response took too long to arrive")


def is_decoded(response: Any) -> bool:
    """Return whether the body is complete in memory and decoded, as in the response of a mock."""
    return bool(getattr(response, "is_stream_consumed", True))


def _timeouts(request: Request) -> dict[str, float]:
    seconds = request.timeout
    read = seconds if request.stall_timeout is None else min(request.stall_timeout, seconds)
    return {"connect": min(CONNECT_TIMEOUT, seconds), "read": read, "write": seconds, "pool": seconds}
