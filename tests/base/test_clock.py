"""The clock that client and emulator share."""

import asyncio
import time
from threading import Thread
from typing import Any

import pytest

from wanlib.base.clock import ManualClock, RealClock


@pytest.fixture(autouse=True)
def _no_real_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(seconds: float) -> None:
        raise AssertionError(f"waits {seconds} s for real")

    monkeypatch.setattr(time, "sleep", refuse)


def test_a_manual_clock_starts_at_the_current_second() -> None:
    before = int(time.time())
    assert before <= ManualClock().wall() <= time.time()
    assert ManualClock().wall().is_integer()
    assert ManualClock(5.0).wall() == ManualClock(5.0).now() == 5.0


def test_a_manual_clock_changes_only_when_advanced_or_slept_on() -> None:
    clock = ManualClock(100.0)
    assert (clock.wall(), clock.waits) == (100.0, False)
    clock.advance(60)
    clock.sleep(2.5)
    clock.sleep(-1)
    assert clock.wall() == clock.now() == 162.5


@pytest.mark.parametrize("step", [-1, float("nan"), float("inf"), True, "60", None], ids=repr)
def test_a_step_that_cannot_be_is_refused(step: Any) -> None:
    clock = ManualClock(100.0)
    with pytest.raises(ValueError, match=r"seconds is .*; allowed: "):
        clock.advance(step)
    assert clock.wall() == 100.0


@pytest.mark.parametrize("start", [float("nan"), "now", True], ids=repr)
def test_a_start_that_cannot_be_is_refused(start: Any) -> None:
    with pytest.raises(ValueError, match=r"start is .*; allowed: a finite number of seconds"):
        ManualClock(start)


def test_coroutines_wake_in_the_order_of_their_times() -> None:
    clock, woken = ManualClock(0.0), list[tuple[str, float]]()

    async def sleep(name: str, *steps: float) -> None:
        for seconds in steps:
            await clock.sleep_async(seconds)
            woken.append((name, clock.wall()))

    async def together() -> None:
        await asyncio.gather(sleep("slow", 100), sleep("fast", 1, 2, 40), sleep("between", 30))

    asyncio.run(together())
    assert woken == [("fast", 1), ("fast", 3), ("between", 30), ("fast", 43), ("slow", 100)]


def test_a_cancelled_sleep_advances_nothing() -> None:
    clock = ManualClock(0.0)

    async def main() -> None:
        sleeping = asyncio.ensure_future(clock.sleep_async(1000))
        await asyncio.sleep(0)
        sleeping.cancel()
        await clock.sleep_async(5)

    asyncio.run(main())
    assert clock.wall() == 5


def test_a_loop_that_was_left_with_a_sleeper_holds_up_no_other() -> None:
    clock = ManualClock(0.0)
    left = asyncio.new_event_loop()
    sleeping = left.create_task(clock.sleep_async(1))
    left.run_until_complete(asyncio.sleep(0))
    asyncio.run(clock.sleep_async(5))
    assert clock.wall() == 5
    sleeping.cancel()
    left.run_until_complete(asyncio.gather(sleeping, return_exceptions=True))
    left.close()


def test_threads_share_it() -> None:
    clock = ManualClock(0.0)
    threads = [Thread(target=lambda: [clock.advance(1) for _ in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.wall() == 4000


def test_the_real_clock_is_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = RealClock()
    assert clock.waits
    assert clock.now() <= time.monotonic() and abs(clock.wall() - time.time()) < 60
