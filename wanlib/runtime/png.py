"""Whether a PNG is whole, told while its bytes come in."""

import zlib
from typing import BinaryIO

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LONGEST = 2**31 - 1  # of a chunk, by the PNG specification


class PngCheck:
    """Follows the chunks of a PNG from signature to IEND, with their checksums; keeps none of the bytes.

    wrong: why it can't become a whole PNG any more, None so far. whole: IEND was reached; what comes
    behind it is no part of the picture and is let pass.
    """

    def __init__(self) -> None:
        self.wrong: str | None = None
        self.whole = False
        self._head = bytearray()  # of what is read as one piece: signature, chunk head, checksum
        self._due = len(_SIGNATURE)
        self._kind = b""  # of the chunk that is open
        self._left = 0  # bytes of its data that are still to come
        self._checksum = 0
        self._signed = False
        self._seen: set[bytes] = set()  # kinds of chunks

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes."""
        view = memoryview(chunk)
        while len(view) and not self.wrong and not self.whole:
            view = self._data(view) if self._left else self._piece(view)

    def _data(self, view: memoryview) -> memoryview:
        part = view[: self._left]
        self._checksum = zlib.crc32(part, self._checksum)
        self._left -= len(part)
        return view[len(part) :]

    def _piece(self, view: memoryview) -> memoryview:
        wanted = self._due - len(self._head)
        self._head += view[:wanted]
        if len(self._head) == self._due:
            piece, self._head = bytes(self._head), bytearray()
            self._take(piece)
        return view[wanted:]

    def _take(self, piece: bytes) -> None:
        if self._kind:
            self._end(piece)
        elif self._signed:
            self._begin(piece)
        elif piece == _SIGNATURE:
            self._signed = True
        else:
            self.wrong = "it is no PNG"

    def _begin(self, head: bytes) -> None:
        self._left, self._kind, self._due = int.from_bytes(head[:4]), head[4:], 4
        self._checksum = zlib.crc32(self._kind)
        if self._left > _LONGEST or not self._kind.isalpha():
            self.wrong = "its chunks are damaged"
        elif (self._kind == b"IHDR") != (not self._seen):
            self.wrong = "it does not begin with one header chunk"

    def _end(self, checksum: bytes) -> None:
        if int.from_bytes(checksum) != self._checksum:
            self.wrong = f"the checksum of its chunk {self._kind.decode('ascii')} is wrong"
        self._seen.add(self._kind)
        if self._kind == b"IEND" and not self.wrong:
            self.whole = b"IDAT" in self._seen
            self.wrong = None if self.whole else "it holds no picture"
        self._kind, self._due = b"", 8


def is_whole_png(file: BinaryIO) -> bool:
    """Whether a file is a whole PNG."""
    check = PngCheck()
    while not check.whole and not check.wrong and (chunk := file.read(1 << 18)):
        check.feed(chunk)
    return check.whole
