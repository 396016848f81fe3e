"""Bodies as JSON: with streamed images for sending, without images for display."""

import json
import os
import re
from binascii import b2a_base64
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from wanlib.base.redaction import redact_text, safe_repr
from wanlib.client.http.messages import RequestBody
from wanlib.client.images.file_reader import Chunk
from wanlib.client.images.image_source import ImageSource
from wanlib.errors import InvalidArgumentError

CHUNK = 192 * 1024
"""Bytes of an image read at a time: a multiple of three, so that base64 needs no padding in between.
Larger chunks exceed the processor's cache, smaller ones need more calls."""


class BodyChunk(NamedTuple):
    """A part of a body.

    Attributes:
        length: Bytes in total.
        chunks: Returns a new iterator at each call.
    """

    length: int
    chunks: Callable[[], Iterator[bytes]]


def bytes_chunk(data: bytes) -> BodyChunk:
    """Return bytes as a part of a body."""
    return BodyChunk(len(data), lambda: (data[at : at + CHUNK] for at in range(0, len(data), CHUNK)))


class StreamingBody:
    """A request body that holds at most one chunk of each file in memory."""

    def __init__(self, pieces: Sequence[BodyChunk]) -> None:
        self._pieces = tuple(pieces)
        self.length = sum(piece.length for piece in pieces)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            yield from piece.chunks()

    def __aiter__(self) -> "_AsyncChunks":
        return _AsyncChunks(iter(self))


class _AsyncChunks:
    """The same chunks for an event loop, which is blocked for at most the time of one chunk.

    A thread for each chunk would take longer than the chunk itself. This is not an async generator, because
    that would keep its file open until the event loop closes it.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> "_AsyncChunks":
        return self

    async def __anext__(self) -> bytes:
        for chunk in self._chunks:
            return chunk
        raise StopAsyncIteration


_LINK = re.compile(r"(?i)[a-z][a-z0-9+.-]*://")
_USER = re.compile(r"(?<=//)[^/?#]*@")
_QUERY = re.compile(r"(?s)[?#].*")


def encode_json_body(body: dict[str, Any]) -> bytes | RequestBody:
    """Encode a body as UTF-8 JSON, each local image in it as a data URI.

    Returns:
        Bytes for a short body; else a body of exact length that reads and encodes its images while it is
        sent.

    Raises:
        InvalidArgumentError: JSON cannot represent a value: NaN, lone surrogates, foreign objects.
    """
    mark = os.urandom(16).hex()
    sources: list[ImageSource] = []
    texts = _dump_with_markers(body, mark, sources).split(mark.encode())
    if not sources and len(texts[0]) <= CHUNK:
        return texts[0]
    pieces = [bytes_chunk(texts[0])]
    for source, text in zip(sources, texts[1:], strict=True):
        pieces += [_data_uri(source), bytes_chunk(text)]
    return StreamingBody(pieces)


def _dump_with_markers(body: dict[str, Any], mark: str, sources: list[ImageSource]) -> bytes:
    """Return the body with `mark` for each local image; these are added to `sources` in text order."""

    def stand_in(value: object) -> str:
        if not isinstance(value, ImageSource):
            raise TypeError(f"it has {safe_repr(value)}")
        sources.append(value)
        return mark

    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=stand_in)
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        cause = f"it has a lone surrogate, {error.object[error.start]!a}"
    except (TypeError, ValueError, RecursionError) as error:
        cause = redact_text(str(error))
    raise InvalidArgumentError(
        f"the request can't be written as JSON: {cause}; allowed: JSON values and images"
    )


def _data_uri(source: ImageSource) -> BodyChunk:
    head = f"data:{source.mime};base64,".encode("ascii")
    length = len(head) + -(-source.size // 3) * 4
    return BodyChunk(length, partial(_encoded, head, source))


def _encoded(head: bytes, source: ImageSource) -> Iterator[bytes]:
    encode = _base64_encoder()
    yield head
    for chunk in source.chunks(CHUNK):
        yield encode(chunk)


def _base64_encoder() -> Callable[[Chunk], bytes]:
    """Return a base64 encoder: that of pybase64 if installed, which is ten times faster."""
    try:
        from pybase64 import b64encode
    except ImportError:
        return partial(b2a_base64, newline=False)
    return b64encode


def redact_body(body: Any) -> Any:
    """Return a body that is safe to show: images without their bytes, links without user and query."""
    if isinstance(body, dict):
        return {key: redact_body(value) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [redact_body(item) for item in body]
    if isinstance(body, ImageSource):
        return body.description
    return _redact_text(body) if isinstance(body, str) else body


def _redact_text(text: str) -> str:
    if text[:5].lower() == "data:":
        return redact_text(text)
    if _LINK.match(text):
        return _QUERY.sub("?…", _USER.sub("…@", text))
    return text
