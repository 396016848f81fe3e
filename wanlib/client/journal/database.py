"""`JournalFile`: the open SQLite file of a journal, its format, and its errors.

`wanlib.base.sqlite_file` opens the file; this module adds the features of a journal: threads share it, a
forked process reopens it, and a file that was removed or replaced is detected, because SQLite would continue
to write to it.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from weakref import WeakSet

from wanlib.base.error_codes import Retry
from wanlib.base.redaction import safe_repr
from wanlib.base.sqlite_file import SqliteFormat, file_identity, is_busy, open_sqlite_file
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
    # A lost entry can lose money. A commit takes milliseconds, a call a minute.
    synchronous="FULL",
    check_pages=False,
    messages={
        sqlite3.SQLITE_CORRUPT: "is damaged: move it away with its -wal and -shm files (`sqlite3 FILE "
        ".recover` shows the remaining data), and a new one is created",
        sqlite3.SQLITE_NOTADB: "is not a journal, or damaged: move it away, or give the journal another path",
    },
)
_THREAD_WAIT = 1.0
"""Seconds to wait for another thread, which holds the file as long as the disk takes for one change."""


class JournalFile:
    """An open journal file. Its statements are executed one at a time, each in its own transaction.

    Args:
        path: The file, which is created if it does not exist.

    Raises:
        JournalError: The folder is missing, the file cannot be written, or it is not a journal of this
            version.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = _resolve(path)
        self._lock = threading.Lock()
        self._wait = JOURNAL_FORMAT.wait
        self._identity: tuple[int, int] | None = None
        self._open(JOURNAL_FORMAT.wait)
        self._is_closed = self._is_inherited = False
        _FILES.add(self)

    @contextmanager
    def connected(self, wait: float | None, task_id: str | None = None) -> Iterator[sqlite3.Connection]:
        """Yield the connection to one thread at a time.

        Args:
            wait: Seconds to wait for another process that writes; None for those of the format.
            task_id: The task that the statement is about, None if there is none.

        Raises:
            JournalError: The file cannot be used; its `retry` is `yes` if it is in use.
        """
        wait = JOURNAL_FORMAT.wait if wait is None else wait
        with sqlite_errors(self.path, task_id):
            if not self._lock.acquire(timeout=max(wait, _THREAD_WAIT)):
                raise _error(self.path, "is in use by another thread: try again later", task_id, "yes")
            try:
                if self._is_closed:
                    raise _error(self.path, "is closed: open it again", task_id)
                if self._is_inherited:
                    self._open(wait)
                    self._is_inherited = False
                if file_identity(self.path) != self._identity:
                    raise _error(self.path, "was removed or replaced: make a client that opens it", task_id)
                if wait != self._wait:
                    self.connection.execute(f"PRAGMA busy_timeout = {round(wait * 1000)}")
                    self._wait = wait
                yield self.connection
            finally:
                self._lock.release()

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        with self._lock, sqlite_errors(self.path):
            self._is_closed = True
            if not self._is_inherited:
                self.connection.close()

    def _open(self, wait: float) -> None:
        form = JOURNAL_FORMAT._replace(wait=wait)
        self.connection = open_sqlite_file(self.path, form, partial(_error, self.path))
        self._wait = wait
        self._identity = file_identity(self.path)

    def hold_for_fork(self) -> bool:
        """Wait until no thread uses the file, and block all of them until `release_after_fork`."""
        return self._lock.acquire(timeout=_THREAD_WAIT)

    def release_after_fork(self, *, in_child: bool) -> None:
        """Unblock the file after a fork. The child closes it at once and opens it again on use.

        The state of a connection is not valid in a child, and neither is that of a second connection to the
        same file while the first one is open there (https://www.sqlite.org/howtocorrupt.html, section 2.6).
        """
        if in_child and not self._is_inherited and not self._is_closed:
            self.connection.close()
            self._is_inherited = True
        self._lock.release()


_FILES: WeakSet[JournalFile] = WeakSet()
_HELD: list[JournalFile] = []


def _before_fork() -> None:
    _HELD.extend(file for file in list(_FILES) if file.hold_for_fork())


def _after_fork(*, in_child: bool) -> None:
    while _HELD:
        _HELD.pop().release_after_fork(in_child=in_child)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=partial(_after_fork, in_child=False),
        after_in_child=partial(_after_fork, in_child=True),
    )


@contextmanager
def sqlite_errors(path: Path, task_id: str | None = None) -> Iterator[None]:
    """Translate errors of SQLite, of the file system and of unreadable rows into a JournalError.

    Args:
        path: The journal, for the message.
        task_id: The task that the statement is about, None if there is none.
    """
    make_error = partial(_error, path, task_id=task_id)
    retry: Retry = "no"
    try:
        with translate_sqlite_errors(JOURNAL_FORMAT, make_error):
            try:
                yield
            except sqlite3.OperationalError as error:
                retry = "yes" if is_busy(error) else "no"
                raise
    except JournalError as error:
        error.retry = retry if error.retry == "no" else error.retry
        raise
    except (ValueError, TypeError, ArithmeticError):
        raise make_error(
            "contains a row that is not from a journal: move it away, and a new one is created"
        ) from None


def _resolve(path: str | os.PathLike[str]) -> Path:
    """Return the absolute path with links resolved: SQLite gives names such as `:memory:` a meaning."""
    try:
        return Path(os.path.realpath(path))
    except (TypeError, ValueError):
        raise JournalError(f"the journal's path is {safe_repr(path)}: give the path of a file") from None
    except OSError as error:  # the working directory was removed
        problem = f"has no working directory to be in: {error.strerror}; give an absolute path"
        raise _error(Path(path), problem) from None


def _error(path: Path, problem: str, task_id: str | None = None, retry: Retry = "no") -> JournalError:
    error = JournalError(f"the journal {str(path)!r} {problem}", task_id=task_id)
    error.retry = retry
    return error
