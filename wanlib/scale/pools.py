"""The pools that compute shards: the process pool of joblib, and a Dask cluster.

Both take tasks as `concurrent.futures` does. They differ in how a dead worker shows: in the process pool, all
unfinished futures fail and the pool is replaced; the scheduler of Dask gives the shards of a dead worker to
another one, and fails a future only after several deaths.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.metadata import version
from queue import Empty
from threading import Thread
from typing import Any, Protocol

from wanlib.extras import require
from wanlib.scale.workers import UnfitWorkersError, Workers, WorkersLostError

CONNECT_SECONDS = 30
"""The longest wait for the scheduler, and then the longest for its first worker."""

_CLIENT_SETTINGS = {"distributed.client.scheduler-info-interval": "600s"}
"""Otherwise the scheduler sends a description of all workers every two seconds, which is not used here."""

_WATCH_SECONDS = 1.0
"""Interval at which a process of the pool checks that its parent still exists."""


class Pool(Protocol):
    """Computes shards in workers.

    Attributes:
        deaths: The exceptions of a future whose worker has died.
        breaks_together: Whether all unfinished futures fail if one worker dies.
    """

    deaths: tuple[type[BaseException], ...]
    breaks_together: bool

    def width(self) -> int:
        """Return how many shards are computed at the same time; 0 without a worker."""

    def submit(self, task: Callable[..., Any], shard: object) -> "Future[Any]":
        """Compute `task(shard)` in a worker."""

    def renew(self) -> None:
        """Replace workers that have died."""

    def close(self, kill: bool) -> None:
        """End the workers of this machine; immediately if `kill` is set."""


class ProcessPool:
    """Processes of this machine, in joblib's process pool (loky)."""

    breaks_together = True

    def __init__(self, processes: int) -> None:
        """Start a pool; its processes start with the first shard."""
        require("scale", "joblib")
        loky: Any = import_module("joblib.externals.loky")
        self.deaths: tuple[type[BaseException], ...] = (loky.BrokenProcessPool,)
        self._processes = processes
        self._make: Callable[[], Any] = lambda: loky.ProcessPoolExecutor(
            processes, timeout=None, initializer=_end_with_parent, initargs=(os.getpid(),)
        )
        self._executor = self._make()

    def width(self) -> int:
        """Return the number of processes."""
        return self._processes

    def submit(self, task: Callable[..., Any], shard: object) -> "Future[Any]":
        """Compute `task(shard)` in a process."""
        future: Future[Any] = self._executor.submit(task, shard)
        return future

    def renew(self) -> None:
        """Replace the pool: the death of one process breaks all of it."""
        self.close(kill=True)
        self._executor = self._make()

    def close(self, kill: bool) -> None:
        """End the processes."""
        if kill:  # an id that loky's thread takes after the shutdown would end this thread with a KeyError
            with suppress(Empty):
                while True:
                    self._executor._work_ids.get_nowait()
        self._executor.shutdown(wait=True, kill_workers=kill)


def _end_with_parent(parent: int) -> None:
    """End this process when its parent has ended: a killed parent can't end it."""
    Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


class ClusterPool:
    """The workers of a Dask cluster."""

    breaks_together = False

    def __init__(self, address: str) -> None:
        """Connect to a scheduler.

        Raises:
            WorkersLostError: It does not respond, or has no worker.
            UnfitWorkersError: Its workers have another version of wanlib, or none.
        """
        require("cluster", "distributed")
        distributed: Any = import_module("distributed")
        self.deaths: tuple[type[BaseException], ...] = (distributed.KilledWorker,)
        try:
            with import_module("dask").config.set(_CLIENT_SETTINGS):
                self._client = distributed.Client(
                    f"tcp://{address}", timeout=CONNECT_SECONDS, set_as_default=False
                )
        except OSError:
            raise WorkersLostError(
                f"no Dask scheduler answers at {address}; `dask scheduler` starts one, and prints its address"
            ) from None
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            self._client.close()
            raise WorkersLostError(
                f"the Dask scheduler at {address} has no worker; start one with `dask worker {address}`"
            ) from None
        try:
            self._check_versions()
        except UnfitWorkersError:
            self._client.close()
            raise
        self._executor: Executor = self._client.get_executor(pure=False)

    def width(self) -> int:
        """Return the number of threads of all current workers."""
        return sum(self._client.nthreads().values())

    def _check_versions(self) -> None:
        """Refuse workers whose results could differ from those of this process."""
        own = installed_version()
        try:
            versions = {*self._client.run(installed_version).values()}
        except ModuleNotFoundError:
            versions = {"no version"}
        if wrong := versions - {own}:
            raise UnfitWorkersError(
                f"workers have {', '.join(sorted(wrong))} of wanlib, and this process has {own}; install"
                f" wanlib[cluster]=={own} on every machine"
            )

    def submit(self, task: Callable[..., Any], shard: object) -> "Future[Any]":
        """Compute `task(shard)` on a worker."""
        return self._executor.submit(task, shard)

    def renew(self) -> None:
        """Do nothing: the scheduler or its nannies replace workers."""

    def close(self, kill: bool) -> None:
        """Disconnect from the cluster, which other clients may use; drop shards without a result."""
        self._executor.shutdown(wait=False)
        self._client.close()


def installed_version() -> str:
    """Return the version of wanlib in this process.

    Raises:
        ModuleNotFoundError: It is not installed.
    """
    return version("wanlib")


@contextmanager
def open_pool(workers: Workers) -> Iterator[Pool | None]:
    """Open the pool for `workers`, None for this process, and close it at the end.

    Raises:
        ModuleNotFoundError: The extra `scale` or `cluster` is not installed.
        WorkersLostError: The cluster cannot be reached, or was lost.
    """
    if workers.is_this_process:
        yield None
        return
    scheduler = workers.scheduler
    pool: Pool = ProcessPool(workers.processes) if scheduler is None else ClusterPool(scheduler)
    kill = True
    try:
        yield pool
        kill = False
    except (CancelledError, ConnectionError) as error:
        raise WorkersLostError(
            f"the connection to the Dask scheduler at {scheduler} is lost; run the same command again"
        ) from error
    finally:
        pool.close(kill)
