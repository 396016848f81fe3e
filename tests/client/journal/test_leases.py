"""Who owns a lease: a process as long as it lives, whatever its number and its host are called."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.client.journal.test_journal import LIFE, NOW, running
from tests.support.patience import PATIENCE
from wanlib.client.journal import leases
from wanlib.client.journal.journal import Journal
from wanlib.client.journal.leases import LeaseOwner, is_owner_dead

ROOT = Path(__file__).parents[3]
HOLD = """
import sys
from pathlib import Path
from wanlib.client.journal.leases import LeaseOwner
owner = LeaseOwner(Path(sys.argv[1]))
print(owner.mark, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_threads_that_start_together_have_one_complete_mark(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease of an owner without a mark would outlive its process."""
    owner, threads, marks = LeaseOwner(path), [], []

    def machine() -> str:
        if not threads:  # another thread asks for the mark while it is made
            threads.append(Thread(target=lambda: marks.append(owner.mark)))
            threads[0].start()
            threads[0].join(0 if owner.is_used is False else PATIENCE)
        return "machine"

    monkeypatch.setattr(leases, "_machine", machine)
    mark = owner.mark
    threads[0].join()
    assert marks == [mark]


def in_child(action: Any) -> str:
    """The result of an action in a forked child."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, str(action()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        output = pipe.read()
    os.waitpid(child, 0)
    return output


def test_a_killed_process_owns_nothing_even_if_its_number_is_used_again(path: Path) -> None:
    """As after the restart of a container: the new process has the host name and the number of the old."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        mark = process.stdout.readline().strip()
        reused = mark.replace(f"/{process.pid}/", f"/{os.getpid()}/")
        assert reused != mark
        assert not is_owner_dead(path, mark) and not is_owner_dead(path, reused)
        process.kill()
        process.wait()
        assert is_owner_dead(path, mark) and is_owner_dead(path, reused)


def test_clients_of_one_process_are_owners_of_their_own(path: Path) -> None:
    first, second = LeaseOwner(path), LeaseOwner(path)
    assert first.mark != second.mark and first.mark == first.mark
    before = first.mark
    first.release()
    assert is_owner_dead(path, before) and not is_owner_dead(path, second.mark)
    assert first.mark != before
    first.release()
    second.release()
    first.release()


def test_a_fork_is_another_owner_and_leaves_its_parent_alive(path: Path) -> None:
    owner = LeaseOwner(path)
    parent = owner.mark
    child = in_child(lambda: owner.mark)
    assert child not in ("", parent)
    assert is_owner_dead(path, child) and not is_owner_dead(path, parent)
    assert in_child(lambda: is_owner_dead(path, parent)) == "False"
    assert not is_owner_dead(path, owner.mark)
    owner.release()


def test_an_owner_elsewhere_or_without_a_lock_is_not_known_to_be_dead(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, _, rest = LeaseOwner(path).mark.partition("@")
    machine = rest.partition("/")[0]
    assert not is_owner_dead(path, f"{place}@another-machine/1/0a")
    assert not any(is_owner_dead(path, mark) for mark in ("", "me", f"0@{machine}/1/0a", f"x@{machine}/1/0a"))

    def no_locks(*_: Any) -> None:
        raise OSError(95, "not supported")

    monkeypatch.setattr(leases.fcntl, "lockf", no_locks)
    owner = LeaseOwner(path)
    assert owner.mark.startswith("0@") and not is_owner_dead(path, f"77@{machine}/1/0a")
    owner.release()


def test_a_forked_child_opens_the_journal_again(path: Path) -> None:
    """The parent closes the file while the child lives; what the child writes is in the file."""
    journal = Journal(path)
    running(journal, "of-the-parent")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(writing)
        os.read(reading, 1)
        running(journal, "of-the-child")
        os._exit(0)
    os.close(reading)
    journal.close()
    os.close(writing)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with Journal(path) as later:
        assert [entry.task_id for entry in later.entries(NOW, LIFE)] == ["of-the-parent", "of-the-child"]
        assert in_child(lambda: len(later.entries(NOW, LIFE))) == "2"
        running(later, "of-the-parent-again")
        assert len(later.entries(NOW, LIFE)) == 3
