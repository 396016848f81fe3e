"""A picture on its way from the store: watched while it comes, kept only where it is whole."""

import filecmp
import os
import secrets
from contextlib import suppress
from errno import ENOTDIR
from pathlib import Path
from typing import BinaryIO

from wanlib.runtime.errors import DownloadFailed
from wanlib.runtime.exchange import Reply
from wanlib.runtime.png import PngCheck


class Broken(Exception):
    """What came is not the whole picture; another try may bring it."""


class _CheckedBody:
    """Takes the body of a download and watches its length and form. cap: bytes that it may not exceed."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._taken = True  # whether the body is the picture: not where the store refuses
        self._due: int | None = None
        self._size = 0
        self._png = PngCheck()

    def start(self, reply: Reply) -> None:
        """Learns how many bytes are due. Raises DownloadFailed where that is more than the cap."""
        self._taken = reply.status == 200
        length = reply.headers.get("content-length", "")
        if reply.headers.get("content-encoding", "identity") == "identity" and length.isdecimal():
            self._due = int(length[:20])
        self._keep_to_cap(self._due or 0)

    def write(self, chunk: bytes) -> None:
        """Keeps the next bytes. Raises Broken for what is no PNG, DownloadFailed beyond the cap, OSError."""
        self._size += len(chunk)
        self._keep_to_cap(self._size)
        if not self._taken:
            return
        self._png.feed(chunk)
        if self._png.wrong:
            raise Broken(f"what came is not the picture: {self._png.wrong}")
        self._store_chunk(chunk)

    def _keep_to_cap(self, size: int) -> None:
        if size > self._cap:
            raise DownloadFailed(
                f"it is larger than {self._cap:,} bytes, the most that is fetched for a picture"
            )

    def _be_whole(self) -> None:
        if self._due is not None and self._size != self._due:
            raise Broken(f"{self._size:,} of {self._due:,} bytes came")
        if not self._png.whole:
            raise Broken(f"the picture broke off after {self._size:,} bytes")

    def _store_chunk(self, chunk: bytes) -> None:
        raise NotImplementedError


class PictureBuffer(_CheckedBody):
    """Takes the body of a download into memory."""

    def __init__(self, cap: int) -> None:
        super().__init__(cap)
        self._chunks: list[bytes] = []

    def complete(self) -> bytes:
        """Return the picture. Raises Broken where it is not whole."""
        self._be_whole()
        return b"".join(self._chunks)

    def _store_chunk(self, chunk: bytes) -> None:
        self._chunks.append(bytes(chunk))


class PartFile(_CheckedBody):
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

    def keep(self, overwrite: bool) -> Path:
        """Gives the file its name, which is never taken from another file unless `overwrite`.

        Raises Broken where the picture is not whole, DownloadFailed where another file has the name, OSError.
        """
        self._be_whole()
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        if overwrite:
            self._path.replace(self._target)
        elif not self._take_name() and not filecmp.cmp(self._path, self._target, shallow=False):
            raise DownloadFailed(
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

    def _take_name(self) -> bool:
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
