"""A service on loopback, and a process whose children live, are killed, and take up what others left."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Any, NamedTuple

from wan_conformance.lifecycle.crash.invariants import Books, incomplete_files, judge
from wan_conformance.lifecycle.crash.workload import WorkerOrder
from wan_conformance.lifecycle.simulation.clock import START
from wan_conformance.lifecycle.simulation.files import tmpfs_folder
from wan_conformance.lifecycle.simulation.service import CachedImageEmulator
from wanlib.emulator import ManualClock, Request, Response, Settings
from wanlib.emulator.jobs.job import Job
from wanlib.emulator.server.serve import run_in_thread

AGAIN, APART = 60.0, 3600.0
"""Seconds until the next process comes; and between two deaths, so that no list shows the tasks of both."""
DEATHS = {
    "resume": ("after Open", "after WaitForWork"),  # one that never heard its task's id, one that waited
    "doubt": ("before Open", "after Open"),  # neither heard of a task, and only one of them has one
}
"""Lives that take up what others left, and where those were killed as they edited."""

_SETTINGS = Settings(waiting=1.5, working=1.0)
_VICTIM = "wan_conformance.lifecycle.crash.workload"
_ROOT = Path(__file__).parents[3]


class CrashPoint(NamedTuple):
    """life: a name of LIVES, or of DEATHS. face: of FACES. at: the point's number, from 1."""

    life: str
    face: str
    at: int


class Service(CachedImageEmulator):
    """The emulator. Each request takes a second of its time."""

    def __init__(self) -> None:
        self.hand = ManualClock(START)
        super().__init__(clock=self.hand, settings=_SETTINGS)

    def handle(self, request: Request) -> Response:
        """The answer, a second later."""
        self.hand.advance(1.0)
        return super().handle(request)

    def picture(self, work: Job, index: int) -> bytes:
        """Picture `index` (from 0) of a work."""
        return self._whole(self._router.results.render_spec(work, index)).body


class CrashEnvironment:
    """Where it happens. Deaths are an hour apart; each has a journal and books of its own."""

    def __init__(self, process: "subprocess.Popen[str]", service: Service, base: str) -> None:
        self._process, self._service, self._base = process, service, base
        self._points: dict[tuple[str, str], list[str]] = {}
        self._since, self._before = 0.0, (0, 0)

    def points(self, life: str, face: str) -> list[str]:
        """The points of a life that nobody cuts short, by their names."""
        if (life, face) not in self._points:
            with self._fresh_folder(life, face) as folder:
                told = self._order(life, face, folder)
            if "points" not in told:
                raise RuntimeError(f"the life {life} does not come to its end: {told}")
            self._points[life, face] = told["points"]
        return self._points[life, face]

    def kill(self, kill: CrashPoint) -> list[str]:
        """One death and what came after it: the promises that were broken, in words."""
        with self._fresh_folder(kill.life, kill.face) as folder:
            told = self._order(kill.life, kill.face, folder, kill.at)
            where = f"{kill.life}/{kill.face} at point {kill.at}, {told.get('point')}"
            if told["ended"] != -SIGKILL:
                return [f"{where}: it was not killed, it ended with {told}"]
            pictures = folder / "pictures"
            broken = [*incomplete_files(self._books(), pictures)]
            found = [self._run_resume(kill.face, folder) for _ in range(2)]
            intents = len(DEATHS.get(kill.life, (kill.life,)))
            broken += judge(self._books(), intents, found, pictures)
            return [f"{where}: {each}" for each in broken]

    def _run_resume(self, face: str, folder: Path) -> dict[str, Any]:
        """What the next process finds."""
        self._service.hand.advance(AGAIN)
        return self._order("resume", face, folder)

    @contextmanager
    def _fresh_folder(self, life: str, face: str) -> Iterator[Path]:
        """A folder, with the journal of those that died before this life began."""
        deaths = [self.points("edit", face).index(name) + 1 for name in DEATHS.get(life, ())]
        self._service.hand.advance(APART)
        self._since, self._before = self._service.clock.wall(), self._account()
        with tmpfs_folder() as folder:
            for at in deaths:
                self._order("edit", face, folder, at)
            yield folder

    def _order(self, life: str, face: str, folder: Path, kill_at: int = 0) -> dict[str, Any]:
        """All that a child told, and how it ended: 0, or minus the signal."""
        name = "resume" if life in DEATHS else life
        order = WorkerOrder(name, face, self._base, str(folder), self._service.clock.wall(), kill_at)
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order._asdict()) + "\n")
        self._process.stdin.flush()
        told: dict[str, Any] = {}
        while "ended" not in told:
            told |= json.loads(self._process.stdout.readline() or '{"ended": "with the process that forks"}')
        return told

    def _account(self) -> tuple[int, int]:
        accounts = self._service.ledger()
        return sum(each.accepted for each in accounts), sum(each.pictures for each in accounts)

    def _books(self) -> Books:
        works = [work for work in self._service.jobs() if work.submitted >= self._since]
        accepted, billed = self._account()
        canceled = frozenset(work.id for work in works if work.is_canceled)
        drawn = {work.id: self._service.picture(work, 0) for work in works if not work.is_canceled}
        return Books(accepted - self._before[0], billed - self._before[1], canceled, drawn)


@contextmanager
def scene(victim: str = _VICTIM) -> Iterator[CrashEnvironment]:
    """A scene for as long as the block lasts. victim: the module that is run as the process."""
    service, command = Service(), [sys.executable, "-m", victim]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=_ROOT, **pipes) as process, run_in_thread(service) as address:
        try:
            yield CrashEnvironment(process, service, address + service.spec.wire["base_path"])
        finally:
            assert process.stdin
            process.stdin.close()
            service.close()
