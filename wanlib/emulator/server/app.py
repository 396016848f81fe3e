"""The emulator as an ASGI app: the API, the admin page and its control API.

`EmulatorServer` in `serve.py` runs it; any ASGI server can (`uvicorn.run(EmulatorApp(emulator))`), but cuts
before the status line then appear as status 500.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from wanlib.base.values import MIB
from wanlib.emulator.core.http_messages import Request, Response
from wanlib.emulator.core.routes import ADMIN, PAGE, PAGE_FILES, STORE, Routes
from wanlib.emulator.emulator import Emulator
from wanlib.emulator.server.access_log import AccessLog, access_line
from wanlib.emulator.server.asgi_request import (
    BodyTooLargeError,
    ClientDisconnectedError,
    Receive,
    Scope,
    Send,
    ServerLimits,
    SpooledBody,
    header_size,
    read_body,
    read_request,
)
from wanlib.emulator.server.asgi_response import (
    FindTransport,
    ResponseWriter,
    early_rejection,
    send_response,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_METHODS = ("GET", "POST")
_WORKERS = 2


class EmulatorApp:
    """Serve one emulator over ASGI.

    Requests of the API are handled without a framework; the page and its control API are a Starlette app.
    Large bodies and pictures are processed in two threads, so that they do not delay other requests.

    Attributes:
        stopping: Set it when the server is about to stop: delayed responses are then cut off.
        progress: Number of body chunks and responses so far, by client (`scope["client"]`).
        working: Clients whose request has arrived completely and whose response is not finished.
    """

    def __init__(
        self,
        emulator: Emulator,
        *,
        limits: ServerLimits | None = None,
        hosts: Collection[str] | None = (),
        access_log: AccessLog | None = None,
        find_transport: FindTransport | None = None,
    ) -> None:
        """Create the app.

        Args:
            emulator: Handles the requests.
            limits: Limits on requests; None means the defaults.
            hosts: Host names, besides those of loopback, under which the page and the control API may be
                called; None allows any IP address.
            access_log: Called with a line for each request of the API; None means no log.
            find_transport: Finds the transport of a client, for faults of connections; None if the server
                does not support that.
        """
        self._emulator = emulator
        self._limits = limits or ServerLimits()
        self._hosts = hosts
        self._access_log = access_log
        self._find_transport = find_transport
        self._vendor = emulator.vendor
        self._routes = Routes(emulator.spec)
        self._threads = ThreadPoolExecutor(_WORKERS, "wanlib-emulator")
        self._admin: ASGIApp | None = None
        self._base: str = emulator.spec.wire["base_path"] + "/"
        self._max_upload = (self._vendor.upload["max_file_mb"] + 1) * MIB
        self.stopping = asyncio.Event()
        self.progress: Counter[Any] = Counter()
        self.working: set[Any] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        path, client = scope["path"], scope.get("client")
        is_head_too_large = header_size(scope) > self._limits.head
        is_admin = not path.startswith(self._base) and (path == PAGE or path.startswith((PAGE_FILES, ADMIN)))
        if is_admin and not is_head_too_large:
            return await self._admin_app()(scope, receive, send)
        writer = ResponseWriter(scope, receive, send, self.stopping, self._find_transport)
        try:
            if is_head_too_large:
                limit = f"{self._limits.head:,}"
                response = early_rejection(self._vendor, 431, "head_too_large", limit)
            else:
                response = await self._respond(scope, receive)
            if self._access_log:
                self._access_log(
                    access_line(time.time(), scope["method"], path, response, self._vendor.names)
                )
            await send_response(response, writer)
            if writer.has_client_left:
                self._emulator.lose_response(response)
        except ClientDisconnectedError:
            pass
        finally:
            self.working.discard(client)
            self.progress[client] += 1
        return None

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        request, client = read_request(scope), scope.get("client")
        if scope["method"] == "OPTIONS":
            return self._cors_preflight(request)

        def on_chunk() -> None:
            self.progress[client] += 1

        try:
            body = await read_body(receive, self._max_body(request), self._limits.drained, on_chunk)
        except BodyTooLargeError as error:
            return early_rejection(self._vendor, 413, "body_too_large", str(error))
        self.working.add(client)
        if isinstance(body, bytes) and not self._routes.is_image_request(request):
            return self._emulator.handle(request._replace(body=body))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._handle_slow, request, body)

    def _handle_slow(self, request: Request, body: bytes | SpooledBody) -> Response:
        """Read a spooled body and handle the request, in a thread."""
        if not isinstance(body, bytes):
            with body:
                body = body.read()
        return self._emulator.handle(request._replace(body=body))

    def _max_body(self, request: Request) -> int:
        route = self._routes.find(request)
        if route and route.create_calls:
            return self._limits.create
        return self._max_upload if route and route.call == STORE else self._limits.other

    def _cors_preflight(self, request: Request) -> Response:
        """List the methods of a path. No other origin is allowed."""
        methods = [method for method in _METHODS if self._routes.find(request._replace(method=method))]
        allowed = [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]
        return Response(204, (("allow", ", ".join(allowed)),), ())

    def _admin_app(self) -> "ASGIApp":
        """Return the admin app, created on first use: servers without it start sooner."""
        if self._admin is None:
            from wanlib.emulator.admin.api import create_admin_app

            self._admin = create_admin_app(self._emulator, self._hosts, self._threads)
        return self._admin
