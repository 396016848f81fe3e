"""Bodies over HTTP: received within a limit, in memory or a temporary file, and processed once complete.

The memory promise is: a request takes at most four times the size of its body, while it is parsed and
judged, and a constant amount while it arrives.
"""

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.api_client import BODIES, ORIGIN, PLAIN, data_uri, messages
from tests.support.image_files import picture
from wanlib.emulator import Emulator, Request, Response
from wanlib.emulator.server.asgi_request import (
    IN_MEMORY,
    MIB,
    BodyTooLargeError,
    ClientDisconnectedError,
    Receive,
    SpooledBody,
    read_body,
)

HEADERS = {"authorization": "Bearer k", "content-type": "application/json", "x-dashscope-async": "enable"}
PATH = "/api/v1/services/aigc/image-generation/generation"


def receiver(*chunks: bytes, ends: bool = True) -> Receive:
    """An ASGI `receive` for these chunks; without `ends` the client disconnects after them."""
    events: list[Any] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if ends:
        events[-1]["more_body"] = False
    else:
        events.append({"type": "http.disconnect"})
    iterator = iter(events)

    async def receive() -> Any:
        return next(iterator)

    return receive


def read(receive: Receive, limit: int = 10 * MIB, drained: int = 0) -> bytes | SpooledBody:
    return asyncio.run(read_body(receive, limit, drained))


@pytest.mark.parametrize("size", [0, 1, 65_536, IN_MEMORY - 1, IN_MEMORY])
@pytest.mark.parametrize("step", [65_536, 99_991])
def test_a_small_body_comes_back_as_bytes(size: int, step: int) -> None:
    raw = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    chunks = [raw[at : at + step] for at in range(0, size, step)] or [b""]
    assert read(receiver(*chunks)) == raw


def test_a_large_body_comes_back_as_a_file_at_its_start() -> None:
    chunk = bytes(range(256)) * 256
    body = read(receiver(*[chunk] * 17))
    assert not isinstance(body, bytes)
    with body:
        assert body.read() == chunk * 17


@pytest.mark.parametrize("chunks", [(b"x" * 11,), (b"x" * 10, b"x"), (b"x" * 6, b"x" * 6, b"x" * 80)])
def test_a_body_over_its_limit_is_read_to_its_end_and_refused(chunks: tuple[bytes, ...]) -> None:
    receive = receiver(*chunks)
    with pytest.raises(BodyTooLargeError, match="over 10 bytes"):
        read(receive, limit=10, drained=1000)
    with pytest.raises(RuntimeError, match="StopIteration"):  # every chunk was taken
        asyncio.run(receive())  # type: ignore[arg-type]


def test_a_body_far_over_its_limit_is_not_read_to_its_end() -> None:
    receive = receiver(*[b"x" * 100] * 10)
    with pytest.raises(BodyTooLargeError):
        read(receive, limit=10, drained=300)
    assert read(receive, limit=1000) == b"x" * 600


@pytest.mark.parametrize("chunks", [(), (b"x",), (b"x" * (2 * MIB),)])
def test_a_client_that_disconnects_ends_the_wait(chunks: tuple[bytes, ...]) -> None:
    with pytest.raises(ClientDisconnectedError):
        read(receiver(*chunks, ends=False))


@pytest.mark.parametrize(
    ("receive", "error"),
    [
        (receiver(b"x" * (2 * MIB), ends=False), ClientDisconnectedError),
        (receiver(b"x" * (2 * MIB), b"x" * MIB), BodyTooLargeError),
    ],
)
def test_a_body_that_is_given_up_closes_its_file(
    receive: Receive, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[SpooledBody] = []
    real: Callable[..., SpooledBody] = SpooledBody

    def create(**options: Any) -> SpooledBody:
        files.append(real(**options))
        return files[-1]

    monkeypatch.setattr("wanlib.emulator.server.asgi_request.SpooledBody", create)
    with pytest.raises(error):
        read(receive, limit=2 * MIB)
    assert [file.closed for file in files] == [True]


def handle(emulator: Emulator, body: Any) -> Response:
    return emulator.handle(Request("POST", PATH, HEADERS, json.dumps(body).encode(), ORIGIN))


def large_image(width: int) -> str:
    data = picture("png", size=(width, 300)) + bytes(7 * MIB)
    return "data:image/png;base64," + base64.b64encode(data).decode()


def test_images_stay_stored_while_their_job_does() -> None:
    emulator = Emulator()
    assert handle(emulator, messages(PLAIN, large_image(300), data_uri(400, 300), n=1)).status == 200
    memory, disk = emulator.stored_bytes
    assert 0 < memory < MIB and 7 * MIB < disk < 8 * MIB
    assert emulator.picture(emulator.jobs()[0], 0)[:4] == b"\x89PNG"
    emulator.clock.advance(300_000)  # type: ignore[attr-defined]
    handle(emulator, BODIES[PLAIN])
    assert emulator.stored_bytes == (0, 0)
    emulator.close()


def test_a_refused_body_stores_nothing() -> None:
    emulator = Emulator()
    assert handle(emulator, messages(PLAIN, large_image(100))).status == 400  # too small a side
    assert emulator.stored_bytes == (0, 0)
    emulator.close()


# A separate process, because the peak memory of a process never decreases.
PEAK = """
import base64, json
from pathlib import Path
from tests.emulator.server.test_bodies import handle, peak_bytes
from tests.emulator.api_client import BODIES, PLAIN, messages
from tests.support.image_files import picture
from wanlib.emulator import Emulator, Request
from tests.emulator.server.test_bodies import HEADERS, ORIGIN, PATH

emulator = Emulator()
handle(emulator, BODIES[PLAIN])
data = picture("png", size=(300, 300)) + bytes(15_000_000)
uri = "data:image/png;base64," + base64.b64encode(data).decode()
raw = json.dumps(messages(PLAIN, *[uri] * 4, n=1)).encode()
del data, uri
request = Request("POST", PATH, HEADERS, raw, "http://localhost")
Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
idle = peak_bytes()
assert emulator.handle(request).status == 200
print(len(raw), peak_bytes() - idle + len(raw))
"""


def peak_bytes() -> int:
    """The peak of this process's memory since it was last reset, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_request_takes_at_most_four_times_the_memory_of_its_body() -> None:
    ran = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    size, peak = map(int, ran.stdout.split())
    assert peak < 4 * size
