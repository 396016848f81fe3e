"""`PngVerifier`: follows the chunks of a PNG while it arrives (PNG specification, section 5)."""

import zlib
from typing import BinaryIO

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNK_LENGTH = 2**31 - 1  # of a chunk, by the PNG specification


class PngVerifier:
    """Follows the chunks of a PNG from signature to IEND, with their checksums; keeps no bytes.

    Attributes:
        problem: Why it cannot be a complete PNG; None while it can.
        is_complete: Whether IEND was reached; bytes after it are not part of the picture and are ignored.
    """

    def __init__(self) -> None:
        self.problem: str | None = None
        self.is_complete = False
        self._field = bytearray()  # the field being read: signature, chunk head or checksum
        self._field_length = len(_SIGNATURE)
        self._kind = b""  # of the chunk that is open
        self._remaining = 0  # bytes of its data not yet received
        self._checksum = 0
        self._has_signature = False
        self._seen: set[bytes] = set()  # kinds of chunks

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        view = memoryview(chunk)
        while len(view) and not self.problem and not self.is_complete:
            view = self._consume(view) if self._remaining else self._read_field(view)

    def _consume(self, view: memoryview) -> memoryview:
        part = view[: self._remaining]
        self._checksum = zlib.crc32(part, self._checksum)
        self._remaining -= len(part)
        return view[len(part) :]

    def _read_field(self, view: memoryview) -> memoryview:
        wanted = self._field_length - len(self._field)
        self._field += view[:wanted]
        if len(self._field) == self._field_length:
            piece, self._field = bytes(self._field), bytearray()
            self._handle_field(piece)
        return view[wanted:]

    def _handle_field(self, piece: bytes) -> None:
        if self._kind:
            self._end_chunk(piece)
        elif self._has_signature:
            self._start_chunk(piece)
        elif piece == _SIGNATURE:
            self._has_signature = True
        else:
            self.problem = "it is not a PNG"

    def _start_chunk(self, head: bytes) -> None:
        self._remaining, self._kind, self._field_length = int.from_bytes(head[:4]), head[4:], 4
        self._checksum = zlib.crc32(self._kind)
        if self._remaining > _MAX_CHUNK_LENGTH or not self._kind.isalpha():
            self.problem = "its chunks are damaged"
        elif (self._kind == b"IHDR") != (not self._seen):
            self.problem = "it does not begin with one header chunk"

    def _end_chunk(self, checksum: bytes) -> None:
        if int.from_bytes(checksum) != self._checksum:
            self.problem = f"the checksum of its chunk {self._kind.decode('ascii')} is wrong"
        self._seen.add(self._kind)
        if self._kind == b"IEND" and not self.problem:
            self.is_complete = b"IDAT" in self._seen
            self.problem = None if self.is_complete else "it contains no picture"
        self._kind, self._field_length = b"", 8


def is_complete_png(file: BinaryIO) -> bool:
    """Return whether a file is a complete PNG."""
    check = PngVerifier()
    while not check.is_complete and not check.problem and (chunk := file.read(1 << 18)):
        check.feed(chunk)
    return check.is_complete
