"""Save a picture in child processes that are killed, by SIGKILL, before one file operation after the other.

Run as `python -m tests.client.results.kill_worker FOLDER WAYS`, with the ways of renaming that fail (`link`,
`system`) joined by commas. It prints a JSON list with an item for each child: the operation before which it
was killed, what is under the final name then (`nothing`, `whole`, `broken`), and what is there after a second
run.
"""

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.client.response_samples import TASK
from tests.client.results.picture_store import PNG, Store, save_pictures
from wanlib.client.results import file_names

_OPERATIONS = ("open", "os.link", "os.rename", "os.remove", "os.truncate", "ctypes.dlsym")


def main(folder: Path, failing_ways: list[str]) -> None:
    """Kill children until one ends on its own."""
    if "link" in failing_ways:
        os.link = _no_links
    if "system" in failing_ways:
        file_names._call_system = lambda *_: errno.ENOSYS
    reports: list[list[str]] = []
    while not reports or reports[-1][0]:
        place = folder / str(len(reports))
        place.mkdir()
        operation = _killed_at(len(reports) + 1, lambda place=place: save_pictures(Store(), place, "a"))
        state = _state(place / f"{TASK}-1.png")
        save_pictures(Store(), place, "a")
        reports.append([operation, state, _state(place / f"{TASK}-1.png")])
    print(json.dumps(reports))


def _killed_at(number: int, save: Callable[[], Any]) -> str:
    """Run `save` in a child that is killed before its file operation of this number; return its name."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _kill_before(number, writing)
        save()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as report:
        operation = report.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) == bool(operation), status
    return operation


def _kill_before(number: int, report: int) -> None:
    left = number

    def count(event: str, arguments: Any) -> None:
        nonlocal left
        if event in _OPERATIONS:
            left -= 1
            if not left:
                os.write(report, event.encode())
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def _state(path: Path) -> str:
    if not path.exists():
        return "nothing"
    return "whole" if path.read_bytes() == PNG["a"] else "broken"


def _no_links(*_: Any) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2].split(","))
