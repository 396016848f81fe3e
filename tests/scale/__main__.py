"""Distributed work on a Dask cluster of two and in process pools, while workers are killed: `make cluster`.

The output of each command must equal that of one process, byte for byte. Prints CPU time, speed and memory.
LINES is the number of bodies.
"""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from shutil import rmtree
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import NamedTuple

import psutil
from distributed import Client

from tests.bench.bodies import body_with_mistakes, clean_body
from tests.scale.timed_task import Sharing
from wanlib.scale.line_ranges import RANGE_BYTES

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
LINES = int(os.environ.get("LINES", "500000"))
LARGER = 4
"""How many times as large the file is on which memory must be the same, and workers are killed."""
MAX_OVERHEAD = 0.03
"""Overhead of distribution in CPU time, as a fraction of the work."""
WHOLE_CORE = 0.9
"""The part of a core that each worker must have, so that what a cluster adds is judged."""
MAX_MEMORY = 200 * 1_048_576
MAX_GROWTH = 20 * 1_048_576
ROUNDS = 2
KILLS = 4
KILL_SECONDS = 1.5
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


def run(
    output: Path,
    *command: str,
    kill: Callable[[int], list[int]] | None = None,
    workers: Sequence[int] = (),
) -> Ended:
    """Run a command of ours, and kill some of the processes that `kill` lists meanwhile.

    The memory is that of the largest process: of the command, of those that it starts, or of `workers`.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    peaks: dict[int, int] = {}
    with output.open("wb") as file:
        process = subprocess.Popen([sys.executable, *command], stdout=file, stderr=subprocess.PIPE)
        ended, deaths = Event(), []

        def watch() -> None:
            random, waited = Random(1), 0.0
            while not ended.wait(0.1):
                waited += 0.1
                peaks.update(_memory(process.pid, workers, peaks))
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
        print(f"      {len(deaths)} workers killed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ended(process.returncode, output, seconds, max(peaks.values(), default=0))


def _memory(parent: int, workers: Sequence[int], peaks: dict[int, int]) -> Iterator[tuple[int, int]]:
    """Yield process and peak memory of a command and its workers."""
    try:
        found = [psutil.Process(parent), *psutil.Process(parent).children(recursive=True)]
        found += map(psutil.Process, workers)
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


def cluster_settings() -> dict[str, str]:
    """Return the environment of a cluster as the page about it has it."""
    found = re.findall(r"^ +export (DASK_\w+)=(\w+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    if not found:
        raise ValueError(f"{PAGE} has no lines such as 'export DASK_…=…'")
    return dict(found)


class Cluster(NamedTuple):
    """A scheduler, and two workers with their nannies.

    Attributes:
        address: The value of `--workers`.
        servers: The process of the scheduler, and that of the nannies.
        client: Reports the processes of the workers, which change when one is killed.
    """

    address: str
    servers: list[int]
    client: Client

    def workers(self, _: int = 0) -> list[int]:
        """Return the processes of the workers."""
        return list(self.client.run(os.getpid, on_error="ignore").values())


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start a cluster of two by the commands and settings of the page about it."""
    settings, address = os.environ | cluster_settings(), f"127.0.0.1:{free_port()}"
    dask = (sys.executable, "-m", "dask")
    with ExitStack() as stack:
        servers = []
        for words in (
            ("scheduler", "--host", address, "--dashboard-address", ":0"),
            ("worker", f"tcp://{address}", "--nthreads", "1", "--nworkers", "2", "--dashboard-address", ":0"),
        ):
            log = stack.enter_context((folder / f"{words[0]}.log").open("wb"))
            server = subprocess.Popen([*dask, *words], env=settings, stderr=log, cwd=folder)
            stack.callback(server.wait)
            stack.callback(server.terminate)
            servers.append(server.pid)
        client = stack.enter_context(Client(f"tcp://{address}", timeout=60, set_as_default=False))
        client.wait_for_workers(2, timeout=60)
        yield Cluster(f"dask://{address}", servers, client)


