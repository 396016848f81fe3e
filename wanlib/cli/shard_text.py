"""The output of a shard of lines, in pieces of bytes.

Most lines of a file of bodies have one of a few results. So a repeated line is written as a reference, which
makes the result of a shard about twenty times smaller; it is sent to another process, and possibly stored on
disk. Reader and writer keep the same lines.
"""

import zlib
from collections.abc import Iterable, Iterator

_MEGABYTE = 1_048_576
PLAIN_BYTES = 16 * _MEGABYTE
"""Text that is kept as it is; what comes after it is compressed, as millions of lines of one character can
have a hundred times as much output as input."""
PIECE_BYTES = _MEGABYTE
_LINES_AT_ONCE = 1000
_REMEMBERED = 1000
_LONGEST = 8192
_REFERENCE = "\1"
"""Begins a reference; no line has this character."""


class TextWriter:
    """Collects the lines of a shard.

    Attributes:
        pieces: The text so far.
        sizes: The bytes of each piece, and whether it is compressed.
    """

    def __init__(self) -> None:
        """Create a writer without lines."""
        self.pieces: list[bytes] = []
        self.sizes: list[tuple[int, bool]] = []
        self._lines: list[str] = []
        self._references: dict[str, str] = {}
        self._pending = self._plain = 0

    def add(self, line: str) -> None:
        """Add a line: printable text, or text that is escaped as JSON, without its end."""
        known = self._references.get(line)
        if known is not None:
            line = known
        elif reference := _new_reference(line, len(self._references)):
            self._references[line] = reference
        self._lines.append(line)
        self._pending += len(line) + 1
        if self._pending >= PIECE_BYTES:
            self.end()

    def end(self) -> None:
        """Make a piece of the lines since the last one."""
        if not self._lines:
            return
        piece = "\n".join(self._lines).encode()
        is_compressed = self._plain >= PLAIN_BYTES
        self._plain += len(piece)
        if is_compressed:
            piece = zlib.compress(piece, 1)
        self.pieces.append(piece)
        self.sizes.append((len(piece), is_compressed))
        self._lines, self._pending = [], 0


def read_text(pieces: Iterable[tuple[bytes, bool]]) -> Iterator[list[str]]:
    """Yield the lines that were written, some at once.

    Args:
        pieces: The pieces of one writer, each with whether it is compressed.
    """
    known: dict[str, str] = {}
    for piece, is_compressed in pieces:
        lines = (zlib.decompress(piece) if is_compressed else piece).decode().split("\n")
        for begin in range(0, len(lines), _LINES_AT_ONCE):
            yield [known.get(line) or _learn(known, line) for line in lines[begin : begin + _LINES_AT_ONCE]]


def _learn(known: dict[str, str], line: str) -> str:
    if reference := _new_reference(line, len(known)):
        known[reference] = line
    return line


def _new_reference(line: str, remembered: int) -> str:
    """Return the reference to a line that is remembered from now on; empty if it is not."""
    return f"{_REFERENCE}{remembered}" if line and remembered < _REMEMBERED and len(line) <= _LONGEST else ""
