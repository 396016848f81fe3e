"""A form with one file in it, as `multipart/form-data` (RFC 7578)."""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from wanlib.runtime.exchange import Content
from wanlib.runtime.pieces import CHUNK, Piece, Pieces, plain
from wanlib.runtime.source import Source


class Form(NamedTuple):
    """A form to send. media_type: for Content-Type, with the boundary. content: streamed, of exact length."""

    media_type: str
    content: Content


def make_form(fields: Sequence[tuple[str, str]], file_field: str, file_name: str, source: Source) -> Form:
    """The fields in their order and the file behind them. Names are ASCII without quotes."""
    boundary = os.urandom(16).hex()  # by chance in no field and no file
    texts = [_part(boundary, f'name="{name}"') + f"{value}\r\n" for name, value in fields]
    head = _part(boundary, f'name="{file_field}"; filename="{file_name}"', source.mime)
    pieces = (
        plain(("".join(texts) + head).encode("utf-8")),
        Piece(source.size, partial(_bytes, source)),
        plain(f"\r\n--{boundary}--\r\n".encode("ascii")),
    )
    return Form(f"multipart/form-data; boundary={boundary}", Pieces(pieces))


def _part(boundary: str, named: str, mime: str = "") -> str:
    media_type = f"Content-Type: {mime}\r\n" if mime else ""
    return f"--{boundary}\r\nContent-Disposition: form-data; {named}\r\n{media_type}\r\n"


def _bytes(source: Source) -> Iterator[bytes]:
    return (bytes(chunk) for chunk in source.chunks(CHUNK))
