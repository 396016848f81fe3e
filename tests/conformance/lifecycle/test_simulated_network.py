"""The simulated network: what follows an answer reaches the next request; waits of one client are apart."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest
from wan_conformance.lifecycle.clients.base import BASE_URL, KEY
from wan_conformance.lifecycle.schedules.scenarios import REQUEST, packaged_spec
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop
from wan_conformance.lifecycle.simulation.files import JournalReader
from wan_conformance.lifecycle.simulation.network import simulated_network
from wan_conformance.lifecycle.simulation.service import FaultyService

from wanlib import AsyncWan
from wanlib.emulator import Settings
from wanlib.errors import DeadlineExceededError


class World:
    """A service on a simulated network, with the faults of a schedule."""

    def __init__(self, folder: Path) -> None:
        self.loop = SimulatedEventLoop()
        self.journal = JournalReader(folder)

    def serve(self, **faults: str) -> FaultyService:
        """Start a service at second 0 whose tasks never end."""
        clock = self.loop.clock = SimulatedClock()
        settings = Settings(waiting=float("inf"))
        return FaultyService(packaged_spec(), clock, settings, self.journal, faults)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.journal.close()
    made.loop.close()


@pytest.mark.parametrize(("fault", "is_shifted"), [("twice", True), ("later", True), ("behind", False)])
def test_a_naive_client_reads_surplus_bytes_of_the_previous_response(
    world: World, fault: str, is_shifted: bool
) -> None:
    service = world.serve(poll1=fault)
    answers = []
    with simulated_network(service, world.loop):
        backend: Any = httpcore.SyncBackend()
        with httpcore.ConnectionPool(network_backend=backend) as pool:
            for task in ("first", "second"):
                headers = {"Authorization": f"Bearer {KEY}"}
                response = pool.request("GET", f"{BASE_URL}/tasks/{task}", headers=headers)
                answers.append(response.content)
    assert b'"first"' in answers[0]
    assert (b'"first"' in answers[1]) is is_shifted  # httpcore itself notices a packet that has arrived


def test_a_poll_without_an_answer_delays_no_other_wait(world: World) -> None:
    service = world.serve(polls="silent")
    ends: dict[float, float] = {}

    async def wait(task: Any, timeout: float) -> None:
        with pytest.raises(DeadlineExceededError):
            await task.wait(timeout=timeout)
        ends[timeout] = world.loop.time()

    async def run() -> None:
        model, prompt, images, parameters = REQUEST
        async with AsyncWan(KEY, base_url=BASE_URL, clock=world.loop.clock, trust_env=False) as wan:
            tasks = [await wan.submit(model, prompt, images=images, **parameters) for _ in range(3)]
            await asyncio.gather(*map(wait, tasks, (5.0, 7.0, 45.0)))

    with simulated_network(service, world.loop):
        world.loop.run_until_complete(run())
    assert {timeout: round(at, 1) for timeout, at in ends.items()} == {5.0: 5.0, 7.0: 7.0, 45.0: 45.0}
