"""The memory that one more waiting call takes."""

import asyncio
import gc
import tracemalloc
from contextlib import closing
from typing import Any

from wan_conformance.lifecycle.simulation.clock import SimulatedEventLoop
from wan_conformance.lifecycle.simulation.transport import AsyncInProcessClient

from wanlib import AsyncWan
from wanlib.emulator import Emulator, Settings

_OTHERS = tuple(tracemalloc.Filter(False, f"*/wanlib/{name}/*") for name in ("emulator", "spec"))


def memory_per_waiter(count: int = 400) -> float:
    """Bytes for each of `count` waiting calls, without what the service stores of them."""
    with closing(SimulatedEventLoop()) as loop:
        service = Emulator(clock=loop.clock, settings=Settings(working=float("inf")))
        http_client = AsyncInProcessClient(service, loop.clock.sleep_async)
        wan = AsyncWan("sk-1", base_url="http://127.0.0.1/api/v1", http_client=http_client, clock=loop.clock)
        sizes = [loop.run_until_complete(_size(wan, callers)) for callers in (count, 2 * count)]
        loop.run_until_complete(wan.close())
    return (sizes[1] - sizes[0]) / count


async def _size(wan: Any, count: int) -> int:
    """Bytes that are in use while `count` calls wait."""
    tracemalloc.start()
    images = ["https://photos.example.com/street.jpg"]
    calls = [asyncio.ensure_future(wan.edit("wan2.7-image", "a vase", images=images)) for _ in range(count)]
    await asyncio.sleep(60.0)  # each was polled several times
    gc.collect()
    snapshot = tracemalloc.take_snapshot().filter_traces(_OTHERS)
    tracemalloc.stop()
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    return sum(statistic.size for statistic in snapshot.statistics("filename"))
