"""The lives that are cut short: what one client does, with points wherever it can be interrupted."""

import asyncio
import gc
import json
import os
import signal
import ssl
import sys
from collections.abc import Callable
from importlib import import_module
from inspect import iscoroutine
from pathlib import Path
from pkgutil import iter_modules
from random import Random
from typing import Any, NamedTuple

import httpx

import wanlib.client
import wanlib.generated
from wan_conformance.lifecycle.crash.crash_points import CrashPoints, instrument_effects, instrument_files
from wanlib import AsyncWan, Wan
from wanlib.base.clock import ManualClock
from wanlib.boundary.images import encode_image

KEY = "sk-0123456789abcdefghijklmnopqrstuv"
MODEL, PROMPT = "wan2.7-image-pro", "a vase of tulips"
LINKS = ("https://photos.example.com/street.jpg",)
ASKED: dict[str, Any] = {"n": 1, "seed": 1, "size": "768*768"}
FACES = ("sync", "async")
_TLS = ssl.create_default_context()  # costs more than all the rest of a client


class WorkerOrder(NamedTuple):
    """life: a name of LIVES. face: of FACES. base: of the service. folder: for journal and pictures.

    wall: seconds since 1970 when the child begins. kill_at: the number of a point, from 1; 0 for none.
    """

    life: str
    face: str
    base: str
    folder: str
    wall: float
    kill_at: int = 0


class Worker:
    """One client, with points wherever it can be interrupted."""

    def __init__(self, order: WorkerOrder, told: Callable[[str], object]) -> None:
        self.points = CrashPoints(order.kill_at, told)
        self.points.counting = order.life == start.__name__
        self._folder = Path(order.folder)
        self._loop = asyncio.new_event_loop()
        instrument_files(self.points)
        library: Any = httpx.Client if order.face == "sync" else httpx.AsyncClient
        kind: Any = Wan if order.face == "sync" else AsyncWan
        self.wan = kind(
            KEY,
            base_url=order.base,
            journal=self._folder / "calls.sqlite",
            http_client=library(verify=_TLS, trust_env=False),
            clock=ManualClock(order.wall),
            random=Random(1),
            parallel=1,  # points come in the same order each time
        )
        instrument_effects(self.wan, self.points)
        self.points.counting = True

    def run(self, given: Any) -> Any:
        """What a verb of either client comes to."""
        return self._loop.run_until_complete(given) if iscoroutine(given) else given

    def save(self, result: Any) -> None:
        """Its pictures on disk."""
        self.run(result.save(self._folder / "pictures"))


def start(victim: Worker) -> None:
    """A client is made, and its journal."""


def edit(victim: Worker) -> None:
    """One call that waits, and its picture."""
    victim.save(victim.run(victim.wan.edit(MODEL, PROMPT, images=LINKS, **ASKED)))


def submit(victim: Worker) -> None:
    """The same step by step."""
    task = victim.run(victim.wan.submit(MODEL, PROMPT, images=LINKS, **ASKED))
    victim.save(victim.run(task.wait()))


def cancel(victim: Worker) -> None:
    """A task that is canceled while it waits."""
    victim.run(victim.run(victim.wan.submit(MODEL, PROMPT, images=LINKS, **ASKED)).cancel())


def upload(victim: Worker) -> None:
    """An image in hand goes by way of the temporary storage."""
    image = encode_image("png", 300, 300)
    victim.save(victim.run(victim.wan.edit(MODEL, PROMPT, images=[image], upload=True, **ASKED)))


def resume(victim: Worker) -> dict[str, Any]:
    """What processes before this one have left, taken up."""
    resumed = victim.run(victim.wan.resume())
    for each in resumed.results:
        victim.save(each)
    return {
        "results": [each.task_id for each in resumed.results],
        "failed": [[each.task_id, type(each).__name__] for each in resumed.failed],
        "lost": [[task.task_id for task in each.candidates] for each in resumed.lost],
    }


LIVES: dict[str, Callable[[Worker], Any]] = {
    each.__name__: each for each in (start, edit, submit, cancel, upload, resume)
}


_LONGEST = 60  # seconds of real time; a life takes a hundredth of one


def main() -> None:
    """Serves orders until there are no more."""
    _preload()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            signal.alarm(_LONGEST)
            _report(_run_workload(WorkerOrder(**json.loads(line))))
            os._exit(0)
        _, status = os.waitpid(child, 0)  # a dead child that nobody waits for is taken to live
        _report({"ended": os.waitstatus_to_exitcode(status)})


def _run_workload(order: WorkerOrder) -> dict[str, Any]:
    """What came of it, where nothing kills it."""
    try:
        victim = Worker(order, lambda name: _report({"point": name}))
        told = LIVES[order.life](victim)
        victim.run(victim.wan.close())
    except Exception as error:
        return {"error": repr(error)}
    return {"told": told, "points": victim.points.names}


def _preload() -> None:
    """All that a client loads when it first needs it; else every child would."""
    for package in (wanlib.client, wanlib.generated):
        for each in iter_modules(package.__path__, f"{package.__name__}."):
            import_module(each.name)
    for name in ("_strptime", "anyio._backends._asyncio", "anyio.streams.tls", "encodings.idna", "httpcore"):
        import_module(name)
    gc.freeze()  # no child looks through it again


def _report(told: dict[str, Any]) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")


if __name__ == "__main__":
    main()
