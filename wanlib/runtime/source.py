"""One image in hand, read piece by piece whenever it is sent, and never changed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from wanlib.base.facts import ImageFacts
from wanlib.base.header import facts_of_bytes
from wanlib.base.shown import shown
from wanlib.runtime.errors import InvalidArgumentError, MissingFileError, WanError

Chunk = bytes | memoryview
Reader = Callable[[int, int], Chunk]
"""(offset, length) -> the bytes there, fewer at the end; they are good until the next call."""
Opened = Callable[[], AbstractContextManager[Reader]]
"""Access for as long as the context lasts."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Source:
    """One image in hand.

    argument: the argument that it came by, `images[0]`. name: what to call it, without its folders.
    mime: the media type for a data URI. facts: format, pixels and bytes. opened: gives access to its bytes.
    path: the file on disk, None for an image in memory.
    """

    argument: str
    name: str
    mime: str
    facts: ImageFacts
    opened: Opened
    path: Path | None = None

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.facts.bytes

    def chunks(self, width: int) -> Iterator[Chunk]:
        """The bytes of the file from its first, `width` at a time, as often as asked.

        A chunk is good until the next is asked for. Raises InvalidArgumentError where the file has changed
        since it was looked at, or can't be read any more.
        """
        with readable(self.argument, self.name), self.opened() as read:
            for offset in range(0, self.size, width):
                length = min(width, self.size - offset)
                chunk = read(offset, length)
                if len(chunk) != length:
                    raise changed(self.argument, self.name)
                yield chunk

    def __repr__(self) -> str:
        return f"<Source {shown(self.name)}: {self.facts.format or 'no image'}, {self.size:,} bytes>"


def make_source(
    argument: str,
    name: str,
    facts: ImageFacts,
    mimes: Mapping[str, str],
    opened: Opened,
    path: Path | None = None,
) -> Source:
    """A Source whose media type is that of its format in `mimes`, or `image/` and the format."""
    mime = mimes.get(facts.format, f"image/{facts.format}") if facts.format else "application/octet-stream"
    return Source(argument, name, mime, facts, opened, path)


def from_memory(
    data: bytes | bytearray | memoryview, mimes: Mapping[str, str], argument: str, name: str = "bytes"
) -> Source:
    """An image in memory, not copied."""
    with readable(argument, name):
        view = memoryview(data).cast("B").toreadonly()

    def read(offset: int, length: int) -> Chunk:
        return view[offset : offset + length]

    return make_source(argument, name, facts_of_bytes(view), mimes, lambda: nullcontext(read))


@contextmanager
def readable(argument: str, what: str) -> Iterator[None]:
    """Turns whatever goes wrong with a caller's file or object into an InvalidArgumentError that names it."""
    try:
        yield
    except WanError:
        raise
    except FileNotFoundError as error:
        message = f"{argument}: {shown(what)} can't be read: {error.strerror or 'there is no such file'}"
        raise MissingFileError(message, what) from error
    except Exception as error:  # a foreign object may raise anything
        cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InvalidArgumentError(f"{argument}: {shown(what)} can't be read: {cause}") from error


def changed(argument: str, name: str) -> InvalidArgumentError:
    """What to raise where a file is not the one that was checked."""
    return InvalidArgumentError(
        f"{argument}: {shown(name)} has changed since it was checked; don't write it until it is sent"
    )
