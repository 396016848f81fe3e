"""The pytest plugin: what it costs where it is not used, and what collecting conformance items costs."""

import os
import random
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.comparison import Comparison, compare_with_limit

ROOT = Path(__file__).parents[2]
ROUNDS = 21
MAX_UNUSED = 3.0
"""Milliseconds."""
MAX_COLLECTION = 1.0
"""Seconds, beyond what the run prepares."""
_PREPARE = (
    "import contextlib, pathlib, pytest; from wan_conformance.engine.execute import RunRequest, prepare_run; "
    "run, _ = prepare_run(RunRequest(pathlib.Path()), contextlib.ExitStack())"
)


def rows() -> list[Comparison]:
    """Return both figures, each as the difference of two processes."""
    with TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").write_text("def test_nothing(): pass\n")
        pytest = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
        unused = _difference(
            folder, [*pytest, "-p", "pytest_wanlib"], [*pytest, "-p", "no:pytest_wanlib"], ROUNDS
        )
        collect = [*pytest, "-p", "pytest_wanlib", "--wan-conformance", "--collect-only", "-qq"]
        collection = _difference(folder, collect, ["-c", _PREPARE], 5)
    return [
        compare_with_limit("pytest plugin, installed, unused", unused * 1000, MAX_UNUSED, "ms"),
        compare_with_limit("conformance items collected", collection, MAX_COLLECTION, "s"),
    ]


def _difference(folder: str, ours: list[str], others: list[str], rounds: int) -> float:
    """Return how much more processor time one process takes than another, in seconds."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(rounds):
        for is_ours in random.sample((True, False), 2):
            times[is_ours].append(_process(folder, ours if is_ours else others))
    return max(median(times[True]) - median(times[False]), 0.0)


def _process(folder: str, arguments: list[str]) -> float:
    """Return the processor time of an interpreter, which other programs on the machine disturb least."""
    path = os.pathsep.join([str(ROOT / "conformance"), str(ROOT)])
    start = getrusage(RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    end = getrusage(RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
