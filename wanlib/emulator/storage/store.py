"""What the emulator remembers. The seam at which another kind of memory can be put in."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, NamedTuple, Protocol, TypeVar

from wanlib.emulator.jobs.job import Job
from wanlib.emulator.storage.blobs import BlobStore, MemoryBlobStore

Record = TypeVar("Record")


class Upload(NamedTuple):
    """An uploaded file.

    at: seconds since 1970. piece: its bytes in the blobs. width, height: 0 where its header can't be read.
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
    """What one model has come to. amount: decimal text, so that nothing is rounded."""

    model: str
    accepted: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    pictures: int = 0
    amount: str = "0"


class Table(Protocol[Record]):
    """Frozen records by key, in the order in which their keys first came."""

    def put(self, key: str, record: Record) -> None: ...

    def get(self, key: str) -> Record | None: ...

    def drop(self, key: str) -> None: ...

    def first(self) -> Record | None: ...

    def newest_first(self) -> Iterator[Record]: ...

    def __len__(self) -> int: ...


class Store(Protocol):
    """The three shelves, and the bytes of inputs.

    start_count: how often it was opened before, so that what is drawn at random is not drawn again.
    change: all that is put inside of it is kept, or nothing of it. pieces: under these caps.
    """

    @property
    def start_count(self) -> int: ...

    def transaction(self) -> AbstractContextManager[None]: ...

    def create_blob_store(self, file_cap: int, memory_cap: int) -> BlobStore: ...

    def close(self) -> None: ...

    @property
    def jobs(self) -> Table[Job]: ...

    @property
    def uploads(self) -> Table[Upload]: ...

    @property
    def accounts(self) -> Table[Account]: ...


class MemoryTable(Generic[Record]):
    """A shelf in memory."""

    def __init__(self) -> None:
        # A dict looks for its first key past all that were dropped before it.
        self._records: OrderedDict[str, Record] = OrderedDict()

    def put(self, key: str, record: Record) -> None:
        self._records[key] = record

    def get(self, key: str) -> Record | None:
        return self._records.get(key)

    def drop(self, key: str) -> None:
        self._records.pop(key, None)

    def first(self) -> Record | None:
        return next(iter(self._records.values()), None)

    def newest_first(self) -> Iterator[Record]:
        return iter(list(reversed(self._records.values())))

    def __len__(self) -> int:
        return len(self._records)


class MemoryStore:
    """A store that ends with the process."""

    start_count = 0
    _transaction = nullcontext()

    def __init__(self) -> None:
        self.jobs: MemoryTable[Job] = MemoryTable()
        self.uploads: MemoryTable[Upload] = MemoryTable()
        self.accounts: MemoryTable[Account] = MemoryTable()

    def transaction(self) -> AbstractContextManager[None]:
        """Nothing can come between: the process that remembers is the one that ends."""
        return self._transaction

    def create_blob_store(self, file_cap: int, memory_cap: int) -> MemoryBlobStore:
        """The bytes of inputs: small ones in memory, large ones in a temporary file."""
        return MemoryBlobStore(file_cap, memory_cap)

    def close(self) -> None:
        """Nothing is held."""
