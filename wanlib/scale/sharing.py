"""`share_out`: a function applied to many shards by several workers, with the results in order.

A worker that dies loses no shard, because its shards are given to another one, and doubles none, because a
result is taken once, by the number of its shard. At most `AHEAD` shards per worker are begun beyond the one
whose result the caller awaits, so that a slow reader of the results does not fill the memory.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import nullcontext
from typing import Any, Generic, Protocol, TypeVar

from wanlib.base.redaction import printable
from wanlib.scale.pools import Pool, open_pool
from wanlib.scale.workers import Workers, WorkersLostError

Shard = TypeVar("Shard")
Result = TypeVar("Result")
Kept = TypeVar("Kept")

AHEAD = 8
"""Shards per worker that may be finished or in work beyond the first unfinished one."""
_QUEUED = 2
"""Shards per worker that are with the pool: one in work, one that is next."""
MAX_DEATHS = 10
"""Deaths without a finished shard in between, from which the shard is taken for their cause."""
_SILENCE = 60.0
"""Seconds without a finished shard, after which it is asked whether the cluster still has a worker."""
_REFRESH = 64
"""Finished shards after which the number of workers is asked for again."""


class FinishedShards(Protocol[Kept]):
    """Where results wait for their turn, by the number of their shard."""

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


def share_out(
    task: Callable[[Shard], Result],
    shards: Iterable[Shard],
    workers: Workers,
    finished: FinishedShards[Result] | None = None,
    pool: Pool | None = None,
) -> Generator[Result, None, None]:
    """Yield `task(shard)` for each shard, in the order of the shards.

    Args:
        task: What a worker does. It must be importable there, such as a function of a module, and give the
            same result each time, as a shard is computed again if its worker dies.
        shards: The shards; they are read only as far as workers need them.
        workers: Where they are computed.
        finished: Keeps results until their turn, and may have some from the beginning; None is the memory.

        pool: The open pool of these workers, which stays open; None opens one for this call.

    Raises:
        WorkersLostError: Workers die again and again at one shard, or the cluster is lost.
        Exception: What the task raises; the other shards are dropped.
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
        self._begun = 0  # the number of the next shard that is read
        self._head = 0  # the number of the next result that is yielded
        self._all_read = False
        self._lost: deque[tuple[int, Shard]] = deque()
        self._in_work: dict[Future[Any], tuple[int, Shard]] = {}
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
            elif self._in_work:
                self._collect()
            else:
                return

    def _submit(self) -> None:
        """Give shards to the pool, as many as may be begun now."""
        at_once = 1 if self._deaths > 1 else max(1, self._width) * _QUEUED
        while len(self._in_work) < at_once and (numbered := self._next_shard()) is not None:
            try:
                self._in_work[self._pool.submit(self._task, numbered[1])] = numbered
            except self._pool.deaths:
                self._lost.appendleft(numbered)
                if self._in_work:  # their futures fail, too
                    return
                self._recover()

    def _next_shard(self) -> tuple[int, Shard] | None:
        """Return the next shard without a result; None if there is none, or it is too far ahead."""
        if self._lost:
            return self._lost.popleft()
        while not self._all_read and self._begun - self._head < max(1, self._width) * AHEAD:
            try:
                shard = next(self._shards)
            except StopIteration:
                self._all_read = True
                break
            number = self._begun
            self._begun += 1
            if number not in self._finished:
                return number, shard
        return None

    def _collect(self) -> None:
        """Wait for results and keep them; begin again what is lost with a worker."""
        done, _ = wait(self._in_work, timeout=_SILENCE, return_when=FIRST_COMPLETED)
        if not done and not self._pool.width():
            raise WorkersLostError("the cluster has no worker any more; run the same command again")
        lost = self._keep(done)
        if lost and self._pool.breaks_together:
            lost += self._keep(wait(self._in_work).done)
        if lost:
            self._lost.extendleft(sorted(lost, key=_number, reverse=True))
            self._recover()
        if self._results_since_refresh >= _REFRESH:
            self._width, self._results_since_refresh = self._pool.width(), 0

    def _keep(self, done: Iterable[Future[Any]]) -> list[tuple[int, Shard]]:
        """Keep the results of futures, and return the shards whose worker died."""
        lost = []
        for future in done:
            numbered = self._in_work.pop(future)
            try:
                self._finished.add(numbered[0], future.result())
            except self._pool.deaths:
                lost.append(numbered)
            else:
                self._deaths = 0
                self._results_since_refresh += 1
        return lost

    def _recover(self) -> None:
        """Replace dead workers; give up where one shard seems to end each of them."""
        self._deaths += 1
        if self._deaths >= MAX_DEATHS:
            number, shard = self._lost[0]
            raise WorkersLostError(
                f"workers died {MAX_DEATHS} times in a row at shard {number + 1} ({printable(str(shard))});"
                " it may need more memory than there is, or something ends the processes"
            )
        self._pool.renew()


def _number(numbered: tuple[int, Any]) -> int:
    return numbered[0]
