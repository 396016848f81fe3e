"""Wait for tasks that never end: `python -m tests.bench.waiting waits|loops|memory URL COUNT`."""

import asyncio
import gc
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from resource import getpagesize
from time import process_time
from typing import Any

import httpx

from wanlib import AsyncTask, AsyncWan

KEY = "sk-0123456789abcdefghijklmnopqrstuv"
MINUTE = 60.0
GAP = 10.0


async def waits(base: str, count: int) -> dict[str, float]:
    """Measure our client, with a coroutine per task."""
    async with AsyncWan(KEY, base_url=base) as wan:
        tasks = await _submit(wan, count)
        start = process_time()
        waiting = [asyncio.ensure_future(task.wait()) for task in tasks]
        await asyncio.sleep(MINUTE)
        spent = process_time() - start
        await _cancel(waiting)
    return {"cpu": spent}


async def loops(base: str, count: int) -> dict[str, float]:
    """Measure the usual loop: query, sleep, query again."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}, timeout=MINUTE) as http:

        async def loop(task_id: str) -> None:
            await asyncio.sleep(random.uniform(0, GAP))
            while True:
                answer = (await http.get(f"{base}/tasks/{task_id}")).raise_for_status().json()
                if answer["output"]["task_status"] not in ("PENDING", "RUNNING"):
                    return
                await asyncio.sleep(GAP)

        start = process_time()
        waiting = [asyncio.ensure_future(loop(f"{number:08x}")) for number in range(count)]
        await asyncio.sleep(MINUTE)
        spent = process_time() - start
        assert not any(task.done() for task in waiting)
        await _cancel(waiting)
    return {"cpu": spent}


async def memory(base: str, count: int) -> dict[str, float]:
    """Measure the memory per wait, from 1,000 to 5,000 waits."""
    async with AsyncWan(KEY, base_url=base) as wan:
        sizes, waiting = [], []
        for more in (1000, 4000):
            waiting += [asyncio.ensure_future(task.wait()) for task in await _submit(wan, more)]
            await asyncio.sleep(GAP / 2)  # all have been polled
            gc.collect()
            sizes.append(int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize())
        await _cancel(waiting)
    return {"bytes": (sizes[1] - sizes[0]) / 4000}


async def _submit(wan: AsyncWan, count: int) -> list[AsyncTask]:
    places = asyncio.Semaphore(8)

    async def submit() -> AsyncTask:
        async with places:
            return await wan.submit("wan2.7-image-pro", "A clock", n=1)

    return await asyncio.gather(*(submit() for _ in range(count)))


async def _cancel(waiting: "Sequence[asyncio.Task[Any]]") -> None:
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


if __name__ == "__main__":
    run = {"waits": waits, "loops": loops, "memory": memory}[sys.argv[1]]
    print(json.dumps(asyncio.run(run(sys.argv[2], int(sys.argv[3])))))
