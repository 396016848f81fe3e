"""A scripted service on loopback for the tests of commands that make calls."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.support.image_files import picture

KEY = "sk-TOPSECRETKEY"
SIGNATURE = "TOPSECRETSIGNATURE"
TASK = "0385dc79-5ff8-4d82-bcb6-000000000001"
PNG = picture("png", size=(8, 8))
FAKE_TIME = (
    "import wanlib.cli.options.connection as connection; from tests.support.fake_clock import FakeClock;"
    "connection.system_clock = FakeClock;"
    "from wanlib.cli import main; main()"
)
"""The code of a process that runs a command without waiting."""


class Seen(NamedTuple):
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


class Service:
    """statuses: what the polls of a task find, the last one again and again. parts: of the result, `image`
    for a picture. answers: (status, body) by path, in place of the scripted ones. held: a part of a path; a
    request to it sets `was_reached` and waits for `go_on`.
    """

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.base = f"{self.origin}/api/v1"
        self.seen: list[Seen] = []
        self.statuses = ["PENDING", "RUNNING", "SUCCEEDED"]
        self.parts: list[dict[str, str]] = [{"image": "1"}]
        self.results: list[dict[str, str]] | None = None
        self.answers: dict[str, tuple[int, Any]] = {}
        self.held: str | None = None
        self.was_reached, self.go_on = Event(), Event()
        self.png = PNG

    def created(self) -> list[Seen]:
        """The calls that are paid for."""
        return [request for request in self.seen if "/services/" in request.path]

    def answer(self, seen: Seen) -> tuple[int, Any]:
        self.seen.append(seen)
        if self.held and self.held in seen.path:
            self.was_reached.set()
            self.go_on.wait()
        path = seen.path.removeprefix("/api/v1")
        if path in self.answers:
            return self.answers[path]
        if path.startswith("/pictures/"):
            return 200, self.png
        if path.startswith("/services/"):
            return 200, self._created(seen)
        if path.endswith("/cancel"):
            return 200, {"request_id": "r-9"}
        return 200, self._task(path.rpartition("/")[2])

    def _created(self, seen: Seen) -> dict[str, Any]:
        if "x-dashscope-async" not in seen.headers:
            return self._result({})
        return {"output": {"task_id": TASK, "task_status": "PENDING"}, "request_id": "r-1"}

    def _task(self, task_id: str) -> dict[str, Any]:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        output = {"task_id": task_id, "task_status": status}
        return self._result(output) if status == "SUCCEEDED" else {"output": output, "request_id": "r-2"}

    def _result(self, output: dict[str, str]) -> dict[str, Any]:
        def link(entry: dict[str, str]) -> dict[str, str]:
            links = {"image", "url"}
            return {
                name: f"{self.origin}/pictures/{each}.png?Signature={SIGNATURE}" if name in links else each
                for name, each in entry.items()
            }

        if self.results is not None:
            return {"output": {**output, "results": [link(entry) for entry in self.results]}, "usage": {}}
        choices = [{"message": {"role": "assistant", "content": [link(entry) for entry in self.parts]}}]
        return {"output": {**output, "choices": choices}, "usage": {"image_count": 1}, "request_id": "r-3"}


@contextmanager
def served() -> Iterator[Service]:
    """A Service at its own port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hung up
    service = server.service = Service(server.server_port)  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        body = json.loads(raw) if raw else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, url.path, parse_qs(url.query), headers, body)
        status, answer = self.server.service.answer(seen)  # type: ignore[attr-defined]
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Says nothing."""
