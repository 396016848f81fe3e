"""A batch in simulated time: an emulator with the limits of an account, and clients with one journal."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from wan_conformance.lifecycle.load.service import ThrottledService
from wan_conformance.lifecycle.simulation.clock import SimulatedEventLoop
from wan_conformance.lifecycle.simulation.files import tmpfs_folder
from wan_conformance.lifecycle.simulation.transport import AsyncInProcessClient

from wanlib import AsyncWan
from wanlib.base.api_tables import Model
from wanlib.client.batch.outcome import BatchSummary
from wanlib.emulator import Fault
from wanlib.emulator.core.fault_injection import FaultInjector

BASE_URL = "http://127.0.0.1:1/api/v1"
PHOTO = "https://example.com/a.png"
MODELS = ("wan2.7-image", "wan2.5-i2i-preview")


class World:
    """An emulator without faults, but for those that a test injects, and clients with one journal."""

    def __init__(self, folder: Path, loop: SimulatedEventLoop) -> None:
        self.loop, self.folder = loop, folder
        self.service = ThrottledService(loop.clock)
        self.set_faults(0.0)

    def set_faults(self, rate: float, *faults: Fault) -> None:
        settings = replace(self.service.settings, fault_rate=rate, faults=faults)
        self.service.faults = FaultInjector(settings, seed=1)

    def client(self, *, without_tasks: bool = False, **options: Any) -> AsyncWan:
        """Return a client; `without_tasks` leaves the models only their synchronous calls."""
        http = AsyncInProcessClient(self.service, self.loop.clock.sleep_async)
        options = {
            "journal": self.folder / "batch.sqlite",
            "clock": self.loop.clock,
            "random": Random(1),
        } | options
        wan = AsyncWan("sk-key", base_url=BASE_URL, http_client=http, **options)
        if without_tasks:
            api = wan._context.api
            models = {name: _without_tasks(model) for name, model in api.models.items()}
            wan._context = wan._context._replace(api=api._replace(models=models))
        return wan

    async def run(self, jobs: Any, client: dict[str, Any] | None = None, **options: Any) -> BatchSummary:
        async with self.client(**client or {}) as wan:
            return await wan.batch(jobs, self.folder / "out", **options)

    def batch(self, jobs: Any, client: dict[str, Any] | None = None, **options: Any) -> BatchSummary:
        return self.loop.run_until_complete(self.run(jobs, client, **options))

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "out").glob("*"))

    @property
    def accepted(self) -> int:
        return sum(account.accepted for account in self.service.ledger())

    def interrupt(self, jobs: Any, after: float, **options: Any) -> None:
        """Run a batch that is cancelled after some seconds."""

        async def interrupted() -> None:
            async with asyncio.timeout(after):
                await self.run(jobs, **options)

        with pytest.raises(TimeoutError):
            self.loop.run_until_complete(interrupted())


def _without_tasks(model: Model) -> Model:
    endpoints = {call: endpoint for call, endpoint in model.endpoints.items() if call != "async"}
    return model._replace(endpoints=endpoints)


@contextmanager
def batch_world() -> Iterator[World]:
    """Yield a world whose files are in memory: a disk that is busy would take most of the time."""
    with tmpfs_folder() as folder, closing(SimulatedEventLoop()) as loop:
        yield World(folder, loop)


def jobs(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "model": MODELS[number % 2],
            "prompt": f"vase {number}",
            "images": [PHOTO],
            "n": 1,
            "label": f"v{number}",
        }
        | more
        for number in range(count)
    ]
