"""Clients that hold connections make room for others, and cannot starve them."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.emulator.api_client import BASE, BODIES, PLAIN
from tests.emulator.raw_http import SYNC, create, request
from wanlib.emulator import Emulator, RealClock, Settings
from wanlib.emulator.server.asgi_request import ServerLimits
from wanlib.emulator.server.serve import EmulatorServer

LIMITS = ServerLimits(head=8192, connections=20)
LIST = request("GET", BASE + "/tasks/")
SYNC_CALL = request("POST", BASE + SYNC, json.dumps(BODIES[PLAIN]).encode())
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Clients:
    """Connections to one server."""

    def __init__(self, server: EmulatorServer, address: tuple[str, int]) -> None:
        self.server = server
        self._address = address
        self.lines: list[Line] = []

    async def open(self, sent: bytes) -> Line:
        """Open a connection, send bytes and keep it."""
        known = set(self.server.server_state.connections)
        line = await asyncio.open_connection(*self._address)
        line[1].write(sent)
        self.lines.append(line)
        while self.server.server_state.connections <= known:
            await asyncio.sleep(0)
        return line

    async def status(self) -> bytes:
        """Send a request in full and return the status of its answer, b"" without one."""
        reader, _ = await self.open(LIST)
        try:
            words = (await reader.readline()).split()
        except ConnectionError:
            words = []
        return words[1] if words else b""


def served(use: Callable[[Clients], Awaitable[Any]], settings: Settings | None = None) -> Any:
    async def run() -> Any:
        server = EmulatorServer(Emulator(clock=RealClock(), settings=settings), limits=LIMITS)
        bound = socket.create_server(("127.0.0.1", 0), backlog=100)
        ended = asyncio.ensure_future(server.serve([bound]))
        clients = Clients(server, bound.getsockname())
        while not server.started:
            await asyncio.sleep(0)
        try:
            return await use(clients)
        finally:
            for _, writer in clients.lines:
                writer.close()
            server.should_exit = True
            await ended

    return asyncio.run(run())


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", LIST, create(BODIES[PLAIN])[:-20]],
    ids=["nothing", "part of a head", "a request, then nothing", "part of a body"],
)
def test_slow_connections_do_not_keep_others_out(sent: bytes) -> None:
    async def use(clients: Clients) -> list[bytes]:
        for _ in range(LIMITS.connections + 10):
            await clients.open(sent)
        return [await clients.status() for _ in range(3)]

    assert served(use) == [b"200"] * 3


def test_an_answer_that_is_not_read_makes_room() -> None:
    async def use(clients: Clients) -> bytes:
        for _ in range(LIMITS.connections):
            await clients.open(SYNC_CALL)
        connections: Any = clients.server.server_state.connections
        next(iter(connections)).pause_writing()  # the transport's call once its buffer is full
        return await clients.status()

    assert served(use, Settings(working=float("inf"))) == b"200"


def test_requests_at_work_are_not_ended_and_a_further_one_gets_503() -> None:
    async def use(clients: Clients) -> list[bytes]:
        for _ in range(LIMITS.connections):
            await clients.open(SYNC_CALL)
        full = await clients.status()
        clients.lines.pop()[1].close()
        clients.lines.pop(0)[1].close()
        while len(clients.server.server_state.connections) >= LIMITS.connections:
            await asyncio.sleep(0)
        return [full, await clients.status()]

    assert served(use, Settings(working=float("inf"))) == [b"503", b"200"]


def test_the_connection_that_waits_longest_makes_room_first() -> None:
    async def use(clients: Clients) -> list[bool]:
        upload = create(BODIES[PLAIN])
        first = [await clients.open(upload[:-20]), await clients.open(LIST)]
        heads = [await clients.open(b"GET / HT") for _ in range(LIMITS.connections - 2)]
        await clients.open(b"")
        await clients.open(b"")
        for line in heads[:2]:
            with suppress(ConnectionError):
                await line[0].read()
        return [line[0].at_eof() or line[0].exception() is not None for line in [*first, *heads]]

    ended = served(use)
    assert ended == [False, False, True, True, *([False] * (LIMITS.connections - 4))]


def test_a_head_without_an_end_is_not_read_on() -> None:
    async def use(clients: Clients) -> int:
        _, writer = await clients.open(b"GET / HTTP/1.1\r\n")
        sent = 0
        while not writer.is_closing() and sent < 10_000_000:
            writer.write(b"x-a: " + b"x" * 1000 + b"\r\n")
            sent += 1007
            await asyncio.sleep(0)
        return sent

    assert served(use) < 5_000_000
