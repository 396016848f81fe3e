"""Images in a body as data URIs, read without decoding or copying them.

A body may hold 9 images of 27 MB text each. The form, the length, the padding and the alphabet of the first
64 KiB are checked, and only the quanta that the header reader asks for are decoded.
"""

import re
from binascii import a2b_base64
from typing import NamedTuple

from wanlib.validation.image_header import ImageInfo, Read, read_image_header

CHECKED_CHARACTERS = 64 * 1024
"""Characters whose alphabet is checked; beyond them only the last four."""

# A type and a subtype are restricted names of at most 127 characters (RFC 6838, 4.2), so a text
# without a comma is given up early. Without re.ASCII a long s (U+017F) would pass for that of base64.
_NAME = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"
_PREFIX = re.compile(rf"data:({_NAME}/{_NAME});base64,", re.IGNORECASE | re.ASCII)
_ALPHABET = re.compile(r"[A-Za-z0-9+/]*")


class DataUri(NamedTuple):
    """A data URI as far as it was checked.

    Attributes:
        mime: The media type in lower case; empty if the form is broken.
        problem: The problem, in a few words; None if the URI is well-formed.
        facts: The image inside; None if there is a problem.
    """

    mime: str
    problem: str | None
    facts: ImageInfo | None


def parse_data_uri(text: str) -> DataUri | None:
    """Check a text; None if it does not begin with `data:`, in any case."""
    if text[:5].lower() != "data:":
        return None
    prefix = _PREFIX.match(text)
    if prefix is None:
        return DataUri("", "it does not begin with data:MIME;base64,", None)
    mime, start = prefix[1].lower(), prefix.end()
    first_pad = text.find("=", start)
    stop = len(text) if first_pad < 0 else first_pad
    problem = _problem(text, start, stop)
    if problem:
        return DataUri(mime, problem, None)
    size = (len(text) - start) // 4 * 3 - (len(text) - stop)
    return DataUri(mime, None, read_image_header(_reader(text, start), size))


def _problem(text: str, start: int, stop: int) -> str | None:
    """Return the problem of the base64 text from `start`, whose padding begins at `stop`."""
    length, pads = len(text) - start, len(text) - stop
    for begin, end in ((start, min(stop, start + CHECKED_CHARACTERS)), (max(start, stop - 4), stop)):
        match = _ALPHABET.match(text[begin:end])  # a slice, which a text that is not all in memory has too
        if match and begin + match.end() < end:
            at = begin + match.end()
            return f"character {at - start + 1} of the base64 text is {text[at]!a}"
    if length % 4:
        return f"the base64 text has {length} characters, not a multiple of 4"
    if pads > 2 or text[stop:] != "=" * pads:
        return "the base64 text has a = that is not padding at its end"
    return None


def _reader(text: str, start: int) -> Read:
    """Return random access to the bytes of the base64 text from `start`."""

    def read(offset: int, length: int) -> bytes:
        first, last = offset // 3, -(-(offset + length) // 3)
        try:
            quanta = a2b_base64(text[start + first * 4 : start + last * 4], strict_mode=True)
        except ValueError:  # beyond what was checked: for the reader, the file ends here
            return b""
        return quanta[offset - first * 3 :][:length]

    return read
