"""A store in a folder: SQLite and a file for each piece. A restart loses nothing, kill -9 included."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Generic

from wanlib.base.clock import ManualClock
from wanlib.emulator.database import Database, StoreError
from wanlib.emulator.disk import DiskPieces
from wanlib.emulator.records import READERS, write_record
from wanlib.emulator.store import Account, Record, Upload
from wanlib.emulator.work import Work

_PAGE = 256


class SqliteShelf(Generic[Record]):
    """A table of records in the order in which their keys first came; few of them are in memory at a time."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._read = READERS[name]

    def put(self, key: str, record: Record) -> None:
        """Keeps a record; where the key is known, in its place."""
        put = f"INSERT INTO {self._name} (key, record) VALUES (?, ?)"
        update = "ON CONFLICT (key) DO UPDATE SET record = excluded.record"
        self._database.run(f"{put} {update}", key, write_record(record))  # type: ignore[arg-type]

    def get(self, key: str) -> Record | None:
        """The record of a key."""
        return self._one(f"SELECT record FROM {self._name} WHERE key = ?", key)

    def drop(self, key: str) -> None:
        """Forgets a key."""
        self._database.run(f"DELETE FROM {self._name} WHERE key = ?", key)

    def first(self) -> Record | None:
        """The record whose key came first."""
        return self._one(f"SELECT record FROM {self._name} ORDER BY place LIMIT 1")

    def newest_first(self) -> Iterator[Record]:
        """All records, page by page."""
        page = f"SELECT place, record FROM {self._name} WHERE place < ? ORDER BY place DESC LIMIT {_PAGE}"
        last: object = 1 << 62
        while rows := self._database.run(page, last):
            yield from (self._told(text) for _, text in rows)
            last = rows[-1][0]

    def __len__(self) -> int:
        ((count,),) = self._database.run(f"SELECT count(*) FROM {self._name}")
        assert isinstance(count, int)
        return count

    def _one(self, statement: str, *values: object) -> Record | None:
        rows = self._database.run(statement, *values)
        return self._told(rows[0][0]) if rows else None

    def _told(self, text: object) -> Record:
        try:
            record: Record = self._read(text)  # type: ignore[arg-type]
        except (ValueError, TypeError, RecursionError):
            what = f"holds in {self._name} what no emulator writes: move the folder away"
            raise StoreError(f"{self._database.path} {what}") from None
        return record


class SqliteStore:
    """The shelves of a folder. starts: how often it was opened before. Raises StoreError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database = Database(folder)
        self.works: SqliteShelf[Work] = SqliteShelf(self._database, "works")
        self.uploads: SqliteShelf[Upload] = SqliteShelf(self._database, "uploads")
        self.accounts: SqliteShelf[Account] = SqliteShelf(self._database, "accounts")
        self.starts = int(self._number("starts"))
        self._keep("starts", self.starts + 1)

    def change(self) -> AbstractContextManager[None]:
        """All that is put inside is kept, or nothing of it."""
        return self._database.change()

    def pieces(self, file_cap: int, memory_cap: int) -> DiskPieces:
        """The bytes of inputs, all of them in files of the folder, under the cap for files."""
        return DiskPieces(self._database, self._folder / "pieces", file_cap)

    def manual_clock(self, start: float | None = None) -> ManualClock:
        """Return a manual clock that goes on where it stood, never before the last stored record.

        Args:
            start: Seconds since 1970 at which it starts in a new folder; None means the present.
        """
        if not self.starts:
            return _KeptClock(self, start)
        kept = [self._number("now")]
        kept += [work.submitted for work in self.works.newest_first()]
        kept += [upload.at for upload in self.uploads.newest_first()]
        return _KeptClock(self, max(kept))

    def keep_time(self, now: float) -> None:
        """Store the time of a manual clock."""
        self._keep("now", now)

    def close(self) -> None:
        """Lets go of the folder."""
        self._database.close()

    def _number(self, name: str) -> float:
        rows = self._database.run("SELECT value FROM numbers WHERE name = ?", name)
        return float(rows[0][0]) if rows else 0.0  # type: ignore[arg-type]

    def _keep(self, name: str, value: float) -> None:
        self._database.run("INSERT OR REPLACE INTO numbers VALUES (?, ?)", name, value)


class _KeptClock(ManualClock):
    def __init__(self, store: SqliteStore, start: float | None) -> None:
        super().__init__(start)
        self._store = store
        self._advanced()

    def _advanced(self) -> None:
        self._store.keep_time(self.wall())


def open_store(folder: Path) -> SqliteStore:
    """The store of a folder, which is made where there is none; no other process can have it meanwhile.

    Raises StoreError, a line of text, where the folder can't be used or holds another program's file, a
    damaged one or that of a newer version.
    """
    return SqliteStore(folder)
