"""`PartialFile`: a picture that is downloaded into a temporary file, which is renamed when it is complete."""

import filecmp
import os
import re
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from wanlib.client.results.file_names import rename_exclusively, sync_folder
from wanlib.client.results.picture_body import PictureBody
from wanlib.errors import DownloadFailedError

_MAX_PREFIX = 32  # characters of the final name in the temporary name, which must not become too long
_is_partial = re.compile(r"\.(.+)\.[0-9a-f]{16}\.part").fullmatch


class Leftovers:
    """The temporary files in a folder, left by killed processes unless another process is saving there."""

    def __init__(self, folder: Path) -> None:
        self._paths: list[Path] = []
        with suppress(OSError):
            self._paths = [path for path in folder.iterdir() if _is_partial(path.name)]

    def remove(self, stem: str) -> None:
        """Remove those of the files whose final names begin with a stem."""
        for path in self._paths:
            if path.name.startswith(f".{stem}-"[: _MAX_PREFIX + 1]):
                with suppress(OSError):
                    path.unlink(missing_ok=True)


class PartialFile(PictureBody):
    """Write the body of a download to a temporary file, which is renamed when it is complete.

    One thread may discard the file while another downloads into it. A lock makes creation, renaming and
    removal of the file exclude each other, so that nothing appears on the disk after `discard` returns. The
    lock is held for single operations on a name, never while bytes are read or written.

    Args:
        target: The final name, in the same folder.
        max_bytes: The maximum size of a picture in bytes.
        now: Returns monotonic seconds.

    Attributes:
        is_saved: Whether the picture is under its final name.
    """

    def __init__(self, target: Path, max_bytes: int, now: Callable[[], float]) -> None:
        super().__init__(max_bytes, now)
        self.is_saved = False
        self._target = target
        self._path = target.with_name(f".{target.name[:_MAX_PREFIX]}.{secrets.token_hex(8)}.part")
        self._file: BinaryIO | None = None
        self._is_discarded = False
        self._lock = threading.Lock()

    def open(self) -> None:
        """Create the temporary file, and the folder if it does not exist. Raise OSError."""
        self._check_not_discarded()
        folder = self._target.parent
        new_folders = [parent for parent in (folder, *folder.parents) if not parent.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for new_folder in new_folders:
            sync_folder(new_folder.parent)
        with self._lock:
            self._check_not_discarded()
            self._file = self._path.open("xb")

    def commit(self, overwrite: bool) -> Path:
        """Write the file to the disk and rename it; only `overwrite` replaces another file of that name.

        Raises:
            IncompletePictureError: The picture is not complete.
            DownloadFailedError: Another file has the name.
            OSError: The file cannot be written or renamed.
        """
        self.check_complete()
        file = self._open_file()
        file.flush()
        os.fsync(file.fileno())
        file.close()
        with self._lock:
            self._check_not_discarded()
            if overwrite:
                self._path.replace(self._target)
            self.is_saved = overwrite or rename_exclusively(self._path, self._target)
        if not self.is_saved:
            self._check_same()
            with self._lock:
                self._check_not_discarded()
                self.is_saved = True
        sync_folder(self._target.parent)
        return self._target

    def discard(self) -> None:
        """Remove the temporary file, if it still exists; another thread that writes to it then fails."""
        with self._lock:
            self._is_discarded = True
            if self._file is not None:
                with suppress(OSError):
                    self._file.close()
                with suppress(OSError):
                    self._path.unlink(missing_ok=True)

    def _check_same(self) -> None:
        """Raise DownloadFailedError if the file under the final name is not this picture.

        It needs no lock, since it creates nothing: `discard` need not wait until two large files are read.
        Only regular files are opened.
        """
        try:
            is_same = filecmp.cmp(self._path, self._target, shallow=False)
        except OSError:
            self._check_not_discarded()
            raise
        if not is_same:
            raise DownloadFailedError(
                f"{self._target} already exists and is another file: move it away, save to another "
                "folder, or pass overwrite=True"
            )

    def _open_file(self) -> BinaryIO:
        self._check_not_discarded()
        assert self._file is not None
        return self._file

    def _check_not_discarded(self) -> None:
        if self._is_discarded:
            raise DownloadFailedError("the download was stopped")

    def _store_chunk(self, chunk: bytes) -> None:
        self._open_file().write(chunk)

    def _drop_chunks(self) -> None:
        file = self._open_file()
        file.seek(0)
        file.truncate()
