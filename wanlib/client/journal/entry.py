"""One paid call as the journal knows it, and the table that holds such calls."""

import json
import os
import socket
from typing import Any, Literal, NamedTuple, TypeAlias

State: TypeAlias = Literal["lost", "running", "unsaved", "done"]


class Entry(NamedTuple):
    """One paid call, from before it was sent. Times are seconds since the epoch, None while not so far.

    key: its number in the journal. verb, model, call: what was called (`edit`, …, `async`). digest:
    SHA-256 of the canonical body, the only trace of prompt and images. pictures: the most that it yields.
    price: decimal text, in `currency`, for that many; None where unknown. origin: scheme and host of the
    API, so that a task is asked for where it was made. sent_at: just before the POST. status: of the
    ended task, None while it runs and for a call that was refused. links_expire_at: None for a task that
    ended without a picture. paths: the saved pictures. problem: why a call was refused or is uncertain.
    """

    key: int
    verb: str
    model: str
    call: str
    digest: str
    pictures: int
    price: str | None
    currency: str
    origin: str
    sent_at: float
    task_id: str | None
    request_id: str | None
    accepted_at: float | None
    status: str | None
    ended_at: float | None
    links_expire_at: float | None
    saved_at: float | None
    paths: tuple[str, ...]
    problem: str | None

    @property
    def state(self) -> State:
        """What is left to do, whatever the hour.

        lost: may have been accepted, but no task id is known. running: a task that has not ended.
        unsaved: its pictures are not on disk; asking for the task again gives their links. done: nothing,
        or nothing that can be done, as with the pictures of a call that made no task.
        """
        if self.saved_at is not None:
            return "done"
        if self.ended_at is None:
            return "lost" if self.task_id is None else "running"
        return "done" if self.task_id is None or self.links_expire_at is None else "unsaved"


def entry_from_row(row: tuple[Any, ...]) -> Entry:
    """The entry of a row of `COLUMNS`; ValueError where something else has written there."""
    entry = Entry(*row)
    return entry._replace(paths=tuple(json.loads(row[Entry._fields.index("paths")])))


COLUMNS = ", ".join(Entry._fields)
UNFINISHED = """
    saved_at IS NULL AND (ended_at IS NULL OR (task_id IS NOT NULL AND links_expire_at > :now))
"""
"""Whether there is something left to do, as `Entry.state` has it, and links that still live."""

SCHEMA = """
CREATE TABLE entry (
    key INTEGER PRIMARY KEY,
    verb TEXT NOT NULL,
    model TEXT NOT NULL,
    call TEXT NOT NULL,
    digest TEXT NOT NULL,
    pictures INTEGER NOT NULL,
    price TEXT,
    currency TEXT NOT NULL,
    origin TEXT NOT NULL,
    sent_at REAL NOT NULL,
    task_id TEXT,
    request_id TEXT,
    accepted_at REAL,
    status TEXT,
    ended_at REAL,
    links_expire_at REAL,
    saved_at REAL,
    paths TEXT NOT NULL DEFAULT '[]',
    problem TEXT,
    owner TEXT,
    leased_until REAL
);
CREATE INDEX entry_task ON entry (task_id);
"""


LEASE = 60.0
"""Seconds beyond its deadline for which a call is kept from being taken up by another process."""


def new_lease_owner() -> str:
    """A mark of this process, another each time."""
    return f"{os.getpid()}@{socket.gethostname()}/{os.urandom(16).hex()}"


def is_owner_dead(owner: str) -> bool:
    """Whether an owner's process is known to be gone; one on another machine is taken to live."""
    pid, _, place = owner.partition("@")
    if place.partition("/")[0] != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:  # alive, and another user's
        return False
    return False
