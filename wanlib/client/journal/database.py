"""The journal's file: made, opened and checked; and what to do when SQLite can't work with it."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wanlib.base.redaction import redact_text, safe_repr
from wanlib.client.journal.entry import SCHEMA
from wanlib.errors import JournalError

WAIT = 30.0
"""Seconds to wait for another process that writes; each holds the file for milliseconds."""
APPLICATION = int.from_bytes(b"WANJ", "big")
VERSION = 1

_ELSEWHERE = "give the journal another path"
_WRITE = "give this user the right to write it and its folder, or " + _ELSEWHERE
_ADVICE = {
    sqlite3.SQLITE_BUSY: "is held by another process: end that one, or " + _ELSEWHERE,
    sqlite3.SQLITE_LOCKED: "is held by another process: end that one, or " + _ELSEWHERE,
    sqlite3.SQLITE_FULL: "can't grow, the disk is full: make room",
    sqlite3.SQLITE_READONLY: "can't be written: " + _WRITE,
    sqlite3.SQLITE_CANTOPEN: "can't be opened: " + _WRITE,
    sqlite3.SQLITE_PERM: "can't be written: " + _WRITE,
    sqlite3.SQLITE_IOERR: "can't be read or written: look after the disk, or " + _ELSEWHERE,
    sqlite3.SQLITE_CORRUPT: "is damaged: move it away with its -wal and -shm files (`sqlite3 FILE .recover` "
    "shows what is left of it), and a new one is made",
    sqlite3.SQLITE_NOTADB: "is no journal, or a damaged one: move it away, or " + _ELSEWHERE,
}
_MAKING = threading.Lock()


def open_journal(path: Path) -> sqlite3.Connection:
    """A connection to the journal at `path`, which is made where there is none; its statements commit alone.

    Raises JournalError where there is no folder for it, or something else than a journal of this version.
    """
    with sqlite_errors(path):
        _create_file(path)
        connection = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        try:
            _init_schema(connection, path)
            _use_wal(connection)
            # FULL, not NORMAL: each commit waits for the disk, so a power cut loses no more than a killed
            # process does. An entry stands for money and a commit costs milliseconds, a call a minute.
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection


def resolve_database_path(path: str | os.PathLike[str]) -> Path:
    """Where the file really is: SQLite would take `:memory:` for a name of its own, and follow a link."""
    try:
        return Path(os.path.realpath(path))
    except (TypeError, ValueError):
        raise JournalError(f"the journal's path is {safe_repr(path)}: give the path of a file") from None


def closed_error(path: Path, task_id: str | None) -> JournalError:
    """The error of a journal that is used after its end."""
    return _error(path, "is closed: open it anew", task_id)


@contextmanager
def sqlite_errors(path: Path, task_id: str | None = None) -> Iterator[None]:
    """Turns what SQLite and the system say into a JournalError that names the file and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        advice = _ADVICE.get((code or 0) & 0xFF) or f"can't be used: {redact_text(str(error))}; {_ELSEWHERE}"
        raise _error(path, advice, task_id) from None
    except OSError as error:
        raise _error(path, f"can't be made: {error.strerror}; {_WRITE}", task_id) from None
    except (ValueError, TypeError, ArithmeticError):
        raise _error(
            path, "holds what no journal writes: move it away, and a new one is made", task_id
        ) from None


def _error(path: Path, advice: str, task_id: str | None = None) -> JournalError:
    return JournalError(f"the journal {str(path)!r} {advice}", task_id=task_id)


def _create_file(path: Path) -> None:
    """Makes an empty file that only its owner may read; SQLite gives its -wal and -shm the same mode.

    A file that is there is not touched: to close it would drop the locks that another journal of this
    process holds on it (POSIX drops all of a process), hence the lock, too.
    """
    if path.is_dir():
        raise _error(path, "is a folder: name a file in it")
    if not path.parent.is_dir():
        raise _error(path, "has no folder to be in: make the folder, or " + _ELSEWHERE)
    if path.exists() and not path.is_file():
        raise _error(path, "is no ordinary file: " + _ELSEWHERE)
    with _MAKING, suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _init_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Writes the schema into an empty file; refuses what is no journal of ours, and leaves it as it is."""
    connection.execute("BEGIN IMMEDIATE")
    found = tuple(_read_int(connection, f"PRAGMA {name}") for name in ("application_id", "user_version"))
    if found == (0, 0) and not _read_int(connection, "SELECT count(*) FROM sqlite_master"):
        for statement in SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
    elif found[0] != APPLICATION:
        raise _error(path, "is the SQLite file of another program: " + _ELSEWHERE)
    elif found[1] != VERSION:
        raise _error(path, f"has version {found[1]}, this wanlib knows {VERSION}: update it, or {_ELSEWHERE}")
    # Each time, so that a file that can't be written is refused now and not in the midst of a call.
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Lets others read while one writes. On a disk that can't, SQLite stays with what is as safe.

    SQLite does not wait its turn to switch, as it does for a transaction; so a transaction waits for it.
    """
    for _ in range(100):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")


def _read_int(connection: sqlite3.Connection, statement: str) -> int:
    return int(connection.execute(statement).fetchone()[0])
