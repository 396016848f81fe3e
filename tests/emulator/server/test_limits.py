"""The server limits what a client may send, ends stalled connections, and survives malformed requests."""

import asyncio
import json
import socket
from collections.abc import Iterator
from random import Random

import pytest

from tests.emulator.api_client import BASE, BODIES, PLAIN, SPEC
from tests.emulator.raw_http import (
    ASYNC,
    SYNC,
    Reply,
    connect,
    create,
    exchange,
    read_all,
    request,
)
from wanlib.emulator import Emulator, RealClock
from wanlib.emulator.server.asgi_request import ServerLimits
from wanlib.emulator.server.serve import EmulatorServer, run_in_thread

LIMITS = ServerLimits(head=8192, create=400_000, other=50_000, drained=1_000_000, connections=20)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with run_in_thread(Emulator(clock=RealClock()), limits=LIMITS) as address:
        yield address


def refused(answer: Reply, status: int, code: str) -> None:
    assert answer.status == status and answer.json().keys() == {"code", "message", "request_id"}
    assert answer.json()["code"] == code and "bytes" in answer.json()["message"]


@pytest.mark.parametrize("size", [400_001, 700_000])
def test_a_body_over_its_limit_is_rejected(url: str, size: int) -> None:
    refused(exchange(url, create(b'{"a":"' + b"x" * size)), 413, "BadRequest.TooLarge")


def test_a_large_body_on_a_call_without_one_is_rejected(url: str) -> None:
    raw = b"x" * 300_000
    refused(exchange(url, request("POST", BASE + "/tasks/1/cancel", raw)), 413, "BadRequest.TooLarge")


def test_a_client_that_never_stops_sending_is_disconnected(url: str) -> None:
    with connect(url) as line:
        head = request("POST", BASE + ASYNC, b"", content_type="application/json")
        line.sendall(head.replace(b"content-length: 0", b"content-length: 99000000"))
        sent = 0
        try:
            while sent < 99_000_000:
                line.sendall(b"x" * 65536)
                sent += 65536
        except OSError:
            pass
        assert sent < 50_000_000


def test_a_head_over_its_limit_is_rejected(url: str) -> None:
    refused(exchange(url, request("GET", BASE + "/tasks/", x_long="x" * 9000)), 431, "InvalidParameter")
    refused(exchange(url, request("GET", BASE + "/tasks/?" + "x" * 9000)), 431, "InvalidParameter")


def test_a_head_far_too_large_is_rejected(url: str) -> None:
    with connect(url) as line:
        line.sendall(b"GET / HTTP/1.1\r\n")
        try:
            for _ in range(400):
                line.sendall(b"x-a: " + b"x" * 500 + b"\r\n")
            line.sendall(b"\r\n")
        except OSError:
            pass
        answer = read_all(line)
    assert not answer.head or answer.status == 431


@pytest.mark.parametrize("sent", [b"", b"GET / HT", create(BODIES[PLAIN])[:-20]])
def test_a_stalled_connection_is_closed(sent: bytes) -> None:
    async def run() -> bytes:
        server = EmulatorServer(Emulator(clock=RealClock()), limits=LIMITS)
        bound = socket.create_server(("127.0.0.1", 0))
        await_end = asyncio.ensure_future(server.serve([bound]))
        reader, writer = await asyncio.open_connection(*bound.getsockname())
        writer.write(sent)
        while not server.server_state.connections:
            await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        now = asyncio.get_running_loop().time()
        server.close_stalled_connections(now)
        server.close_stalled_connections(now + LIMITS.stalled - 1)
        await asyncio.sleep(0)
        assert server.server_state.connections
        server.close_stalled_connections(now + LIMITS.stalled)
        try:
            left = await reader.read()
        except ConnectionError:
            left = b""
        writer.close()
        server.should_exit = True
        await await_end
        return left

    assert asyncio.run(run()) == b""


