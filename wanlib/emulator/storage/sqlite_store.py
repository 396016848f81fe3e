"""A store in a folder: an SQLite file and a file for each blob. Nothing is lost if the process is killed."""

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
    """Write a record as a JSON array of its members, nested records likewise."""
    return json.dumps(record, separators=(",", ":"))


def job_from_json(text: str) -> Job:
    """Read a job.

    Raises:
        ValueError: The text is not a job.
        TypeError: A member has a wrong type.
    """
    job_id, request_id, spec, outcome, *rest = json.loads(text)
    return _check_types(
        Job(job_id, request_id, _job_spec_from_json(spec), JobOutcome(*outcome), *rest), _JOB_TYPES
    )


def upload_from_json(text: str) -> Upload:
    """Read an upload. Raises ValueError or TypeError for any other text."""
    return _check_types(Upload(*json.loads(text)), _UPLOAD_TYPES)


def account_from_json(text: str) -> Account:
    """Read an account. Raises ValueError or TypeError for any other text."""
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
    images = tuple(InputImage(*image) for image in inputs)
    width, height = size
    return JobSpec(
        model, call, prompt, images, (width, height), pictures, exact, tuple((a, b) for a, b in seeds), *rest
    )


def _check_types(record: Row, types: tuple[Any, ...]) -> Row:
    for member, expected in zip(record, types, strict=True):
        if not isinstance(member, expected):
            raise TypeError(f"{type(member).__name__} is not the type of this member")
    return record


_PAGE = 256


class SqliteTable(Generic[Record]):
    """A table of records in the order in which their keys were first put; few are in memory at a time."""

    def __init__(self, database: Database, name: str) -> None:
        """Create a view of a table of the database."""
        self._database = database
        self._name = name
        self._read = READERS[name]

    def put(self, key: str, record: Record) -> None:
        """Store a record, in place of an earlier one of the same key."""
        put = f"INSERT INTO {self._name} (key, record) VALUES (?, ?)"
        update = "ON CONFLICT (key) DO UPDATE SET record = excluded.record"
        self._database.execute(f"{put} {update}", key, to_json(record))  # type: ignore[arg-type]

    def get(self, key: str) -> Record | None:
        """Return a record, None if there is none."""
        return self._fetch_one(f"SELECT record FROM {self._name} WHERE key = ?", key)

    def drop(self, key: str) -> None:
        """Delete a record; do nothing if there is none."""
        self._database.execute(f"DELETE FROM {self._name} WHERE key = ?", key)

    def first(self) -> Record | None:
        """Return the oldest record, None if the table is empty."""
        return self._fetch_one(f"SELECT record FROM {self._name} ORDER BY place LIMIT 1")

    def newest_first(self) -> Iterator[Record]:
        """Iterate over the records, newest first, page by page."""
        page = f"SELECT place, record FROM {self._name} WHERE place < ? ORDER BY place DESC LIMIT {_PAGE}"
        last: object = 1 << 62
        while rows := self._database.execute(page, last):
            yield from (self._read_row(text) for _, text in rows)
            last = rows[-1][0]

    def __len__(self) -> int:
        """Return the number of records."""
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
            what = f"contains an invalid record in {self._name}: move the folder away"
            raise StoreError(f"{self._database.path} {what}") from None
        return record


class SqliteStore:
    """The store of a data folder.

    Attributes:
        jobs: Accepted jobs by id.
        uploads: Uploaded files by key.
        accounts: Accounts by model.
        start_count: How often the folder was opened before.
    """

    def __init__(self, folder: Path) -> None:
        """Open a folder.

        Raises:
            StoreError: It cannot be used.
        """
        self._folder = folder
        self._database = Database(folder)
        self.jobs: SqliteTable[Job] = SqliteTable(self._database, "works")
        self.uploads: SqliteTable[Upload] = SqliteTable(self._database, "uploads")
        self.accounts: SqliteTable[Account] = SqliteTable(self._database, "accounts")
        self.start_count = int(self._number("starts"))
        self._save_number("starts", self.start_count + 1)

    def transaction(self) -> AbstractContextManager[None]:
        """Keep all changes inside the block, or none of them."""
        return self._database.transaction()

    def create_blob_store(self, file_cap: int, memory_cap: int) -> DiskBlobStore:
        """Return the blob store. All blobs are in files, so only the limit for files applies."""
        return DiskBlobStore(self._database, self._folder / "pieces", file_cap)

    def manual_clock(self, start: float | None = None) -> ManualClock:
        """Return a manual clock that continues where it stopped, never before the last stored record.

        Args:
            start: Seconds since 1970 at which it starts in a new folder; None means the present.
        """
        if not self.start_count:
            return _PersistentClock(self, start)
        times = [self._number("now")]
        times += [job.submitted for job in self.jobs.newest_first()]
        times += [upload.at for upload in self.uploads.newest_first()]
        return _PersistentClock(self, max(times))

    def save_time(self, now: float) -> None:
        """Store the time of a manual clock."""
        self._save_number("now", now)

    def close(self) -> None:
        """Close the folder."""
        self._database.close()

    def _number(self, name: str) -> float:
        rows = self._database.execute("SELECT value FROM numbers WHERE name = ?", name)
        return float(rows[0][0]) if rows else 0.0  # type: ignore[arg-type]

    def _save_number(self, name: str, value: float) -> None:
        self._database.execute("INSERT OR REPLACE INTO numbers VALUES (?, ?)", name, value)


class _PersistentClock(ManualClock):
    """A manual clock that stores its time with each advance."""

    def __init__(self, store: SqliteStore, start: float | None) -> None:
        super().__init__(start)
        self._store = store
        self._advanced()

    def _advanced(self) -> None:
        self._store.save_time(self.wall())


def open_store(folder: Path) -> SqliteStore:
    """Open the store of a folder; no other process can use it at the same time.

    Args:
        folder: Created if it does not exist.

    Raises:
        StoreError: The folder cannot be used, or has a file that is damaged or of another program or
            version.
    """
    return SqliteStore(folder)
