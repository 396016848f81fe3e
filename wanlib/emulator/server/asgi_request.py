"""From ASGI to a request: its head and its body, both within limits."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any, Protocol

from wanlib.emulator.core.http_messages import Request
from wanlib.emulator.core.spilled_text import SpilledText
from wanlib.emulator.server.streaming_json import StreamingJsonBody, TooLarge

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

DIVERT = "wanlib.divert"
"""In a scope's extensions: takes a function that gets the rest of the body as it comes, past `receive`, which
costs as much as all that is done with a large body. It says whether there should be more."""

_MEGABYTE = 1 << 20
_NONE: Mapping[str, SpilledText] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What one client may ask of the server.

    head: bytes of a request's line and headers. create: of a body that creates job, most of which goes to
    disk; kept: of what stays in memory of it (nine images just under 1 MB as text are 9 MB). other: of any
    other body. drained: of a body too large that are read all the same, so that its sender gets to read the
    answer. connections: at a time. slow: seconds without a byte in the midst of a request or an answer.
    """

    head: int = 64 * 1024
    create: int = 400 * _MEGABYTE
    kept: int = 32 * _MEGABYTE
    other: int = _MEGABYTE
    drained: int = 1024 * _MEGABYTE
    connections: int = 500
    slow: float = 30.0


class ClientDisconnected(Exception):
    """The client closed the connection before its request was whole."""


class BodySink(Protocol):
    """Takes a body that comes in several chunks."""

    body: bytearray
    texts: dict[str, SpilledText]

    def feed(self, chunk: bytes) -> None: ...

    def close(self) -> None: ...


class MemoryBodySink:
    """A body that stays in memory as a whole."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.body = bytearray()
        self.texts: dict[str, SpilledText] = {}

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes. Raises TooLarge."""
        self.body += chunk
        if len(self.body) > self._most:
            raise TooLarge(self._most)

    def close(self) -> None:
        """There is nothing to let go of."""


def read_request(scope: Scope, body: bytes = b"", long_texts: Mapping[str, SpilledText] = _NONE) -> Request:
    """The request with what was read of its body. HEAD is answered as GET is, by its head alone."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    target = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin-1")
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return Request(method, target, headers, body, _base_url(scope, headers), long_texts)


def header_size(scope: Scope) -> int:
    """Bytes of the request's line and headers, about."""
    fields = sum(map(len, chain.from_iterable(scope["headers"])))
    return fields + len(scope.get("raw_path", b"")) + len(scope["query_string"])


async def read_body(
    scope: Scope, receive: Receive, taker: Callable[[], BodySink], limits: ServerLimits
) -> tuple[bytes, BodySink | None]:
    """The body: whole where it came in one piece, else as a taker has it, to be closed. TooLarge, Gone."""
    message = _body_event(await receive())
    if not message.get("more_body"):
        return message.get("body", b""), None
    taking = taker()
    intake = _BoundedReader(taking, limits.drained)
    try:
        intake.take(message.get("body", b""))
        divert = scope.get("extensions", {}).get(DIVERT)
        if divert:  # nothing was awaited since the message, so no byte is passed over
            divert(intake.take)
        while message.get("more_body"):
            message = _body_event(await receive())
            if not intake.take(message.get("body", b"")):
                break
        if intake.error:
            raise intake.error
    except BaseException:
        taking.close()
        raise
    return bytes(taking.body), taking


class _BoundedReader:
    """Feeds a taker until it has too much, and then reads on.

    Whoever closes on a sender takes the answer from him, too.
    """

    def __init__(self, taker: BodySink, drained: int) -> None:
        self._taker = taker
        self._left = drained
        self.error: TooLarge | None = None

    def take(self, chunk: bytes) -> bool:
        """The next bytes; whether there should be more."""
        if self.error:
            self._left -= len(chunk)
            return self._left > 0
        try:
            self._taker.feed(chunk)
        except TooLarge as error:
            self.error = error
        return True


def body_sink_factory(limits: ServerLimits) -> StreamingJsonBody:
    """The taker for bodies that create."""
    return StreamingJsonBody(limits.create, limits.kept)


def _body_event(message: Message) -> Message:
    """A message that is one of a body, whole or in part."""
    if message["type"] != "http.request":
        raise ClientDisconnected
    return message


def _base_url(scope: Scope, headers: Mapping[str, str]) -> str:
    """The address that the caller used, else the one that the server has."""
    host = headers.get("host")
    if not host:
        name, port = scope.get("server") or ("localhost", None)
        host = f"{name}:{port}" if port else name
    return f"{scope.get('scheme', 'http')}://{host}"
