"""Shared work on a Dask cluster of two and in process pools, while workers are killed: `make cluster`.

The output of each command must equal that of one process, byte for byte. Prints CPU time, speed and memory.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import NamedTuple

import psutil
from distributed import Client, LocalCluster

from tests.bench.bodies import body_with_mistakes, clean_body

LINES = int(os.environ.get("LINES", "500000"))
MAX_OVERHEAD = 1.03
"""CPU time of two processes over that of one."""
MAX_MEMORY = 200 * 1_048_576
KILLS = 4
KILL_SECONDS = 4.0
WAN_CONFORMANCE = ("-m", "wan_conformance")


class Ended(NamedTuple):
    """A command that has ended: what it printed, and what it used with its processes."""

    code: int
    output: Path
    seconds: float
    memory: int


def write_bodies(path: Path, lines: int) -> None:
    """Write bodies, of which one in 50 has mistakes and one in 1,000 is not JSON."""
    random, clean, wrong = Random(0), clean_body(), body_with_mistakes()
    with path.open("w", encoding="utf-8") as file:
        for number in range(lines):
            body = wrong if number % 50 == 0 else clean
            body["parameters"]["seed"] = random.randrange(1_000_000)
            file.write("{" if number % 1000 == 7 else json.dumps(body))
            file.write("\n")


def run(output: Path, *command: str, kill: Callable[[int], list[int]] | None = None) -> Ended:
    """Run a command of ours, and kill some of the processes that `kill` lists meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    peaks: dict[int, int] = {}
    with output.open("wb") as file:
        process = subprocess.Popen([sys.executable, *command], stdout=file, stderr=subprocess.PIPE)
        ended, deaths = Event(), []

        def watch() -> None:
            random, waited = Random(1), 0.0
            while not ended.wait(0.1):
                waited += 0.1
                peaks.update(_memory(process.pid, peaks))
                if kill is not None and len(deaths) < KILLS and waited > KILL_SECONDS:
                    waited = 0.0
                    if candidates := kill(process.pid):
                        deaths.append(random.choice(candidates))
                        os.kill(deaths[-1], signal.SIGKILL)

        watcher = Thread(target=watch)
        watcher.start()
        errors = process.communicate()[1].decode()
        ended.set()
        watcher.join()
    if "wanlib: line " not in errors and errors.strip():
        print(errors, file=sys.stderr)
    if kill is not None:
        print(f"    {len(deaths)} workers killed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ended(process.returncode, output, seconds, max(peaks.values(), default=0))


def _memory(parent: int, peaks: dict[int, int]) -> Iterator[tuple[int, int]]:
    """Yield process and peak memory of a command and its workers, without what they share."""
    try:
        found = [psutil.Process(parent), *psutil.Process(parent).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in found:
        try:
            yield process.pid, max(process.memory_info().rss, peaks.get(process.pid, 0))
        except psutil.NoSuchProcess:
            continue


def pool_processes(parent: int) -> list[int]:
    """Return the processes of joblib's pool that a command has started."""
    try:
        children = psutil.Process(parent).children()
        return [child.pid for child in children if "popen_loky" in " ".join(child.cmdline())]
    except psutil.NoSuchProcess:
        return []


@contextmanager
def cluster() -> Iterator[tuple[str, Callable[[int], list[int]]]]:
    """Yield `--workers` of a cluster of two, and what lists its processes."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as made,
        Client(made) as client,
    ):

        def processes(_: int) -> list[int]:
            return list(client.run(os.getpid, on_error="ignore").values())

        yield made.scheduler_address.replace("tcp://", "dask://"), processes


class Report:
    """Prints results, and knows whether one was wrong."""

    def __init__(self) -> None:
        self.failures = 0

    def check(self, text: str, is_right: bool) -> None:
        """Print a line that begins with `ok` or `FAILED`."""
        self.failures += not is_right
        print(f"{'ok    ' if is_right else 'FAILED'} {text}", flush=True)

    def same(self, name: str, ended: Ended, expected: Ended) -> None:
        """Check that a command printed and returned what another one did."""
        is_same = ended.output.read_bytes() == expected.output.read_bytes()
        self.check(f"{name}: output and exit code of one process", is_same and ended.code == expected.code)


def check_files(report: Report, folder: Path, address: str, listed: Callable[[int], list[int]]) -> None:
    """Check a large file with every kind of workers."""
    bodies = folder / "bodies.jsonl"
    write_bodies(bodies, LINES)
    print(f"{LINES:,} bodies, {bodies.stat().st_size / 1e6:,.0f} MB")
    command = ("-m", "wanlib", "check", "--lines", str(bodies))
    serial = run(folder / "serial", *command)
    print(f"    one process: {LINES / serial.seconds:,.0f} bodies per second of CPU")
    for workers in (1, 2, 7):
        ended = run(folder / f"pool{workers}", *command, "--workers", str(workers))
        report.same(f"check, {workers} workers", ended, serial)
        overhead = ended.seconds / serial.seconds
        print(f"    {overhead:.3f} of the CPU time; at most {ended.memory / 1_048_576:.0f} MB in a process")
        report.check("memory of a worker", ended.memory <= MAX_MEMORY)
        if workers == 2:
            report.check(f"CPU time of 2 workers: at most {MAX_OVERHEAD}", overhead <= MAX_OVERHEAD)
    killed = run(folder / "killed", *command, "--workers", "2", kill=pool_processes)
    report.same("check, 2 workers, some killed", killed, serial)
    killed = run(folder / "cluster", *command, "--workers", address, kill=listed)
    report.same("check, cluster, some killed", killed, serial)


def check_hostile_files(report: Report, folder: Path) -> None:
    """Check files that need much memory, if anything does."""
    files = {
        "no lines": b"x" * 300_000_000,
        "empty lines": b"\n" * 3_000_000,
        "long lines": ('{"model": "' + "x" * 15_000_000 + '\U0001f600"}\n').encode() * 6,
    }
    for name, content in files.items():
        path = folder / "hostile.jsonl"
        path.write_bytes(content)
        del content
        ended = run(folder / "hostile", "-m", "wanlib", "check", "--lines", str(path), "--workers", "2")
        text = f"{name}: at most {ended.memory / 1_048_576:.0f} MB in a process"
        report.check(text, ended.memory <= MAX_MEMORY and ended.code in (1, 2))


def check_harness(report: Report, folder: Path, address: str, listed: Callable[[int], list[int]]) -> None:
    """Run commands of the harness with workers."""
    commands: dict[str, tuple[str, ...]] = {
        "mutants": ("mutants", "--rule", "wan2.5/*"),
        "schedules": ("lifecycle", "schedules", "--faults", "1"),
    }
    for name, words in commands.items():
        serial = run(folder / "serial", *WAN_CONFORMANCE, *words, "--workers", "1")
        for workers in ("2", address):
            kill = listed if workers == address else pool_processes
            ended = run(folder / "shared", *WAN_CONFORMANCE, *words, "--workers", workers, kill=kill)
            for made in (ended, serial):
                made.output.write_text(without_times(made.output.read_text("utf-8")), "utf-8")
            report.same(f"{name}, {workers}", ended, serial)
    words = ("run", "--rule", "wan2.5/*", "--quiet")
    logs = {}
    for workers in ("1", "2", address):
        options = ("--workers", workers, "--report", str(folder / "report"))
        run(folder / "run", *WAN_CONFORMANCE, *words, *options)
        lines = (folder / "report" / "verdicts.ndjson").read_text("utf-8").splitlines()[1:]
        logs[workers] = [json.loads(line) | {"ms": 0} for line in lines]
    report.check(f"run: the same {len(logs['1']):,} verdicts", logs["1"] == logs["2"] == logs[address])


def without_times(text: str) -> str:
    """Return a report without lines about seconds."""
    return "\n".join(line for line in text.splitlines() if " s" not in line or "schedules" not in line)


def main() -> int:
    """Run everything, and return 1 if something was wrong."""
    report = Report()
    with TemporaryDirectory(prefix="wanlib-cluster-") as name, cluster() as (address, listed):
        check_files(report, Path(name), address, listed)
        check_hostile_files(report, Path(name))
        check_harness(report, Path(name), address, listed)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
