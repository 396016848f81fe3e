"""The transports in the same process: httpx clients, sync and async, and respx."""

import asyncio
from typing import Any

import httpx
import pytest
import respx

from tests.emulator.api_client import BODIES, INTERLEAVED, PLAIN
from wanlib.emulator import Emulator, RealClock, Settings
from wanlib.emulator.transport import AsyncEmulatorTransport, EmulatorHandler, EmulatorTransport

HOST = "https://dashscope.aliyuncs.com"
SYNC = "/api/v1/services/aigc/multimodal-generation/generation"
KEY = {"authorization": "Bearer k"}


def client(emulator: Emulator, **options: Any) -> httpx.Client:
    return httpx.Client(transport=EmulatorTransport(emulator, **options), base_url=HOST, headers=KEY)


def test_a_client_makes_a_picture_and_fetches_it() -> None:
    with client(Emulator()) as http:
        answer = http.post(SYNC, json=BODIES[PLAIN])
        (part,) = answer.json()["output"]["choices"][0]["message"]["content"]
        assert answer.status_code == 200 and part["image"].startswith(HOST)
        picture = http.get(part["image"])
        assert picture.headers["content-type"] == "image/png" and picture.content[:4] == b"\x89PNG"


def test_an_async_client_streams() -> None:
    async def lines() -> list[str]:
        async with httpx.AsyncClient(
            transport=AsyncEmulatorTransport(Emulator()), base_url=HOST, headers=KEY
        ) as http:
            sse = {"X-DashScope-SSE": "enable"}
            async with http.stream("POST", SYNC, json=INTERLEAVED, headers=sse) as answer:
                return [line async for line in answer.aiter_lines() if line.startswith("data:")]

    assert len(asyncio.run(lines())) == 7


def test_cuts_are_raised_as_the_network_raises_them() -> None:
    with client(Emulator()) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            http.post(SYNC, json=BODIES[PLAIN], headers={"x-wan-fault": "cut where=before"})
        with pytest.raises(httpx.ReadError):
            http.post(SYNC, json=BODIES[PLAIN], headers={"x-wan-fault": "cut where=inside"})
        whole = http.post(SYNC, json=BODIES[PLAIN], headers={"x-wan-fault": "cut where=after"})
        assert whole.json()["output"]


def test_a_cut_comes_after_as_many_bytes_as_it_says() -> None:
    with client(Emulator()) as http:
        fault = {"x-wan-fault": "cut where=inside", "x-dashscope-sse": "enable"}
        got = b""
        with (
            pytest.raises(httpx.ReadError),
            http.stream("POST", SYNC, json=INTERLEAVED, headers=fault) as answer,
        ):
            for piece in answer.iter_raw():
                got += piece
    whole = client(Emulator()).post(SYNC, json=INTERLEAVED, headers={"x-dashscope-sse": "enable"})
    assert whole.content.startswith(got) and len(got) == len(whole.content) // 2


def test_waits_use_the_sleep_that_is_passed_in() -> None:
    slept: list[float] = []
    emulator = Emulator(clock=RealClock(), settings=Settings(working=6))
    with client(emulator, sleep=slept.append) as http:
        http.post(SYNC, json=BODIES[PLAIN], timeout=None)
        assert slept == [pytest.approx(6)]
        slept.clear()
        http.get("/api/v1/tasks/1", headers={"x-wan-fault": "trickle pace=0.5"})
        assert set(slept) == {0.5} and len(slept) > 3


def test_the_read_timeout_of_a_request_applies() -> None:
    slept: list[float] = []
    with client(Emulator(), sleep=slept.append) as http:
        for fault in ("silent", "trickle pace=30"):
            with pytest.raises(httpx.ReadTimeout):
                http.get("/api/v1/tasks/1", headers={"x-wan-fault": fault}, timeout=2.0)
    assert slept == [2.0, 2.0]
    with client(Emulator()) as http, pytest.raises(httpx.ReadTimeout):
        http.get("/api/v1/tasks/1", headers={"x-wan-fault": "silent"}, timeout=None)


def test_an_async_wait_is_awaited() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def run() -> int:
        emulator = Emulator(clock=RealClock(), settings=Settings(working=6))
        transport = AsyncEmulatorTransport(emulator, sleep)
        async with httpx.AsyncClient(transport=transport, base_url=HOST, headers=KEY) as http:
            sse = {"x-dashscope-sse": "enable"}
            await http.post(SYNC, json=BODIES[PLAIN], timeout=None)
            return len((await http.post(SYNC, json=INTERLEAVED, headers=sse, timeout=None)).content)

    assert asyncio.run(run()) and slept[0] == pytest.approx(6) and len(slept) == 8


def test_respx_and_mock_transport_take_the_handler() -> None:
    handler = EmulatorHandler(Emulator())
    with httpx.Client(transport=httpx.MockTransport(handler), base_url=HOST, headers=KEY) as http:
        assert http.get("/api/v1/tasks/1").json()["output"]["task_status"] == "UNKNOWN"
    with respx.mock(base_url=HOST) as router, httpx.Client(base_url=HOST, headers=KEY, verify=False) as http:
        router.route().mock(side_effect=handler)
        assert http.post(SYNC, json=BODIES[PLAIN]).status_code == 200
        with pytest.raises(httpx.ReadError):
            http.post(SYNC, json=BODIES[PLAIN], headers={"x-wan-fault": "cut where=inside"})
        with pytest.raises(httpx.RemoteProtocolError):
            http.get("/api/v1/tasks/1", headers={"x-wan-fault": "cut"})


def test_respx_serves_async_clients_too() -> None:
    async def run() -> int:
        with respx.mock(base_url=HOST) as router:
            router.route().mock(side_effect=EmulatorHandler(Emulator()))
            async with httpx.AsyncClient(base_url=HOST, headers=KEY, verify=False) as http:
                answer = await http.post(SYNC, json=INTERLEAVED, headers={"x-dashscope-sse": "enable"})
                return answer.text.count("data:")

    assert asyncio.run(run()) == 7
