"""Decode all choices of a request from one string of bytes.

Hypothesis spends more on a second choice than on everything else: it copies spans of choices to look for
duplicates, which doubles the time and makes examples alike. So a whole request is one string of bytes, and
each of its thirty or more choices is decoded from one or a few bytes at a fixed position. The shrinker lowers
each byte towards 0 separately, so 0 always means the simplest choice: an absent field, the smallest number,
the first option.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

Item = TypeVar("Item")


class ByteSource:
    """Read bytes one after another; past the end all bytes are 0, the simplest choice.

    Attributes:
        position: The index of the next byte.
    """

    __slots__ = ("_bytes", "position")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._bytes = data
        self.position = at

    @property
    def end(self) -> int:
        """The position after the last byte; from there on all bytes are 0."""
        return len(self._bytes)

    def any_set(self, at: int, length: int) -> bool:
        """Return whether any of `length` bytes from position `at` is not zero."""
        return any(self._bytes[at : at + length])

    def byte(self) -> int:
        """Return a byte, 0 to 255."""
        at = self.position
        self.position = at + 1
        return self._bytes[at] if at < len(self._bytes) else 0

    def number(self, length: int) -> int:
        """Return a number of `length` bytes."""
        at = self.position
        self.position = at + length
        return int.from_bytes(self._bytes[at : at + length], "big")

    def flag(self) -> bool:
        """Return False for 0 and True in half of all cases."""
        return self.byte() >= 128

    def choose(self, options: Sequence[Item]) -> Item:
        """Return one of at most 256 options, all about equally likely."""
        return options[self.byte() % len(options)]

    def choose_each(self, length: int, *options: Sequence[Any]) -> list[Any]:
        """Return one item of each sequence, decoded from one number of `length` bytes.

        Args:
            length: The bytes to read; the number must be larger than the number of all combinations.
            options: The sequences.
        """
        number, chosen = self.number(length), []
        for sequence in options:
            number, index = divmod(number, len(sequence))
            chosen.append(sequence[index])
        return chosen

    def skewed_int(self, span: int) -> int:
        """Return a number below `span`; low numbers are more likely, since large requests take longer."""
        byte = self.byte()
        return span * byte * byte >> 16


def strategy_from_bytes(length: int, build: Callable[[ByteSource], Any]) -> st.SearchStrategy[Any]:
    """Return a strategy of what `build` reads from strings of `length` bytes."""
    return st.binary(min_size=length, max_size=length).map(lambda data: build(ByteSource(data)))
