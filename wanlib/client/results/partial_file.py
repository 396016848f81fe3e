"""A picture while it is downloaded: its integrity checked, its file renamed when it is complete."""

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
_MAX_CHUNK_LENGTH = 2**31 - 1  # of a chunk, by the PNG specification


class PngVerifier:
    """Follows the chunks of a PNG from signature to IEND, with their checksums; keeps no bytes.

    Attributes:
        problem: Why it cannot become a complete PNG; None so far.
        is_complete: Whether IEND was reached; bytes after it are not part of the picture and are ignored.
    """

    def __init__(self) -> None:
        self.problem: str | None = None
        self.is_complete = False
        self._field = bytearray()  # of what is read as one piece: signature, chunk head, checksum
        self._field_length = len(_SIGNATURE)
        self._kind = b""  # of the chunk that is open
        self._remaining = 0  # bytes of its data that are still to come
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
            self.problem = None if self.is_complete else "it holds no picture"
        self._kind, self._field_length = b"", 8


def is_complete_png(file: BinaryIO) -> bool:
    """Return whether a file is a complete PNG."""
    check = PngVerifier()
    while not check.is_complete and not check.problem and (chunk := file.read(1 << 18)):
        check.feed(chunk)
    return check.is_complete


class IncompletePictureError(Exception):
    """What came is not the complete picture; another attempt may bring it."""


class _CheckedBody:
    """Takes the body of a download and checks its length and form. max_bytes: the most bytes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._is_picture = True  # whether the body is the picture: not where the store refuses
        self._expected_size: int | None = None
        self._size = 0
        self._png = PngVerifier()

    def start(self, response: Response) -> None:
        """Take the expected length. Raise DownloadFailedError if it is above the limit."""
        self._is_picture = response.status == 200
        length = response.headers.get("content-length", "")
        if response.headers.get("content-encoding", "identity") == "identity" and length.isdecimal():
            self._expected_size = int(length[:20])
        self._check_size(self._expected_size or 0)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            IncompletePictureError: It is not a PNG.
            DownloadFailedError: It is larger than the limit.
            OSError: The bytes cannot be written.
        """
        self._size += len(chunk)
        self._check_size(self._size)
        if not self._is_picture:
            return
        self._png.feed(chunk)
        if self._png.problem:
            raise IncompletePictureError(f"what came is not the picture: {self._png.problem}")
        self._store_chunk(chunk)

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise DownloadFailedError(
                f"it is larger than {self._max_bytes:,} bytes, the most that is fetched for a picture"
            )

    def _check_complete(self) -> None:
        if self._expected_size is not None and self._size != self._expected_size:
            raise IncompletePictureError(f"{self._size:,} of {self._expected_size:,} bytes came")
        if not self._png.is_complete:
            raise IncompletePictureError(f"the picture broke off after {self._size:,} bytes")

    def _store_chunk(self, chunk: bytes) -> None:
        raise NotImplementedError


class PictureBuffer(_CheckedBody):
    """Takes the body of a download into memory."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self._chunks: list[bytes] = []

    def complete(self) -> bytes:
        """Return the picture. Raise IncompletePictureError if it is not complete."""
        self._check_complete()
        return b"".join(self._chunks)

    def _store_chunk(self, chunk: bytes) -> None:
        self._chunks.append(bytes(chunk))


class PartialFile(_CheckedBody):
    """Takes the body of a download into a temporary file, which is renamed when it is complete.

    Args:
        target: The final name, in the same folder.
        max_bytes: The most bytes.
    """

    def __init__(self, target: Path, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self._target = target
        self._path = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
        self._file: BinaryIO | None = None

    def open(self) -> None:
        """Create the temporary file, and the folder if it does not exist. Raise OSError."""
        folder = self._target.parent
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(ENOTDIR, f"{folder} is a file, not a folder")
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("xb")

    def commit(self, overwrite: bool) -> Path:
        """Give the file its name, which is taken from another file only with `overwrite`.

        Raises:
            IncompletePictureError: The picture is not complete.
            DownloadFailedError: Another file has the name.
            OSError: The file cannot be renamed.
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
        """Remove the temporary file, if it still exists."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _store_chunk(self, chunk: bytes) -> None:
        if self._file is not None:
            self._file.write(chunk)

    def _rename_exclusive(self) -> bool:
        """Take the name unless it is in use: by a hard link, or else by an empty file."""
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
