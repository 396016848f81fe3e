"""The bytes of input images: small ones in memory, large ones in one temporary file, both under a cap."""

import tempfile
from itertools import count
from typing import IO, NamedTuple, Protocol

LARGE_BLOB = 1 << 20
"""From this size on, a piece goes to the file."""


class BlobStore(Protocol):
    """Bytes by key, counted by their users; `Spool` keeps them as long as the process lives."""

    @property
    def used(self) -> tuple[int, int]: ...

    def has_room(self, size: int) -> bool: ...

    def add(self, data: bytes) -> str: ...

    def retain(self, key: str) -> str: ...

    def get(self, key: str) -> bytes | None: ...

    def release(self, key: str) -> None: ...

    def close(self) -> None: ...


class _Blob(NamedTuple):
    references: int
    data: bytes
    offset: int
    size: int


class MemoryBlobStore:
    """Pieces by key, counted by their users; what nobody uses any more is given up."""

    def __init__(self, file_cap: int, memory_cap: int) -> None:
        self._caps = (memory_cap, file_cap)
        self._used = [0, 0]  # bytes in memory, in the file
        self._keys = count(1)
        self._blobs: dict[str, _Blob] = {}
        self._free_ranges: list[tuple[int, int]] = [(0, file_cap)]  # (offset, size), sorted, never adjacent
        self._file: IO[bytes] | None = None

    @property
    def used(self) -> tuple[int, int]:
        """Bytes in memory and in the file."""
        return self._used[0], self._used[1]

    def has_room(self, size: int) -> bool:
        """Whether the cap leaves room for so many bytes."""
        large = size >= LARGE_BLOB
        return self._used[large] + size <= self._caps[large]

    def add(self, data: bytes) -> str:
        """Keeps bytes for one user and gives their key; "" where the cap leaves no room."""
        large = len(data) >= LARGE_BLOB
        if not data or not self.has_room(len(data)):
            return ""
        offset = self._write(data) if large else 0
        if offset < 0:
            return ""
        key = str(next(self._keys))
        self._used[large] += len(data)
        self._blobs[key] = _Blob(1, b"" if large else data, offset, len(data))
        return key

    def retain(self, key: str) -> str:
        """One more user of a piece; "" where there is none of this key."""
        kept = self._blobs.get(key)
        if kept is None:
            return ""
        self._blobs[key] = kept._replace(references=kept.references + 1)
        return key

    def get(self, key: str) -> bytes | None:
        """The bytes, None where they are not kept."""
        kept = self._blobs.get(key)
        if kept is None or kept.data:
            return kept and kept.data
        assert self._file is not None
        self._file.seek(kept.offset)
        return self._file.read(kept.size)

    def release(self, key: str) -> None:
        """One user less."""
        kept = self._blobs.get(key)
        if kept is None:
            return
        if kept.references > 1:
            self._blobs[key] = kept._replace(references=kept.references - 1)
            return
        del self._blobs[key]
        self._used[not kept.data] -= kept.size
        if not kept.data:
            self._free(kept.offset, kept.size)

    def close(self) -> None:
        """Gives everything up."""
        self._blobs.clear()
        if self._file:
            self._file.close()

    def _write(self, data: bytes) -> int:
        """Where the bytes went: the first hole that holds them; -1 where none does."""
        for place, (offset, size) in enumerate(self._free_ranges):
            if size >= len(data):
                self._free_ranges[place : place + 1] = [(offset + len(data), size - len(data))] * (
                    size > len(data)
                )
                self._file = self._file or tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as the blobs)
                self._file.seek(offset)
                self._file.write(data)
                return offset
        return -1

    def _free(self, offset: int, size: int) -> None:
        """Makes a hole, joined with those beside it."""
        merged: list[tuple[int, int]] = []
        for start, length in sorted([*self._free_ranges, (offset, size)]):
            if merged and sum(merged[-1]) == start:
                merged[-1] = (merged[-1][0], merged[-1][1] + length)
            else:
                merged.append((start, length))
        self._free_ranges = merged
