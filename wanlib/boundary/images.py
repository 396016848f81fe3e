"""Real image files with chosen properties: format, width, height and size in bytes.

Rules on images read the header of a file, so their tests need real files. Pillow, which is imported on first
use, encodes them: one colour, with the fewest bits per pixel that the format has, so that 8000 x 1000 pixels
need a few kilobytes and a few milliseconds.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from io import BytesIO

MEDIA_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "bmp": "image/bmp",
    "webp": "image/webp",
    "tiff": "image/tiff",
    "gif": "image/gif",
}

# The Pillow mode with the fewest bits per pixel for each format.
_MODES = {"jpeg": "L", "png": "1", "bmp": "1", "webp": "RGB", "tiff": "1", "gif": "P"}
_ALPHA_FORMATS = ("png", "webp", "tiff")
_OPTIONS: dict[str, dict[str, int | str]] = {
    "png": {"compress_level": 1},
    "webp": {"method": 0, "quality": 0},  # the default effort takes seconds at 8000 x 8000
    "tiff": {"compression": "tiff_deflate"},
}

_BLOCK = 3 * 4096
"""The zeros after a file begin at a multiple of this, so that images of other lengths have the same zeros."""


def encode_image(
    image_format: str, width: int, height: int, *, size_bytes: int | None = None, alpha: bool = False
) -> bytes:
    """Return an image file.

    Args:
        image_format: A key of `MEDIA_TYPES`.
        width: Pixels.
        height: Pixels.
        size_bytes: The exact length of the file, reached with zeros after the image, which readers of
            all these formats ignore; None for no padding.
        alpha: Whether the image has an alpha channel.

    Raises:
        ValueError: The format is unknown or has no alpha channel, or the image is longer than `size_bytes`.
    """
    encoded = _draw(image_format, width, height, alpha)
    if size_bytes is None:
        return encoded
    _check_length(image_format, width, height, size_bytes, alpha)
    return encoded.ljust(size_bytes, b"\0")


def _check_length(image_format: str, width: int, height: int, size_bytes: int, alpha: bool) -> None:
    length = len(_draw(image_format, width, height, alpha))
    if length > size_bytes:
        raise ValueError(f"a {width}x{height} {image_format} takes {length} bytes, more than {size_bytes}")


def data_uri_of_image(
    image_format: str,
    width: int,
    height: int,
    *,
    mime: str | None = None,
    size_bytes: int | None = None,
    alpha: bool = False,
) -> str:
    """Return the image file of `encode_image` as `data:TYPE;base64,DATA`.

    Args:
        image_format: A key of `MEDIA_TYPES`.
        width: Pixels.
        height: Pixels.
        mime: The media type that the URI declares; None for the right one.
        size_bytes: The exact length of the file; None for no padding.
        alpha: Whether the image has an alpha channel.
    """
    media_type = MEDIA_TYPES.get(image_format, "") if mime is None else mime
    if size_bytes is None:
        return f"data:{media_type};base64,{_base64_of_image(image_format, width, height, alpha)}"
    _check_length(image_format, width, height, size_bytes, alpha)
    start = _draw(image_format, width, height, alpha)
    start = start.ljust(min(size_bytes, -(-len(start) // _BLOCK) * _BLOCK), b"\0")
    groups, rest = divmod(size_bytes - len(start), 3)
    uri = f"data:{media_type};base64,{base64.b64encode(start).decode('ascii')}"
    if not rest:
        return uri.ljust(len(uri) + 4 * groups, "A")
    return _base64_of_zeros(3 * groups + rest).replace("A", f"{uri}A", 1)


@lru_cache(maxsize=1)
def _base64_of_zeros(length: int) -> str:
    """Return the base64 of zeros, other than a multiple of 3; most images of one limit share it.

    The copy of a text of 27 MB takes 4 ms, its assembly from pieces 40 ms, nearly all for fresh memory.
    """
    groups, rest = divmod(length, 3)
    return ("AA==" if rest == 1 else "AAA=").rjust(4 * groups + 4, "A")


@lru_cache(maxsize=256)
def _base64_of_image(image_format: str, width: int, height: int, alpha: bool) -> str:
    """Return the base64 of an unpadded file; one small image serves hundreds of cases."""
    return base64.b64encode(_draw(image_format, width, height, alpha)).decode("ascii")


@lru_cache(maxsize=64)
def _draw(image_format: str, width: int, height: int, alpha: bool) -> bytes:
    """Return the file without padding; padded files may have 20 MB and are not cached."""
    if image_format not in MEDIA_TYPES:
        raise ValueError(f"unknown image format {image_format!r}; expected one of {', '.join(MEDIA_TYPES)}")
    if alpha and image_format not in _ALPHA_FORMATS:
        raise ValueError(f"a {image_format} has no alpha channel; only {', '.join(_ALPHA_FORMATS)} have")
    from PIL import Image

    file = BytesIO()
    image = Image.new("RGBA" if alpha else _MODES[image_format], (width, height))
    image.save(file, format=image_format.upper(), **_OPTIONS.get(image_format, {}))
    return file.getvalue()
