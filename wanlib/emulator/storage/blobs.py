"""The bytes of input images, reference-counted: small ones in memory, large ones in one temporary file."""

import tempfile
from itertools import count
from typing import IO, NamedTuple, Protocol

from wanlib.base.values import MIB

LARGE_BLOB = MIB
"""Bytes from which a blob goes to the file."""


class BlobStore(Protocol):
    """Reference-counted bytes by key."""

    @property
    def used(self) -> tuple[int, int]:
        """Bytes in memory and on disk."""

    def has_room(self, size: int) -> bool:
        """Return True if a blob of this size fits."""

    def add(self, data: bytes) -> str:
        """Store bytes with one reference. Return their key, "" if they do not fit."""

    def retain(self, key: str) -> str:
        """Add a reference to a blob. Return its key, "" if it is unknown."""

    def get(self, key: str) -> bytes | None:
        """Return the bytes, None if the key is unknown."""

    def release(self, key: str) -> None:
        """Drop a reference; the last one deletes the blob."""

    def close(self) -> None:
        """Release everything."""


class _Blob(NamedTuple):
    references: int
    data: bytes
    offset: int
    size: int


class MemoryBlobStore:
    """Blobs that are lost when the process ends."""

    def __init__(self, file_cap: int, memory_cap: int) -> None:
        """Create an empty store.

        Args:
            file_cap: Bytes of large blobs, on disk.
            memory_cap: Bytes of small blobs, in memory.
        """
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
        """Return True if a blob of this size fits."""
        large = size >= LARGE_BLOB
        return self._used[large] + size <= self._caps[large]

    def add(self, data: bytes) -> str:
        """Store bytes with one reference. Return their key, "" if they do not fit."""
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
        """Add a reference to a blob. Return its key, "" if it is unknown."""
        blob = self._blobs.get(key)
        if blob is None:
            return ""
        self._blobs[key] = blob._replace(references=blob.references + 1)
        return key

    def get(self, key: str) -> bytes | None:
        """Return the bytes, None if the key is unknown."""
        blob = self._blobs.get(key)
        if blob is None or blob.data:
            return blob and blob.data
        assert self._file is not None
        self._file.seek(blob.offset)
        return self._file.read(blob.size)

    def release(self, key: str) -> None:
        """Drop a reference; the last one deletes the blob."""
        blob = self._blobs.get(key)
        if blob is None:
            return
        if blob.references > 1:
            self._blobs[key] = blob._replace(references=blob.references - 1)
            return
        del self._blobs[key]
        self._used[not blob.data] -= blob.size
        if not blob.data:
            self._free(blob.offset, blob.size)

    def close(self) -> None:
        """Release everything."""
        self._blobs.clear()
        if self._file:
            self._file.close()

    def _write(self, data: bytes) -> int:
        """Write bytes to the first free range that fits. Return the offset, -1 if there is none."""
        for place, (offset, size) in enumerate(self._free_ranges):
            if size >= len(data):
                self._free_ranges[place : place + 1] = [(offset + len(data), size - len(data))] * (
                    size > len(data)
                )
                self._file = self._file or tempfile.TemporaryFile()  # noqa: SIM115  (closed by `close`)
                self._file.seek(offset)
                self._file.write(data)
                return offset
        return -1

    def _free(self, offset: int, size: int) -> None:
        """Add a free range, merged with adjacent ones."""
        merged: list[tuple[int, int]] = []
        for start, length in sorted([*self._free_ranges, (offset, size)]):
            if merged and sum(merged[-1]) == start:
                merged[-1] = (merged[-1][0], merged[-1][1] + length)
            else:
                merged.append((start, length))
        self._free_ranges = merged
