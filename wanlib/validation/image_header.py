"""Format, width and height of an image from its header; nothing is decoded.

The reader raises for no bytes, and its work is bounded: no file, however large
or hostile, makes it read more than about a thousand windows of `WINDOW` bytes.
"""

import re
from collections.abc import Callable
from struct import Struct, error, unpack_from
from typing import NamedTuple, cast


class ImageInfo(NamedTuple):
    """An image as its header describes it.

    Attributes:
        format: `jpeg`, `png`, `bmp`, `webp`, `tiff` or `gif`, found from the content and never from a name;
            None for any other.
        width: Pixels as stored, before any EXIF rotation, as claimed, however small or large; None if the
            header cannot be read: cut short, damaged or hostile.
        height: As `width`.
        bytes: The size of the file, after base64 is decoded.
    """

    format: str | None
    width: int | None
    height: int | None
    bytes: int

    @property
    def is_known(self) -> bool:
        """Whether the format is known and its header states width and height."""
        return self.width is not None


# Skips a named tuple's own constructor, as `wanlib.base.violation.fast_violation` does.
fast_image_info = cast(
    "Callable[[type[ImageInfo], tuple[str | None, int | None, int | None, int]], ImageInfo]", tuple.__new__
)


Read = Callable[[int, int], bytes]
"""Takes (offset, length) and returns the bytes there: fewer at the end of the file, none beyond."""

WINDOW = 512
"""Bytes read at a time: enough for the whole header of most files."""

MAX_STEPS = 1000
"""JPEG segments, and windows of fill bytes, passed on the way to the frame header. EXIF and the
largest ICC profile that there can be (255 segments) stay far below."""

MAX_ENTRIES = 100
"""TIFF directory entries that are read. They are sorted, and only two tags come before the width."""

_Size = tuple[int, int] | None  # width, height; None if they cannot be read
_Parser = Callable[[bytes, Read, int], _Size]  # takes the first window, the reader, the size of the file

_MAGIC = re.compile(
    rb"(?P<jpeg>\xff\xd8\xff)|(?P<png>\x89PNG\r\n\x1a\n)|(?P<bmp>BM)|(?P<webp>RIFF....WEBP)"
    rb"|(?P<tiff>II[*+]\0|MM\0[*+])|(?P<gif>GIF8[79]a)",
    re.DOTALL,
)
_JPEG_SEGMENT = Struct(">BBHxHH")  # 0xFF, code, length; in a frame header then precision, height, width
_JPEG_TABLES = frozenset({0xC4, 0xC8, 0xCC})  # codes among C0..CF that are no frame headers: DHT, JPG, DAC
# Of a TIFF: the offset of the pointer to the first directory, and its form; the length of the entry
# count and its form; the length of an entry and its form: tag, type, number of values, values.
_TIFF = (4, "I"), (2, "H"), (12, "HHI4s")
_BIG_TIFF = (8, "Q"), (8, "Q"), (20, "HHQ8s")
_TIFF_INTEGERS = {3: "H", 4: "I", 16: "Q"}  # SHORT, LONG and LONG8 by their type number


def read_image_header(read: Read, size: int) -> ImageInfo:
    """Read a file of `size` bytes through `read`. Raise only what `read` raises."""
    return _image_info(read(0, WINDOW), read, size)


def image_info_from_bytes(data: bytes | bytearray | memoryview) -> ImageInfo:
    """Read a whole file in memory, of which only the header is copied."""
    view = memoryview(data).cast("B")
    return read_image_header(lambda offset, length: bytes(view[offset : offset + length]), len(view))


def _image_info(head: bytes, read: Read, size: int) -> ImageInfo:
    magic = _MAGIC.match(head)
    if magic is None:
        return ImageInfo(None, None, None, size)
    name = magic.lastgroup
    try:
        sides = _PARSERS[name](head, read, size)
    except error:  # struct's own: the file ends within its header
        sides = None
    width, height = sides or (None, None)
    return fast_image_info(ImageInfo, (name, width, height, size))


