"""The service of `examples/service`: its life of a job, what its users may see, and a restart."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests.examples.example_module import load_example
from tests.support.image_files import picture
from wanlib.emulator import Emulator, RealClock, Settings
from wanlib.emulator.core.fault import parse_fault
from wanlib.emulator.server.serve import run_in_thread
from wanlib.errors import RateLimitError

KEY = "sk-of-the-service"
Use = Callable[[httpx.AsyncClient, ModuleType], Awaitable[None]]


@pytest.fixture(scope="module")
def emulator() -> Iterator[tuple[Emulator, str]]:
    emulator = Emulator(clock=RealClock(), settings=Settings(waiting=0, working=0, keys={KEY: "beijing"}))
    with run_in_thread(emulator) as url:
        yield emulator, url


@pytest.fixture
def service(emulator: tuple[Emulator, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", f"{emulator[1]}/api/v1")
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("DATA", str(tmp_path / "data"))
    return load_example("service/service.py")


def run(service: ModuleType, use: Use) -> None:
    """Run the service from its start to its end, with a client of it."""

    async def main() -> None:
        transport = httpx.ASGITransport(service.app)
        async with (
            service.lifespan(service.app),
            httpx.AsyncClient(transport=transport, base_url="http://service") as http,
        ):
            await use(http, service)

    asyncio.run(main())


async def jobs_end(service: ModuleType) -> None:
    async with asyncio.timeout(20):
        await asyncio.gather(*service.app.state.jobs)


def test_a_picture_from_upload_to_result(service: ModuleType, emulator: tuple[Emulator, str]) -> None:
    async def use(http: httpx.AsyncClient, service: ModuleType) -> None:
        photo = {"image": ("vase.png", picture("png"), "image/png")}
        created = await http.post("/pictures", data={"prompt": "Add a clock"}, files=photo)
        assert created.status_code == 202
        job = created.json()["id"]
        assert (await http.get(f"/pictures/{job}/1")).status_code == 404
        await jobs_end(service)
        state = await http.get(f"/pictures/{job}")
        assert state.json() == {"id": job, "state": "done", "pictures": [f"/pictures/{job}/1"]}
        drawn = await http.get(f"/pictures/{job}/1")
        assert drawn.headers["content-type"] == "image/png" and drawn.content.startswith(b"\x89PNG")
        assert (await http.get(f"/pictures/{job}/2")).status_code == 404
        answers = created.text + state.text
        assert KEY not in answers and "Signature" not in answers and emulator[1] not in answers
        assert (service.DATA / job / "task").read_text() not in answers

    run(service, use)


def test_a_bad_request_is_explained_and_costs_nothing(
    service: ModuleType, emulator: tuple[Emulator, str]
) -> None:
    async def use(http: httpx.AsyncClient, service: ModuleType) -> None:
        jobs = len(emulator[0].jobs())
        refused = await http.post("/pictures", data={"prompt": "Add"}, files={"image": b"no image"})
        assert refused.status_code == 422
        assert [violation["rule"] for violation in refused.json()["violations"]] == [
            "wan2.7/images.each.formats"
        ]
        large = await http.post(
            "/pictures", data={"prompt": "Add"}, files={"image": bytes(service.LARGEST_UPLOAD + 1)}
        )
        assert large.status_code == 413
        for path in ("/pictures/..%2F..%2Fetc", "/pictures/1"):
            assert (await http.get(path)).status_code in (404, 422)
        assert len(emulator[0].jobs()) == jobs

    run(service, use)


@pytest.mark.parametrize(
    ("fault", "status", "answer"),
    [
        ("error code=DataInspectionFailed", 422, {"error": "refused"}),
        ("error code=InvalidApiKey", 502, {"error": "unavailable"}),
        ("cut where=inside", 502, {"error": "unavailable"}),
    ],
)
def test_an_error_shows_nothing_of_the_vendor(
    service: ModuleType, emulator: tuple[Emulator, str], fault: str, status: int, answer: dict[str, str]
) -> None:
    async def use(http: httpx.AsyncClient, service: ModuleType) -> None:
        emulator[0].faults.queue([parse_fault(fault)])
        created = await http.post("/pictures", data={"prompt": "A bridge"})
        assert (created.status_code, created.json()) == (status, answer)
        assert [path.name for path in service.DATA.iterdir() if path.is_dir()] == []

    run(service, use)


def test_a_rate_limit_is_a_503_with_retry_after(service: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    async def submit(*arguments: Any, **options: Any) -> None:
        raise RateLimitError("too many requests")  # after the retries of the client

    async def use(http: httpx.AsyncClient, service: ModuleType) -> None:
        monkeypatch.setattr(service.app.state.wan, "submit", submit)
        created = await http.post("/pictures", data={"prompt": "A bridge"})
        assert (created.status_code, created.headers["retry-after"]) == (503, "10")

    run(service, use)


def test_a_restart_continues_a_job(service: ModuleType, emulator: tuple[Emulator, str]) -> None:
    job = ""

    async def begin(http: httpx.AsyncClient, service: ModuleType) -> None:
        nonlocal job
        job = (await http.post("/pictures", data={"prompt": "A bridge"})).json()["id"]

    async def look(http: httpx.AsyncClient, service: ModuleType) -> None:
        assert (await http.get(f"/pictures/{job}")).json()["state"] == "working"
        await jobs_end(service)
        assert (await http.get(f"/pictures/{job}/1")).content.startswith(b"\x89PNG")

    run(service, begin)
    before = len(emulator[0].jobs())
    run(service, look)
    assert len(emulator[0].jobs()) == before


def test_a_failed_task_is_reported(service: ModuleType, emulator: tuple[Emulator, str]) -> None:
    async def use(http: httpx.AsyncClient, service: ModuleType) -> None:
        emulator[0].faults.queue([parse_fault("fail code=DataInspectionFailed")])
        job = (await http.post("/pictures", data={"prompt": "A bridge"})).json()["id"]
        await jobs_end(service)
        assert (await http.get(f"/pictures/{job}")).json() == {
            "id": job,
            "state": "failed",
            "error": "refused",
        }

    run(service, use)
