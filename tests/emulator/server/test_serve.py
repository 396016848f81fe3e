"""The API over a real socket: every call, by our clients and by curl."""

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.emulator.api_client import BASE, BODIES, INTERLEAVED, PLAIN, SPEC, data_uri, links, messages
from tests.emulator.raw_http import HEADERS, SYNC, connect, create, exchange, read_one, request
from tests.support.api_facts import price_of
from tests.support.fake_clock import FakeClock
from wanlib import AsyncWan, Wan
from wanlib.boundary.images import encode_image
from wanlib.emulator import Emulator, RealClock
from wanlib.emulator.server.serve import run_in_thread
from wanlib.errors import InvalidRequestError

PNG = encode_image("png", 512, 512)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(clock=RealClock())
    yield emulator
    emulator.close()


@pytest.fixture(scope="module")
def url(emulator: Emulator) -> Iterator[str]:
    with run_in_thread(emulator) as address:
        yield address


@pytest.fixture
def wan(url: str) -> Iterator[Wan]:
    with Wan("sk-1", base_url=url + BASE, clock=FakeClock(start=time.time()), trust_env=False) as client:
        yield client


EDITS: list[tuple[str, dict[str, Any]]] = [
    ("wan2.7-image", {"n": 2}),
    ("wan2.7-image-pro", {"n": 1, "size": "1K"}),
    ("wan2.6-image", {"n": 1}),
    ("wan2.5-i2i-preview", {"n": 1}),
    ("wanx2.1-imageedit", {"n": 1, "function": "colorization"}),
]


@pytest.mark.parametrize(("model", "given"), EDITS, ids=[model for model, _ in EDITS])
def test_our_client_edits_with_every_model(wan: Any, tmp_path: Path, model: str, given: Any) -> None:
    edit = wan.edit(model, "a clock", images=[PNG], **given)
    assert edit.task_id and len(edit.images) == given["n"]
    (saved, *_) = edit.save(tmp_path)
    assert saved.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("model", ["wan2.7-image", "wan2.7-image-pro", "wan2.6-image"])
@pytest.mark.parametrize("via", ["async", "sync"])
def test_our_client_generates(wan: Any, model: str, via: str) -> None:
    how = {"via": "sync"} if via == "sync" and model != "wan2.6-image" else {}
    made = wan.generate(model, "a clock", **({} if model == "wan2.6-image" else {"n": 1}), **how)
    assert len(made.images) == 1


def test_our_client_submits_asks_lists_streams_and_cancels(wan: Any) -> None:
    task = wan.submit("wan2.7-image", "a clock", images=[PNG], n=1)
    assert wan.task(task.id).wait(timeout=60).images
    assert task.id in {listed.task_id for listed in wan.tasks()}
    with pytest.raises(InvalidRequestError, match="PENDING"):
        wan.cancel(task.id)
    kinds = [type(part).__name__ for part in wan.stream("wan2.6-image", "a clock", max_images=2)]
    assert kinds.count("Picture") == 2 and "Text" in kinds


def test_our_client_uploads(wan: Any) -> None:
    made = wan.edit("wan2.7-image", "a clock", images=[PNG], n=1, upload=True)
    assert len(made.images) == 1


def test_our_async_client_does_the_same(url: str) -> None:
    async def run() -> None:
        async with AsyncWan(
            "sk-1", base_url=url + BASE, clock=FakeClock(start=time.time()), trust_env=False
        ) as wan:
            verbs: Any = wan
            edits = (verbs.edit(model, "a clock", images=[PNG], **given) for model, given in EDITS)
            for made, (_, given) in zip(await asyncio.gather(*edits), EDITS, strict=True):
                assert len(made.images) == given["n"]
            task = await verbs.submit("wan2.7-image", "a clock", n=1)
            assert (await verbs.task(task.id).wait(timeout=60)).images
            parts = [part async for part in await verbs.stream("wan2.6-image", "a clock", max_images=2)]
            assert len(parts) > 2

    asyncio.run(run())


@pytest.fixture(scope="module")
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers=HEADERS, trust_env=False) as client:
        yield client


