"""A multipart form taken apart (RFC 7578), as far as an upload needs it."""

import re
from itertools import islice
from typing import NamedTuple

_BOUNDARY = re.compile(r'multipart/form-data;.*\bboundary=(?:"([^"]{1,70})"|([^\s;,]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'content-disposition:[^\r\n]*[;\s]name="([^"\r\n]*)"', re.IGNORECASE)
_MOST = 64


class Part(NamedTuple):
    """One field of a form."""

    name: str
    data: bytes


def read_form(content_type: str, body: bytes) -> list[Part]:
    """The fields in their order. ValueError says what keeps it from being read."""
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise ValueError("the content type names no boundary")
    boundary = re.escape((found[1] or found[2]).encode("latin-1", "replace"))
    lines = re.finditer(rb"(?:\A|\r\n)--" + boundary + rb"(--)?[ \t]*(?:\r\n|\Z)", body)
    parts, start = [], -1
    for line in islice(lines, _MOST):
        if start >= 0:
            parts.append(_part(body[start : line.start()]))
        if line[1]:
            return parts
        start = line.end()
    raise ValueError("the last boundary is missing")


def _part(piece: bytes) -> Part:
    head, empty, data = piece.partition(b"\r\n\r\n")
    name = _NAME.search(head)
    if not empty or name is None:
        raise ValueError("a part has no name")
    return Part(name[1].decode("utf-8", "replace"), data)
