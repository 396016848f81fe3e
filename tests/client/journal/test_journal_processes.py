"""The journal between real processes: who writes at once, who claims at once, and who is killed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from wan_conformance.lifecycle.simulation.files import tmpfs_folder

from tests.client.journal.test_journal import LIFE, NOW, left, running
from wanlib.client.journal.journal import Journal

ROOT = Path(__file__).parents[3]
START = """
import sys
from tests.client.journal.test_journal import *
path, name = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
journal = Journal(path)
"""
WRITE = """
for turn in range(25):
    running(journal, f"{name}-{turn}")
"""
CLAIM = """
keys = [entry.key for entry in journal.entries(NOW, LIFE)]
print(*[key for key in keys if journal.acquire_lease(key, name, NOW, NOW + 9)])
"""
INTEND = "key = intend(journal)"
DIE = """
print(key, flush=True)
sys.stdin.readline()
"""


def start(code: str, path: Path, name: str) -> subprocess.Popen[str]:
    """A process that has loaded everything and waits for a line before it opens the journal."""
    command = [sys.executable, "-c", START + code, str(path), name]
    made = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert made.stdout is not None and made.stdout.readline() == "ready\n"
    return made


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def at_once(code: str, path: Path) -> list[str]:
    """The output of six processes that start at the same time."""
    processes = [start(code, path, str(name)) for name in range(6)]
    for process in processes:
        go(process)
    printed = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 6
    return printed


@pytest.fixture
def journal_path() -> Iterator[Path]:
    """In memory: where the disk is busy, six processes that commit could wait for each other for too long."""
    with tmpfs_folder() as folder:
        yield folder / "journal"


def test_processes_make_it_and_write_to_it_at_once(journal_path: Path) -> None:
    at_once(WRITE, journal_path)
    with Journal(journal_path) as journal:
        tasks = [entry.task_id for entry in journal.entries(NOW, LIFE)]
    assert sorted(map(str, tasks)) == sorted(f"{name}-{turn}" for name in range(6) for turn in range(25))


def test_each_entry_is_claimed_by_one_process(journal_path: Path) -> None:
    with Journal(journal_path) as journal:
        keys = [running(journal, f"task-{number}") for number in range(50)]
    claimed = [int(key) for printed in at_once(CLAIM, journal_path) for key in printed.split()]
    assert sorted(claimed) == keys


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (INTEND, "lost"),
        (INTEND + "; journal.record_uncertain(key, 'cut')", "lost"),
        ("key = running(journal)", "running"),
        ("key = unsaved(journal)", "unsaved"),
    ],
)
def test_a_recorded_change_survives_a_kill(tmp_path: Path, code: str, state: str) -> None:
    process = start(code + DIE, tmp_path / "journal", "victim")
    go(process)
    assert process.stdout is not None
    key = int(process.stdout.readline())
    process.kill()
    process.communicate()
    assert process.returncode == -9
    with Journal(tmp_path / "journal") as journal:
        assert left(journal) == [(key, state)]
        assert journal.acquire_lease(key, "heir", NOW, NOW + 9)
