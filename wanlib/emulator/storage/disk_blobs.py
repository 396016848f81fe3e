"""Pieces that outlive the process: a file each in the data folder, under a name that nobody chose."""

import os
import re
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from wanlib.emulator.storage.database import Database, sqlite_errors

_KEY = re.compile(r"[0-9a-f]{32}")


class DiskBlobStore:
    """Pieces by key, counted by their users. A file is written before its row is, and goes after it:
    whatever is killed in between, no row is without its file, and files without a row are swept away.
    """

    def __init__(self, database: Database, folder: Path, cap: int) -> None:
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
        """Bytes in memory, which are none, and on disk."""
        return 0, self._size

    def has_room(self, size: int) -> bool:
        """Whether the cap leaves room for so many bytes."""
        return self._size + size <= self._cap

    def add(self, data: bytes) -> str:
        """Keeps bytes for one user and gives their key; "" where the cap leaves no room."""
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
        """One more user of a piece; "" where there is none of this key."""
        found = self._database.execute("UPDATE pieces SET users = users + 1 WHERE key = ? RETURNING key", key)
        return key if found else ""

    def get(self, key: str) -> bytes | None:
        """The bytes, None where they are not kept."""
        if not _KEY.fullmatch(key) or not self._database.execute("SELECT 1 FROM pieces WHERE key = ?", key):
            return None
        with suppress(FileNotFoundError):
            return (self._folder / key).read_bytes()
        return None

    def release(self, key: str) -> None:
        """One user less; the file goes when this is kept."""
        run = self._database.execute
        with self._database.transaction():
            if not run("UPDATE pieces SET users = users - 1 WHERE key = ? RETURNING key", key):
                return
            for (size,) in run("DELETE FROM pieces WHERE key = ? AND users < 1 RETURNING size", key):
                assert isinstance(size, int)
                self._size -= size
                self._dropped.append(key)

    def close(self) -> None:
        """Leaves all as it is."""

    def on_commit(self) -> None:
        """A change is kept: what it gave up goes."""
        self._remove(self._dropped)
        self._added.clear()

    def on_rollback(self) -> None:
        """A change is undone: what it made goes."""
        self._remove(self._added)
        self._dropped.clear()
        with suppress(Exception):  # whoever undoes it tells what went wrong
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
        """Takes away the files of changes that were never kept; those of others stay."""
        for path in self._folder.iterdir():
            known = self._database.execute("SELECT 1 FROM pieces WHERE key = ?", path.name)
            if _KEY.fullmatch(path.name) and not known:
                path.unlink()
