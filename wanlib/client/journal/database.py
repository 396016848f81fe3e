"""The SQLite file of a journal: its format, how it is opened, and how its errors name it.

`wanlib.base.sqlite_file` does the work; here is only what is particular to a journal.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from wanlib.base.redaction import safe_repr
from wanlib.base.sqlite_file import SqliteFormat, open_sqlite_file
from wanlib.base.sqlite_file import sqlite_errors as translate_sqlite_errors
from wanlib.client.journal.entry import SCHEMA
from wanlib.errors import JournalError

JOURNAL_FORMAT = SqliteFormat(
    application="WANJ",
    version=1,
    schema=tuple(SCHEMA.split(";")),
    elsewhere="give the journal another path",
    wait=30.0,  # each process holds the file for milliseconds
    exclusive=False,
    # An entry stands for money. A commit takes milliseconds, a call a minute.
    synchronous="FULL",
    check_pages=False,
    messages={
        sqlite3.SQLITE_CORRUPT: "is damaged: move it away with its -wal and -shm files (`sqlite3 FILE "
        ".recover` shows what is left of it), and a new one is created",
        sqlite3.SQLITE_NOTADB: "is not a journal, or damaged: move it away, or give the journal another path",
    },
)


def open_journal(path: Path) -> sqlite3.Connection:
    """Open the journal at a path, which is created if it does not exist.

    Returns:
        A connection in autocommit mode.

    Raises:
        JournalError: The folder is missing, the file cannot be written, or it is not a journal of this
            version.
    """
    return open_sqlite_file(path, JOURNAL_FORMAT, partial(_error, path))


def resolve_database_path(path: str | os.PathLike[str]) -> Path:
    """Return the absolute path with links resolved: SQLite gives names such as `:memory:` a meaning."""
    try:
        return Path(os.path.realpath(path))
    except (TypeError, ValueError):
        raise JournalError(f"the journal's path is {safe_repr(path)}: give the path of a file") from None


def closed_error(path: Path, task_id: str | None) -> JournalError:
    """Return the error for a journal that is used after it was closed."""
    return _error(path, "is closed: open it anew", task_id)


@contextmanager
def sqlite_errors(path: Path, task_id: str | None = None) -> Iterator[None]:
    """Translate errors of SQLite, of the file system and of unreadable rows into a JournalError.

    Args:
        path: The journal, for the message.
        task_id: The task that the statement is about, None if there is none.
    """
    make_error = partial(_error, path, task_id=task_id)
    try:
        with translate_sqlite_errors(JOURNAL_FORMAT, make_error):
            yield
    except (ValueError, TypeError, ArithmeticError):
        raise make_error(
            "contains a row that no journal writes: move it away, and a new one is created"
        ) from None


def _error(path: Path, problem: str, task_id: str | None = None) -> JournalError:
    return JournalError(f"the journal {str(path)!r} {problem}", task_id=task_id)
