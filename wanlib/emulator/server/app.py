"""The emulator as an ASGI app: the API, and beside it the page and what the page calls."""

import asyncio
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from wanlib.emulator.core.http_messages import Request, Response
from wanlib.emulator.core.routes import STORE, Routes
from wanlib.emulator.emulator import Emulator
from wanlib.emulator.server.access_log import AccessLog, access_line
from wanlib.emulator.server.asgi_request import (
    BodySink,
    ClientDisconnected,
    MemoryBodySink,
    Receive,
    Scope,
    Send,
    ServerLimits,
    body_sink_factory,
    header_size,
    read_body,
    read_request,
)
from wanlib.emulator.server.asgi_response import ResponseWriter, early_rejection, send_response
from wanlib.emulator.server.streaming_json import LONG, TooLarge

if TYPE_CHECKING:
    from starlette.types import ASGIApp

CONTROL = "/_/"
PAGE, PAGE_FILES = "/", "/page/"
"""Where people's page is, and below it what it consists of."""

_METHODS = ("GET", "POST")
_WORKERS = 2
_MEGABYTE = 1 << 20


class EmulatorApp:
    """`uvicorn.run(App(emulator))`; with `wanlib.emulator.server.serve.Server` cuts are acted out, too.

    The API is answered here without a framework, which would cost as much as the answer; the page and its
    control surface are Starlette's. Pictures and large bodies are worked at by two threads, so that they
    neither hold up the others nor fill the memory.

    hosts: names beside those of loopback that the control surface may be called by; None for any address.
    access_log: gets a line for each request of the API; none unless given.
    """

    def __init__(
        self,
        emulator: Emulator,
        *,
        limits: ServerLimits | None = None,
        hosts: Collection[str] | None = (),
        access_log: AccessLog | None = None,
    ) -> None:
        self._emulator = emulator
        self._limits = limits or ServerLimits()
        self._hosts = hosts
        self._access_log = access_log
        self._vendor = emulator.vendor
        self._routes = Routes(emulator.spec)
        self._threads = ThreadPoolExecutor(_WORKERS, "wanlib-emulator")
        self._pages: ASGIApp | None = None
        self._base: str = emulator.spec.wire["base_path"] + "/"
        self._most_upload = (self._vendor.upload["max_file_mb"] + 1) * _MEGABYTE
        self.stopping = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path: str = scope["path"]
        if not path.startswith(self._base) and (path == PAGE or path.startswith((PAGE_FILES, CONTROL))):
            return await self._admin_app()(scope, receive, send)
        line = ResponseWriter(scope, receive, send, self.stopping)
        try:
            response = await self._answer(scope, receive)
        except ClientDisconnected:
            return None
        if self._access_log:
            line_of = (scope["method"], path, response, self._vendor.names)
            self._access_log(access_line(time.time(), *line_of))
        return await send_response(response, line)

    def close(self) -> None:
        """Lets go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        if header_size(scope) > self._limits.head:
            return early_rejection(self._vendor, 431, "head_too_large", f"{self._limits.head:,}")
        if scope["method"] == "OPTIONS":
            return self._cors_preflight(read_request(scope))
        try:
            body, taker = await read_body(scope, receive, lambda: self._body_sink(scope), self._limits)
        except TooLarge as error:
            return early_rejection(self._vendor, 413, "body_too_large", str(error))
        request = read_request(scope, body, taker.texts if taker else {})
        try:
            if not self._may_stream_body(request):
                return self._emulator.handle(request)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._emulator.handle, request)
        finally:
            if taker:
                taker.close()

    def _may_stream_body(self, request: Request) -> bool:
        return len(request.body) > LONG or bool(request.long_texts) or self._routes.is_image_request(request)

    def _body_sink(self, scope: Scope) -> BodySink:
        route = self._routes.find(read_request(scope))
        if route and route.create_calls:
            return body_sink_factory(self._limits)
        return MemoryBodySink(self._most_upload if route and route.call == STORE else self._limits.other)

    def _cors_preflight(self, request: Request) -> Response:
        """What may be done there. No other origin is let in."""
        found = [each for each in _METHODS if self._routes.find(request._replace(method=each))]
        allowed = [*found, *(["HEAD"] if "GET" in found else []), "OPTIONS"]
        return Response(204, (("allow", ", ".join(allowed)),), ())

    def _admin_app(self) -> "ASGIApp":
        """Built when it is first asked for: many a server never is, and starts sooner."""
        if self._pages is None:
            from wanlib.emulator.admin.api import create_admin_app

            self._pages = create_admin_app(self._emulator, self._hosts, self._threads)
        return self._pages