def _jpeg(window: bytes, read: Read, _size: int) -> _Size:
    """ITU-T T.81, B.1.1 and B.2.2: segments up to the first frame header (SOF)."""
    base, at = 0, 2  # `window` begins at `base` in the file; the next marker is at `at` in it
    for _ in range(MAX_STEPS):
        if at + _JPEG_SEGMENT.size > len(window):
            base, at = base + at, 0
            window = read(base, WINDOW)
        mark, code, length, height, width = _JPEG_SEGMENT.unpack_from(window, at)
        if mark != 0xFF or code < 0xC0 or 0xD0 <= code <= 0xDA:
            return None  # no marker, or one that no frame header can follow: EOI, RST, SOS
        if code == 0xFF:  # fill bytes may precede a marker: on to the last of them in this window
            at = len(window) - len(window[at:].lstrip(b"\xff")) - 1
        elif code < 0xD0 and code not in _JPEG_TABLES:
            return (width, height) if length >= 8 else None
        else:
            at += 2 + length  # a length below 2 points into its own bytes, which are not a marker
    return None


def _png(head: bytes, _read: Read, _size: int) -> _Size:
    """PNG, 5.6 and 11.2.1: IHDR comes first and is 13 bytes long."""
    length, name, width, height = unpack_from(">I4sII9x", head, 8)
    return (width, height) if (length, name) == (13, b"IHDR") else None


def _bmp(head: bytes, _read: Read, _size: int) -> _Size:
    """BITMAPCOREHEADER (12 bytes), or BITMAPINFOHEADER and its variants, OS/2 and later."""
    (length,) = unpack_from("<I", head, 14)
    if length == 12:
        width, height = unpack_from("<HH", head, 18)
    elif 16 <= length <= 124:
        width, height = unpack_from("<Ii", head, 18)
    else:
        return None
    return width, abs(height)  # negative: the rows are stored from the top


def _webp(head: bytes, _read: Read, _size: int) -> _Size:
    """RFC 9649: the first chunk is lossy, lossless, or the extended header with the canvas."""
    chunk = head[12:16]
    if chunk == b"VP8 ":
        start, width, height = unpack_from("<3x3sHH", head, 20)
        return (width & 0x3FFF, height & 0x3FFF) if start == b"\x9d\x01\x2a" else None
    if chunk == b"VP8L":
        signature, bits = unpack_from("<BI", head, 20)
        return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1) if signature == 0x2F else None
    if chunk == b"VP8X":
        width, width_high, height, height_high = unpack_from("<4xHBHB", head, 20)
        return (width_high << 16 | width) + 1, (height_high << 16 | height) + 1
    return None


def _tiff(head: bytes, read: Read, size: int) -> _Size:
    """TIFF 6.0, section 2, and BigTIFF: width and height are entries of the first directory."""
    order = "<" if head[:1] == b"I" else ">"
    (at, pointer), (first, counter), (step, entry) = _BIG_TIFF if b"+" in head[2:4] else _TIFF
    (offset,) = unpack_from(order + pointer, head, at)
    if offset >= size:  # checked here, because no seek can go as far as a BigTIFF may point
        return None
    directory = read(offset, first + step * MAX_ENTRIES)
    (count,) = unpack_from(order + counter, directory)
    sides: dict[int, int] = {}
    for index in range(min(count, MAX_ENTRIES)):
        tag, kind, number, value = unpack_from(order + entry, directory, first + index * step)
        if tag in (256, 257) and number == 1 and kind in _TIFF_INTEGERS:
            (sides[tag],) = unpack_from(order + _TIFF_INTEGERS[kind], value)
            if len(sides) == 2:
                return sides[256], sides[257]
    return None


def _gif(head: bytes, _read: Read, _size: int) -> _Size:
    """GIF89a, 18: the logical screen."""
    width, height = unpack_from("<HH", head, 6)
    return width, height


_PARSERS: dict[str | None, _Parser] = {
    "jpeg": _jpeg,
    "png": _png,
    "bmp": _bmp,
    "webp": _webp,
    "tiff": _tiff,
    "gif": _gif,
}


def describe_format(facts: ImageInfo) -> str:
    """Return the format of an image's bytes, or why it is unknown."""
    if facts.format is None:
        return "no image of a known format"
    return facts.format if facts.is_known else f"a {facts.format} whose header can't be read"


def describe_size(facts: ImageInfo) -> str:
    """Return `width*height`, as a size is written."""
    return f"{facts.width}*{facts.height}"


def escape_json_pointer(key: object) -> str:
    """Return a member's name as a step of a JSON Pointer (RFC 6901)."""
    step = str(key)
    return step.replace("~", "~0").replace("/", "~1") if "~" in step or "/" in step else step
