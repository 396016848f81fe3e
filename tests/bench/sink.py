"""A service on loopback in a separate process: it discards bodies, and its tasks never end.

It answers at once, so that what is timed beside it is the client.
"""

import asyncio
import itertools
import json
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any
from urllib.request import urlopen

_SECOND = 0.975  # a second less half an interval, for a delayed request
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@contextmanager
def sink() -> Iterator[str]:
    """Yield the base URL of a service that runs as long as the block."""
    process = subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/api/v1"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def most_queries(base: str) -> int:
    """Return the most queries or lists in any second: each kind has its own rate."""
    with urlopen(f"{base}/most") as answer:
        return int(json.load(answer)["most"])


class Tasks:
    """The account's tasks.

    Attributes:
        made: their ids, the oldest first.
        most: the most calls of a kind in any second.
    """

    def __init__(self) -> None:
        self.made: list[str] = []
        self.most = 0
        self._recent: dict[bool, deque[float]] = {True: deque(), False: deque()}  # queries, lists

    def answer(self, line: bytes, head: bytes) -> bytes:
        """Return the response to a request, given its first line and its headers."""
        if line.startswith(b"POST"):
            return _json(self._created() if b"async" in head.lower() else _RESULT)
        if b"/most" in line:
            return _json({"most": self.most})
        _, alone, rest = line.partition(b"/tasks/")
        queried = alone != b"" and not rest.startswith((b"?", b" "))
        self._count(self._recent[queried])
        return _json(_queried(rest.partition(b" ")[0].decode()) if queried else self._page(line))

    def _created(self) -> dict[str, Any]:
        self.made.append(f"{len(self.made):08x}-1111-4222-8333-444455556666")
        return {"request_id": "req", "output": {"task_id": self.made[-1], "task_status": "PENDING"}}

    def _page(self, line: bytes) -> dict[str, Any]:
        query = {name: int(value) for name, value in re.findall(rb"(page_no|page_size)=(\d+)", line)}
        number, size = query.get(b"page_no", 1), query.get(b"page_size", 10)
        shown = itertools.islice(reversed(self.made), (number - 1) * size, number * size)
        return {
            "request_id": "req",
            "data": [_LISTED | {"task_id": task_id} for task_id in shown],
            "total": len(self.made),
            "total_page": -(-len(self.made) // size),
            "page_no": number,
            "page_size": size,
        }

    def _count(self, recent: deque[float]) -> None:
        now = monotonic()
        recent.append(now)
        while recent[0] <= now - _SECOND:
            recent.popleft()
        self.most = max(self.most, len(recent))


class _Connection(asyncio.BufferedProtocol):
    """One kept-alive connection; a body is counted as it arrives, and overwritten by the next bytes."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._buffer = bytearray(1 << 20)
        self._view = memoryview(self._buffer)
        self._head = b""
        self._left = 0  # bytes of the body still to come

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        if self._left:  # clients wait for the response, so nothing follows a body
            self._left -= nbytes
        else:
            head, end, rest = (self._head + self._view[:nbytes]).partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            self._head = head
            length = _LENGTH.search(head)
            self._left = (int(length[1]) if length else 0) - len(rest)
        if not self._left:
            line, _, head = self._head.partition(b"\r\n")
            self._head = b""
            self._transport.write(self._tasks.answer(line, head))


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
_LINK = "https://pictures.example.com/one.png?Expires=1790000000&Signature=c2VjcmV0"
_RESULT = {
    "request_id": "req",
    "output": {
        "finished": True,
        "choices": [
            {
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": [{"type": "image", "image": _LINK}]},
            }
        ],
    },
    "usage": {"image_count": 1, "size": "1024*1024"},
}
_LISTED = {
    "status": "RUNNING",
    "model_name": "wan2.7-image-pro",
    "gmt_create": 1777852800250,
    "start_time": 1777852801000,
    "end_time": None,
    "region": "cn-beijing",
    "request_id": "0f3b2a1c-5555-4222-8333-444455556666",
    "user_api_unique_key": "apikey:v1:aigc:image-generation:generation:wan2.7-image-pro",
    "api_key_id": "1",
    "caller_parent_id": "1",
    "caller_uid": "1",
}


def _queried(task_id: str) -> dict[str, Any]:
    times = {"submit_time": "2026-05-04 08:00:00.250", "scheduled_time": "2026-05-04 08:00:01.000"}
    return {"request_id": "req", "output": {"task_id": task_id, "task_status": "RUNNING", **times}}


def _json(body: dict[str, Any]) -> bytes:
    text = json.dumps(body).encode()
    return b"%s%d\r\n\r\n%s" % (_HEAD, len(text), text)


async def _serve() -> None:
    tasks = Tasks()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(tasks), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
