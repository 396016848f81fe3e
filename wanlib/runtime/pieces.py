"""A request body in pieces, made as they are sent."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

CHUNK = 192 * 1024
"""Bytes of an image read at a time: a multiple of three, so that base64 needs no padding in between.
Larger chunks leave the processor's cache, smaller ones cost more calls."""


class Piece(NamedTuple):
    """Part of a body. length: bytes in all. chunks: begins anew at each call."""

    length: int
    chunks: Callable[[], Iterator[bytes]]


def plain(data: bytes) -> Piece:
    """A piece that is there already."""
    return Piece(len(data), lambda: (data[at : at + CHUNK] for at in range(0, len(data), CHUNK)))


class Pieces:
    """A `Content` that holds at most a chunk of each file at a time."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = tuple(pieces)
        self.length = sum(piece.length for piece in pieces)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            yield from piece.chunks()

    def __aiter__(self) -> "_Stepped":
        return _Stepped(iter(self))


class _Stepped:
    """The same chunks for an event loop, which waits for one chunk to be read and encoded at most.

    A thread for each would cost more than the chunk does. No async generator, which would leave its
    file open until the loop came to close it.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> "_Stepped":
        return self

    async def __anext__(self) -> bytes:
        for chunk in self._chunks:
            return chunk
        raise StopAsyncIteration
