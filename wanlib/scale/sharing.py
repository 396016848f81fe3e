"""`map_shards`: a function applied to many shards by several workers, with the results in order.

If a worker dies, no shard is lost, because its shards are given to another worker, and none is duplicated,
because the result of each shard is taken only once. At most `AHEAD` shards per worker are read beyond the
one whose result the caller awaits, so that a slow consumer does not exhaust the memory.

A task has several shards, because the messages for a task take about 20 ms of CPU time on a Dask cluster,
and a shard of 12 MB takes 200 ms. After `SECONDS`, a worker returns the results so far; the other shards of
the task are queued again.
"""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import nullcontext
from math import ceil
from typing import Any, Generic, Protocol, TypeVar

from wanlib.base.redaction import printable
from wanlib.scale.pools import Pool, open_pool
from wanlib.scale.workers import Workers, WorkersLostError

Shard = TypeVar("Shard")
Result = TypeVar("Result")
Kept = TypeVar("Kept")

AHEAD = 64
"""Shards per worker that may be finished, submitted or waiting beyond the first unfinished one."""
LARGEST_GROUP = 16
"""The maximum number of shards in one task."""
SECONDS = 4.0
"""Time after which a worker returns the results of its group so far."""
_QUEUED = 2
"""Tasks per worker in the pool: one runs, and one is next."""
MAX_DEATHS = 10
"""Number of consecutive deaths without a finished shard, after which the shard is considered their cause."""
_SILENCE = 60.0
"""Seconds without a finished task, after which a pool without workers is an error."""
_REFRESH = 64
"""Finished shards after which the number of workers is read again."""


class FinishedShards(Protocol[Kept]):
    """Keeps results until their turn, by the number of their shard."""

    def __contains__(self, number: int, /) -> bool:
        """Return whether there is a result."""

    def add(self, number: int, result: Kept) -> None:
        """Keep a result."""

    def take(self, number: int) -> Kept:
        """Return a result and forget it."""


class _InMemory(Generic[Result]):
    """Results in memory, each until it is taken."""

    def __init__(self) -> None:
        self._results: dict[int, Result] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._results

    def add(self, number: int, result: Result) -> None:
        self._results[number] = result

    def take(self, number: int) -> Result:
        return self._results.pop(number)


def map_shards(
    task: Callable[[Shard], Result],
    shards: Iterable[Shard],
    workers: Workers,
    finished: FinishedShards[Result] | None = None,
    pool: Pool | None = None,
) -> Generator[Result, None, None]:
    """Yield `task(shard)` for each shard, in the order of the shards.

    Args:
        task: The function that a worker applies. It must be importable there, such as a function of a
            module, and give the same result each time, because a shard is computed again if its worker
            dies.
        shards: The shards; at most `AHEAD` per worker are read ahead.
        workers: Where they are computed.
        finished: Stores results until their turn, and may contain some from the start; None is the memory.
        pool: The open pool of these workers, which stays open; None opens one for this call.

    Raises:
        WorkersLostError: Workers die repeatedly at one shard, or the cluster is lost.
        Exception: An exception of the task; the other shards are dropped.
    """
    kept: FinishedShards[Result] = _InMemory() if finished is None else finished
    with open_pool(workers) if pool is None else nullcontext(pool) as opened:
        if opened is not None:
            yield from _Sharing(task, shards, opened, kept).results()
            return
        for number, shard in enumerate(shards):
            if number not in kept:
                kept.add(number, task(shard))
            yield kept.take(number)


class _GroupTask(Generic[Shard, Result]):
    """Computes the shards of a group in a worker."""

    def __init__(self, task: Callable[[Shard], Result]) -> None:
        self._task = task

    def __call__(self, shards: Iterable[Shard]) -> list[Result]:
        """Return the results of the first shards, of one at least."""
        end, results = time.monotonic() + SECONDS, []
        for shard in shards:
            results.append(self._task(shard))
            if time.monotonic() >= end:
                break
        return results


