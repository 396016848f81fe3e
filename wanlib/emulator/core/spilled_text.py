"""Texts of which only the beginning is in memory: what a face took out of a body while it came in."""

import base64
import errno
import tempfile
from collections.abc import Mapping
from threading import Lock
from typing import IO, Any, SupportsIndex


class SpillFile:
    """A temporary file in which the long texts of one body stand; gone when nobody holds any of them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lock = Lock()
        self._holders = 1  # whoever reads the body
        self._claimed = False
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Adds to the end. OSError where the disk is full."""
        self._file.seek(self.size)
        if self._file.write(piece) != len(piece):
            raise OSError(errno.ENOSPC, "no room for the images of a request", tempfile.gettempdir())
        self.size += len(piece)

    def read(self, offset: int, length: int) -> bytes:
        """Bytes that were written."""
        self._file.seek(offset)
        return self._file.read(length)

    def retain(self) -> int:
        """One holder more; the bytes that were held by no claim before."""
        with self._lock:
            self._holders += 1
            size, self._claimed = 0 if self._claimed else self.size, True
        return size

    def release(self) -> None:
        """One holder less."""
        with self._lock:
            self._holders -= 1
            if not self._holders:
                self._file.close()


class SpilledString:
    """One text in a basket, ASCII. pad: where its first `=` stands, -1 where it has none."""

    def __init__(self, basket: SpillFile, offset: int, size: int, pad: int) -> None:
        self._basket = basket
        self._offset = offset
        self.size = size
        self.pad = pad

    def read(self, start: int, stop: int) -> str:
        """Characters `start` to `stop`."""
        return self._basket.read(self._offset + start, stop - start).decode("ascii")

    def claim(self) -> int:
        """Keeps the basket; the bytes of disk that this costs, for all texts of a basket together."""
        return self._basket.retain()

    def release(self) -> None:
        """Lets the basket go."""
        self._basket.release()

    def data(self) -> bytes:
        """The file in this data URI; nothing where its text breaks further on than was judged."""
        text = self._basket.read(self._offset, self.size)
        try:
            return base64.b64decode(memoryview(text)[text.index(b",") + 1 :], validate=True)
        except ValueError:
            return b""


class SpilledText(str):
    """A long text by its beginning, of which all that judges ask is true of the whole.

    That is: its length, slices, the first `=`, and what is shown of it. To a regular expression it is its
    beginning alone, which is longer than any that is tried on such texts reaches.
    """

    stored: SpilledString

    def __new__(cls, head: str, stored: SpilledString) -> "SpilledText":
        text = super().__new__(cls, head)
        text.stored = stored
        return text

    def __len__(self) -> int:
        return self.stored.size

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        if not isinstance(key, slice):
            at = range(len(self))[key]
            return self.stored.read(at, at + 1)
        start, stop, step = key.indices(len(self))
        if step == 1 and stop <= super().__len__():
            return super().__getitem__(slice(start, stop))
        return self.stored.read(start, max(start, stop))[::step]

    def find(self, sub: str, start: Any = 0, end: Any = None, /) -> int:
        """The first `=`, which is all that is looked for; of anything else, in the beginning alone."""
        if sub == "=" and end is None:
            return self.stored.pad if self.stored.pad >= start else -1
        return super().find(sub, start, end)

    def __str__(self) -> str:
        return self

    def __deepcopy__(self, _memo: object) -> "SpilledText":
        return self


def substitute(value: Any, texts: Mapping[str, SpilledText]) -> Any:
    """`value` with long texts where the texts that stand for them were; in place, however deep it nests."""
    whole = [value]
    rest: list[Any] = [whole]
    while rest:
        each = rest.pop()
        if isinstance(each, dict):
            members = [(texts.get(key, key), member) for key, member in each.items()]
            each.clear()
            each.update((key, _one(member, texts, rest)) for key, member in members)
        else:
            each[:] = [_one(item, texts, rest) for item in each]
    return whole[0]


def _one(value: Any, texts: Mapping[str, SpilledText], rest: list[Any]) -> Any:
    if isinstance(value, list | dict):
        rest.append(value)
    return texts.get(value, value) if isinstance(value, str) else value