def test_links_lead_to_where_the_request_came_to(http: httpx.Client, url: str) -> None:
    answer = http.post(BASE + SYNC, json=BODIES[PLAIN], headers={"host": url.removeprefix("http://")}).json()
    assert all(link.startswith(url + "/results/") for link in links(answer))
    png = http.get(links(answer)[0])
    assert png.headers["content-type"] == "image/png" and png.content[:4] == b"\x89PNG"
    head = http.head(links(answer)[0])
    assert head.headers["content-length"] == png.headers["content-length"] and head.content == b""


def test_a_stream_comes_in_events(http: httpx.Client) -> None:
    marked = {"x-dashscope-sse": "enable"}
    with http.stream("POST", BASE + SYNC, json=INTERLEAVED, headers=marked) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        assert sum(line.startswith("data:") for line in answer.iter_lines()) == 7


def test_head_and_options_are_sane(http: httpx.Client) -> None:
    assert http.head(BASE + "/tasks/").status_code == 200
    for path, allowed in (
        ("/tasks/", "GET, HEAD, OPTIONS"),
        (SYNC, "POST, OPTIONS"),
        ("/nowhere", "OPTIONS"),
    ):
        answer = http.options(BASE + path, headers={"origin": "https://evil.example"})
        assert answer.status_code == 204 and answer.headers["allow"] == allowed
        assert not any(name.startswith("access-control") for name in answer.headers)


def test_a_large_body_is_spooled_as_it_comes(url: str, emulator: Emulator) -> None:
    import base64

    data = PNG + bytes(6 << 20)
    uri = "data:image/png;base64," + base64.b64encode(data).decode()
    before = emulator.stored_bytes
    answer = exchange(url, create(messages(PLAIN, uri, n=1)))
    assert answer.status == 200
    assert emulator.stored_bytes == (before[0], before[1] + len(data))
    again = exchange(url, request("GET", f"{BASE}/tasks/{answer.json()['output']['task_id']}"))
    (link,) = links(again.json())
    assert exchange(url, request("GET", link.removeprefix("http://localhost"))).rest[:4] == b"\x89PNG"


def test_a_body_in_chunks_is_a_body_too(url: str) -> None:
    raw = json.dumps(messages(PLAIN, data_uri(1500, 1500), n=1)).encode() + b" " * 1_500_000
    head = create(b"").replace(b"content-length: 0", b"transfer-encoding: chunked")
    with connect(url) as line:
        line.sendall(head)
        for at in range(0, len(raw), 99_991):
            piece = raw[at : at + 99_991]
            line.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        line.sendall(b"0\r\n\r\n")
        assert read_one(line).status == 200


CURL = shutil.which("curl")


@pytest.mark.skipif(CURL is None, reason="there is no curl")
@pytest.mark.parametrize("model", BODIES)
def test_curl_makes_a_task_and_fetches_its_picture(url: str, tmp_path: Path, model: str) -> None:
    _, path = SPEC.wire["endpoints"][model]["async"].split(" ")
    key, content = ["-H", "Authorization: Bearer sk-1"], ["-H", "Content-Type: application/json"]

    def curl(*arguments: str) -> bytes:
        return subprocess.run(
            [CURL or "", "-sS", "--fail", *arguments], check=True, capture_output=True
        ).stdout

    made = curl(
        url + BASE + path, *key, *content, "-H", "X-DashScope-Async: enable", "-d", json.dumps(BODIES[model])
    )
    task = json.loads(curl(f"{url}{BASE}/tasks/{json.loads(made)['output']['task_id']}", *key))
    curl(links(task)[0], "-o", str(tmp_path / "a.png"))
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


def test_the_price_is_booked(emulator: Emulator, wan: Any) -> None:
    def billed() -> Decimal:
        return sum((Decimal(account.amount) for account in emulator.ledger()), Decimal())

    before = billed()
    wan.edit("wan2.7-image", "a clock", images=[PNG], n=2)
    assert billed() == before + price_of("wan2.7-image", 2)
