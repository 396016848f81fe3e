"""Blobs that outlive the process: one file each in the data folder, with a random name."""

import os
import re
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from wanlib.emulator.storage.database import Database, sqlite_errors

_KEY = re.compile(r"[0-9a-f]{32}")


class DiskBlobStore:
    """Reference-counted blobs in files.

    A file is written before its row and deleted after it. Each row therefore has its file; files without a
    row are removed at the start.
    """

    def __init__(self, database: Database, folder: Path, cap: int) -> None:
        """Open the store, and remove files without a row.

        Args:
            database: Has the reference counts.
            folder: Has the files; created if it does not exist.
            cap: Bytes of all blobs.
        """
        self._database = database
        self._folder = folder
        self._cap = cap
        self._added: list[str] = []
        self._dropped: list[str] = []
        with sqlite_errors(folder):
            folder.mkdir(mode=0o700, exist_ok=True)
            self._remove_orphans()
        self._size = self._stored_bytes()
        database.listeners.append(self)

    @property
    def used(self) -> tuple[int, int]:
        """Bytes in memory, always 0, and on disk."""
        return 0, self._size

    def has_room(self, size: int) -> bool:
        """Return True if a blob of this size fits."""
        return self._size + size <= self._cap

    def add(self, data: bytes) -> str:
        """Store bytes with one reference. Return their key, "" if they do not fit."""
        if not data or not self.has_room(len(data)):
            return ""
        key = token_hex(16)
        with self._database.transaction():
            self._added.append(key)
            file = os.open(self._folder / key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "wb") as opened:
                opened.write(data)
            self._database.execute("INSERT INTO pieces VALUES (?, 1, ?)", key, len(data))
            self._size += len(data)
        return key

    def retain(self, key: str) -> str:
        """Add a reference to a blob. Return its key, "" if it is unknown."""
        rows = self._database.execute("UPDATE pieces SET users = users + 1 WHERE key = ? RETURNING key", key)
        return key if rows else ""

    def get(self, key: str) -> bytes | None:
        """Return the bytes, None if the key is unknown."""
        if not _KEY.fullmatch(key) or not self._database.execute("SELECT 1 FROM pieces WHERE key = ?", key):
            return None
        with suppress(FileNotFoundError):
            return (self._folder / key).read_bytes()
        return None

    def release(self, key: str) -> None:
        """Drop a reference; the last one deletes the file when the transaction commits."""
        run = self._database.execute
        with self._database.transaction():
            if not run("UPDATE pieces SET users = users - 1 WHERE key = ? RETURNING key", key):
                return
            for (size,) in run("DELETE FROM pieces WHERE key = ? AND users < 1 RETURNING size", key):
                assert isinstance(size, int)
                self._size -= size
                self._dropped.append(key)

    def close(self) -> None:
        """Do nothing: files remain for the next process."""

    def on_commit(self) -> None:
        """Delete the files of dropped blobs."""
        self._remove(self._dropped)
        self._added.clear()

    def on_rollback(self) -> None:
        """Delete the files of added blobs."""
        self._remove(self._added)
        self._dropped.clear()
        with suppress(Exception):  # the error that caused the rollback is raised
            self._size = self._stored_bytes()

    def _remove(self, keys: list[str]) -> None:
        for key in keys:
            if _KEY.fullmatch(key):
                (self._folder / key).unlink(missing_ok=True)
        keys.clear()

    def _stored_bytes(self) -> int:
        ((size,),) = self._database.execute("SELECT coalesce(sum(size), 0) FROM pieces")
        assert isinstance(size, int)
        return size

    def _remove_orphans(self) -> None:
        """Delete files of transactions that were not committed; files of other programs stay."""
        for path in self._folder.iterdir():
            known = self._database.execute("SELECT 1 FROM pieces WHERE key = ?", path.name)
            if _KEY.fullmatch(path.name) and not known:
                path.unlink()
