"""A process that works on a data folder until it is killed: `python -m tests.emulator.crash_worker FOLDER`.

It prints what it was promised, a line each: `task ID` or `file URL`, as soon as it was answered.
"""

import sys
from itertools import count
from pathlib import Path

from tests.emulator.api.test_uploads import uploaded
from tests.emulator.api_client import BODIES, PLAIN, URL, data_uri, messages, submit
from wanlib.emulator import Emulator, RealClock
from wanlib.emulator.storage.sqlite_store import open_store


def main(folder: Path) -> None:
    emulator = Emulator(clock=RealClock(), store=open_store(folder))
    picture = data_uri(600, 600)
    for number in count():
        body = [*BODIES.values()][number % len(BODIES)]
        promise(f"task {submit(emulator, body)}")
        promise(f"task {submit(emulator, messages(PLAIN, URL, picture, n=1))}")
        promise(f"file {uploaded(emulator, str(number).encode() * 999)}")


def promise(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
