"""Servers for tests of the target `http`: one on a socket, and faulty ones that respond by a function."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
from wan_conformance.targets.server.server import ApiServer
from wan_conformance.targets.server.target import HttpTarget

from tests.emulator.api_client import SPEC
from wanlib.emulator import Emulator, Request

Answer = Callable[[httpx.Request], httpx.Response]
IDS = {"request_id": "r-1"}
TASK = "0385dc79-5ff8-4d82-bcb6-7c8f2c1d3e4f"


def http(answer: Answer, *, pays: bool = False, slept: list[float] | None = None) -> HttpTarget:
    """The target on a server that answers by a function."""
    waits = [] if slept is None else slept
    return HttpTarget(SPEC, ApiServer(SPEC, answer, "http://bad.test", pays=pays, sleep=waits.append))


def answered(status: int, body: Any, **headers: str) -> httpx.Response:
    """A JSON answer; header names have `_` for `-`."""
    return httpx.Response(status, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def refused(status: int = 400, code: str = "InvalidParameter") -> httpx.Response:
    return answered(status, {"code": code, "message": "no", **IDS})


def created(**output: Any) -> httpx.Response:
    return answered(200, IDS | {"output": {"task_id": TASK, "task_status": "PENDING"} | output})


def ended(status: str = "SUCCEEDED", **more: Any) -> httpx.Response:
    """A task at its end, in the form of 2.7."""
    message = {"role": "assistant", "content": [{"type": "image", "image": "https://x.test/1.png"}]}
    choices = [{"finish_reason": "stop", "message": message}] if status == "SUCCEEDED" else []
    output = {"task_id": TASK, "task_status": status} | ({"choices": choices} if choices else {})
    return answered(200, IDS | {"output": output | more})


@contextmanager
def serving(emulator: Emulator, requests: list[str] | None = None, *, names: bool = True) -> Iterator[str]:
    """The address of an emulator behind a real socket. names: whether it names rules."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            response = emulator.handle(
                Request(self.command, self.path, headers, body, "http://emulator.test")
            )
            if requests is not None:
                requests.append(f"{self.command} {self.path} {response.status}")
            self.send_response(response.status)
            for name, value in response.headers:
                if names or name != "x-wan-rules":
                    self.send_header(name, value)
            self.send_header("content-length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def body_of(request: httpx.Request) -> Any:
    return json.loads(request.content) if request.content else None
