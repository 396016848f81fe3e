"""The service on loopback, over real HTTP: every POST is a task, which has succeeded when it is asked for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from tests.client.response_samples import TASK, choices, task
from wanlib.boundary.images import encode_image


class Loopback(ThreadingHTTPServer):
    """bodies: of the POSTs, as they came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[Any] = []

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/v1"


@contextmanager
def loopback() -> Iterator[Loopback]:
    """A service that runs until the block ends."""
    made = Loopback()
    thread = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Loopback

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._json({"request_id": "r", "output": {"task_id": TASK, "task_status": "PENDING"}})

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.endswith(".png"):
            self._answer(encode_image("png", 8, 8), "image/png")
        else:
            parts = [{"type": "image", "image": f"http://127.0.0.1:{self.server.server_port}/a.png?sig=1"}]
            self._json(task("SUCCEEDED", **choices({"message": {"content": parts}})["output"]))

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def _json(self, answer: dict[str, Any]) -> None:
        self._answer(json.dumps(answer).encode(), "application/json")

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
