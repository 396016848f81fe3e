"""A JSON body read as it streams in: long data URIs go to a temporary file, the rest stays in memory.

Nothing is parsed here but where strings begin and end. What stays is the body itself, with short texts in
place of the long ones, so whatever is wrong with it is found by whoever parses it.
"""

import re
import tempfile
from secrets import token_hex

from wanlib.emulator.core.spilled_text import SpilledString, SpilledText, SpillFile

LONG = 1 << 20
"""From this many bytes on, a data URI goes to the file."""

HEAD = 66_000
"""Characters of it that stay in memory: more than the longest prefix and the 64 KiB that are judged."""

_SCHEME = b"data:"
_IN_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_ENDS = (b"\n", b"\r", b"\t", b"\0")


class TooLarge(Exception):
    """A body over its limit. limit: in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"over {limit:,} bytes")
        self.limit = limit


class StreamingJsonBody:
    """Takes a body chunk by chunk, wherever they are cut.

    most: bytes of the whole. kept: bytes of what stays in memory. long: as LONG.
    """

    def __init__(self, most: int, kept: int, long: int = LONG) -> None:
        self._limits = (most, kept)
        self._long = long
        self._size = 0
        self._held = b""  # the beginning of an escape whose end is in the next chunk
        self._name = f"long text {token_hex(16)} "  # of texts that stand for others: nobody can guess it
        self._basket: SpillFile | None = None
        self._begin = -1  # where the text of the open string begins in `body`, -1 outside strings
        self._stays = False  # whether the open string was found to be none that is moved
        self._long_begin = -1  # where the open long text begins in the basket, -1 where none is open
        self._pad = -1
        self.body = bytearray()
        self.texts: dict[str, SpilledText] = {}

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes. Raises TooLarge."""
        self._size += len(chunk)
        if self._size > self._limits[0]:
            raise TooLarge(self._limits[0])
        data, self._held, at = self._held + chunk if self._held else chunk, b"", 0
        while at < len(data):
            if self._long_begin >= 0:
                at = self._spill_string(data, at)
            elif self._begin >= 0:
                at = self._scan_string(data, at)
            else:
                at = self._scan_structure(data, at)
        if len(self.body) > self._limits[1]:
            raise TooLarge(self._limits[1])

    def close(self) -> None:
        """Lets go of the file; the texts that somebody claimed stay."""
        if self._basket:
            self._basket.release()
            self._basket = None

    def _scan_structure(self, data: bytes, at: int) -> int:
        """Up to where a string begins, its quote included."""
        end = data.find(b'"', at) + 1
        if not end:
            self.body += data[at:]
            return len(data)
        self.body += data[at:end]
        self._begin, self._stays = len(self.body), False
        return end

    def _scan_string(self, data: bytes, at: int) -> int:
        """Up to where the open string ends, as far as it is here; a long one moves to the file."""
        end = _end_of_string(data, at)
        self.body += data[at:end]
        if end < len(data) and data[end] == ord('"'):
            self.body += b'"'
            self._begin = -1
            return end + 1
        self._held = data[end:]  # a backslash at the end, or nothing
        if not self._stays and len(self.body) - self._begin >= self._long:
            self._start_spilling()
        return len(data)

    def _start_spilling(self) -> None:
        """Moves the open string to the file, where it is one to be moved."""
        text = bytes(self.body[self._begin :])
        plain = _ascii_or_none(text)
        if text[:5].lower() != _SCHEME or plain is None:
            self._stays = True
            return
        self._basket = self._basket or SpillFile(tempfile.TemporaryFile(buffering=0))  # noqa: SIM115  (till close)
        self._long_begin, self._pad = self._basket.size, -1
        del self.body[self._begin :]
        self._write(plain)

    def _spill_string(self, data: bytes, at: int) -> int:
        """The same for a string that is on its way into the file."""
        end = data.find(b'"', at)
        piece = data[at : end if end >= 0 else len(data)] if at or end >= 0 else data
        if end < 0 and piece.endswith(b"\\"):
            self._held, piece = b"\\", piece[:-1]
        plain = _ascii_or_none(piece)
        if plain is None:
            self._restore()
            return at
        self._write(plain)
        if end < 0:
            return len(data)
        self._finish()
        self.body += b'"'
        return end + 1

    def _write(self, plain: bytes) -> None:
        assert self._basket is not None
        if self._pad < 0 and (pad := plain.find(b"=")) >= 0:
            self._pad = self._basket.size - self._long_begin + pad
        self._basket.write(plain)

    def _finish(self) -> None:
        """Puts a short text where the long one was."""
        assert self._basket is not None
        name = f"{self._name}{len(self.texts)}"
        stored = SpilledString(
            self._basket, self._long_begin, self._basket.size - self._long_begin, self._pad
        )
        self.texts[name] = SpilledText(stored.read(0, min(stored.size, HEAD)), stored)
        self.body += name.encode()
        self._begin = self._long_begin = -1

    def _restore(self) -> None:
        """What is no plain text after all is a string as any other, and bound by what may be kept."""
        assert self._basket is not None
        if len(self.body) + self._basket.size - self._long_begin > self._limits[1]:
            raise TooLarge(self._limits[1])
        self.body += self._basket.read(self._long_begin, self._basket.size - self._long_begin)
        self._long_begin, self._held, self._stays = -1, b"", True


def _end_of_string(data: bytes, at: int) -> int:
    """Where the quote stands that ends the string, else how far it can be read."""
    end = data.find(b'"', at)
    end = end if end >= 0 else len(data)
    if data.find(b"\\", at, end) < 0:
        return end
    found = _IN_STRING.match(data, at)
    assert found is not None
    return found.end()


def _ascii_or_none(piece: bytes) -> bytes | None:
    r"""The characters of a part of a JSON string, one byte each; None where that can't be.

    Some writers escape every slash. Of what JSON forbids in strings, only ends of lines, tabs and NUL are
    looked for: to look for every control character would cost more than all the rest.
    """
    if b"\\" in piece:
        piece = piece.replace(b"\\/", b"/")
        if b"\\" in piece:
            return None
    if not piece.isascii() or any(end in piece for end in _ENDS):
        return None
    return piece
