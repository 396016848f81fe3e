"""The one choice of a request: a string of bytes, decoded by arithmetic.

Hypothesis spends more on a second choice than on everything else: it copies spans of choices about to
look for duplicates, at twice the time and at the cost of unlike examples. So a whole request is one
string of bytes, and each of its thirty choices and more is decoded from a byte or a few at a place of
their own. The shrinker lowers each byte towards 0 by itself; so 0 always means the plainest: absent,
the fewest, the least, the first.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

Item = TypeVar("Item")


class ByteSource:
    """Bytes read one after another from `at`; behind their end there are zeros, the plainest choice."""

    __slots__ = ("_bytes", "position")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._bytes = data
        self.position = at

    @property
    def end(self) -> int:
        """The place behind the last byte, from where on there are zeros."""
        return len(self._bytes)

    def any_set(self, at: int, length: int) -> bool:
        """Whether any of these bytes is no zero."""
        return any(self._bytes[at : at + length])

    def byte(self) -> int:
        """0 to 255."""
        at = self.position
        self.position = at + 1
        return self._bytes[at] if at < len(self._bytes) else 0

    def number(self, length: int) -> int:
        """A number of this many bytes."""
        at = self.position
        self.position = at + length
        return int.from_bytes(self._bytes[at : at + length], "big")

    def flag(self) -> bool:
        """False for 0, true half of the time."""
        return self.byte() >= 128

    def choose(self, options: Sequence[Item]) -> Item:
        """One of at most 256, all about alike."""
        return options[self.byte() % len(options)]

    def choose_each(self, length: int, *options: Sequence[Any]) -> list[Any]:
        """One of each from a number of this many bytes, which is to be larger than all their combinations."""
        number, chosen = self.number(length), []
        for sequence in options:
            number, index = divmod(number, len(sequence))
            chosen.append(sequence[index])
        return chosen

    def skewed_int(self, span: int) -> int:
        """Below `span`, the lower the likelier: ten of something are rarer than one, and cost more."""
        byte = self.byte()
        return span * byte * byte >> 16


def strategy_from_bytes(length: int, build: Callable[[ByteSource], Any]) -> st.SearchStrategy[Any]:
    """What `make` reads from strings of this many bytes."""
    return st.binary(min_size=length, max_size=length).map(lambda data: build(ByteSource(data)))
