"""Read files for sending: either the checked contents are sent, or the service accepts nothing.

Before its last chunk is returned, a file is compared with its state at the time of the check: by size and
modification time, and by a digest if the file had been modified so recently that another change might not
alter the time. A body without its last chunk is incomplete, so no service accepts it.
"""

import hashlib
import io
import os
import stat
import time
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

from wanlib.errors import InvalidArgumentError

Chunk = bytes | memoryview
Reader = Callable[[int, int], Chunk]
"""Takes (offset, length) and returns the bytes there, fewer at the end; they are valid until the next
call."""
_SETTLING_TIME = 3.0
"""Seconds after a change in which another may leave the time unchanged: FAT has a resolution of two."""
_DIGEST_CHUNK = 256 * 1024


class ReusedBufferReader:
    """Read into one buffer: a new one for each chunk takes four times as long as reading and encoding."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._view = memoryview(b"")

    def __call__(self, offset: int, length: int) -> memoryview:
        """Return the bytes there, which are valid until the next call."""
        if length > len(self._view):
            self._view = memoryview(bytearray(length))
        self._file.seek(offset)
        return self._view[: _read_full(self._file, self._view[:length])]


class FileState(NamedTuple):
    """The state of a file on disk when it was checked.

    Attributes:
        size: In bytes.
        changed_at: Nanoseconds since 1970, as its file system counts them.
        digest: SHA-256 of its bytes, if it had just been changed; None for an older file.
    """

    size: int
    changed_at: int
    digest: bytes | None = None

    @classmethod
    def of(cls, file: BinaryIO) -> "FileState":
        """Return the state of an open file; this moves its position."""
        state = cls.without_digest(file)
        if time.time() - state.changed_at / 1e9 > _SETTLING_TIME:
            return state
        digest, read = hashlib.sha256(), ReusedBufferReader(file)
        for offset in range(0, state.size, _DIGEST_CHUNK):
            digest.update(read(offset, _DIGEST_CHUNK))
        return state._replace(digest=digest.digest())

    @classmethod
    def without_digest(cls, file: BinaryIO) -> "FileState":
        """Return size and time only."""
        status = os.fstat(file.fileno())
        return cls(status.st_size, status.st_mtime_ns)


class UnchangedFileReader(ReusedBufferReader):
    """Read a file on disk from start to end, and raise an error if it changed after the check."""

    def __init__(self, file: BinaryIO, seen: FileState, error: Callable[[], InvalidArgumentError]) -> None:
        super().__init__(file)
        self._seen, self._error = seen, error
        self._digest = hashlib.sha256() if seen.digest else None
        self._check_state()

    def __call__(self, offset: int, length: int) -> memoryview:
        """Return the bytes there. Raise InvalidArgumentError at the end of a file that has changed."""
        chunk = super().__call__(offset, length)
        if self._digest is not None:
            self._digest.update(chunk)
        if offset + length >= self._seen.size:
            self._check_state()
            if self._digest is not None and self._digest.digest() != self._seen.digest:
                raise self._error()
        return chunk

    def _check_state(self) -> None:
        if FileState.without_digest(self._file)[:2] != self._seen[:2]:
            raise self._error()


def is_on_disk(file: object) -> bool:
    """Return whether a caller's object is a regular file on disk, to which other programs may write."""
    raw = getattr(file, "raw", file)
    return isinstance(raw, io.FileIO) and stat.S_ISREG(os.fstat(raw.fileno()).st_mode)


def _read_full(file: Any, view: memoryview) -> int:
    """Read until the view is full or the file ends: an unbuffered file may return fewer bytes."""
    filled = 0
    while filled < len(view) and (count := _read_into(file, view[filled:])):
        filled += count
    return filled


def _read_into(file: Any, view: memoryview) -> int:
    if hasattr(file, "readinto"):
        return file.readinto(view) or 0
    data = file.read(len(view))
    if not isinstance(data, bytes):
        raise TypeError("it does not return bytes; open the file with mode 'rb'")
    view[: len(data)] = data
    return len(data)
