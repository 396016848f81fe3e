"""Pictures as Pillow images, and as notebook previews, which are small and contain no link."""

import base64
from collections.abc import Iterable
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from wanlib.base.values import MIB
from wanlib.client.results.parts import Part, Picture, PictureFailure
from wanlib.errors import MalformedResponseError, WanError
from wanlib.extras import require

if TYPE_CHECKING:
    from PIL.Image import Image

SINGLE_SIDE, SHARED_SIDE = 1024, 512
"""Pixels of the longer side of a preview, for one picture and for one of several."""
MAX_UNSCALED = 4 * MIB
"""The maximum size in bytes of a picture that is shown in full if Pillow is not installed."""
_STYLE = "display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start"


def to_pillow(png: bytes) -> "Image":
    """Return a picture as an image of Pillow, loaded completely.

    Raises:
        MalformedResponseError: It cannot be decoded, or has more pixels than Pillow decodes.
        ModuleNotFoundError: Pillow is not installed; the message names the extra.
    """
    require("images", "PIL")
    from PIL import Image

    try:
        with Image.open(BytesIO(png)) as image:
            image.load()
            return image.copy()
    except Exception as error:  # Pillow raises many kinds of exceptions for a broken file
        raise MalformedResponseError(
            f"the picture can't be decoded: {error}; `read` returns its bytes"
        ) from error


def preview_png(png: bytes, side: int = SINGLE_SIDE) -> bytes | None:
    """Return a picture as a PNG whose longer side has at most `side` pixels.

    Returns:
        The preview; without Pillow, the file itself, or None if that is larger than `MAX_UNSCALED`.
    """
    image = _scaled(png, side)
    if image is None:
        return png if len(png) <= MAX_UNSCALED else None
    return _encode(image, "png")


def parts_html(parts: Iterable[Part]) -> str:
    """Return the parts of a result as HTML: pictures as previews, text, and why pictures are missing."""
    shown = list(parts)
    side = SINGLE_SIDE if sum(isinstance(part, Picture) for part in shown) == 1 else SHARED_SIDE
    number, blocks = 0, []
    for part in shown:
        if isinstance(part, Picture):
            number += 1
            blocks.append(_picture_html(part, number, side))
        elif isinstance(part, PictureFailure):
            blocks.append(_paragraph(f"a picture failed: {part.code or ''} {part.message or ''}"))
        else:
            blocks.append(_paragraph(part.text))
    return f'<div style="{_STYLE}">{"".join(blocks)}</div>'


def _picture_html(picture: Picture, number: int, side: int) -> str:
    try:
        png = picture.read_for_display()
        image = _scaled(png, side)
    except WanError as error:
        return _paragraph(f"picture {number}: {error}")
    if image is not None:
        kind = "jpeg" if image.mode == "RGB" else "png"
        data = _encode(image, kind)
    elif len(png) <= MAX_UNSCALED:
        kind, data = "png", png
    else:
        return _paragraph(f"picture {number}: {len(png) / MIB:.0f} MiB; install Pillow for a preview")
    encoded = base64.b64encode(data).decode()
    return f'<img alt="picture {number}" style="max-width:100%" src="data:image/{kind};base64,{encoded}">'


def _paragraph(text: str) -> str:
    return f'<p style="white-space:pre-wrap;margin:0;flex-basis:100%">{escape(text)}</p>'


def _scaled(png: bytes, side: int) -> Any:
    """Return a picture with at most `side` pixels on its longer side; None without Pillow."""
    try:
        image = to_pillow(png)
    except ModuleNotFoundError:
        return None
    image.thumbnail((side, side))
    return image


def _encode(image: Any, kind: str) -> bytes:
    file = BytesIO()
    image.save(file, kind)
    return file.getvalue()
