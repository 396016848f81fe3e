"""Bodies as JSON: for the wire with images streamed into it, for people with images left out."""

import json
import os
import re
from binascii import b2a_base64
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from wanlib.base.shown import safe_text, shown
from wanlib.runtime.errors import InvalidArgumentError
from wanlib.runtime.exchange import Content
from wanlib.runtime.pieces import CHUNK, Piece, Pieces, plain
from wanlib.runtime.source import Chunk, Source

_LINK = re.compile(r"(?i)[a-z][a-z0-9+.-]*://")
_USER = re.compile(r"(?<=//)[^/?#]*@")
_QUERY = re.compile(r"(?s)[?#].*")


def json_body(body: dict[str, Any]) -> bytes | Content:
    """The body as UTF-8 JSON, each `Source` in it as a data URI.

    Bytes where that is short; else a `Content` of exact length that reads and encodes its images as they
    are sent. Raises InvalidArgumentError for what JSON can't hold: NaN, lone surrogates, foreign objects.
    """
    mark = os.urandom(16).hex()
    sources: list[Source] = []
    texts = _dumped(body, mark, sources).split(mark.encode())
    if not sources and len(texts[0]) <= CHUNK:
        return texts[0]
    pieces = [plain(texts[0])]
    for source, text in zip(sources, texts[1:], strict=True):
        pieces += [_data_uri(source), plain(text)]
    return Pieces(pieces)


def _dumped(body: dict[str, Any], mark: str, sources: list[Source]) -> bytes:
    """The body with `mark` for each Source, which go into `sources` in the order of the text."""

    def stand_in(value: object) -> str:
        if not isinstance(value, Source):
            raise TypeError(f"it has {shown(value)}")
        sources.append(value)
        return mark

    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=stand_in)
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        cause = f"it has a lone surrogate, {error.object[error.start]!a}"
    except (TypeError, ValueError, RecursionError) as error:
        cause = safe_text(str(error))
    raise InvalidArgumentError(
        f"the request can't be written as JSON: {cause}; allowed: JSON values and images"
    )


def _data_uri(source: Source) -> Piece:
    head = f"data:{source.mime};base64,".encode("ascii")
    length = len(head) + -(-source.size // 3) * 4
    return Piece(length, partial(_encoded, head, source))


def _encoded(head: bytes, source: Source) -> Iterator[bytes]:
    encode = _encoder()
    yield head
    for chunk in source.chunks(CHUNK):
        yield encode(chunk)


def _encoder() -> Callable[[Chunk], bytes]:
    """base64 of bytes: by pybase64 where it is installed, which is ten times as quick."""
    try:
        from pybase64 import b64encode
    except ImportError:
        return partial(b2a_base64, newline=False)
    return b64encode


def digest_body(body: Any) -> Any:
    """A body as people may see it: images without their bytes, links without user and query."""
    if isinstance(body, dict):
        return {key: digest_body(value) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [digest_body(each) for each in body]
    if isinstance(body, Source):
        return f"data:{body.mime};base64,… ({body.name}, {body.size:,} bytes)"
    return _digest_text(body) if isinstance(body, str) else body


def _digest_text(text: str) -> str:
    if text[:5].lower() == "data:":
        return safe_text(text)
    if _LINK.match(text):
        return _QUERY.sub("?…", _USER.sub("…@", text))
    return text
