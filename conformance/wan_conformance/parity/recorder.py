"""A loopback server that records requests and responds as the service does."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx

from wan_conformance.parity.requests import WireRequest, parse_request
from wan_conformance.targets.client.fake_service import FakeService

RequestsByCall = dict[int, list[WireRequest]]
"""The requests of each call, by its number, which is the first part of their paths."""


@contextmanager
def recording_server(service: FakeService, base_path: str) -> Iterator[tuple[str, RequestsByCall]]:
    """Run the server and yield its address and, filled while it runs, its requests.

    A call with the number 7 goes to `<address>/7<base path>`.
    """
    requests: RequestsByCall = defaultdict(list)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service, base_path, requests))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(service: FakeService, base_path: str, requests: RequestsByCall) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            number, _, target = self.path[1:].partition(base_path)
            headers = dict(self.headers.items())
            requests[int(number)].append(parse_request(self.command, target, headers, content))
            response = service.respond(
                httpx.Request(self.command, f"http://loopback{self.path}", headers=headers)
            )
            self.send_response(response.status_code)
            self.send_header("Content-Type", response.headers["Content-Type"])
            self.send_header("Content-Length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *arguments: Any) -> None:
            """Log nothing: a run makes hundreds of requests."""

    return Handler
