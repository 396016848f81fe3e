"""Admin page and JSON control API, as a Starlette app. Not part of the emulated service.

Tests and the page use it to read the state, advance the clock, complete tasks and view pictures. A
middleware refuses requests of other sites (`origin_guard`).
"""

import asyncio
import io
import json
from collections.abc import Collection
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from wanlib.base.clock import ManualClock
from wanlib.emulator.admin.origin_guard import reject_foreign_origin
from wanlib.emulator.admin.state import conduct_snapshot, state_snapshot
from wanlib.emulator.core.routes import ADMIN, PAGE, PAGE_FILES
from wanlib.emulator.emulator import Emulator

PAGE_FOLDER = Path(__file__).parents[1] / "page"
_SUFFIXES = (".html", ".css", ".js", ".svg")
_MAX_BODY = 4096
_MAX_SECONDS = 366 * 86400
_MAX_WIDTH = 1024
_TASK = ADMIN + "tasks/{id}"

_SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class AdminApi:
    """The endpoints."""

    def __init__(self, emulator: Emulator, threads: Executor) -> None:
        """Create the endpoints of one emulator; pictures are rendered in `threads`."""
        self._emulator = emulator
        self._threads = threads

    async def state(self, _: Request) -> Response:
        """Return everything that the page shows."""
        return _json_response(state_snapshot(self._emulator))

    async def conduct(self, _: Request) -> Response:
        """Return the findings on the conduct of clients."""
        loop = asyncio.get_running_loop()
        return _json_response(await loop.run_in_executor(self._threads, conduct_snapshot, self._emulator))

    async def advance_clock(self, request: Request) -> Response:
        """`{"seconds": 60}`: advance a manual clock."""
        seconds, clock = (await _read_json(request)).get("seconds"), self._emulator.clock
        if not isinstance(clock, ManualClock):
            raise HTTPException(409, "the clock is not manual: start the server with --clock manual")
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, int | float)
            or not 0 <= seconds <= _MAX_SECONDS
        ):
            raise HTTPException(400, f"seconds must be a number from 0 to {_MAX_SECONDS}")
        clock.advance(seconds)
        return _json_response({"now": clock.wall()})

    async def finish_task(self, request: Request) -> Response:
        """Complete a task as succeeded."""
        return self._end(request, None)

    async def fail_task(self, request: Request) -> Response:
        """`{"code": …, "message": …}`: complete a task as failed; both members are optional."""
        body = await _read_json(request)
        code, message = body.get("code", self._emulator.vendor.failure), body.get("message", "")
        if not isinstance(code, str) or not code or not isinstance(message, str):
            raise HTTPException(400, "code and message must be strings, and code not empty")
        return self._end(request, code, message)

    async def picture(self, request: Request) -> Response:
        """Return a picture of a task, `?width=` for a smaller one."""
        job = self._emulator.store.jobs.get(request.path_params["id"])
        number, width = request.path_params["number"], request.query_params.get("width", "")
        if job is None or number >= max(1, job.outcome.attempted):
            raise HTTPException(404, "the task has no such picture")
        preview_width = (
            min(int(width), _MAX_WIDTH) if width.isascii() and width.isdecimal() and len(width) < 9 else 0
        )

        def draw() -> bytes:
            png = (
                self._emulator.preview(job, number, preview_width)
                if preview_width
                else self._emulator.picture(job, number)
            )
            return _thumbnail(png, preview_width)

        try:
            png = await asyncio.get_running_loop().run_in_executor(self._threads, draw)
        except IndexError:
            raise HTTPException(404, "the task has no such picture") from None
        return Response(png, media_type="image/png")

    def _end(self, request: Request, code: str | None, message: str = "") -> Response:
        if not self._emulator.complete_task(request.path_params["id"], code, message):
            raise HTTPException(409, "no unfinished task has this id")
        return _json_response({"ended": True})


def create_admin_app(emulator: Emulator, hosts: Collection[str] | None, threads: Executor) -> ASGIApp:
    """Create the ASGI app.

    Args:
        emulator: The emulator to control.
        hosts: As in `reject_foreign_origin`.
        threads: Renders pictures.
    """
    endpoints = AdminApi(emulator, threads)
    routes = [
        Route(ADMIN + "state", endpoints.state, methods=["GET"]),
        Route(ADMIN + "conduct", endpoints.conduct, methods=["GET"]),
        Route(ADMIN + "clock", endpoints.advance_clock, methods=["POST"]),
        Route(_TASK + "/finish", endpoints.finish_task, methods=["POST"]),
        Route(_TASK + "/fail", endpoints.fail_task, methods=["POST"]),
        Route(_TASK + "/pictures/{number:int}.png", endpoints.picture, methods=["GET"]),
        Route(PAGE, page_file, methods=["GET"]),
        Route(PAGE_FILES + "{name}", page_file, methods=["GET"]),
    ]
    return _OriginGuardMiddleware(
        Starlette(routes=routes, exception_handlers={HTTPException: _error_response}), hosts
    )


class _OriginGuardMiddleware:
    """Refuses requests of other sites, and adds security headers to each response."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        page = scope["path"] == PAGE
        why = reject_foreign_origin(
            request.method, scope["scheme"], request.headers.items(), self._hosts, page=page
        )

        async def send_secured(message: Any) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in _SECURITY_HEADERS.items()]
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        app: ASGIApp = _json_response({"error": why}, 403) if why else self._app
        await app(scope, receive, send_secured)


def _json_response(content: Any, status: int = 200) -> Response:
    """Build a JSON response, in ASCII: a prompt may contain lone surrogates, which UTF-8 cannot encode."""
    return Response(json.dumps(content), status, media_type="application/json")


async def _read_json(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request; an empty one if it has no body."""
    raw = b""
    try:
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > _MAX_BODY:
                raise HTTPException(413, f"the body is over {_MAX_BODY} bytes")
        body = json.loads(raw or b"{}")
    except (ValueError, RecursionError, ClientDisconnect):
        raise HTTPException(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise HTTPException(400, "the body is not a JSON object")
    return body


def _thumbnail(png: bytes, width: int) -> bytes:
    if not width:
        return png
    from PIL import Image

    file = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.thumbnail((width, 4 * width))
        image.save(file, "PNG", compress_level=1)
    return file.getvalue()


async def page_file(request: Request) -> Response:
    """Return the page, or one of its files by name."""
    name = request.path_params.get("name", "index.html")
    if name not in {file.name for file in PAGE_FOLDER.glob("*") if file.suffix in _SUFFIXES}:
        raise HTTPException(404, "the page has no such file")
    return FileResponse(PAGE_FOLDER / name)


async def _error_response(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = _json_response({"error": error.detail}, error.status_code)
    response.headers.update(error.headers or {})
    return response
