"""The connection to a remote server: total deadlines, bounded responses, no access to private networks.

A faulty server may trickle bytes, send gigabytes, or name any address in the link of a picture. The transport
of the client bounds the time of each exchange and checks the addresses that it connects to. This module adds
the limits of the harness, and translates the errors of httpx and of the client into its own.
"""

import time
from collections.abc import Callable

import httpx

from wan_conformance.targets.server.server import ResponseProblemError
from wanlib.base.redaction import redact_text
from wanlib.base.urls import get_host, is_private
from wanlib.base.values import MIB
from wanlib.client.drivers.http_adapter import create_http_client, lower_headers, translate_exception
from wanlib.client.drivers.private_logs import protect_logs
from wanlib.client.http.messages import NotSentError, TransportError
from wanlib.client.network.decoding import BodyDecoder
from wanlib.client.network.limits import EXTENSION, ExchangeLimits

_MAX_BYTES = 64 * MIB
_CONNECT_SECONDS = 10.0
_PICTURE_SECONDS = 120.0


class NoResponseError(httpx.TransportError):
    """An exchange has no complete response; the text says why, without URL and key."""


class NotConnectedError(NoResponseError):
    """The connection failed, so nothing was sent."""


class RunOverError(ResponseProblemError):
    """The time of the run is over, so nothing more is sent."""


class RemoteConnection:
    """Sends requests to a server, to its storage and to the links of its pictures, each on a new connection.

    A server may close a connection after any response, while the next request is on its way, and a surplus
    response on a shared one would be taken for that of the next request.

    Args:
        base_url: The URL of the server. If its host is private, links may lead to private addresses too.
        run_seconds: Seconds from now after which nothing more is sent.
        now: Returns monotonic seconds.
    """

    def __init__(self, base_url: str, run_seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        protect_logs("httpx")
        self._client = create_http_client("Client", None, True)
        url = httpx.URL(base_url)
        self._origin = (url.scheme, url.host, url.port)
        self._is_private = is_private(get_host(base_url) or "")
        self._run_seconds = run_seconds
        self._now = now
        self._ends_at = now() + run_seconds

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its response, read to its end.

        The read timeout of the request limits the whole exchange.

        Raises:
            NotConnectedError: The connection failed; nothing was sent.
            NoResponseError: The response is missing or not complete.
            RunOverError: The time of the run is over.
        """
        remaining = self._ends_at - self._now()
        if remaining <= 0:
            raise RunOverError(f"not sent: the {self._run_seconds:g} s of the run are over (--deadline)")
        url = request.url
        if url.scheme not in ("http", "https"):
            raise NoResponseError(f"the URL has the scheme {url.scheme[:20]!r}, expected http or https")
        is_own = (url.scheme, url.host, url.port) == self._origin
        allowed = float(request.extensions.get("timeout", {}).get("read") or _PICTURE_SECONDS)
        seconds = min(allowed, remaining)
        limits = ExchangeLimits(seconds, public_only=not (is_own or self._is_private), reuse=False)
        connect = min(_CONNECT_SECONDS, seconds)
        timeouts = {"connect": connect, "read": seconds, "write": seconds, "pool": seconds}
        request.extensions = {"timeout": timeouts, EXTENSION: limits}
        request.headers.setdefault("accept-encoding", "identity")
        try:
            return self._received(self._client.send(request, stream=True))
        except Exception as error:
            translated = error if isinstance(error, TransportError) else translate_exception(error)
            if translated is None:
                raise
            over = limits.remaining() <= 0
            reason = f"no complete answer within {seconds:.0f} s" if over else redact_text(str(translated))
            kind = NotConnectedError if isinstance(translated, NotSentError) else NoResponseError
            raise kind(reason) from None

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _received(self, response: httpx.Response) -> httpx.Response:
        """Return a response with its body, which decodes to a bounded size."""
        try:
            encoding = lower_headers(response.headers).get("content-encoding", "")
            decoder, body = BodyDecoder(encoding), bytearray()
            for chunk in response.iter_raw():
                for piece in decoder.decode(chunk):
                    body += piece
                    if len(body) > _MAX_BYTES:
                        raise NoResponseError(f"the answer is larger than {_MAX_BYTES:,} bytes")
            decoder.finish()
        finally:
            response.close()
        plain = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]
        return httpx.Response(response.status_code, headers=plain, content=bytes(body))
