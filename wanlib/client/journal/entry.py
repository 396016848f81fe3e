"""`Entry`: one billed call of a journal, and the table of these calls."""

import json
from typing import Any, Literal, NamedTuple, TypeAlias

from wanlib.base.clock import ClockOffset

State: TypeAlias = Literal["lost", "running", "unsaved", "done"]


class Entry(NamedTuple):
    """One billed call. Times are seconds since 1970, None until they are known.

    Attributes:
        key: The number of the entry.
        verb: The verb, such as `edit`.
        model: The name of the model.
        call: `async`, `sync` or `stream`.
        label: The caller's own name for the call; None if it has none.
        digest: SHA-256 of the canonical body, the only record of prompt and images.
        pictures: The maximum number of pictures that it can return.
        price: The price of that many as decimal text; None if no price is documented.
        currency: The currency of the price.
        origin: Scheme and host of the API, so that a task is queried where it was created.
        sent_at: Just before the request was sent.
        task_id: The id of the task; None if there is none or it is not known.
        request_id: The vendor's id of the exchange.
        accepted_at: When the service accepted it.
        status: The status of the ended task; None while it runs and for a refused call.
        ended_at: When it ended.
        links_expire_at: When its links expire; None for a task without a picture.
        saved_at: When its pictures were saved.
        paths: The saved files.
        problem: Why the call was refused or is uncertain; None otherwise.
        clock_low: The least by which the service's clock was ahead when it was sent; None if not known.
        clock_high: The maximum by which it was ahead.
        leased_until: When the lease of a process that works on it ends; None if none does.
    """

    key: int
    verb: str
    model: str
    call: str
    label: str | None
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
    clock_low: float | None
    clock_high: float | None
    leased_until: float | None

    @property
    def clock_offset(self) -> ClockOffset | None:
        """How far the service's clock was ahead when it was sent; None if not known."""
        if self.clock_low is None or self.clock_high is None:
            return None
        return ClockOffset(self.clock_low, self.clock_high)

    @property
    def state(self) -> State:
        """What remains to be done, regardless of time limits.

        `lost`: the call may have been accepted, but no task id is known. `running`: the task has not ended.
        `unsaved`: its pictures are not on disk; a query of the task gives their links. `done`: nothing is
        left, or nothing that can be done, as with the pictures of a call without a task.
        """
        if self.saved_at is not None:
            return "done"
        if self.ended_at is None:
            return "lost" if self.task_id is None else "running"
        return "done" if self.task_id is None or self.links_expire_at is None else "unsaved"


def entry_from_row(row: tuple[Any, ...]) -> Entry:
    """Return the entry of a row with the columns `COLUMNS`; raise ValueError for a foreign row."""
    entry = Entry(*row)
    return entry._replace(paths=tuple(json.loads(row[Entry._fields.index("paths")])))


COLUMNS = ", ".join(Entry._fields)
UNFINISHED = """
    saved_at IS NULL AND (ended_at IS NULL OR (task_id IS NOT NULL AND links_expire_at IS NOT NULL))
"""
"""The condition that something is left to do, as in `Entry.state`."""

LOST_CALLS = f"""
SELECT {COLUMNS} FROM entry
WHERE task_id IS NULL AND ended_at IS NULL AND saved_at IS NULL AND call = 'async'
    AND origin IN (SELECT origin FROM entry WHERE key IN (SELECT value FROM json_each(:keys)))
"""
"""The calls of the same addresses as :keys that have no task, leased or not."""
TAKEN_TASKS = "SELECT count(*) FROM entry WHERE task_id IN (SELECT value FROM json_each(:ids))"

SCHEMA = """
CREATE TABLE entry (
    key INTEGER PRIMARY KEY,
    verb TEXT NOT NULL,
    model TEXT NOT NULL,
    call TEXT NOT NULL,
    label TEXT,
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
    clock_low REAL,
    clock_high REAL,
    owner TEXT,
    leased_until REAL
);
CREATE INDEX entry_task ON entry (task_id);
CREATE INDEX entry_label ON entry (label);
"""
