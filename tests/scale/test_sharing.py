"""`map_shards`: order, groups of shards, dead workers, a bounded lead over a slow reader, and its end."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from typing import Any

import pytest

from wanlib.scale import sharing
from wanlib.scale.pools import open_pool
from wanlib.scale.sharing import AHEAD, LARGEST_GROUP, MAX_DEATHS, map_shards
from wanlib.scale.workers import InvalidWorkersError, Workers, WorkersLostError, parse_workers


class DeadWorkerError(Exception):
    pass


class FakePool:
    """A pool that computes a task when it is submitted; workers die at planned submissions.

    Attributes:
        groups: The shards of each task that was submitted.
    """

    def __init__(self, width: int, dies: Callable[[int, list[Any]], bool], breaks_together: bool) -> None:
        self.deaths: tuple[type[BaseException], ...] = (DeadWorkerError,)
        self.breaks_together = breaks_together
        self._width, self._dies = width, dies
        self.groups: list[list[Any]] = []
        self.renewed = 0
        self.is_broken = False

    @property
    def submitted(self) -> list[Any]:
        return [shard for group in self.groups for shard in group]

    def width(self) -> int:
        return self._width

    def submit(self, task: Callable[..., Any], shard: Any) -> "Future[Any]":
        if self.is_broken:
            raise DeadWorkerError
        self.groups.append(shard)
        future: Future[Any] = Future()
        if self._dies(len(self.groups), shard):
            self.is_broken = self.breaks_together
            future.set_exception(DeadWorkerError())
        else:
            future.set_result(task(shard))
        return future

    def renew(self) -> None:
        self.renewed += 1
        self.is_broken = False

    def close(self, kill: bool) -> None:
        pass


def play(
    monkeypatch: pytest.MonkeyPatch,
    dies: Callable[[int, list[Any]], bool],
    breaks_together: bool = True,
    width: int = 2,
) -> FakePool:
    pool = FakePool(width, dies, breaks_together)

    @contextmanager
    def opened(workers: Workers) -> Any:
        yield pool

    monkeypatch.setattr(sharing, "open_pool", opened)
    return pool


@pytest.mark.parametrize("breaks_together", [True, False])
@pytest.mark.parametrize("width", [1, 2, 7])
@pytest.mark.parametrize("period", [3, 5, 1000])
def test_dead_workers_lose_and_double_nothing(
    monkeypatch: pytest.MonkeyPatch, width: int, period: int, breaks_together: bool
) -> None:
    play(monkeypatch, lambda count, group: count % period == 0, breaks_together, width)
    assert [*map_shards(str, range(100), Workers(2))] == [str(number) for number in range(100)]


@pytest.mark.parametrize("breaks_together", [True, False])
def test_a_shard_that_ends_every_worker_is_named(
    monkeypatch: pytest.MonkeyPatch, breaks_together: bool
) -> None:
    pool = play(monkeypatch, lambda count, group: "shard 7" in group, breaks_together)
    shards, results = [f"shard {number}" for number in range(20)], []
    with pytest.raises(WorkersLostError, match=r"shard 8 \(shard 7\)"):
        results.extend(map_shards(str.upper, shards, Workers(2)))
    assert pool.groups.count(["shard 7"]) >= MAX_DEATHS - 2
    assert results == [f"SHARD {number}" for number in range(7)]


def test_a_slow_reader_is_not_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = play(monkeypatch, lambda count, group: False)
    results = map_shards(str, iter(range(10_000)), Workers(2))
    for number in range(50):
        next(results)
        assert len(pool.submitted) <= number + 2 * AHEAD + 1


def test_a_slow_shard_does_not_let_results_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first shard ends when there is nothing else to do."""
    monkeypatch.setattr(sharing, "LARGEST_GROUP", 1)
    pool = play(monkeypatch, lambda count, group: False)
    slow: Future[Any] = Future()
    submit, wait = pool.submit, sharing.wait
    monkeypatch.setattr(pool, "submit", lambda task, group: slow if group == [0] else submit(task, group))

    def waiting(futures: Any, **options: Any) -> Any:
        if all(future is slow for future in futures):
            slow.set_result(["0"])
        return wait(futures, **options)

    monkeypatch.setattr(sharing, "wait", waiting)
    results = map_shards(str, range(200), Workers(2))
    assert next(results) == "0"
    assert len(pool.submitted) == 2 * AHEAD - 1
    assert [*results] == [str(number) for number in range(1, 200)]


