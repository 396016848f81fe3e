"""Parse image arguments: links, which are sent unchanged, and local images, as `ImageSource`."""

import os
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias, TypeGuard
from urllib.parse import unquote_to_bytes

from wanlib.base.redaction import safe_repr
from wanlib.client.images.image_source import ImageSource, from_file, from_memory, from_path, image_errors
from wanlib.errors import InvalidArgumentError

_SCHEME = len("file://")
_DRIVE_AFTER_SLASH = re.compile(r"/[A-Za-z]:(?=[/\\])")


def candidate_paths(url: str, *, windows: bool = os.name == "nt") -> tuple[str, ...]:
    """Return the possible paths of a `file://` string, the likeliest first.

    A name with a percent sign, `#` or `?` in it is first taken literally, then with escapes such as `%41`
    decoded. `file:///D:/x` means `D:/x` on Windows; elsewhere it is first taken literally.

    Raises:
        ValueError: The text cannot be a path.
    """
    text = url[_SCHEME:]
    decoded = os.fsdecode(unquote_to_bytes(os.fsencode(text)))
    taken = [path for form in (text, decoded) for path in _drive_candidates(form, windows)]
    return tuple(dict.fromkeys(taken))


def _drive_candidates(text: str, windows: bool) -> tuple[str, ...]:
    if not _DRIVE_AFTER_SLASH.match(text):
        return (text,)
    return (text[1:],) if windows else (text, text[1:])


def path_from_file_url(url: str) -> Path:
    """Return the first of the candidate paths that exists; if none does, the first."""
    paths = [Path(candidate) for candidate in candidate_paths(url)]
    return next((path for path in paths if os.path.lexists(path)), paths[0])


__all__ = ["ImageLike", "ImageSource", "PillowImage", "to_image_input"]


class PillowImage(Protocol):
    """The part of `PIL.Image.Image` that is used, so that Pillow need not be installed."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    def save(self, fp: Any, format: str | None = None) -> None:
        """Write the image in this format."""


ImageLike: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | PillowImage
"""An image: a Path, bytes, a seekable binary file, a Pillow image, or a string that begins with
`file://` or one of the schemes of the model."""

_LONGEST_SCHEME = 16
_FILE = re.compile(r"file://", re.IGNORECASE).match


def to_image_input(
    image: ImageLike, *, file_urls: bool, mimes: Mapping[str, str], schemes: tuple[str, ...], argument: str
) -> str | ImageSource:
    """Return a string that is sent unchanged, or the local image.

    The caller's object is not changed, and text is never taken for a path.

    Args:
        image: What the caller passed.
        file_urls: Whether `file://` strings are read.
        mimes: Media types by format.
        schemes: The URL schemes that the model accepts.
        argument: The name of the argument, such as `images[1]`, for messages.

    Raises:
        InvalidArgumentError: It is not an image or cannot be read.
    """
    if isinstance(image, str):
        return _from_text(image, file_urls, mimes, schemes, argument)
    if isinstance(image, bytes | bytearray | memoryview):
        return from_memory(image, mimes, argument)
    if isinstance(image, os.PathLike):
        return from_path(Path(os.fsdecode(image)), mimes, argument)
    if _is_pillow(image):
        return from_memory(_pillow_to_png(image, argument), mimes, argument, "Pillow image")
    if _is_file(image):
        return from_file(image, mimes, argument)
    raise InvalidArgumentError(
        f"{argument} is {safe_repr(image)}; allowed: a Path, bytes, a seekable binary file, a Pillow image, "
        f"or a string that begins with {_allowed_prefixes(schemes)}"
    )


def _from_text(
    text: str, file_urls: bool, mimes: Mapping[str, str], schemes: tuple[str, ...], argument: str
) -> str | ImageSource:
    if text[:_LONGEST_SCHEME].lower().startswith(_prefixes(schemes)):
        return text
    if not _FILE(text):
        raise InvalidArgumentError(
            f"{argument} is the text {safe_repr(text)}, which does not begin with "
            f"{_allowed_prefixes(schemes)}. Text is never taken for a path: for a file, give "
            "pathlib.Path(...)"
        )
    if not file_urls:
        raise InvalidArgumentError(
            f"{argument} is {safe_repr(text)}, and file:// strings are turned off (file_urls=False)"
        )
    with image_errors(argument, text):
        path = path_from_file_url(text)
    return from_path(path, mimes, argument)


@lru_cache
def _prefixes(schemes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("data:" if scheme == "data" else f"{scheme}://" for scheme in schemes)


def _allowed_prefixes(schemes: tuple[str, ...]) -> str:
    return f"{', '.join(_prefixes(schemes))} or file://"


def _is_pillow(image: object) -> bool:
    """Return whether it is a Pillow image; if it is, Pillow has been imported."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(image, pillow.Image)


def _is_file(image: object) -> TypeGuard[BinaryIO]:
    return all(callable(getattr(image, method, None)) for method in ("read", "seek", "tell"))


def _pillow_to_png(image: Any, argument: str) -> memoryview:
    """Return a Pillow image as PNG, which keeps all its pixels but not its EXIF data."""
    file = BytesIO()
    try:
        image.save(file, "PNG")
    except Exception as error:  # Pillow reads lazily, and broken files raise many kinds of errors
        raise InvalidArgumentError(
            f"{argument}: the Pillow image of mode {image.mode} can't be saved as PNG: {error}. "
            "Give image.convert('RGB'), or the file itself as a Path"
        ) from error
    return file.getbuffer()
