"""Hours of mixed traffic with faults, on a manual clock: `python -m tests.emulator.run_load`.

Nothing sleeps. AssertionError for a task that is lost, and for an entry of the ledger that is wrong.
"""

import gc
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from resource import getpagesize
from time import perf_counter
from typing import NamedTuple

from tests.emulator.api_client import advance, send
from tests.emulator.expected_ledger import WAITING, WORKING, Books
from tests.emulator.load_model import Traffic
from wanlib.emulator import Emulator, Settings

DAY = 86_400.0


class Hour(NamedTuple):
    """The resources of an hour. bytes: of the process when all of the hour is stored. kept: jobs then.

    blocks: of memory that are in use when the next two days have passed and all is forgotten.
    """

    counts: Counter[str]
    seconds: float
    bytes: int
    kept: int
    blocks: int


def hours(requests: Iterable[int], seed: int = 0) -> Iterator[Hour]:
    """Hours of this many requests each, three days apart. AssertionError if a task is lost."""
    emulator = Emulator(settings=Settings(waiting=WAITING, working=WORKING, max_recorded=200), seed=seed)
    books = Books()
    for number, count in enumerate(requests):
        start, traffic = perf_counter(), Traffic(emulator, seed + number)
        traffic.run(count)
        seconds = perf_counter() - start
        books.add(traffic.jobs)
        traffic.check(books)
        kept, size = len(emulator.jobs()), _resident()
        counts = traffic.counts
        del traffic
        advance(emulator, 3 * DAY)
        send(emulator, "GET", "/tasks/")
        assert emulator.jobs() == () and emulator.stored_bytes == (0, 0)
        gc.collect()
        yield Hour(counts, seconds, size, kept, sys.getallocatedblocks())


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()


def main() -> int:
    """Prints what each hour took; 1 where the last left more memory in use than the one before."""
    parser = ArgumentParser(prog="tests.emulator.run_load", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, help="drawn for each hour")
    parser.add_argument("--hours", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    left: list[int] = []
    for number, hour in enumerate(hours([given.requests] * given.hours, given.seed), 1):
        print(f"hour {number}: " + ", ".join(f"{name} {count}" for name, count in hour.counts.most_common()))
        print(
            f"  {hour.seconds:.0f} s; {hour.bytes / 2**20:.0f} MiB with {hour.kept} works remembered;"
            f" {hour.blocks} blocks of memory when they are forgotten"
        )
        left.append(hour.blocks)
    print("no task lost, no entry of the ledger wrong")
    return int(left[-1] > 1.02 * left[-2]) if len(left) > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