def free_port() -> int:
    """Return a port that no server uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


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


def check_files(report: Report, folder: Path, bodies: Path) -> None:
    """Check a file with processes, and compare the output."""
    command = ("-m", "wanlib", "check", "--lines", str(bodies))
    serial = run(folder / "serial", *command)
    print(f"      one process: {LINES / serial.seconds:,.0f} bodies per second of CPU, its start included")
    for workers in (1, 2, 7):
        ended = run(folder / f"pool{workers}", *command, "--workers", str(workers))
        report.same(f"check, {workers} workers", ended, serial)
        print(f"      {ended.seconds / serial.seconds:.2f} of the CPU time, the start of workers included")


def check_overhead(report: Report, bodies: Path, made: Cluster) -> None:
    """Measure distributing a file of `LARGER` times `LINES` bodies, alternating with a single process."""
    of_cluster = (made.address, *map(str, [*made.servers, *made.workers()]))
    kinds = {"one process": ("1",), "2 processes": ("2",), "cluster of 2": of_cluster}
    found: dict[str, list[Sharing]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, workers in kinds.items():
            command = [sys.executable, "-m", "tests.scale.timed_task", str(bodies), *workers]
            ended = subprocess.run(command, check=True, stdout=subprocess.PIPE)
            found[name].append(Sharing(**json.loads(ended.stdout)))
    bodies_of_shard = LARGER * LINES * RANGE_BYTES / bodies.stat().st_size
    fastest = {name: min(sharing.shard for sharing in measured) for name, measured in found.items()}
    for name, measured in found.items():
        speed, relative = bodies_of_shard / fastest[name], fastest["one process"] / fastest[name]
        print(f"      {name}: {speed:,.0f} bodies per second of CPU, {relative:.2f} of one process")
        overhead = median(sharing.overhead for sharing in measured)
        parts = {part: median(sharing.parts[part] for sharing in measured) for part in measured[0].parts}
        listed = ", ".join(f"{part} {share:.1%}" for part, share in parts.items())
        core = median(sharing.core for sharing in measured)
        text = f"{name}: distribution adds {overhead:.1%} of CPU time ({listed}), with {core:.0%} of a core"
        if core >= WHOLE_CORE or name != "cluster of 2":
            report.check(text, overhead <= MAX_OVERHEAD)
        else:  # the processes of a cluster work once or twice a second, however long the shards take
            print(f"      {text}: not judged, as other programs use the cores")
    start = min(sharing.start for sharing in found["2 processes"])
    print(f"      a process starts in {start:.2f} s of CPU")


def check_larger_file(
    report: Report, folder: Path, files: tuple[Path, Path], address: str, listed: Callable[[int], list[int]]
) -> None:
    """Check a file and one that is `LARGER` times as large: memory, and output with deaths."""
    for workers in ("2", address):
        memory = []
        for path in files:
            command = ("-m", "wanlib", "check", "--lines", str(path), "--workers", workers)
            ended = run(folder / "memory", *command, workers=listed(0) if workers == address else ())
            memory.append(ended.memory)
        sizes = " and ".join(f"{size / 1_048_576:.0f} MB" for size in memory)
        is_flat = max(memory) <= MAX_MEMORY and memory[1] - memory[0] <= MAX_GROWTH
        report.check(f"{workers}: at most {sizes} in a process, for 1 and {LARGER} files", is_flat)
    command = ("-m", "wanlib", "check", "--lines", str(files[1]))
    serial = run(folder / "serial", *command)
    for workers, kill in (("2", pool_processes), (address, listed)):
        killed = run(folder / "killed", *command, "--workers", workers, kill=kill)
        report.same(f"check, {workers}, some killed", killed, serial)


def check_signals(report: Report, folder: Path, bodies: Path, address: str) -> None:
    """End commands by signals: no process is left, and no file unless the command is killed at once."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        for workers in ("2", address):
            place = folder / "temporary"
            place.mkdir()
            with subprocess.Popen(
                [sys.executable, "-m", "wanlib", "check", "--lines", str(bodies), "--workers", workers],
                stdout=subprocess.PIPE,
                env=os.environ | {"TMPDIR": str(place)},
            ) as process:
                assert process.stdout is not None
                process.stdout.readline()
                Thread(target=process.stdout.read).start()
                children = psutil.Process(process.pid).children(recursive=True)
                process.send_signal(number)
                code = process.wait()
            _, alive = psutil.wait_procs(children, timeout=5)
            is_killed = number is signal.SIGKILL
            is_right = not alive and (is_killed or not [*place.iterdir()])
            is_right = is_right and code == (-number if is_killed else 128 + number)
            report.check(f"{number.name}, {workers}: exit {code}, {len(alive)} processes left", is_right)
            rmtree(place)


def check_hostile_files(report: Report, folder: Path) -> None:
    """Check files that need much memory, if anything does."""
    files = {
        "no lines": b"x" * 300_000_000,
        "empty lines": b"\n" * 1_000_000,
        "long lines": ('{"model": "' + "x" * 12_500_000 + '\U0001f600"}\n').encode() * 6,
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
    with TemporaryDirectory(prefix="wanlib-cluster-") as name, ExitStack() as stack:
        folder = Path(name)
        made = stack.enter_context(cluster(folder))
        address, listed = made.address, made.workers
        bodies = folder / "bodies.jsonl"
        write_bodies(bodies, LINES)
        print(f"      {LINES:,} bodies, {bodies.stat().st_size / 1e6:,.0f} MB", flush=True)
        check_files(report, folder, bodies)
        larger = folder / "larger.jsonl"
        with larger.open("wb") as file:
            file.writelines([bodies.read_bytes()] * LARGER)
        check_overhead(report, larger, made)
        check_larger_file(report, folder, (bodies, larger), address, listed)
        check_signals(report, folder, bodies, address)
        check_hostile_files(report, folder)
        check_harness(report, folder, address, listed)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
