"""The process of crash tests with workloads that have injected faults.

Run as `python -m tests.conformance.lifecycle.faulty_worker`.
"""

from collections.abc import Callable
from typing import Any

from wan_conformance.lifecycle.crash import workload
from wan_conformance.lifecycle.crash.workload import Worker

from wanlib.client.protocol.effects import Open
from wanlib.client.results.partial_file import PartialFile


def silent(worker: Worker) -> None:
    """Send a create before it is in the journal."""
    worker.wan._context.journal.record_intent = lambda **_: None
    workload.run_edit(worker)


def insistent(worker: Worker) -> None:
    """Send a create twice."""
    handlers = worker.wan._driver._handlers
    handlers[Open] = _twice(handlers[Open])
    workload.run_edit(worker)


def forgetful(worker: Worker) -> None:
    """Mark a task as saved before its pictures are on the disk."""
    journal = worker.wan._context.journal
    ended = journal.record_ended

    def over(which: Any, status: str, at: float, links: float | None) -> None:
        ended(which, status, at, links)
        journal.record_saved(which, [], at)

    journal.record_ended = over
    workload.run_edit(worker)


def hasty(worker: Worker) -> None:
    """Write a picture under its final name from the first byte on."""
    original = PartialFile.__init__

    def make(file: PartialFile, *arguments: Any) -> None:
        original(file, *arguments)
        file._path = file._target

    PartialFile.__init__ = make  # type: ignore[method-assign]
    workload.run_edit(worker)


def grasping(worker: Worker) -> None:
    """Adopt the task of a lost call in each process of this journal, as a file beside it demands."""
    (worker.folder / "grasping").touch()
    workload.run_edit(worker)


def report_or_adopt(worker: Worker) -> Any:
    """Adopt although only a report was asked for, after `grasping`."""
    is_grasping = (worker.folder / "grasping").exists()
    return workload.run_resume(worker) if is_grasping else workload.run_report(worker)


def _twice(do: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda effect: [do(effect), do(effect)][1]


FAULTY = {function.__name__: function for function in (silent, insistent, forgetful, hasty, grasping)}

if __name__ == "__main__":
    workload.WORKLOADS |= {**FAULTY, "report": report_or_adopt}
    workload.main()
