"""The process to kill: a client that carries out one workload, with points at which it can be killed.

Run as `python -m wan_conformance.lifecycle.crash.workload`, it reads orders from standard input, a JSON
line each, and forks a child for each, so that the client is imported only once.
"""

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
from pkgutil import walk_packages
from random import Random
from typing import Any, NamedTuple

import httpx

import wanlib.client
import wanlib.generated
from wan_conformance.lifecycle.clients.base import KEY
from wan_conformance.lifecycle.crash.crash_points import CrashPoints, instrument_effects, instrument_files
from wanlib import AsyncWan, Wan
from wanlib.base.clock import ManualClock
from wanlib.boundary.images import encode_image

MODEL, PROMPT = "wan2.7-image-pro", "a vase of tulips"
LINKS = ("https://photos.example.com/street.jpg",)
PARAMETERS: dict[str, Any] = {"n": 1, "seed": 1, "size": "768*768"}
CLIENTS = ("sync", "async")
_TLS = ssl.create_default_context()  # created once: it takes more time than the rest of a client


class WorkerOrder(NamedTuple):
    """The work of a child process.

    Attributes:
        workload: A name of `WORKLOADS`.
        client: `sync` or `async`.
        base_url: Of the service.
        folder: For journal and pictures.
        wall: When the child begins, seconds since 1970.
        kill_at: The number of the point at which it is killed, from 1; 0 for none.
    """

    workload: str
    client: str
    base_url: str
    folder: str
    wall: float
    kill_at: int = 0


class Worker:
    """One client with crash points.

    Attributes:
        points: The points that it has passed.
        wan: The client.
        folder: For journal and pictures.
    """

    def __init__(self, order: WorkerOrder, report: Callable[[str], object]) -> None:
        """Create the client; `report` gets the name of the point at which it is killed."""
        self.points = CrashPoints(order.kill_at, report)
        self.points.is_counting = order.workload == "start"
        self.folder = Path(order.folder)
        self._loop = asyncio.new_event_loop()
        instrument_files(self.points)
        http_client: Any = httpx.Client if order.client == "sync" else httpx.AsyncClient
        wan: Any = Wan if order.client == "sync" else AsyncWan
        self.wan = wan(
            KEY,
            base_url=order.base_url,
            journal=self.folder / "calls.sqlite",
            http_client=http_client(verify=_TLS, trust_env=False),
            clock=ManualClock(order.wall),
            random=Random(1),
            parallel=1,  # so that the points are in the same order each time
        )
        instrument_effects(self.wan, self.points)
        self.points.is_counting = True

    def run(self, value: Any) -> Any:
        """Return the value of a call of either client."""
        return self._loop.run_until_complete(value) if iscoroutine(value) else value

    def save(self, result: Any) -> None:
        """Save the pictures of a result."""
        self.run(result.save(self.folder / "pictures"))


def run_start(worker: Worker) -> None:
    """Create the client and its journal, and do nothing else."""


def run_edit(worker: Worker) -> None:
    """Create a task, wait for it, and save its picture."""
    worker.save(worker.run(worker.wan.edit(MODEL, PROMPT, images=LINKS, **PARAMETERS)))


def run_submit(worker: Worker) -> None:
    """Do the same in single steps."""
    task = worker.run(worker.wan.submit(MODEL, PROMPT, images=LINKS, **PARAMETERS))
    worker.save(worker.run(task.wait()))


def run_cancel(worker: Worker) -> None:
    """Cancel a task that is waiting."""
    worker.run(worker.run(worker.wan.submit(MODEL, PROMPT, images=LINKS, **PARAMETERS)).cancel())


def run_upload(worker: Worker) -> None:
    """Upload a local image to the temporary storage, and edit it."""
    image = encode_image("png", 300, 300)
    worker.save(worker.run(worker.wan.edit(MODEL, PROMPT, images=[image], upload=True, **PARAMETERS)))


def run_report(worker: Worker) -> dict[str, Any]:
    """Resume the unfinished calls of earlier processes, save their pictures, and report lost calls."""
    return _resume(worker, adopt=False)


def run_resume(worker: Worker) -> dict[str, Any]:
    """Do the same, and adopt the tasks of lost calls."""
    return _resume(worker, adopt=True)


def _resume(worker: Worker, *, adopt: bool) -> dict[str, Any]:
    resumed = worker.run(worker.wan.resume(adopt=adopt))
    for result in resumed.results:
        worker.save(result)
    return {
        "results": [result.task_id for result in resumed.results],
        "failed": [[error.task_id, type(error).__name__] for error in resumed.failed],
        "lost": [[task.task_id for task in call.candidates] for call in resumed.lost],
    }


WORKLOADS: dict[str, Callable[[Worker], Any]] = {
    "start": run_start,
    "edit": run_edit,
    "submit": run_submit,
    "cancel": run_cancel,
    "upload": run_upload,
    "report": run_report,
    "resume": run_resume,
}


_TIMEOUT = 60  # seconds of real time, after which a child is killed; a workload takes 0.01 s


def main() -> None:
    """Fork a child for each order, until standard input ends."""
    _preload()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            signal.alarm(_TIMEOUT)
            _report(_run_workload(WorkerOrder(**json.loads(line))))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        _report({"ended": os.waitstatus_to_exitcode(status)})


def _run_workload(order: WorkerOrder) -> dict[str, Any]:
    """Return the report of a child that is not killed."""
    try:
        worker = Worker(order, lambda name: _report({"point": name}))
        result = WORKLOADS[order.workload](worker)
        worker.run(worker.wan.close())
    except Exception as error:
        return {"error": repr(error)}
    return {"result": result, "points": worker.points.names}


def _preload() -> None:
    """Import all modules that a client imports lazily, so that no child has to."""
    for package in (wanlib.client, wanlib.generated):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    for name in ("_strptime", "anyio._backends._asyncio", "anyio.streams.tls", "encodings.idna", "httpcore"):
        import_module(name)
    gc.freeze()  # so that no child collects these objects


def _report(message: dict[str, Any]) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main()
