"""A client and the emulator on one manual clock: no call waits for real time, links live as documented."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.support.api_facts import LINKS_LIVE, square_of
from wanlib import AsyncWan, Wan
from wanlib.emulator import Emulator, ManualClock, Settings
from wanlib.emulator.transport import AsyncEmulatorTransport, EmulatorTransport
from wanlib.errors import DeadlineExceededError, LinkExpiredError

MODEL = "wan2.7-image"
PROMPT = "A stone bridge in rain"
DAY = timedelta(days=1).total_seconds()
SLOW = Settings(waiting=120, working=240)


@pytest.fixture(autouse=True)
def _no_real_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    real = asyncio.sleep

    async def sleep_async(seconds: float) -> None:
        assert not seconds, f"waits {seconds} s for real"
        await real(seconds)

    def sleep(seconds: float) -> None:
        raise AssertionError(f"waits {seconds} s for real")

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(asyncio, "sleep", sleep_async)


def sync_wan(emulator: Emulator) -> Wan:
    return Wan("sk-1", clock=emulator.clock, http_client=httpx.Client(transport=EmulatorTransport(emulator)))


def test_a_wait_of_minutes_passes_at_once_and_the_pictures_are_saved(tmp_path: Path) -> None:
    clock = ManualClock()
    began = clock.wall()
    with sync_wan(Emulator(clock=clock, settings=SLOW)) as wan:
        output = wan.generate(MODEL, PROMPT, size="1K", n=2)
        assert 360 <= clock.wall() - began <= 380
        for path in output.save(tmp_path):
            with Image.open(path) as image:
                assert (image.format, image.size) == ("PNG", square_of("wan2.7/size.keywords", "1K"))
        clock.advance(LINKS_LIVE)
        with pytest.raises(LinkExpiredError, match="dead"):
            output.save(tmp_path, stem="late")


def test_a_deadline_passes_at_once(tmp_path: Path) -> None:
    clock = ManualClock(0.0)
    with sync_wan(Emulator(clock=clock, settings=SLOW)) as wan, pytest.raises(DeadlineExceededError):
        wan.generate(MODEL, PROMPT, n=1, timeout=60)
    assert clock.wall() == 60


def test_many_coroutines_wait_side_by_side(tmp_path: Path) -> None:
    clock = ManualClock()
    began, emulator = clock.wall(), Emulator(clock=clock, settings=SLOW)

    async def main() -> list[Path]:
        http = httpx.AsyncClient(transport=AsyncEmulatorTransport(emulator))
        async with AsyncWan("sk-1", clock=clock, http_client=http) as wan:
            drawn = await asyncio.gather(*(wan.generate(MODEL, PROMPT, size="1K", n=1) for _ in range(12)))
            return [path for output in drawn for path in await output.save(tmp_path)]

    assert len(set(asyncio.run(main()))) == 12
    assert 360 <= clock.wall() - began <= 420


@pytest.mark.parametrize("clock", [None, ManualClock()], ids=["default", "manual"])
def test_an_emulator_starts_now_so_links_live_on_a_real_clock_too(
    tmp_path: Path, clock: ManualClock | None
) -> None:
    """Emulators started at a fixed day once, and every link of theirs was expired."""
    http = httpx.Client(transport=EmulatorTransport(Emulator(clock=clock)))
    with Wan("sk-1", http_client=http) as wan:
        assert wan.generate(MODEL, PROMPT, size="1K", n=1, via="sync").save(tmp_path)
