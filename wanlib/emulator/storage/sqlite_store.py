"""A store in a folder: SQLite and a file for each piece. A restart loses nothing, kill -9 included."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from wanlib.base.clock import ManualClock
from wanlib.emulator.jobs.job import InputImage, Job, JobOutcome, JobSpec
from wanlib.emulator.storage.database import Database, StoreError
from wanlib.emulator.storage.disk_blobs import DiskBlobStore
from wanlib.emulator.storage.store import Account, Record, Upload

Row = TypeVar("Row", bound=tuple[Any, ...])


def to_json(record: NamedTuple) -> str:
    """A record as a list of its members, ASCII; records in it likewise."""
    return json.dumps(record, separators=(",", ":"))


def job_from_json(text: str) -> Job:
    """A job. ValueError, TypeError or KeyError where the text is none."""
    id, request_id, order, outcome, *rest = json.loads(text)
    return _check_types(
        Job(id, request_id, _job_spec_from_json(order), JobOutcome(*outcome), *rest), _JOB_TYPES
    )


def upload_from_json(text: str) -> Upload:
    """An upload. ValueError or TypeError where the text is none."""
    return _check_types(Upload(*json.loads(text)), _UPLOAD_TYPES)


def account_from_json(text: str) -> Account:
    """An account. ValueError or TypeError where the text is none."""
    return _check_types(Account(*json.loads(text)), _ACCOUNT_TYPES)


_NUMBER = (int, float)
_JOB_TYPES: tuple[Any, ...] = (
    *(str, str, JobSpec, JobOutcome, str, bool),
    *(_NUMBER, _NUMBER, _NUMBER, bool, bool),
)
_UPLOAD_TYPES: tuple[Any, ...] = (str, str, _NUMBER, int, str, str, int, int)
_ACCOUNT_TYPES: tuple[Any, ...] = (str, int, int, int, int, int, str)

READERS: dict[str, Callable[[str], Any]] = {
    "works": job_from_json,
    "uploads": upload_from_json,
    "accounts": account_from_json,
}


def _job_spec_from_json(members: list[Any]) -> JobSpec:
    model, call, prompt, inputs, size, pictures, exact, seeds, *rest = members
    given = tuple(InputImage(*each) for each in inputs)
    width, height = size
    return JobSpec(
        model, call, prompt, given, (width, height), pictures, exact, tuple((a, b) for a, b in seeds), *rest
    )


def _check_types(record: Row, types: tuple[Any, ...]) -> Row:
    for member, due in zip(record, types, strict=True):
        if not isinstance(member, due):
            raise TypeError(f"{type(member).__name__} stands where another type is due")
    return record


_PAGE = 256


class SqliteTable(Generic[Record]):
    """A table of records in the order in which their keys first came; few of them are in memory at a time."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._read = READERS[name]

    def put(self, key: str, record: Record) -> None:
        """Keeps a record; where the key is known, in its place."""
        put = f"INSERT INTO {self._name} (key, record) VALUES (?, ?)"
        update = "ON CONFLICT (key) DO UPDATE SET record = excluded.record"
        self._database.execute(f"{put} {update}", key, to_json(record))  # type: ignore[arg-type]

    def get(self, key: str) -> Record | None:
        """The record of a key."""
        return self._fetch_one(f"SELECT record FROM {self._name} WHERE key = ?", key)

    def drop(self, key: str) -> None:
        """Forgets a key."""
        self._database.execute(f"DELETE FROM {self._name} WHERE key = ?", key)

    def first(self) -> Record | None:
        """The record whose key came first."""
        return self._fetch_one(f"SELECT record FROM {self._name} ORDER BY place LIMIT 1")

    def newest_first(self) -> Iterator[Record]:
        """All records, page by page."""
        page = f"SELECT place, record FROM {self._name} WHERE place < ? ORDER BY place DESC LIMIT {_PAGE}"
        last: object = 1 << 62
        while rows := self._database.execute(page, last):
            yield from (self._read_row(text) for _, text in rows)
            last = rows[-1][0]

    def __len__(self) -> int:
        ((count,),) = self._database.execute(f"SELECT count(*) FROM {self._name}")
        assert isinstance(count, int)
        return count

    def _fetch_one(self, statement: str, *values: object) -> Record | None:
        rows = self._database.execute(statement, *values)
        return self._read_row(rows[0][0]) if rows else None

    def _read_row(self, text: object) -> Record:
        try:
            record: Record = self._read(text)  # type: ignore[arg-type]
        except (ValueError, TypeError, RecursionError):
            what = f"holds in {self._name} what no emulator writes: move the folder away"
            raise StoreError(f"{self._database.path} {what}") from None
        return record


class SqliteStore:
    """The shelves of a folder. start_count: how often it was opened before. Raises StoreError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database = Database(folder)
        self.jobs: SqliteTable[Job] = SqliteTable(self._database, "works")
        self.uploads: SqliteTable[Upload] = SqliteTable(self._database, "uploads")
        self.accounts: SqliteTable[Account] = SqliteTable(self._database, "accounts")
        self.start_count = int(self._number("starts"))
        self._save_number("starts", self.start_count + 1)

    def transaction(self) -> AbstractContextManager[None]:
        """All that is put inside is kept, or nothing of it."""
        return self._database.transaction()

    def create_blob_store(self, file_cap: int, memory_cap: int) -> DiskBlobStore:
        """The bytes of inputs, all of them in files of the folder, under the cap for files."""
        return DiskBlobStore(self._database, self._folder / "pieces", file_cap)

    def manual_clock(self, start: float | None = None) -> ManualClock:
        """Return a manual clock that goes on where it stood, never before the last stored record.

        Args:
            start: Seconds since 1970 at which it starts in a new folder; None means the present.
        """
        if not self.start_count:
            return _PersistentClock(self, start)
        kept = [self._number("now")]
        kept += [job.submitted for job in self.jobs.newest_first()]
        kept += [upload.at for upload in self.uploads.newest_first()]
        return _PersistentClock(self, max(kept))

    def save_time(self, now: float) -> None:
        """Store the time of a manual clock."""
        self._save_number("now", now)

    def close(self) -> None:
        """Lets go of the folder."""
        self._database.close()

    def _number(self, name: str) -> float:
        rows = self._database.execute("SELECT value FROM numbers WHERE name = ?", name)
        return float(rows[0][0]) if rows else 0.0  # type: ignore[arg-type]

    def _save_number(self, name: str, value: float) -> None:
        self._database.execute("INSERT OR REPLACE INTO numbers VALUES (?, ?)", name, value)


class _PersistentClock(ManualClock):
    def __init__(self, store: SqliteStore, start: float | None) -> None:
        super().__init__(start)
        self._store = store
        self._advanced()

    def _advanced(self) -> None:
        self._store.save_time(self.wall())


def open_store(folder: Path) -> SqliteStore:
    """The store of a folder, which is made where there is none; no other process can have it meanwhile.

    Raises StoreError, a line of text, where the folder can't be used or holds another program's file, a
    damaged one or that of a newer version.
    """
    return SqliteStore(folder)
