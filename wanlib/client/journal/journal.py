"""`Journal`: the write-ahead log of billed calls, from which `resume` continues after a crash.

Imported only where a journal is used, since SQLite takes milliseconds to load.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from sqlite3 import Connection, Cursor
from typing import Any

from wanlib.base.clock import ClockOffset
from wanlib.base.redaction import redact_text
from wanlib.client.journal.database import JournalFile
from wanlib.client.journal.entry import (
    COLUMNS,
    LOST_CALLS,
    TAKEN_TASKS,
    UNFINISHED,
    Entry,
    entry_from_row,
)

__all__ = ["Entry", "Journal"]


class Journal:
    """Billed calls in an SQLite file; when a method returns, its change is on the disk.

    Several processes and threads may use one file at once. It contains no key, prompt, image or link. All
    times are passed in, as seconds since 1970. `which` is the key of an entry or its task id; one that the
    journal does not contain is ignored.

    Args:
        path: The file, which is created if it does not exist.

    Raises:
        JournalError: The file cannot be used. All methods raise it, too; its `retry` is `yes` if another
            process holds the file, for which they wait half a minute.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = JournalFile(path)
        self._wait: float | None = None

    @property
    def path(self) -> Path:
        """The absolute path of the file."""
        return self._file.path

    def without_waiting(self) -> "Journal":
        """Return this journal with methods that fail at once if another process holds the file."""
        journal = copy(self)
        journal._wait = 0.0
        return journal

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
        label: str | None = None,
        offset: ClockOffset | None = None,
        owner: str | None = None,
        until: float | None = None,
    ) -> int:
        """Record a call that is about to be sent.

        Args:
            verb: The verb, such as `edit`.
            model: The name of the model.
            call: `async`, `sync` or `stream`.
            digest: SHA-256 of the canonical body in hex digits.
            pictures: The maximum number of pictures that the call can return.
            price: The price of that many as decimal text; None if no price is documented.
            currency: The currency of the price.
            origin: Scheme and host of the API.
            at: When the call is sent, in seconds since 1970.
            label: The caller's own name for the call; None if it has none.
            offset: How far the service's clock is ahead; None if that is not known.
            owner: The owner of a lease that starts now, so that no other process takes the call for lost.
                None for no lease.
            until: When the lease ends, in seconds since 1970; None without an owner.

        Returns:
            The key of the entry.
        """
        row = {"verb": verb, "model": model, "call": call, "digest": digest, "pictures": pictures}
        row |= {"price": price, "currency": currency, "origin": origin, "sent_at": at, "label": label}
        row |= {"owner": owner, "leased_until": until}
        row |= {"clock_low": offset and offset.low, "clock_high": offset and offset.high}
        names = ", ".join(f":{name}" for name in row)
        key = self._write(f"INSERT INTO entry ({', '.join(row)}) VALUES ({names})", row).lastrowid
        assert key is not None  # it was an INSERT
        return key

    def record_postponed(self, key: int, at: float) -> None:
        """Record that the call is sent at another time, in seconds since 1970, than recorded before."""
        self._write("UPDATE entry SET sent_at = :at WHERE key = :key", {"key": key, "at": at})

    def record_accepted(self, key: int, task_id: str | None, request_id: str | None, at: float) -> bool:
        """Record that the service has accepted the call, unless another entry has the task.

        Args:
            key: The key of the entry.
            task_id: The id of the task; None for a call without a task.
            request_id: The vendor's id of the exchange; None if there is none.
            at: When it was accepted, in seconds since 1970.

        Returns:
            False, and nothing is recorded, if another entry has the task.
        """
        values = {"key": key, "task_id": task_id, "request_id": request_id, "at": at}
        changes = "task_id = :task_id, request_id = :request_id, accepted_at = :at, problem = NULL"
        other = "EXISTS (SELECT 1 FROM entry WHERE task_id = :task_id AND key != :key)"
        statement = f"UPDATE entry SET {changes} WHERE key = :key AND NOT {other}"
        if self._write(statement, values, task_id).rowcount:
            return True
        entry = None if task_id is None else self.entry(task_id)
        return entry is None or entry.key == key

    def adopt(self, tasks: Mapping[int, str], is_near: Callable[[Entry], bool]) -> bool:
        """Record the tasks of lost calls, all or none.

        Nothing is recorded if one of the tasks is in another entry, if one of the calls has a task or an end,
        or if another lost call, such as one in progress in another process, may have created the tasks.

        Args:
            tasks: The id of the task by the key of the entry.
            is_near: Returns whether a call of the same address may have made one of the tasks.

        Returns:
            Whether the tasks were recorded.
        """
        values = {"keys": json.dumps(list(tasks)), "ids": json.dumps(list(tasks.values()))}
        with self._file.connected(self._wait) as connection, _transaction(connection):
            lost = [entry_from_row(row) for row in connection.execute(LOST_CALLS, values)]
            (taken,) = connection.execute(TAKEN_TASKS, values).fetchone()
            if taken or {entry.key for entry in lost if is_near(entry)} != tasks.keys():
                return False
            changes = "UPDATE entry SET task_id = ?, accepted_at = sent_at, problem = NULL WHERE key = ?"
            connection.executemany(changes, [(task_id, key) for key, task_id in tasks.items()])
        return True

    def record_refused(self, key: int, reason: str, at: float) -> None:
        """Record that the call was certainly not accepted, so that there is nothing to continue.

        Args:
            key: The key of the entry.
            reason: Why it was refused; secrets are removed from it.
            at: When, in seconds since 1970.
        """
        values = {"key": key, "reason": redact_text(reason), "at": at}
        self._write("UPDATE entry SET problem = :reason, ended_at = :at WHERE key = :key", values)

    def record_uncertain(self, key: int, reason: str) -> None:
        """Record that the call may have been accepted: it stays lost until its outcome is recorded.

        Args:
            key: The key of the entry.
            reason: Why the outcome is unknown; secrets are removed from it.
        """
        values = {"key": key, "reason": redact_text(reason)}
        self._write("UPDATE entry SET problem = :reason WHERE key = :key", values)

    def record_ended(self, which: int | str, status: str, at: float, links_expire_at: float | None) -> None:
        """Record that the task has ended. The first end stays.

        Args:
            which: The key of the entry or the id of its task.
            status: The final status.
            at: When, in seconds since 1970.
            links_expire_at: When the links of its pictures expire, in seconds since 1970; None if it has
                none.
        """
        values = {"which": which, "status": status, "at": at, "links": links_expire_at}
        changes = "status = :status, ended_at = :at, links_expire_at = :links"
        self._write(f"UPDATE entry SET {changes} WHERE {_key_condition(which)} AND ended_at IS NULL", values)

    def record_saved(self, which: int | str, paths: Iterable[str | os.PathLike[str]], at: float) -> None:
        """Record that all pictures of the call are on disk.

        Args:
            which: The key of the entry or the id of its task.
            paths: The files.
            at: When, in seconds since 1970.
        """
        values = {"which": which, "paths": json.dumps([os.fspath(path) for path in paths]), "at": at}
        self._write(f"UPDATE entry SET paths = :paths, saved_at = :at WHERE {_key_condition(which)}", values)

    def acquire_lease(self, key: int, owner: str, now: float, until: float) -> bool:
        """Lease an entry for one owner, so that no other process continues it.

        The owner may lease it again to extend the time. Read `entry(key)` again after the lease: what was
        read before may be out of date.

        Args:
            key: The key of the entry.
            owner: The mark of the owner, from `LeaseOwner.mark`.
            now: Seconds since 1970.
            until: When the lease ends, in seconds since 1970.

        Returns:
            False while the lease of another owner lasts, or if there is nothing left to continue.
        """
        values = {"key": key, "owner": owner, "now": now, "until": until}
        free = "(owner IS NULL OR owner = :owner OR coalesce(leased_until, 0) <= :now)"
        changes = f"UPDATE entry SET owner = :owner, leased_until = :until WHERE key = :key AND {free}"
        return self._write(f"{changes} AND {UNFINISHED}", values).rowcount == 1

    def release_lease(self, key: int, owner: str) -> None:
        """Release an entry before its lease ends; a lease of another owner is left alone."""
        values = {"key": key, "owner": owner}
        changes = "owner = NULL, leased_until = NULL"
        self._write(f"UPDATE entry SET {changes} WHERE key = :key AND owner = :owner", values)

    def release_dead_leases(self, is_dead: Callable[[str], bool]) -> None:
        """Release all leases of owners for whom a function returns True, such as ended processes."""
        with self._file.connected(self._wait) as connection:
            rows = connection.execute("SELECT DISTINCT owner FROM entry WHERE owner IS NOT NULL").fetchall()
        for (owner,) in rows:
            if is_dead(owner):
                self.release_leases(owner)

    def release_leases(self, owner: str) -> None:
        """Release all leases of one owner."""
        changes = "owner = NULL, leased_until = NULL"
        self._write(f"UPDATE entry SET {changes} WHERE owner = :owner", {"owner": owner})

    def entries(self, now: float, expires_after: float) -> list[Entry]:
        """Return the entries that can be continued, oldest first, leased or not.

        Args:
            now: Seconds since 1970.
            expires_after: Seconds for which the service keeps a task, and so gives the links of its
                pictures. Older calls cannot be continued.
        """
        alive = "coalesce(accepted_at, sent_at) + :life > :now"
        return self._read(f"{UNFINISHED} AND {alive}", {"now": now, "life": expires_after})

    def entry(self, which: int | str) -> Entry | None:
        """Return one entry as it is now; None if there is none."""
        entries = self._read(_key_condition(which), {"which": which})
        return entries[-1] if entries else None

    def labelled(self, origin: str) -> Iterator[Entry]:
        """Yield the entries of an address that have a label, in the order in which they were recorded.

        Args:
            origin: Scheme and host of the API.
        """
        yield from self._read("label IS NOT NULL AND origin = :origin", {"origin": origin})

    def newest(self, label: str) -> Entry | None:
        """Return the newest entry with a label; None if there is none."""
        entries = self._read("label = :label", {"label": label})
        return entries[-1] if entries else None

    def next_sent_at(self, entry: Entry) -> float | None:
        """Return when the call of the same model that was recorded next was sent; None if there is none."""
        condition = "key > :key AND origin = :origin AND model = :model"
        values = {"key": entry.key, "origin": entry.origin, "model": entry.model}
        with self._file.connected(self._wait) as connection:
            statement = f"SELECT sent_at FROM entry WHERE {condition} ORDER BY key LIMIT 1"
            row = connection.execute(statement, values).fetchone()
        return None if row is None else float(row[0])

    def close(self) -> None:
        """Close the file. A second call does nothing; any other use raises JournalError from then on."""
        self._file.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, statement: str, values: dict[str, Any], task_id: str | None = None) -> Cursor:
        """Execute one statement as one transaction; it waits for the write lock at its start."""
        with self._file.connected(self._wait, task_id) as connection:
            return connection.execute(statement, _without_surrogates(values))

    def _read(self, condition: str, values: dict[str, Any]) -> list[Entry]:
        with self._file.connected(self._wait) as connection:
            statement = f"SELECT {COLUMNS} FROM entry WHERE {condition} ORDER BY key"
            return [entry_from_row(row) for row in connection.execute(statement, _without_surrogates(values))]


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    """Make several statements one transaction, which begins with the write lock."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # some errors have ended it
            connection.execute("ROLLBACK")
        raise


def _key_condition(which: int | str) -> str:
    return "task_id = :which" if isinstance(which, str) else "key = :which"


def _without_surrogates(values: dict[str, Any]) -> dict[str, Any]:
    """Escape lone surrogates, which SQLite refuses: a malformed request id must not lose the task id."""
    return {
        name: value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value
        for name, value in values.items()
    }
