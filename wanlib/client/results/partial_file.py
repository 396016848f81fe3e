"""A picture on its way from the store: watched while it comes, kept only where it is whole."""

import filecmp
import os
import secrets
import zlib
from contextlib import suppress
from errno import ENOTDIR
from pathlib import Path
from typing import BinaryIO

from wanlib.client.http.messages import Response
from wanlib.errors import DownloadFailedError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LONGEST = 2**31 - 1  # of a chunk, by the PNG specification


class PngVerifier:
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
            view = self._consume(view) if self._left else self._read_field(view)

    def _consume(self, view: memoryview) -> memoryview:
        part = view[: self._left]
        self._checksum = zlib.crc32(part, self._checksum)
        self._left -= len(part)
        return view[len(part) :]

    def _read_field(self, view: memoryview) -> memoryview:
        wanted = self._due - len(self._head)
        self._head += view[:wanted]
        if len(self._head) == self._due:
            piece, self._head = bytes(self._head), bytearray()
            self._handle_field(piece)
        return view[wanted:]

    def _handle_field(self, piece: bytes) -> None:
        if self._kind:
            self._end_chunk(piece)
        elif self._signed:
            self._start_chunk(piece)
        elif piece == _SIGNATURE:
            self._signed = True
        else:
            self.wrong = "it is no PNG"

    def _start_chunk(self, head: bytes) -> None:
        self._left, self._kind, self._due = int.from_bytes(head[:4]), head[4:], 4
        self._checksum = zlib.crc32(self._kind)
        if self._left > _LONGEST or not self._kind.isalpha():
            self.wrong = "its chunks are damaged"
        elif (self._kind == b"IHDR") != (not self._seen):
            self.wrong = "it does not begin with one header chunk"

    def _end_chunk(self, checksum: bytes) -> None:
        if int.from_bytes(checksum) != self._checksum:
            self.wrong = f"the checksum of its chunk {self._kind.decode('ascii')} is wrong"
        self._seen.add(self._kind)
        if self._kind == b"IEND" and not self.wrong:
            self.whole = b"IDAT" in self._seen
            self.wrong = None if self.whole else "it holds no picture"
        self._kind, self._due = b"", 8


def is_whole_png(file: BinaryIO) -> bool:
    """Whether a file is a whole PNG."""
    check = PngVerifier()
    while not check.whole and not check.wrong and (chunk := file.read(1 << 18)):
        check.feed(chunk)
    return check.whole


class IncompletePictureError(Exception):
    """What came is not the whole picture; another try may bring it."""


class _CheckedBody:
    """Takes the body of a download and watches its length and form. cap: bytes that it may not exceed."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._taken = True  # whether the body is the picture: not where the store refuses
        self._due: int | None = None
        self._size = 0
        self._png = PngVerifier()

    def start(self, reply: Response) -> None:
        """Learns how many bytes are due. Raises DownloadFailedError where that is more than the cap."""
        self._taken = reply.status == 200
        length = reply.headers.get("content-length", "")
        if reply.headers.get("content-encoding", "identity") == "identity" and length.isdecimal():
            self._due = int(length[:20])
        self._check_size(self._due or 0)

    def write(self, chunk: bytes) -> None:
        """Keeps the next bytes. Raises Broken for what is no PNG, DownloadFailedError beyond the cap,
        OSError.
        """
        self._size += len(chunk)
        self._check_size(self._size)
        if not self._taken:
            return
        self._png.feed(chunk)
        if self._png.wrong:
            raise IncompletePictureError(f"what came is not the picture: {self._png.wrong}")
        self._store_chunk(chunk)

    def _check_size(self, size: int) -> None:
        if size > self._cap:
            raise DownloadFailedError(
                f"it is larger than {self._cap:,} bytes, the most that is fetched for a picture"
            )

    def _check_complete(self) -> None:
        if self._due is not None and self._size != self._due:
            raise IncompletePictureError(f"{self._size:,} of {self._due:,} bytes came")
        if not self._png.whole:
            raise IncompletePictureError(f"the picture broke off after {self._size:,} bytes")

    def _store_chunk(self, chunk: bytes) -> None:
        raise NotImplementedError


class PictureBuffer(_CheckedBody):
    """Takes the body of a download into memory."""

    def __init__(self, cap: int) -> None:
        super().__init__(cap)
        self._chunks: list[bytes] = []

    def complete(self) -> bytes:
        """Return the picture. Raises Broken where it is not whole."""
        self._check_complete()
        return b"".join(self._chunks)

    def _store_chunk(self, chunk: bytes) -> None:
        self._chunks.append(bytes(chunk))


class PartialFile(_CheckedBody):
    """Takes the body of a download into a file, and puts it in its place when it is whole.

    target: the name that it gets at the end, in the same folder. cap: bytes that it may not exceed.
    """

    def __init__(self, target: Path, cap: int) -> None:
        super().__init__(cap)
        self._target = target
        self._path = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
        self._file: BinaryIO | None = None

    def open(self) -> None:
        """Makes the temporary file, and the folder where it is not there. Raises OSError."""
        folder = self._target.parent
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(ENOTDIR, f"{folder} is a file, not a folder")
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("xb")

    def commit(self, overwrite: bool) -> Path:
        """Gives the file its name, which is never taken from another file unless `overwrite`.

        Raises Broken where the picture is not whole, DownloadFailedError where another file has the name,
        OSError.
        """
        self._check_complete()
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        if overwrite:
            self._path.replace(self._target)
        elif not self._rename_exclusive() and not filecmp.cmp(self._path, self._target, shallow=False):
            raise DownloadFailedError(
                f"{self._target} is there already and is another file: move it away, save to another "
                "folder, or pass overwrite=True"
            )
        return self._target

    def discard(self) -> None:
        """Removes the temporary file, where there still is one."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _store_chunk(self, chunk: bytes) -> None:
        if self._file is not None:
            self._file.write(chunk)

    def _rename_exclusive(self) -> bool:
        """Takes the name unless it is taken; by a hard link, or else by an empty file."""
        try:
            os.link(self._path, self._target)
        except FileExistsError:
            return False
        except OSError:
            try:
                self._target.open("xb").close()
            except FileExistsError:
                return False
            self._path.replace(self._target)
        return True
