"""Real pictures with chosen facts: format, width, height and size in bytes.

The limits on images are judged from a file's header, so a test of such a limit needs a true file.
These are drawn by Pillow, one flat colour and as few bits a pixel as the format has: 8000 x 1000
pixels take a few kilobytes and a few milliseconds.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from io import BytesIO

MIMES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "bmp": "image/bmp",
    "webp": "image/webp",
    "tiff": "image/tiff",
    "gif": "image/gif",
}

# The mode with the fewest bits a pixel that Pillow can write in each format.
_MODES = {"jpeg": "L", "png": "1", "bmp": "1", "webp": "RGB", "tiff": "1", "gif": "P"}
_ALPHA_FORMATS = ("png", "webp", "tiff")
_OPTIONS: dict[str, dict[str, int | str]] = {
    "png": {"compress_level": 1},
    "webp": {"method": 0, "quality": 0},  # the default effort takes seconds at 8000 x 8000
    "tiff": {"compression": "tiff_deflate"},
}


def encode_image(
    format: str, width: int, height: int, *, size_bytes: int | None = None, alpha: bool = False
) -> bytes:
    """A file of `format` (a key of `MIMES`) of `width` x `height` pixels.

    `size_bytes` is the exact length of the file, reached with zeros behind the picture's end, which
    readers of every format here pass over. `alpha` gives it an alpha channel. Raises ValueError
    for a format that is not drawn here or cannot hold alpha, and where the picture alone is longer
    than `size_bytes`.
    """
    drawn = _draw(format, width, height, alpha)
    if size_bytes is None:
        return drawn
    if len(drawn) > size_bytes:
        raise ValueError(f"a {width}x{height} {format} takes {len(drawn)} bytes, more than {size_bytes}")
    return drawn.ljust(size_bytes, b"\0")


def data_uri(
    format: str,
    width: int,
    height: int,
    *,
    mime: str | None = None,
    size_bytes: int | None = None,
    alpha: bool = False,
) -> str:
    """`picture(...)` as `data:MIME;base64,DATA`; `mime` is the name told where it is not the true one."""
    told = MIMES.get(format, "") if mime is None else mime
    if size_bytes is None:
        return f"data:{told};base64,{_encoded(format, width, height, alpha)}"
    data = encode_image(format, width, height, size_bytes=size_bytes, alpha=alpha)
    return f"data:{told};base64,{base64.b64encode(data).decode('ascii')}"


@lru_cache(maxsize=256)
def _encoded(format: str, width: int, height: int, alpha: bool) -> str:
    """The base64 of an unpadded file: one small picture serves hundreds of cases."""
    return base64.b64encode(_draw(format, width, height, alpha)).decode("ascii")


@lru_cache(maxsize=64)
def _draw(format: str, width: int, height: int, alpha: bool) -> bytes:
    """The file without padding: padded ones may have 20 MB and are not worth keeping."""
    if format not in MIMES:
        raise ValueError(f"no picture of format {format!r}, expected one of {', '.join(MIMES)}")
    if alpha and format not in _ALPHA_FORMATS:
        raise ValueError(f"no alpha in a {format}, only in {', '.join(_ALPHA_FORMATS)}")
    from PIL import Image

    file = BytesIO()
    image = Image.new("RGBA" if alpha else _MODES[format], (width, height))
    image.save(file, format=format.upper(), **_OPTIONS.get(format, {}))
    return file.getvalue()
