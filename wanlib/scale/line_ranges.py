"""Byte ranges of a file of lines, which workers read themselves.

A line belongs to the range that contains its first byte. So the file can be split into ranges of a fixed
size without reading it: a worker skips the line that began before its range, and reads its last line to the
end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO, NamedTuple

from wanlib.base.redaction import printable
from wanlib.scale.workers import ScaleError

RANGE_BYTES = 12_582_912
_CHUNK = 1_048_576
_BLOCK = 262_144
"""Size of the blocks that are split into lines."""


class ByteRange(NamedTuple):
    """The bytes from `begin` up to `end`, without `end`."""

    begin: int
    end: int

    def __str__(self) -> str:
        """Return the range as messages show it."""
        return f"bytes {self.begin:,} to {self.end:,}"


class ChangedFileError(ScaleError):
    """A file has changed since the run started, or differs between machines."""


def byte_ranges(size: int) -> Iterator[ByteRange]:
    """Yield the ranges of a file of this size."""
    for begin in range(0, size, RANGE_BYTES):
        yield ByteRange(begin, min(begin + RANGE_BYTES, size))


def read_range(path: Path, size: int, part: ByteRange, max_line: int) -> Iterator[bytes | None]:
    """Yield the lines of a range, without their ends; None for one that is too long.

    Args:
        path: The file.
        size: The size of the file at the start; bytes added since are not read.
        part: The range.
        max_line: The maximum size of a line without its end; memory holds at most that and a block.

    Raises:
        ChangedFileError: The file is shorter, or cannot be read.
    """
    with _open(path) as file:
        if (found := file.seek(0, SEEK_END)) < size:
            raise ChangedFileError(
                f"{printable(str(path))}: has {found:,} bytes, and had {size:,} when the run began; "
                "don't change it, and use the same file on every machine"
            )
        position = part.begin
        if position:
            file.seek(position - 1)
            position = _after_line(file, position - 1, part.end)
        file.seek(position)
        while position < part.end and (block := file.read(min(_BLOCK, part.end - position))):
            position += len(block)
            *lines, last = block.split(b"\n")
            del block
            yield from lines if max_line >= _BLOCK else _refuse_long(lines, max_line)
            if not last:  # the block ends with a line
                continue
            del lines  # so that a long line is alone in memory
            rest = file.readline(max(min(max_line + 1 - len(last), size - position), 0))
            position += len(rest)
            last += rest.removesuffix(b"\n")
            del rest
            if len(last) <= max_line:
                yield last
            else:
                position = _after_line(file, position, part.end)
                yield None


def _refuse_long(lines: list[bytes], max_line: int) -> Iterator[bytes | None]:
    return (line if len(line) <= max_line else None for line in lines)


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise ChangedFileError(
            f"{printable(str(path))}: a worker can't read it: {error.strerror or error}; every machine needs"
            " the file under this path"
        ) from None


def _after_line(file: BinaryIO, position: int, end: int) -> int:
    """Read to the end of the line at `position`, and return the next position; not beyond `end`."""
    while position < end and (piece := file.readline(min(_CHUNK, end - position))):
        position += len(piece)
        if piece.endswith(b"\n"):
            break
    return position
