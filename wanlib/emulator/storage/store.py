"""Storage interface of the emulator (`Store`, `Table`), with an in-memory implementation."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, NamedTuple, Protocol, TypeVar

from wanlib.emulator.jobs.job import Job
from wanlib.emulator.storage.blobs import BlobStore, MemoryBlobStore

Record = TypeVar("Record")


class Upload(NamedTuple):
    """An uploaded file.

    Attributes:
        key: Its path in the storage.
        model: The only model that can use it.
        at: When it was uploaded, seconds since 1970.
        size: In bytes.
        blob_key: The key of its bytes in the blob store.
        format: Such as `png`; "" if unknown.
        width: In pixels; 0 if unknown.
        height: In pixels; 0 if unknown.
    """

    key: str
    model: str
    at: float
    size: int
    blob_key: str
    format: str
    width: int
    height: int


class Account(NamedTuple):
    """The usage of one model.

    Attributes:
        model: The name of the model.
        accepted: Jobs accepted.
        succeeded: Jobs that made a picture.
        failed: Jobs that made none.
        canceled: Jobs that were canceled.
        pictures: Pictures made.
        amount: The price of those in decimal notation, so that nothing is rounded.
    """

    model: str
    accepted: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    pictures: int = 0
    amount: str = "0"


class Table(Protocol[Record]):
    """Immutable records by key, in the order in which the keys were first put."""

    def put(self, key: str, record: Record) -> None:
        """Store a record, in place of an earlier one of the same key."""

    def get(self, key: str) -> Record | None:
        """Return a record, None if there is none."""

    def drop(self, key: str) -> None:
        """Delete a record; do nothing if there is none."""

    def first(self) -> Record | None:
        """Return the oldest record, None if the table is empty."""

    def newest_first(self) -> Iterator[Record]:
        """Iterate over the records, newest first."""

    def __len__(self) -> int:
        """Return the number of records."""


class Store(Protocol):
    """Three tables, and the bytes of inputs."""

    @property
    def start_count(self) -> int:
        """How often the store was opened before: random numbers must not repeat."""

    def transaction(self) -> AbstractContextManager[None]:
        """Keep all changes inside the block, or none of them."""

    def create_blob_store(self, file_cap: int, memory_cap: int) -> BlobStore:
        """Return the blob store, with limits on bytes on disk and in memory."""

    def close(self) -> None:
        """Release the store."""

    @property
    def jobs(self) -> Table[Job]:
        """Accepted jobs by id."""

    @property
    def uploads(self) -> Table[Upload]:
        """Uploaded files by key."""

    @property
    def accounts(self) -> Table[Account]:
        """Accounts by model."""


class MemoryTable(Generic[Record]):
    """A table in memory."""

    def __init__(self) -> None:
        """Create an empty table."""
        # Not a dict: to find its first key, a dict skips all keys deleted before it.
        self._records: OrderedDict[str, Record] = OrderedDict()

    def put(self, key: str, record: Record) -> None:
        """Store a record, in place of an earlier one of the same key."""
        self._records[key] = record

    def get(self, key: str) -> Record | None:
        """Return a record, None if there is none."""
        return self._records.get(key)

    def drop(self, key: str) -> None:
        """Delete a record; do nothing if there is none."""
        self._records.pop(key, None)

    def first(self) -> Record | None:
        """Return the oldest record, None if the table is empty."""
        return next(iter(self._records.values()), None)

    def newest_first(self) -> Iterator[Record]:
        """Iterate over the records, newest first."""
        return iter(list(reversed(self._records.values())))

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._records)


class MemoryStore:
    """A store that is lost when the process ends."""

    start_count = 0
    _transaction = nullcontext()

    def __init__(self) -> None:
        """Create an empty store."""
        self.jobs: MemoryTable[Job] = MemoryTable()
        self.uploads: MemoryTable[Upload] = MemoryTable()
        self.accounts: MemoryTable[Account] = MemoryTable()

    def transaction(self) -> AbstractContextManager[None]:
        """Do nothing: an interrupted change is lost with everything stored when the process ends."""
        return self._transaction

    def create_blob_store(self, file_cap: int, memory_cap: int) -> MemoryBlobStore:
        """Return a store for small blobs in memory and large ones in a temporary file."""
        return MemoryBlobStore(file_cap, memory_cap)

    def close(self) -> None:
        """Do nothing: no file is open."""
