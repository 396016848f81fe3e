"""Refuse options that would overwrite a file which the command reads, or write two outputs to one file.

Every command that writes files to names of the user calls `check_output_files` before it does anything, and
`check_folder_exists` if it creates no folders.
"""

import os
import stat
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path

from wanlib.cli.errors import CliError, safe_file_name

FilesByOption = Mapping[str, Path | Iterable[Path] | None]
"""The files of each option or argument, by its name; None for an option that is not set."""

_READ_IN_FOLDERS = frozenset({".yaml", ".py", ".sqlite"})
"""The suffixes of files that commands read when they are given a folder: specs, vectors, source, stores."""


def check_output_files(outputs: FilesByOption, inputs: FilesByOption) -> None:
    """Check that each output is the file of no input and of no other output.

    Args:
        outputs: The files that are written.
        inputs: The files that are read, and folders with such files.

    Raises:
        CliError: An output is `-`, a folder, a file that is read or the file of another output, or cannot be
            written.
    """
    readers = [(option, path) for option, paths in inputs.items() for path in _paths(paths)]
    writers: dict[Hashable, str] = {}
    for option, paths in outputs.items():
        for path in _paths(paths):
            shown = safe_file_name(path)
            if str(path) == "-":
                raise CliError(f"{option} -: is not written to standard output; name a file")
            if path.is_dir():
                raise CliError(f"{option} {shown}: is a folder; name a file")
            _check_writable(option, path)
            identity = _identity(path)
            if identity is None:
                continue
            if reader := next((reader for reader, read in readers if _reads(read, path, identity)), None):
                raise CliError(f"{option} {shown}: {reader} reads this file; name another one")
            if identity in writers:
                raise CliError(f"{writers[identity]} and {option} name the same file, {shown}")
            writers[identity] = option


def check_folder_exists(option: str, path: Path | None) -> None:
    """Raise CliError if the folder of an output does not exist; None for an option that is not set."""
    if path is not None and not path.parent.is_dir():
        shown, folder = safe_file_name(path), safe_file_name(path.parent)
        raise CliError(f"{option} {shown}: the folder {folder} does not exist")


def _check_writable(option: str, path: Path) -> None:
    """Raise CliError if a file, or the folder in which it is to be created, cannot be written to."""
    existing = next(place for place in (path, *path.parents) if place.exists())
    is_usable = os.access(existing, os.W_OK) and (existing == path or existing.is_dir())
    if not is_usable:
        what = "the file" if existing == path else f"the folder {safe_file_name(existing)}"
        raise CliError(f"{option} {safe_file_name(path)}: {what} can't be written to")


def _paths(paths: Path | Iterable[Path] | None) -> Iterable[Path]:
    return () if paths is None else (paths,) if isinstance(paths, Path) else paths


def _identity(path: Path) -> Hashable | None:
    """Return what two names of one file have in common; None for a device or a pipe, such as /dev/null."""
    try:
        status = path.stat()
    except OSError:
        return os.path.realpath(path)
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _reads(source: Path, path: Path, identity: Hashable) -> bool:
    """Return whether a command that is given a file or a folder reads an output."""
    if source.is_dir():
        is_below = path.resolve().is_relative_to(source.resolve())
        return is_below and path.suffix in _READ_IN_FOLDERS and path.exists()
    return _identity(source) == identity
