"""Image files for the tests, made by Pillow or byte by byte; the repository contains none."""

import io
import random
import struct
from functools import cache
from typing import Any

from PIL import Image

SIZE = (517, 259)  # neither side fits one byte, so a swapped or dropped byte shows

_MODES = {
    "jpeg": ["L", "RGB", "CMYK"],
    "png": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
    "bmp": ["1", "L", "P", "RGB", "RGBA"],
    "webp": ["L", "RGB", "RGBA"],
    "tiff": ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16B"],
    "gif": ["1", "L", "P", "RGB"],
}
_ICC = random.Random(1).randbytes(150_000)
_ROTATED = Image.Exif()
_ROTATED[0x0112] = 6  # turn by 90 degrees to show: stored and shown size differ

_OPTIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "jpeg-progressive": ("jpeg", "RGB", {"progressive": True}),
    "jpeg-icc": ("jpeg", "RGB", {"icc_profile": _ICC[:60_000]}),
    "jpeg-icc-in-parts": ("jpeg", "RGB", {"icc_profile": _ICC}),
    "jpeg-comment-like-a-frame": ("jpeg", "L", {"comment": b"\xff\xc0\x00\x11\x08" * 200}),
    "jpeg-rotated": ("jpeg", "RGB", {"exif": _ROTATED}),
    "png-icc": ("png", "RGB", {"icc_profile": _ICC}),
    "webp-lossless": ("webp", "RGB", {"lossless": True}),
    "webp-lossless-alpha": ("webp", "RGBA", {"lossless": True}),
    "webp-icc": ("webp", "RGB", {"icc_profile": _ICC}),
    "tiff-lzw": ("tiff", "RGB", {"compression": "tiff_lzw"}),
    "tiff-deflate": ("tiff", "L", {"compression": "tiff_adobe_deflate"}),
    "tiff-group4": ("tiff", "1", {"compression": "group4"}),
    "tiff-big": ("tiff", "RGB", {"big_tiff": True}),
}


def picture(format: str, mode: str = "RGB", size: tuple[int, int] = SIZE, **options: Any) -> bytes:
    """Return an image of one colour, encoded by Pillow."""
    file = io.BytesIO()
    Image.new(mode, size).save(file, format, **options)
    return file.getvalue()


@cache
def pictures() -> dict[str, bytes]:
    """Return every format in its modes, and with options that change the header.

    A name begins with its format; every image has the size `SIZE`.
    """
    plain = {f"{format}-{mode}": picture(format, mode) for format, modes in _MODES.items() for mode in modes}
    special = {name: picture(format, mode, **options) for name, (format, mode, options) in _OPTIONS.items()}
    return plain | special


def jpeg_segment(code: int, payload: bytes = b"") -> bytes:
    """Return a JPEG segment: marker, length, payload."""
    return struct.pack(">BBH", 0xFF, code, len(payload) + 2) + payload


def jpeg(*before: bytes, size: tuple[int, int] = SIZE, frame: int = 0xC0) -> bytes:
    """Return the beginning of a JPEG: some segments, then a frame header of one component."""
    width, height = size
    return b"\xff\xd8" + b"".join(before) + jpeg_segment(frame, struct.pack(">BHHB3x", 8, height, width, 1))


def bmp(header: bytes) -> bytes:
    """Return a black BMP with a DIB header, given without its first four bytes (the length)."""
    start = struct.pack("<2sIII", b"BM", 18 + len(header), 0, 18 + len(header))
    return start + struct.pack("<I", len(header) + 4) + header + bytes(4096)


def tiff(order: str, kind: str, *, big: bool = False, size: tuple[int, int] = SIZE, gap: int = 0) -> bytes:
    """Return a TIFF with only width and height.

    Args:
        order: the byte order, `<` or `>`.
        kind: the `struct` letter of the numbers.
        big: whether it is a BigTIFF.
        size: width and height.
        gap: bytes before the directory.
    """
    pointer, count = ("Q", "Q") if big else ("I", "H")
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "H", 43 if big else 42)
    head += struct.pack(order + "HH", 8, 0) if big else b""
    start = len(head) + struct.calcsize(order + pointer) + gap
    entries = [
        struct.pack(order + "HH" + pointer, tag, {"H": 3, "I": 4, "Q": 16}[kind], 1)
        + struct.pack(order + kind, value).ljust(struct.calcsize(order + pointer), b"\0")
        for tag, value in zip((256, 257), size, strict=True)
    ]
    directory = struct.pack(order + count, len(entries)) + b"".join(entries)
    return head + struct.pack(order + pointer, start) + bytes(gap) + directory + bytes(8)
