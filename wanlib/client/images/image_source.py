"""`ImageSource`: a local image (memory, path or file object), read in chunks each time it is sent."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import BinaryIO, NamedTuple

from wanlib.base.redaction import safe_repr
from wanlib.client.images.file_reader import (
    Chunk,
    FileState,
    Reader,
    ReusedBufferReader,
    UnchangedFileReader,
    is_on_disk,
)
from wanlib.errors import InvalidArgumentError, MissingFileError, WanError
from wanlib.validation.image_header import ImageInfo, Read, image_info_from_bytes, read_image_header

ReaderFactory = Callable[[], AbstractContextManager[Reader]]
"""Opens the bytes of an image for as long as the context lasts."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ImageSource:
    """One local image.

    Attributes:
        argument: The argument that it came from, such as `images[0]`.
        name: Its name in messages, without folders.
        mime: The media type for a data URI.
        info: Its format, pixels and bytes.
        open_reader: Opens its bytes.
        path: The file on disk; None for an image in memory.
        fit: How it is derived from another image to fit the model; None for the caller's image.
    """

    argument: str
    name: str
    mime: str
    info: ImageInfo
    open_reader: ReaderFactory
    path: Path | None = None
    fit: "ImageFit | None" = None

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.info.bytes

    def chunks(self, width: int) -> Iterator[Chunk]:
        """Yield the bytes of the file from the start, `width` at a time; may be called again.

        A chunk is valid until the next one is requested.

        Raises:
            InvalidArgumentError: The file has changed since it was checked, or can no longer be read.
        """
        with image_errors(self.argument, self.name), self.open_reader() as read:
            for offset in range(0, self.size, width):
                length = min(width, self.size - offset)
                chunk = read(offset, length)
                if len(chunk) != length:
                    raise changed_file_error(self.argument, self.name)
                yield chunk

    @property
    def description(self) -> str:
        """The text that replaces the image in a body without image bytes; the same for a fitted image."""
        if self.fit is not None:
            return self.fit.original.description
        return f"data:{self.mime};base64,… ({self.name}, {self.size:,} bytes)"

    def __repr__(self) -> str:
        return f"<Source {safe_repr(self.name)}: {self.info.format or 'no image'}, {self.size:,} bytes>"


class ImageFit(NamedTuple):
    """How an image is derived from another one to fit the model.

    Attributes:
        original: The caller's image.
        change: A description of the change.
        make: Creates the image, which takes the time of decoding and encoding. Raises InvalidArgumentError.
    """

    original: ImageSource
    change: str
    make: Callable[[], ImageSource]


def create_source(
    argument: str,
    name: str,
    facts: ImageInfo,
    mimes: Mapping[str, str],
    opened: ReaderFactory,
    path: Path | None = None,
) -> ImageSource:
    """Return a source with the media type of its format in `mimes`, or `image/` and the format."""
    mime = mimes.get(facts.format, f"image/{facts.format}") if facts.format else "application/octet-stream"
    return ImageSource(argument, name, mime, facts, opened, path)


def from_memory(
    data: bytes | bytearray | memoryview, mimes: Mapping[str, str], argument: str, name: str = "bytes"
) -> ImageSource:
    """Return an image in memory, which is not copied."""
    with image_errors(argument, name):
        view = memoryview(data).cast("B").toreadonly()

    def read(offset: int, length: int) -> Chunk:
        return view[offset : offset + length]

    return create_source(argument, name, image_info_from_bytes(view), mimes, lambda: nullcontext(read))


@contextmanager
def image_errors(argument: str, what: str) -> Iterator[None]:
    """Translate all exceptions about a caller's file or object to an InvalidArgumentError that names it."""
    try:
        yield
    except WanError:
        raise
    except FileNotFoundError as error:
        message = f"{argument}: {safe_repr(what)} can't be read: {error.strerror or 'it does not exist'}"
        raise MissingFileError(message, what) from error
    except Exception as error:  # a foreign object may raise anything
        cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InvalidArgumentError(f"{argument}: {safe_repr(what)} can't be read: {cause}") from error


def changed_file_error(argument: str, name: str) -> InvalidArgumentError:
    """Return the error for a file that has changed since the check."""
    return InvalidArgumentError(
        f"{argument}: {safe_repr(name)} has changed since it was checked; don't change it before it is sent"
    )


# A pipe that replaces the file after its check must not block the open. Only Windows has O_BINARY.
_OPEN_TO_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)

_POSITION = Lock()
"""Held while the position of a caller's file object is moved. One lock for all of them, because two images
may be the same object."""


def from_path(path: Path, mimes: Mapping[str, str], argument: str) -> ImageSource:
    """Return an image on disk, which is checked now and read again each time it is sent."""
    with image_errors(argument, str(path)):
        path = path.absolute()  # now: the working directory may have changed when it is sent
    with image_errors(argument, str(path)):
        if not stat.S_ISREG(
            path.stat().st_mode
        ):  # before it is opened: a pipe would block, and opening a device has effects
            raise _not_regular_error(argument, path)
        with _open(path) as file:
            seen = FileState.of(file)
            facts = read_image_header(_copying_reader(ReusedBufferReader(file)), seen.size)

    @contextmanager
    def opened() -> Iterator[Reader]:
        with _open(path) as again:
            yield UnchangedFileReader(again, seen, partial(changed_file_error, argument, path.name))

    return create_source(argument, path.name, facts, mimes, opened, path)


def from_file(file: BinaryIO, mimes: Mapping[str, str], argument: str) -> ImageSource:
    """Return a caller's binary file, from its first byte to its last; its position is restored."""
    file_name = getattr(file, "name", None)
    name = Path(file_name).name if isinstance(file_name, str) else "file object"
    with image_errors(argument, name):
        length = _length(file)
        with _restore_position(file):
            seen = FileState.of(file) if is_on_disk(file) else None
        facts = read_image_header(_copying_reader(_restoring(file, ReusedBufferReader(file))), length)

    def opened() -> AbstractContextManager[Reader]:
        reader: Reader = ReusedBufferReader(file)
        if seen is not None:
            reader = UnchangedFileReader(file, seen, partial(changed_file_error, argument, name))
        return nullcontext(_restoring(file, reader))

    return create_source(argument, name, facts, mimes, opened)


def _restoring(file: BinaryIO, read: Reader) -> Reader:
    """Return a reader of a caller's file that restores its position after each read."""

    def read_and_return(offset: int, length: int) -> Chunk:
        with _restore_position(file):
            return read(offset, length)

    return read_and_return


@contextmanager
def _restore_position(file: BinaryIO) -> Iterator[None]:
    """Allow the position of a caller's file to move, and restore it."""
    with _POSITION:
        position = file.tell()
        try:
            yield
        finally:
            file.seek(position)


def _length(file: BinaryIO) -> int:
    with _restore_position(file):
        file.seek(0, os.SEEK_END)
        return file.tell()


def _copying_reader(read: Reader) -> Read:
    """Return a reader whose bytes stay valid, for the image header."""
    return lambda offset, length: bytes(read(offset, length))


def _open(path: Path) -> BinaryIO:
    return open(os.open(path, _OPEN_TO_READ), "rb", buffering=0)  # noqa: PTH123  a descriptor, not a path


def _not_regular_error(argument: str, path: Path) -> InvalidArgumentError:
    kind = "a directory" if path.is_dir() else "not a regular file"
    return InvalidArgumentError(
        f"{argument}: {safe_repr(str(path))} is {kind}; allowed: the path of an image file"
    )
