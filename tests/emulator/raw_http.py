"""HTTP over a real socket: requests and responses as bytes."""

import json
import socket
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.emulator.api_client import BASE
from tests.support.patience import PATIENCE

ASYNC = "/services/aigc/image-generation/generation"
SYNC = "/services/aigc/multimodal-generation/generation"
HEADERS = {"host": "localhost", "authorization": "Bearer k", "content-type": "application/json"}
TASK = {"x-dashscope-async": "enable"}


class Reply(NamedTuple):
    """head: status line and headers. rest: all that came after it. ended: whether the server hung up."""

    head: bytes
    rest: bytes
    ended: bool

    @property
    def status(self) -> int:
        return int(self.head.split(b" ", 2)[1])

    @property
    def length(self) -> int:
        return int(self.field("content-length") or 0)

    def field(self, name: str) -> str | None:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name:
                return value
        return None

    def json(self) -> Any:
        return json.loads(self.rest)


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    line = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PATIENCE)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def request(method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
    """A request; header names have `_` for `-`."""
    fields = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        fields["content-length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + (body or b"")


def create(body: Any, **headers: str) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return request("POST", BASE + ASYNC, raw, x_dashscope_async="enable", **headers)


def read_all(line: socket.socket) -> Reply:
    """Everything until the server hangs up."""
    data = b""
    try:
        while chunk := line.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass
    head, _, rest = data.partition(b"\r\n\r\n")
    return Reply(head, rest, True)


def read_one(line: socket.socket) -> Reply:
    """The next answer on a connection that stays."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = line.recv(65536)
        if not chunk:
            return Reply(data, b"", True)
        data += chunk
    head, _, rest = data.partition(b"\r\n\r\n")
    expected = Reply(head, b"", False).length
    while len(rest) < expected and (chunk := line.recv(65536)):
        rest += chunk
    return Reply(head, rest, len(rest) < expected)


def exchange(url: str, raw: bytes) -> Reply:
    with connect(url) as line:
        line.sendall(raw)
        return read_one(line)


def receive(url: str, raw: bytes) -> Reply:
    with connect(url) as line:
        line.sendall(raw)
        return read_all(line)