METHODS = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "CONNECT",
    "TRACE",
    "get",
    "G\x00T",
    "",
]
PATHS = [
    BASE + ASYNC,
    BASE + SYNC,
    BASE + ASYNC + "/",
    *(BASE + each.split(" ")[1].replace("{task_id}", "a-1") for each in SPEC.wire["paths"].values()),
    "/",
    "//",
    "*",
    "/storage",
    "/results/a/0.png",
    "/results/%00/%ff.png",
    "/_/state",
    "/_/tasks/1/pictures/99999999999999999999.png",
    "/_/../page.js",
    "/page/%00.js",
    "/page/" + "x" * 300,
    "http://evil.example/api/v1/tasks/",
    "/%",
    "/\xff",
    "?",
    "",
    BASE + "/tasks/" + "a" * 5000,
]
FIELDS = [
    "Content-Type: application/json",
    "Content-Type: multipart/form-data; boundary=x",
    "Content-Type: multipart/form-data; boundary=" + "(" * 60,
    "Content-Length: -1",
    "Content-Length: 99999999999999999999",
    "Content-Length: 3",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Expect: 100-continue",
    "Connection: close",
    "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x",
    "Connection: upgrade\r\nUpgrade: h2c",
    "Host: localhost",
    "Host: \xff\xfe",
    "Authorization: Bearer k",
    "Authorization: \xe9",
    "X-DashScope-Async: enable",
    "X-DashScope-SSE: enable",
    "X-Wan-Control: 1",
    "Origin: http://[",
    "Range: bytes=0-1",
    "Bad Header: x",
    ": x",
    " folded",
    "X-A: a\x00b",
]
BODIES_RAW = [
    b"",
    b"{}",
    b"null",
    b"[" * 4000,
    b'"\\ud800"',
    json.dumps(BODIES[PLAIN]).encode(),
    json.dumps(BODIES[PLAIN], ensure_ascii=True).encode("utf-16"),
    b'{"model": "wan2.7-image", "input": {"messages": [{"role": "user", "content": [{"text": "\\ud800"}]}]}}',
    b"--x\r\n\r\n",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"zz\r\nabc",
    bytes(range(256)),
    b'{"seconds": NaN}',
]


def noise(random: Random) -> bytes:
    """One request, more or less."""
    if random.random() < 0.1:
        return random.randbytes(random.randrange(300))
    version = random.choice(["HTTP/1.1"] * 8 + ["HTTP/1.0", "HTTP/2", "HTTP/9.9", ""])
    body = random.choice(BODIES_RAW)
    fields = random.sample(FIELDS, random.randrange(6)) + random.choice(
        (
            [],
            ["Host: localhost", "Authorization: Bearer k"],
            [f"Content-Length: {len(body)}"],
            [f"Content-Length: {len(body)}", "Host: localhost"],
        )
    )
    first = f"{random.choice(METHODS)} {random.choice(PATHS)}{random.choice(['', '?', '?a=%ff&b'])} {version}"
    raw = "\r\n".join([first, *fields, "", ""]).encode("latin-1") + body
    if random.random() < 0.2:
        at = random.randrange(len(raw))
        raw = raw[:at] + random.randbytes(random.randrange(4)) + raw[at + random.randrange(3) :]
    return raw


def test_malformed_requests_are_answered_and_the_server_survives(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    random, statuses = Random(4), set()
    for _ in range(1500):
        with connect(url) as line:
            try:
                line.sendall(noise(random))
                line.shutdown(socket.SHUT_WR)
                answer = read_all(line) if random.random() < 0.05 else Reply(line.recv(65536), b"", False)
            except ConnectionError:
                continue
        if answer.head.startswith(b"HTTP/"):
            statuses.add(answer.status)
            assert answer.status < 500, answer
    assert {200, 400, 401, 404} <= statuses
    assert exchange(url, create(BODIES[PLAIN])).status == 200
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]