def test_groups_shrink_near_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = play(monkeypatch, lambda count, group: False)
    assert [*map_shards(str, range(400), Workers(2))] == [str(number) for number in range(400)]
    sizes = [len(group) for group in pool.groups]
    assert sizes[:10] == [LARGEST_GROUP] * 10
    assert sorted(sizes, reverse=True) == sizes
    assert sizes[-4:] == [1, 1, 1, 1]


def test_a_group_that_takes_long_returns_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = play(monkeypatch, lambda count, group: False)
    monkeypatch.setattr(sharing, "SECONDS", 0)
    assert [*map_shards(str, range(200), Workers(2))] == [str(number) for number in range(200)]
    assert [group[0] for group in pool.groups[:5]] == [0, 16, 32, 48, 1]
    assert pool.groups[-1] == [199]


def test_finished_shards_are_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = play(monkeypatch, lambda count, group: False)
    finished: Any = sharing._InMemory()
    for number in (0, 3, 4, 99):
        finished.add(number, "earlier")
    results = [*map_shards(str, range(100), Workers(2), finished)]
    assert [number for number, result in enumerate(results) if result == "earlier"] == [0, 3, 4, 99]
    assert sorted(pool.submitted) == sorted({*range(100)} - {0, 3, 4, 99})


def test_an_error_of_a_task_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, lambda count, group: False)
    with pytest.raises(ZeroDivisionError):
        [*map_shards((1).__truediv__, [1, 0], Workers(2))]


def kill_once(shard: tuple[Path, int]) -> tuple[int, int]:
    """Return the shard and the process; the first process that comes to shard 3 kills itself."""
    folder, number = shard
    if number == 3:
        try:
            (folder / "killed").touch(exist_ok=False)
        except FileExistsError:
            return number, os.getpid()
        os.kill(os.getpid(), signal.SIGKILL)
    return number, os.getpid()


def test_a_killed_process_and_a_run_that_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[Any] = []  # of the threads of the pool
    monkeypatch.setattr(threading, "excepthook", failures.append)
    shards, workers = [(tmp_path, number) for number in range(8)], Workers(2)
    with suppress(LookupError), open_pool(workers) as pool:
        results = [*map_shards(kill_once, shards, workers, pool=pool)]
        next(map_shards(kill_once, shards * 8, workers, pool=pool))
        raise LookupError
    assert not failures, failures[0].exc_value
    assert [number for number, _ in results] == [*range(8)]
    assert os.getpid() not in {process for _, process in results}
    assert (tmp_path / "killed").exists()


def hold(pipe: Path) -> None:
    """Write the process to a named pipe, which is open until it ends."""
    with pipe.open("w") as file:
        print(os.getpid(), file=file, flush=True)
        signal.pause()


def test_processes_end_with_a_command_that_is_killed(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = (
        "import sys; from pathlib import Path\n"
        "from tests.scale.test_sharing import hold, map_shards, Workers\n"
        "[*map_shards(hold, [Path(sys.argv[1])], Workers(2))]"
    )
    process = subprocess.Popen([sys.executable, "-c", command, str(pipe)])
    with pipe.open() as file:
        worker = int(file.readline())
        process.kill()
        process.wait()
        has_ended, _, _ = select([file], [], [], 30)
        if not has_ended:
            os.kill(worker, signal.SIGKILL)
    assert has_ended


def test_workers_as_the_command_line_names_them() -> None:
    assert parse_workers("7") == Workers(7)
    assert parse_workers("1").is_this_process
    assert parse_workers("dask://node-1.example:8786") == Workers(scheduler="node-1.example:8786")
    assert parse_workers("dask://[::1]:8786").scheduler == "[::1]:8786"
    for text in (
        "0",
        "-1",
        "1025",
        "9999999999",
        "²",
        "",
        "two",
        "dask://host",
        "tcp://host:1",
        "dask://a b:1",
    ):
        with pytest.raises(InvalidWorkersError, match="--workers"):
            parse_workers(text)
