"""The journal: every paid call on disk before it is sent, so that a killed process can take up its own.

Imported only where a journal is used, since SQLite costs milliseconds to load.
"""

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from sqlite3 import Connection, Cursor
from typing import Any

from wanlib.base.redaction import redact_text
from wanlib.client.journal.database import closed_error, open_journal, resolve_database_path, sqlite_errors
from wanlib.client.journal.entry import COLUMNS, UNFINISHED, Entry, entry_from_row

__all__ = ["Entry", "Journal"]


class Journal:
    """Paid calls in an SQLite file, written when they happen: whatever returned has reached the disk.

    Several processes and threads may use one file at once. It holds no key, prompt, image or link. All
    times are handed in, as seconds since the epoch. Everything raises JournalError where the file can't
    be used; `which` is an entry's key or its task id, and one that the journal does not know is passed
    over.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = resolve_database_path(path)
        self._lock = threading.Lock()
        self._connection = open_journal(self.path)
        self._closed = False

    def record_intent(
        self,
        *,
        verb: str,
        model: str,
        call: str,
        digest: str,
        pictures: int,
        price: str | None,
        currency: str,
        origin: str,
        at: float,
        owner: str | None = None,
        until: float | None = None,
    ) -> int:
        """Records a call that is about to be sent -> its key. The rest as in `Entry`; `at` is `sent_at`.

        owner, until: a lease from its birth, so that nobody takes for lost what is on its way.
        """
        row = {"verb": verb, "model": model, "call": call, "digest": digest, "pictures": pictures}
        row |= {"price": price, "currency": currency, "origin": origin, "sent_at": at}
        row |= {"owner": owner, "leased_until": until}
        names = ", ".join(f":{name}" for name in row)
        key = self._write(f"INSERT INTO entry ({', '.join(row)}) VALUES ({names})", row).lastrowid
        assert key is not None  # it was an INSERT
        return key

    def record_accepted(self, key: int, task_id: str | None, request_id: str | None, at: float) -> None:
        """The service has taken the call. task_id: None where a call answers at once and makes no task."""
        values = {"key": key, "task_id": task_id, "request_id": request_id, "at": at}
        changes = "task_id = :task_id, request_id = :request_id, accepted_at = :at, problem = NULL"
        self._write(f"UPDATE entry SET {changes} WHERE key = :key", values, task_id)

    def record_refused(self, key: int, reason: str, at: float) -> None:
        """The call was not accepted, for certain: nothing is to be taken up."""
        values = {"key": key, "reason": redact_text(reason), "at": at}
        self._write("UPDATE entry SET problem = :reason, ended_at = :at WHERE key = :key", values)

    def record_uncertain(self, key: int, reason: str) -> None:
        """The call may have been accepted: it stays lost until `accepted` or `refused` tells."""
        values = {"key": key, "reason": redact_text(reason)}
        self._write("UPDATE entry SET problem = :reason WHERE key = :key", values)

    def record_ended(self, which: int | str, status: str, at: float, links_expire_at: float | None) -> None:
        """The task has ended. links_expire_at: None where it has no picture. The first end stays."""
        values = {"which": which, "status": status, "at": at, "links": links_expire_at}
        changes = "status = :status, ended_at = :at, links_expire_at = :links"
        self._write(f"UPDATE entry SET {changes} WHERE {_key_condition(which)} AND ended_at IS NULL", values)

    def record_saved(self, which: int | str, paths: Iterable[str | os.PathLike[str]], at: float) -> None:
        """All its pictures are on disk."""
        values = {"which": which, "paths": json.dumps([os.fspath(path) for path in paths]), "at": at}
        self._write(f"UPDATE entry SET paths = :paths, saved_at = :at WHERE {_key_condition(which)}", values)

    def acquire_lease(self, key: int, owner: str, now: float, until: float) -> bool:
        """Takes an entry until that time, for this owner alone -> whether it could be had.

        It can't while another's lease lasts, nor once there is nothing left to take up. The owner may
        claim again to stay longer. What was read before the claim may be old: read `entry(key)` after it.
        """
        values = {"key": key, "owner": owner, "now": now, "until": until}
        free = "(owner IS NULL OR owner = :owner OR coalesce(leased_until, 0) <= :now)"
        changes = f"UPDATE entry SET owner = :owner, leased_until = :until WHERE key = :key AND {free}"
        return self._write(f"{changes} AND {UNFINISHED}", values).rowcount == 1

    def release_lease(self, key: int, owner: str) -> None:
        """Gives an entry back before its lease is over; nothing happens where it is another's."""
        values = {"key": key, "owner": owner}
        changes = "owner = NULL, leased_until = NULL"
        self._write(f"UPDATE entry SET {changes} WHERE key = :key AND owner = :owner", values)

    def release_dead_leases(self, is_dead: Callable[[str], bool]) -> None:
        """Gives back whatever is leased by an owner of whom this is true: one whose process has ended."""
        with self._connected() as connection:
            rows = connection.execute("SELECT DISTINCT owner FROM entry WHERE owner IS NOT NULL").fetchall()
        for (owner,) in rows:
            if is_dead(owner):
                changes = "owner = NULL, leased_until = NULL"
                self._write(f"UPDATE entry SET {changes} WHERE owner = :owner", {"owner": owner})

    def entries(self, now: float, expires_after: float) -> list[Entry]:
        """What can be taken up, oldest first, leased or not; `Entry.state` says how.

        expires_after: seconds after which the service forgets a task. Older calls, and pictures whose
        links have died, can't be taken up by anybody.
        """
        alive = "(ended_at IS NOT NULL OR coalesce(accepted_at, sent_at) + :life > :now)"
        return self._read(f"{UNFINISHED} AND {alive}", {"now": now, "life": expires_after})

    def entry(self, which: int | str) -> Entry | None:
        """One entry as it is now; None where there is none."""
        entries = self._read(_key_condition(which), {"which": which})
        return entries[-1] if entries else None

    def close(self) -> None:
        """Closes the file. A second time does nothing; any other use raises JournalError from then on."""
        with self._lock, sqlite_errors(self.path):
            self._closed = True
            self._connection.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, statement: str, values: dict[str, Any], task_id: str | None = None) -> Cursor:
        """One statement is one transaction; it takes the write lock at its start, and waits for it."""
        with self._connected(task_id) as connection:
            return connection.execute(statement, _without_surrogates(values))

    def _read(self, condition: str, values: dict[str, Any]) -> list[Entry]:
        with self._connected() as connection:
            statement = f"SELECT {COLUMNS} FROM entry WHERE {condition} ORDER BY key"
            return [entry_from_row(row) for row in connection.execute(statement, _without_surrogates(values))]

    @contextmanager
    def _connected(self, task_id: str | None = None) -> Iterator[Connection]:
        with self._lock, sqlite_errors(self.path, task_id):
            if self._closed:
                raise closed_error(self.path, task_id)
            yield self._connection


def _key_condition(which: int | str) -> str:
    return "task_id = :which" if isinstance(which, str) else "key = :which"


def _without_surrogates(values: dict[str, Any]) -> dict[str, Any]:
    """Texts without the lone surrogates that SQLite refuses: an odd request id must not cost the task id."""
    return {
        name: value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value
        for name, value in values.items()
    }