class _Sharing(Generic[Shard, Result]):
    """One run over a pool."""

    def __init__(
        self,
        task: Callable[[Shard], Result],
        shards: Iterable[Shard],
        pool: Pool,
        finished: FinishedShards[Result],
    ) -> None:
        self._task = task
        self._shards = iter(shards)
        self._pool = pool
        self._finished = finished
        self._width = pool.width()
        self._read = 0  # the number of the next shard that is read
        self._head = 0  # the number of the next result that is yielded
        self._all_read = False
        self._waiting: deque[tuple[int, Shard]] = deque()
        self._submitted: dict[Future[Any], list[tuple[int, Shard]]] = {}
        self._deaths = 0
        self._results_since_refresh = 0

    def results(self) -> Iterator[Result]:
        """Yield all results in order."""
        while True:
            self._submit()
            if self._head in self._finished:
                result = self._finished.take(self._head)
                self._head += 1
                yield result
            elif self._submitted:
                self._collect()
            else:
                return

    def _submit(self) -> None:
        """Submit waiting shards, as many as the pool accepts."""
        self._read_ahead()
        tasks = 1 if self._deaths > 1 else max(1, self._width) * _QUEUED
        while len(self._submitted) < tasks and self._waiting:
            group = [self._waiting.popleft() for _ in range(self._group_size())]
            try:
                future = self._pool.submit(_GroupTask(self._task), [shard for _, shard in group])
            except self._pool.deaths:
                self._put_back(group)
                if self._submitted:  # their futures fail, too
                    return
                self._recover()
            else:
                self._submitted[future] = group

    def _read_ahead(self) -> None:
        """Read the shards that may be submitted, except for those that have a result."""
        while not self._all_read and self._read - self._head < max(1, self._width) * AHEAD:
            try:
                shard = next(self._shards)
            except StopIteration:
                self._all_read = True
                break
            if self._read not in self._finished:
                self._waiting.append((self._read, shard))
            self._read += 1

    def _group_size(self) -> int:
        """Return how many shards the next task has: fewer near the end, so that all workers end together."""
        if self._deaths > 1:
            return 1
        size = LARGEST_GROUP
        if self._all_read:
            size = min(size, ceil(len(self._waiting) / (max(1, self._width) * _QUEUED)))
        return min(size, len(self._waiting))

    def _put_back(self, group: Iterable[tuple[int, Shard]]) -> None:
        self._waiting = deque(sorted([*group, *self._waiting], key=_number))

    def _collect(self) -> None:
        """Wait for results and store them; resubmit the shards of a dead worker."""
        done, _ = wait(self._submitted, timeout=_SILENCE, return_when=FIRST_COMPLETED)
        if not done and not self._pool.width():
            raise WorkersLostError("all workers have left the cluster; run the same command again")
        has_lost = self._keep(done)
        if has_lost and self._pool.breaks_together:
            self._keep(wait(self._submitted).done)
        if has_lost:
            self._recover()
        if self._results_since_refresh >= _REFRESH:
            self._width, self._results_since_refresh = self._pool.width(), 0

    def _keep(self, done: Iterable[Future[Any]]) -> bool:
        """Store the results of tasks, requeue shards without one, and return whether a worker died."""
        has_lost = False
        for future in done:
            group = self._submitted.pop(future)
            results: list[Result] = []
            try:
                results = future.result()
            except self._pool.deaths:
                has_lost = True
            else:
                self._deaths = 0
            for (number, _), result in zip(group, results, strict=False):
                self._finished.add(number, result)
            self._results_since_refresh += len(results)
            if rest := group[len(results) :]:
                self._put_back(rest)
        return has_lost

    def _recover(self) -> None:
        """Replace dead workers; raise an error after `MAX_DEATHS`."""
        self._deaths += 1
        if self._deaths >= MAX_DEATHS:
            number, shard = self._waiting[0]
            raise WorkersLostError(
                f"workers died {MAX_DEATHS} times in a row at shard {number + 1} ({printable(str(shard))});"
                " it may need more memory than there is, or something ends the processes"
            )
        self._pool.renew()


def _number(numbered: tuple[int, Any]) -> int:
    return numbered[0]
