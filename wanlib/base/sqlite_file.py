"""SQLite files of wanlib: created for their owner alone, claimed by an application id, checked, opened.

The journal of the client and the store of the emulator both keep an SQLite file. `SqliteFormat` contains
the differences between them; everything else, including the messages, is here. Imported only where a file
is used, because loading SQLite takes milliseconds.

`application_id` and `user_version` are the two integers that SQLite reserves in the header of a file for the
program that owns it (https://www.sqlite.org/pragma.html#pragma_application_id). A file with another
application id is left as it is.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, NamedTuple

from wanlib.base.redaction import redact_text

MakeError = Callable[[str], Exception]
"""From the rest of a sentence, such as `is damaged: move it away`, to the error that names the file."""

_CREATING = threading.Lock()


class SqliteFormat(NamedTuple):
    """The content of one kind of SQLite file, and how it is opened.

    Attributes:
        application: Four ASCII letters that mark the file as one of this kind.
        version: The version of the schema; a file of another version is refused.
        schema: The statements that create the tables of a new file.
        elsewhere: What the user can do instead of using this file, such as `give --data another folder`.
        wait: Seconds to wait for another process that writes. 0 refuses at once.
        exclusive: Whether one connection holds the file until it is closed.
        synchronous: FULL waits for the disk at each commit, so that a power cut loses nothing. NORMAL may
            lose the last commits in a power cut; a killed process loses nothing with either.
        check_pages: Whether the whole file is checked when it is opened.
        messages: Rests of sentences by primary result code of SQLite that replace the general ones.
    """

    application: str
    version: int
    schema: tuple[str, ...]
    elsewhere: str
    wait: float
    exclusive: bool
    synchronous: Literal["FULL", "NORMAL"]
    check_pages: bool
    messages: Mapping[int, str]


def open_sqlite_file(path: Path, form: SqliteFormat, make_error: MakeError) -> sqlite3.Connection:
    """Open an SQLite file and create it if it does not exist. Each statement is its own transaction.

    Args:
        path: The file. Its folder must exist.
        form: The required content of the file.
        make_error: Makes the error that is raised.

    Returns:
        A connection that several threads may use, one at a time.

    Raises:
        Exception: What `make_error` makes, where the file cannot be used or is not of this format.
    """
    with sqlite_errors(form, make_error):
        _create_file(path, form, make_error)
        connection = sqlite3.connect(path, timeout=form.wait, isolation_level=None, check_same_thread=False)
        try:
            if form.exclusive:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            _claim(connection, form, make_error)
            _use_wal(connection)
            connection.execute(f"PRAGMA synchronous = {form.synchronous}")
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def sqlite_errors(form: SqliteFormat, make_error: MakeError) -> Iterator[None]:
    """Translate errors of SQLite and of the file system into the error that `make_error` makes."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary result code: https://www.sqlite.org/rescode.html
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        text = form.messages.get(code) or _message(code, form.elsewhere)
        raise make_error(text or f"can't be used: {redact_text(str(error))}; {form.elsewhere}") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise make_error(f"can't be created: {reason}; {_grant_access(form.elsewhere)}") from None


def is_busy(error: sqlite3.Error) -> bool:
    """Return whether another process or connection holds the file, so that trying again may help."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _message(code: int, elsewhere: str) -> str | None:
    """Return the rest of a sentence for a primary result code; None for a code without one."""
    return {
        sqlite3.SQLITE_BUSY: f"is in use by another process: end that one, or {elsewhere}",
        sqlite3.SQLITE_LOCKED: f"is in use by another process: end that one, or {elsewhere}",
        sqlite3.SQLITE_FULL: "can't grow, the disk is full: make room",
        sqlite3.SQLITE_READONLY: f"can't be written: {_grant_access(elsewhere)}",
        sqlite3.SQLITE_PERM: f"can't be written: {_grant_access(elsewhere)}",
        sqlite3.SQLITE_CANTOPEN: f"can't be opened: {_grant_access(elsewhere)}",
        sqlite3.SQLITE_IOERR: f"can't be read or written: check the disk, or {elsewhere}",
        sqlite3.SQLITE_CORRUPT: f"is damaged: move it away, or {elsewhere}",
        sqlite3.SQLITE_NOTADB: f"is not an SQLite file, or damaged: move it away, or {elsewhere}",
    }.get(code)


def _grant_access(elsewhere: str) -> str:
    return f"give this user the right to write it and its folder, or {elsewhere}"


def _create_file(path: Path, form: SqliteFormat, make_error: MakeError) -> None:
    """Create an empty file that only its owner may read; SQLite gives its -wal and -shm the same mode.

    An existing file is not opened here: to close it would drop the locks that another connection of this
    process holds on it (POSIX drops all locks of a process), hence also the lock.
    """
    if path.is_dir():
        raise make_error("is a folder: name a file in it")
    if not path.parent.is_dir():
        raise make_error(f"has no folder to be in: create the folder, or {form.elsewhere}")
    if path.exists() and not path.is_file():
        raise make_error(f"is not a regular file: {form.elsewhere}")
    with _CREATING, suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _claim(connection: sqlite3.Connection, form: SqliteFormat, make_error: MakeError) -> None:
    """Write the schema into an empty file; refuse a file of another program or version, unchanged."""
    expected = int.from_bytes(form.application.encode("ascii"), "big")
    connection.execute("BEGIN IMMEDIATE")
    application = _read_int(connection, "PRAGMA application_id")
    version = _read_int(connection, "PRAGMA user_version")
    if (application, version) == (0, 0) and not _read_int(connection, "SELECT count(*) FROM sqlite_master"):
        for statement in form.schema:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {expected}")
    elif application != expected:
        raise make_error(f"is the SQLite file of another program: {form.elsewhere}")
    elif version != form.version:
        raise make_error(
            f"has version {version}, and this wanlib reads version {form.version}: update it, or "
            f"{form.elsewhere}"
        )
    elif form.check_pages and connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise make_error(form.messages.get(sqlite3.SQLITE_CORRUPT) or f"is damaged: {form.elsewhere}")
    # Written each time, so that a read-only file is refused now and not during a call.
    connection.execute(f"PRAGMA user_version = {form.version}")
    connection.execute("COMMIT")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging, so that others read while one writes.

    On a disk that does not support it, SQLite keeps its rollback journal, which is as safe. SQLite does not
    wait its turn for the switch, as it does for a transaction; so a transaction waits for it.
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


def file_identity(path: Path) -> tuple[int, int] | None:
    """Return device and inode, which show whether a file was replaced; None if it does not exist."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
