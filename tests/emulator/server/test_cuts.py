"""Faults on a raw socket: cuts, trickles, delays."""

import asyncio
import json
import socket
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest

from tests.emulator.api_client import BASE, BODIES, INTERLEAVED, PLAIN
from tests.emulator.raw_http import SYNC, connect, create, exchange, read_one, receive, request
from tests.support.patience import PATIENCE
from wanlib.emulator import Emulator, RealClock, Settings
from wanlib.emulator.core.http_messages import Response
from wanlib.emulator.server.asgi_response import ResponseWriter, send_response
from wanlib.emulator.server.serve import listen, run_in_thread

BODY = BODIES[PLAIN]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with run_in_thread(Emulator(clock=RealClock())) as address:
        yield address


def stream(fault: str) -> bytes:
    raw = json.dumps(INTERLEAVED).encode()
    return request("POST", BASE + SYNC, raw, x_dashscope_sse="enable", x_wan_fault=fault)


@pytest.mark.parametrize("where", ["unread", "before"])
def test_before_the_answer_nothing_comes(url: str, where: str) -> None:
    answer = receive(url, create(BODY, x_wan_fault=f"cut where={where}"))
    assert answer.ended and answer.head == b""


def test_inside_the_answer_its_half_comes(url: str) -> None:
    answer = receive(url, create(BODY, x_wan_fault="cut where=inside"))
    assert answer.status == 200 and len(answer.rest) == answer.length // 2 > 0


def test_a_cut_after_the_answer_ends_the_connection(url: str) -> None:
    answer = receive(url, create(BODY, x_wan_fault="cut where=after"))
    assert answer.status == 200 and len(answer.rest) == answer.length and answer.json()["output"]
    with connect(url) as line:
        line.sendall(create(BODY, x_wan_fault="cut where=after") + create(BODY))
        assert read_one(line).status == 200 and line.recv(10) == b""


def test_a_stream_is_cut_between_its_chunks(url: str) -> None:
    inside, after = (
        receive(url, stream("cut where=inside")),
        receive(url, stream("cut where=after")),
    )
    assert not inside.rest.endswith(b"0\r\n\r\n") and after.rest.endswith(b"0\r\n\r\n")
    assert inside.rest.count(b"event:result") in (3, 4) and after.rest.count(b"event:result") == 7


def test_a_trickled_answer_is_complete(url: str) -> None:
    assert "task_id" in exchange(url, create(BODY, x_wan_fault="trickle pace=0.001")).json()["output"]


def test_of_a_trickle_each_piece_is_sent_after_a_pause() -> None:
    events: list[Any] = []

    class RecordingWriter(ResponseWriter):
        async def sleep_unless_disconnected(self, seconds: float) -> bool:
            events.append(seconds)
            return True

    async def send(message: Any) -> None:
        events.append(message.get("body", message.get("status")))

    async def receive() -> Any:
        raise AssertionError("nothing checks whether the client is there")

    pieces = (b"one", b"two", b"three")
    line = RecordingWriter({}, receive, send, asyncio.Event())
    asyncio.run(send_response(Response(200, (), pieces, pace=0.5), line))
    assert events == [200, 0.5, b"one", 0.5, b"two", 0.5, b"three", b""]


@pytest.mark.parametrize("fault", ["repeated", "surplus"])
def test_the_next_request_reads_surplus_bytes(url: str, fault: str) -> None:
    with connect(url) as line:
        line.sendall(create(BODY, x_wan_fault=fault))
        first = read_one(line)
        line.sendall(request("GET", BASE + "/tasks/1"))
        second = read_one(line)
    assert first.status == second.status == 200
    surplus = first.rest[first.length :] + second.head + second.rest
    stated = first.json() if fault == "repeated" and len(first.rest) == first.length else None
    assert stated is None or second.json() == stated
    assert b"task_id" in surplus or b"{}" in surplus


def test_a_stream_is_followed_by_bytes(url: str) -> None:
    with connect(url) as line:
        line.sendall(stream("surplus message=xyz"))
        data = b""
        while not data.endswith(b"xyz"):
            data += line.recv(65536)
    assert data.endswith(b"0\r\n\r\nxyz")


def test_an_answer_that_never_comes_keeps_the_connection(url: str) -> None:
    with connect(url) as line:
        line.sendall(create(BODY, x_wan_fault="silent"))
        line.settimeout(0.1)
        with pytest.raises(TimeoutError):
            line.recv(1)


def test_the_others_come_over_the_wire(url: str) -> None:
    for fault, status, words in (
        ("error code=Throttling retry_after=3", 429, b"Throttling"),
        ("error code=InternalError status=204", 204, b""),
        ("html", 502, b"<html>"),
        ("inside code=Arrearage", 200, b"Arrearage"),
        ("doubled", 200, b"task_id"),
    ):
        answer = exchange(url, create(BODY, x_wan_fault=fault))
        assert answer.status == status and words in answer.rest and answer.field("x-wan-fault")
    assert (
        exchange(url, create(BODY, x_wan_fault="error code=Throttling retry_after=3")).field("retry-after")
        == "3"
    )


def test_accepted_sockets_do_not_delay_small_writes() -> None:
    with listen("127.0.0.1", 0) as bound, connect(f"http://127.0.0.1:{bound.getsockname()[1]}"):
        accepted, _ = bound.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_connection_stays_open_unless_a_fault_cuts_it(url: str) -> None:
    with connect(url) as line:
        for _ in range(3):
            line.sendall(create(BODY))
            assert read_one(line).status == 200
        line.sendall(create(BODY, x_wan_fault="error code=InternalError status=204"))
        assert read_one(line).status == 204
        line.sendall(create(BODY))
        assert read_one(line).status == 200


@pytest.mark.parametrize("working", [3600.0, float("inf")])
def test_a_disconnect_and_a_shutdown_end_a_delayed_answer(working: float) -> None:
    emulator = Emulator(clock=RealClock(), settings=Settings(working=working))
    call = request("POST", BASE + SYNC, json.dumps(BODY).encode())
    begun = monotonic()
    with run_in_thread(emulator) as address:
        with connect(address) as line:
            line.sendall(call)
            while not emulator.jobs():
                pass
        waiting = connect(address)
        waiting.sendall(call)
        while len(emulator.jobs()) < 2:
            pass
    assert waiting.recv(10) == b""  # an end of the stream, not a late response
    waiting.close()
    assert monotonic() - begun < PATIENCE
