"""Checks after a crash, from the service's accounts and the files: nothing is lost, nothing is paid twice.

The statements are those of `lifecycle.invariants`, over totals: after a crash, single calls have no record.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from wan_conformance.lifecycle.invariants import lost, paid_twice


class AccountingSnapshot(NamedTuple):
    """The calls that the service accepted and billed since the first process of a test began.

    Attributes:
        accepted: The number of tasks.
        billed: The number of pictures.
        canceled: Ids of the canceled tasks.
        pictures: The bytes of the picture of each other task.
    """

    accepted: int
    billed: int
    canceled: frozenset[str]
    pictures: Mapping[str, bytes]


def crash_violations(
    accounting: AccountingSnapshot, intents: int, resumes: Sequence[Mapping[str, Any]], folder: Path
) -> Iterator[str]:
    """Check the work of three processes after a crash.

    Args:
        accounting: The accounts of the service.
        intents: The calls that were meant to be made.
        resumes: Their reports: of one that only reports lost calls, then of two that adopt tasks.
        folder: Where the pictures are.
    """
    for report in resumes:
        if "result" not in report:
            yield f"endless: resume did not return: {report}"
            return
    reported, first, second = (report["result"] for report in resumes)
    yield from paid_twice(accounting.accepted, intents, accounting.billed)
    candidates = {task for tasks in reported["lost"] for task in tasks}
    adopted = {*first["results"], *(task for task, _ in first["failed"])}
    if not adopted <= candidates:
        yield f"unreported: {reported} was reported before {first} was adopted"
    # If all calls became tasks, it is certain which belongs to which, and candidates are not enough.
    remaining = first["lost"] if accounting.accepted < intents else []
    failed = [*reported["failed"], *first["failed"]]
    yield from _lost_tasks(accounting, failed, remaining, folder)
    yield from incomplete_files(accounting, folder)
    if second["results"] or second["failed"] or second["lost"] != first["lost"]:
        yield f"unfinished: the first resume reported {first}, the second {second}"


def calls_without_task(journal: Path) -> int:
    """Count the calls in a journal that have no task id; 0 without a journal."""
    if not journal.exists():
        return 0
    with closing(sqlite3.connect(journal)) as connection, suppress(sqlite3.OperationalError):
        rows = connection.execute("SELECT count(*) FROM entry WHERE task_id IS NULL").fetchone()
        return int(rows[0])
    return 0  # the table was not created yet


def incomplete_files(accounting: AccountingSnapshot, folder: Path) -> Iterator[str]:
    """Find files under a final name that are not the complete picture of a task."""
    for file in sorted(folder.glob("[!.]*")):
        if accounting.pictures.get(file.name.removesuffix("-1.png")) != file.read_bytes():
            yield f"{file.name} is not a complete picture of a task"


def _lost_tasks(
    accounting: AccountingSnapshot,
    failed: Sequence[Sequence[str]],
    candidates: Sequence[Sequence[str]],
    folder: Path,
) -> Iterator[str]:
    """Find accepted tasks that the caller can't reach.

    A task must be on the disk, reported as canceled, or the only candidate of a lost call.

    Args:
        accounting: The accounts of the service.
        failed: Ids with the names of their errors.
        candidates: The candidates of each lost call.
        folder: Where the pictures are.
    """
    for task in accounting.canceled:
        if [task, "TaskCanceledError"] not in failed:
            yield f"untrue: task {task} was canceled, but resume reported the errors {failed}"
    for task in accounting.pictures:
        is_known = (folder / f"{task}-1.png").exists() or [task] in candidates
        yield from lost(task, is_known, f"and resume named as lost {candidates}")
