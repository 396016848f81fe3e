"""Broken downloads through both clients: over real sockets, and from the emulator, which serves ranges."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext, suppress
from inspect import isawaitable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import KEY, World
from tests.client.response_samples import choices, reply
from tests.client.results.picture_store import PNG, names
from tests.client.service import CREATED, DONE, PHOTO, PRO
from tests.client.socket_server import Script, ServerConnection, SocketServer, answer
from tests.emulator.api_client import BASE
from tests.support.patience import DEADLINES
from wanlib import AsyncWan, Wan
from wanlib.boundary.images import encode_image
from wanlib.client import core
from wanlib.emulator import Emulator, Fault, ManualClock, Request, Response
from wanlib.emulator.transport import AsyncEmulatorTransport, EmulatorTransport
from wanlib.errors import DownloadFailedError

PICTURE = PNG["a"]
HALF = len(PICTURE) // 2
ETAG = 'ETag: "5B3C1A2E053D763E1B002CC607C5A0FE"'


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


async def _awaited(value: Any) -> Any:
    return await value if isawaitable(value) else value


def generate_and_save(wan: Any, folder: Path) -> list[Path]:
    """Return the files of one picture, with a client of either kind."""

    async def run() -> Any:
        output = await _awaited(wan.generate(PRO, "A vase", size="1K", n=1, via="sync"))
        saved = await _awaited(output.save(folder, stem="x"))
        await _awaited(wan.close())
        return saved

    saved: list[Path] = asyncio.run(run())
    return saved


def hang_after_half(connection: ServerConnection) -> None:
    connection.read()
    connection.send(answer(PICTURE, "200 OK", ETAG)[: HALF - len(PICTURE)])
    connection.hang()


def trickle_the_head(connection: ServerConnection) -> None:
    connection.read()
    connection.trickle(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400, 0.02)


def continue_without_end(connection: ServerConnection) -> None:
    connection.read()
    connection.trickle(b"HTTP/1.1 100 Continue\r\n\r\n" * 20, 0.02)


CHUNKED = f"HTTP/1.1 200 OK\r\n{ETAG}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


def trickle_a_chunk_extension(connection: ServerConnection) -> None:
    connection.read()
    connection.send(CHUNKED + b"%x\r\n" % HALF + PICTURE[:HALF] + b"\r\n")
    connection.trickle(b"10;" + b"x" * 400, 0.02)


def trickle_trailers(connection: ServerConnection) -> None:
    connection.read()
    connection.send(CHUNKED + b"%x\r\n" % len(PICTURE) + PICTURE + b"\r\n0\r\n")
    connection.trickle(b"X: " + b"x" * 400, 0.02)


def reset_after_half(connection: ServerConnection) -> None:
    connection.read()
    connection.send(answer(PICTURE, "200 OK", ETAG)[: HALF - len(PICTURE)])
    connection.reset()


def send_the_rest(connection: ServerConnection) -> None:
    connection.read()
    size = len(PICTURE)
    connection.send(
        answer(PICTURE[HALF:], "206 Partial Content", ETAG, f"Content-Range: bytes {HALF}-{size - 1}/{size}")
    )


@pytest.fixture
def servers() -> Iterator[list[SocketServer]]:
    made: list[SocketServer] = []
    yield made
    for server in made:
        server.close()


def save_from(
    servers: list[SocketServer],
    kind: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *scripts: Script,
    ranges: list[bool],
) -> Path:
    """Save a picture whose requests are answered by scripts, and return the file.

    The time after which a download stalls grows until the requests are those that are expected, by whether
    they ask for the second half: on a busy machine a short time ends good exchanges, too.
    """

    def create(connection: ServerConnection) -> None:
        connection.read()
        link = f"{servers[-1].url}/a.png?Signature=s"
        connection.send(answer(reply(choices({"message": {"content": [{"image": link}]}})).body))
        connection.close()

    file = folder
    for number, seconds in enumerate(DEADLINES):
        monkeypatch.setattr(core, "STALL_TIMEOUT", seconds)
        servers.append(SocketServer(create, *scripts))
        clock, client = ManualClock(), Wan if kind == "sync" else AsyncWan
        wan: Any = client(KEY, base_url=servers[-1].url, trust_env=False, clock=clock)
        with nullcontext() if seconds == DEADLINES[-1] else suppress(DownloadFailedError):
            (file,) = generate_and_save(wan, folder / str(number))
        if requested_ranges(servers[-1]) == ranges:
            break
    return file


def requested_ranges(server: SocketServer) -> list[bool]:
    """Return for each request whether it asked for the second half."""
    return [f"range: bytes={HALF}-".encode() in head.lower() for head in server.heads]


@pytest.mark.parametrize("broken", [hang_after_half, reset_after_half])
def test_a_connection_that_breaks_or_stalls_is_continued_on_another(
    kind: str, broken: Script, tmp_path: Path, servers: list[SocketServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    ranges = [False, False, True]
    file = save_from(servers, kind, tmp_path, monkeypatch, broken, send_the_rest, ranges=ranges)
    assert file.read_bytes() == PICTURE
    assert names(file.parent) == ["x-1.png"]
    assert requested_ranges(servers[-1]) == ranges


def send_all(connection: ServerConnection) -> None:
    connection.read()
    connection.send(answer(PICTURE))


@pytest.mark.parametrize(
    ("slow", "then", "ranges"),
    [
        (trickle_the_head, send_all, [False, False, False]),
        (continue_without_end, send_all, [False, False, False]),
        (trickle_a_chunk_extension, send_the_rest, [False, False, True]),
        (trickle_trailers, hang_after_half, [False, False]),
    ],
)
def test_bytes_that_bring_no_picture_are_not_waited_for(
    kind: str,
    slow: Script,
    then: Script,
    ranges: list[bool],
    tmp_path: Path,
    servers: list[SocketServer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = save_from(servers, kind, tmp_path, monkeypatch, slow, then, ranges=ranges)
    assert file.read_bytes() == PICTURE
    assert not servers[-1].was_outlasted
    assert requested_ranges(servers[-1]) == ranges


class SlowBody(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body of pieces, each of which takes some seconds."""

    def __init__(self, world: World, body: bytes, pieces: int, seconds: float) -> None:
        self._world, self._seconds = world, seconds
        size = -(-len(body) // pieces)
        self._pieces = [body[at : at + size] for at in range(0, len(body), size)]

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._world.time.at += self._seconds
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


@pytest.mark.parametrize(
    ("settings", "timeout", "is_saved"),
    [
        ({}, None, True),
        ({"timeout": 100.0}, None, False),
        ({"timeout": 100.0}, 400.0, True),
        ({}, 100.0, False),
    ],
)
def test_a_slow_line_has_the_time_of_the_call(
    world: World, tmp_path: Path, settings: dict[str, float], timeout: float | None, is_saved: bool
) -> None:
    """Such as 40 MB at 1 Mbit/s, which take 320 s: more than any other answer, less than a call may take."""
    picture = encode_image("png", 64, 64, size_bytes=400_000)
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    headers = {"Content-Length": str(len(picture))}
    world.service.on(
        "download", lambda _: httpx.Response(200, headers=headers, stream=SlowBody(world, picture, 320, 1.0))
    )
    wan: Any = world.client(**settings)
    output = world.do(wan.edit(PRO, "Make it dusk", images=[PHOTO], n=1))
    began = world.time.at
    if is_saved:
        assert world.do(output.save(tmp_path, timeout=timeout))[0].stat().st_size == len(picture)
        assert world.service.count("download") == 1
        return
    with pytest.raises(DownloadFailedError, match="before the timeout"):
        world.do(output.save(tmp_path, timeout=timeout))
    assert world.time.at - began < 115


class RecordingEmulator(Emulator):
    """Records the statuses of its answers with pictures."""

    statuses: list[int]

    def handle(self, request: Request) -> Response:
        response = super().handle(request)
        if response.header("etag"):
            self.statuses = [*getattr(self, "statuses", []), response.status]
        return response


def test_the_emulator_continues_a_cut_download(kind: str, tmp_path: Path) -> None:
    clock = ManualClock()
    emulator = RecordingEmulator(clock=clock)
    http: Any = (
        httpx.Client(transport=EmulatorTransport(emulator))
        if kind == "sync"
        else httpx.AsyncClient(transport=AsyncEmulatorTransport(emulator))
    )
    client = Wan if kind == "sync" else AsyncWan
    wan: Any = client("sk-local", base_url=f"http://localhost{BASE}", clock=clock, http_client=http)
    emulator.faults.queue([Fault("cut", where="inside", on=("result",))] * 2)
    (file,) = generate_and_save(wan, tmp_path)
    (job,) = emulator.jobs()
    assert file.read_bytes() == emulator.picture(job, 0)
    assert emulator.statuses == [200, 206, 206]
    emulator.close()
