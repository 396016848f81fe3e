"""The target of `save`: its argument as a path, and the names of the files."""

import os
from mimetypes import guess_type
from pathlib import Path
from tempfile import TemporaryFile

from wanlib.base.redaction import safe_repr
from wanlib.errors import InvalidArgumentError

_PNG = "image/png"
_FORBIDDEN_CHARACTERS = frozenset('<>:"/\\|?*')  # characters that some systems refuse in a file name
_PROBE_BYTES = 4096
_MAX_NAME_BYTES = 255  # bytes of a name in a folder, on all common file systems


def to_path(folder: object) -> Path:
    """Return the path of a folder or file to save to. Raise InvalidArgumentError."""
    try:
        text = os.fsdecode(folder) if isinstance(folder, str | os.PathLike) else ""
        os.fsencode(text)
    except Exception:  # a foreign path object may raise anything, and no path has a lone surrogate
        text = ""
    if not text or "\0" in text:
        raise InvalidArgumentError(
            f"folder is {safe_repr(folder)}; allowed: the path of a folder, such as 'out'"
        )
    path = Path(text)
    for name in path.parts:
        if len(os.fsencode(name)) > _MAX_NAME_BYTES:
            raise InvalidArgumentError(
                f"folder has the name {safe_repr(name)}, of {len(os.fsencode(name)):,} bytes; allowed: up to "
                f"{_MAX_NAME_BYTES} bytes for each name in a path"
            )
    return path


def target_file(path: Path, pictures: int, stem: str | None) -> Path | None:
    """Return `path` if it names the file of one picture, None if it is a folder.

    A path with the suffix of an image format is a file, unless a folder of that name exists.

    Args:
        path: The path that the user passed.
        pictures: The number of pictures, or its maximum.
        stem: The name for files in a folder; None if none is passed.

    Raises:
        InvalidArgumentError: There can be several pictures, the suffix is not that of PNG, or a stem is
            passed.
    """
    kind, _ = guess_type(path.name)
    if kind is None or not kind.startswith("image/") or os.path.isdir(path):  # noqa: PTH112  it never raises
        return None
    shown = safe_repr(str(path))
    if kind != _PNG:
        raise InvalidArgumentError(
            f"{shown}: pictures are PNG files; name it {path.stem}.png, or give a folder"
        )
    if stem is not None:
        raise InvalidArgumentError(f"{shown} is a file, and stem names files in a folder; leave stem out")
    if pictures > 1:
        raise InvalidArgumentError(
            f"{shown} is one file, and there can be {pictures} pictures; give a folder"
        )
    return path


def validate_stem(stem: str) -> str:
    """Return a beginning of file names that every system allows. Raise InvalidArgumentError."""
    fine = (
        isinstance(stem, str)
        and stem.isprintable()
        and not _FORBIDDEN_CHARACTERS & set(stem)
        and 0 < len(stem.encode("utf-8", "replace")) <= 180
    )
    if not fine or stem[0] in ". ":
        raise InvalidArgumentError(
            f"the name for files is {safe_repr(stem)}; allowed: up to 180 bytes of a plain file name"
        )
    return stem


def check_is_no_file(folder: Path) -> None:
    """Check that a path is a folder or does not exist yet. Raise InvalidArgumentError."""
    try:
        is_file = folder.exists() and not folder.is_dir()
    except OSError as error:
        raise _unusable_folder_error(folder, error) from error
    if is_file:
        raise InvalidArgumentError(f"{safe_repr(str(folder))} is a file; allowed: a folder, or a new name")


def make_writable(folder: Path) -> None:
    """Create a folder if it does not exist, and write a few bytes to a file without a name.

    Raises:
        InvalidArgumentError: Nothing can be stored there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder, buffering=0) as file:
            file.write(bytes(_PROBE_BYTES))
    except OSError as error:
        raise _unusable_folder_error(folder, error) from error


def _unusable_folder_error(folder: Path, error: OSError) -> InvalidArgumentError:
    why = error.strerror or type(error).__name__
    return InvalidArgumentError(f"nothing can be saved in {safe_repr(str(folder))}: {why}")
