"""Images in files: on disk, and in file objects of the caller's."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from wanlib.base.header import Read, read_header
from wanlib.base.shown import shown
from wanlib.runtime.errors import InvalidArgumentError
from wanlib.runtime.source import Reader, Source, changed, make_source, readable

# A pipe put in a file's place after it was looked at must not hold us up. Windows alone has O_BINARY.
_OPEN_TO_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)

_POSITION = Lock()
"""Held while a caller's file object does not stand where the caller left it. One for all of them, because
two images may be one object."""


def from_path(path: Path, mimes: Mapping[str, str], argument: str) -> Source:
    """An image on disk, looked at now and read again whenever it is sent."""
    path = path.absolute()  # now, for the process may be elsewhere when it is sent
    with readable(argument, str(path)):
        if not stat.S_ISREG(path.stat().st_mode):  # before it is opened: a pipe would wait, a device act
            raise _irregular(argument, path)
        with _open(path) as file:
            seen = _mark(file)
            facts = read_header(_copies(_Refilled(file)), seen[0])

    @contextmanager
    def opened() -> Iterator[Reader]:
        with _open(path) as again:
            if _mark(again) != seen:
                raise changed(argument, path.name)
            yield _Refilled(again)

    return make_source(argument, path.name, facts, mimes, opened, path)


def from_file(file: BinaryIO, mimes: Mapping[str, str], argument: str) -> Source:
    """A caller's binary file, from its first byte to its last; between two reads it stands where it stood."""
    given = getattr(file, "name", None)
    name = Path(given).name if isinstance(given, str) else "file object"
    with readable(argument, name):
        facts = read_header(_copies(_borrowed(file)), _length(file))
    return make_source(argument, name, facts, mimes, lambda: nullcontext(_borrowed(file)))


class _Refilled:
    """A reader into one buffer: a new one for each chunk takes four times as long as reading and encoding."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._view = memoryview(b"")

    def __call__(self, offset: int, length: int) -> memoryview:
        if length > len(self._view):
            self._view = memoryview(bytearray(length))
        self._file.seek(offset)
        return self._view[: _fill(self._file, self._view[:length])]


def _fill(file: Any, view: memoryview) -> int:
    """Reads until the view is full or the file ends: an unbuffered file may give fewer bytes at a time."""
    filled = 0
    while filled < len(view) and (count := _take(file, view[filled:])):
        filled += count
    return filled


def _take(file: Any, view: memoryview) -> int:
    if hasattr(file, "readinto"):
        return file.readinto(view) or 0
    data = file.read(len(view))
    if not isinstance(data, bytes):
        raise TypeError("it does not give bytes; a file has to be opened with mode 'rb'")
    view[: len(data)] = data
    return len(data)


def _borrowed(file: BinaryIO) -> Reader:
    read = _Refilled(file)

    def read_and_return(offset: int, length: int) -> memoryview:
        with _put_back(file):
            return read(offset, length)

    return read_and_return


@contextmanager
def _put_back(file: BinaryIO) -> Iterator[None]:
    """Lets a caller's file be moved, and puts it back where it stood."""
    with _POSITION:
        position = file.tell()
        try:
            yield
        finally:
            file.seek(position)


def _length(file: BinaryIO) -> int:
    with _put_back(file):
        file.seek(0, os.SEEK_END)
        return file.tell()


def _copies(read: Reader) -> Read:
    """A reader whose bytes stay, for the header."""
    return lambda offset, length: bytes(read(offset, length))


def _open(path: Path) -> BinaryIO:
    return open(os.open(path, _OPEN_TO_READ), "rb", buffering=0)  # noqa: PTH123  a descriptor, not a path


def _mark(file: BinaryIO) -> tuple[int, int]:
    """What tells that a file on disk has been written since."""
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def _irregular(argument: str, path: Path) -> InvalidArgumentError:
    kind = "a directory" if path.is_dir() else "not a regular file"
    return InvalidArgumentError(
        f"{argument}: {shown(str(path))} is {kind}; allowed: the path of an image file"
    )
