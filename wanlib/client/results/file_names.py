"""The names of picture files: checking existing files, and renaming a complete file.

A file gets its name in one step, so that a killed process leaves either no file under it or a complete one.
"""

import errno
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from wanlib.client.results.png_verifier import is_complete_png
from wanlib.errors import DownloadFailedError

_NOTHING, _FILE, _FOLDER, _DEAD_LINK = "", "a file", "a folder", "a symbolic link that leads nowhere"
_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISREG, _FILE),
    (stat.S_ISDIR, _FOLDER),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# A pipe that replaces the file after its check must not block the open. Only Windows has O_BINARY.
_OPEN_TO_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_AT_FDCWD, _RENAME_NOREPLACE = -100, 1  # linux/fcntl.h, linux/fs.h
_RENAME_EXCL = 4  # sys/stdio.h of macOS


def check_place(path: Path, overwrite: bool) -> None:
    """Raise DownloadFailedError if something that is not a file has this name.

    Args:
        path: The name of a picture.
        overwrite: Whether a symbolic link that leads nowhere may be replaced, as a file may.

    Raises:
        DownloadFailedError: It is a folder, a pipe, a socket, a device, or a link that leads nowhere; or its
            folder is something else.
        OSError: The name cannot be checked.
    """
    folder = path.parent
    if (kind := _kind(folder)) not in (_FOLDER, _NOTHING):
        raise DownloadFailedError(
            f"{folder} is {kind}, not a folder: move it away, or save to another folder"
        )
    kind = _kind(path)
    if kind not in (_FILE, _NOTHING) and not (overwrite and kind == _DEAD_LINK):
        raise DownloadFailedError(f"{path} is {kind}: move it away, or save under another name")


def _kind(path: Path) -> str:
    """Return the kind of file under a name, in words; a symbolic link counts as its target."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return _DEAD_LINK if path.is_symlink() else _NOTHING
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), "not a regular file")


def is_complete_picture(path: Path) -> bool:
    """Return whether a complete picture has this name; False for what cannot be read as a file."""
    try:
        with open(os.open(path, _OPEN_TO_READ), "rb") as file:  # noqa: PTH123  a descriptor, not a path
            return stat.S_ISREG(os.fstat(file.fileno()).st_mode) and is_complete_png(file)
    except OSError:
        return False


def rename_exclusively(source: Path, target: Path) -> bool:
    """Rename a file in its folder unless the name is in use; return whether it was free.

    A hard link does that, except on file systems without links, such as exFAT and many network folders. The
    fallbacks are a system call for it, and last a check before the rename: only then can a file that another
    program creates at the same moment be overwritten.

    Raises:
        OSError: The file cannot be renamed.
    """
    for rename in (_rename_by_link, _rename_by_system, _rename_after_check):
        try:
            rename(source, target)
        except FileExistsError:
            return False
        except _UnsupportedError:
            continue
        return True
    raise AssertionError("the last way is always supported")


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to the disk, if the system supports that."""
    with suppress(OSError, AttributeError):  # Windows opens no folders, and some network folders refuse
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class _UnsupportedError(Exception):
    """The system or the file system has no such call."""


def _rename_by_link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError, AttributeError) as error:
        raise _UnsupportedError from error
    with suppress(OSError):
        source.unlink()


def _rename_by_system(source: Path, target: Path) -> None:
    if os.name == "nt":
        source.rename(target)  # which raises FileExistsError there
        return
    code = _call_system(os.fsencode(source), os.fsencode(target))
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        raise _UnsupportedError
    if code:
        raise OSError(code, os.strerror(code), os.fspath(target))


def _call_system(source: bytes, target: bytes) -> int:
    """Rename by the call of Linux or macOS that replaces nothing; return its error number, 0 for success."""
    import ctypes

    library: Any = ctypes.CDLL(None, use_errno=True)
    try:
        if sys.platform == "darwin":
            failed = library.renamex_np(source, target, _RENAME_EXCL)
        else:
            failed = library.renameat2(_AT_FDCWD, source, _AT_FDCWD, target, _RENAME_NOREPLACE)
    except AttributeError:  # another system, or an old library
        return errno.ENOSYS
    return ctypes.get_errno() if failed else 0


def _rename_after_check(source: Path, target: Path) -> None:
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
    source.rename(target)
