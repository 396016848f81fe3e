"""Plays a crowd, and tells how its calls ended and what that took."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from time import process_time
from typing import Any

from tests.conformance.memory_per_caller import memory_per_waiter
from wan_conformance.lifecycle.load.callers import Callers, ConcurrentCallers, SequentialCallers
from wan_conformance.lifecycle.load.invariants import judge
from wan_conformance.lifecycle.load.service import QUESTIONS, ThrottledService, max_per_second
from wan_conformance.lifecycle.simulation.clock import SimulatedEventLoop
from wan_conformance.lifecycle.simulation.files import tmpfs_folder

Tell = Callable[[str], object]
_TOLD = 20


def run(count: int, tell: Tell) -> bool:
    """Whether every promise was kept to so many calls at once, and to a twentieth as many in turn."""
    kept = [play(count, tell), play(count // 20, tell, "sync")]
    tell(f"{memory_per_waiter() / 1000:.1f} kB of memory for each who waits")
    return all(kept)


def play(count: int, tell: Tell, face: str = "async") -> bool:
    """Whether every promise was kept to so many calls under one client; tells what was broken."""
    began, kind = process_time(), ConcurrentCallers if face == "async" else SequentialCallers
    with tmpfs_folder() as folder, closing(SimulatedEventLoop()) as loop:
        service = ThrottledService(loop.story_time)
        callers = kind(folder, loop, service)
        resumed = callers.live(count)
        broken = [*judge(service, callers.calls, resumed, callers.known())]
        seconds = loop.story_time.at
    for each in broken[:_TOLD]:
        tell(f"BROKEN {each}")
    _report(callers, service, resumed, tell)
    spent = process_time() - began
    tell(f"{seconds:,.0f} s simulated, {spent:.0f} s of CPU; {len(broken):,} promises broken")
    return not broken


def _report(callers: Callers, service: ThrottledService, resumed: Any, tell: Tell) -> None:
    """How the calls ended, and what was asked for that."""
    ends = Counter(type(call.said).__name__ for call in callers.calls)
    came = ", ".join(f"{count:,} {name}" for name, count in ends.most_common())
    tell(f"{len(callers.calls):,} calls, {callers.most:,} waiting at once, came to {came}")
    found = f"{len(resumed.results):,} results, {len(resumed.failed):,} errors, {len(resumed.lost):,} lost"
    tell(f"the next process took up {found}")
    asked = ", ".join(f"{len(times):,} {call or 'link'}" for call, times in service.times.items())
    fullest = ", ".join(f"{max_per_second(service.times[call])} {call}" for call in QUESTIONS)
    tell(f"exchanges: {asked}; in the fullest second {fullest}")
