"""Render result pictures when they are requested: the inputs next to each other, below the prompt.

Pillow draws them; equal `RenderSpec`s give equal bytes. A picture too large for that has a single colour.
"""

import hashlib
import io
import struct
import zlib
from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from PIL import Image, ImageDraw


_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PALETTE = 3  # the colour type: each pixel is an index into a table of colours
_DEPTH = 1  # bits of an index
_FILTER_NONE = b"\x00"


def plain_png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """Write a PNG in which every pixel has one colour.

    The rows are compressed one by one; the file has about a thousandth of their bytes.

    Args:
        width: In pixels.
        height: In pixels.
        colour: Red, green and blue, 0 to 255 each.
    """
    header = struct.pack(">IIBBBBB", width, height, _DEPTH, _PALETTE, 0, 0, 0)
    parts = (_chunk(b"IHDR", header), _chunk(b"PLTE", bytes(colour)), _chunk(b"IDAT", _rows(width, height)))
    return _SIGNATURE + b"".join(parts) + _chunk(b"IEND", b"")


def _rows(width: int, height: int) -> bytes:
    compressor = zlib.compressobj(level=1)
    row = _FILTER_NONE + bytes(-(-width * _DEPTH // 8))
    data = b"".join(compressor.compress(row) for _ in range(height))
    return data + compressor.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


MAX_RENDERED_PIXELS = 64_000_000
"""Pixels of the largest picture that is drawn; a larger one has a single colour."""

_MAX_PROMPT = 400
_INK, _PAPER = (30, 30, 30), (225, 225, 225)


class InputPanel(NamedTuple):
    """One input image. `data` is its file, None if only the label can be shown."""

    label: str
    format: str
    data: bytes | None


class RenderSpec(NamedTuple):
    """Everything that a picture is drawn from.

    Attributes:
        width: In pixels.
        height: In pixels.
        prompt: Drawn at the top.
        panels: The input images.
        seed: Distinguishes pictures of one job; drawn at the top, and decides the colour.
        watermark: Drawn at the bottom, "" for none.
        max_input_pixels: Inputs with more pixels are not opened.
    """

    width: int
    height: int
    prompt: str
    panels: tuple[InputPanel, ...]
    seed: str
    watermark: str
    max_input_pixels: int


def render_png(spec: RenderSpec) -> bytes:
    """Render a PNG of exactly the specified size; above `MAX_RENDERED_PIXELS` in a single colour."""
    if spec.width * spec.height > MAX_RENDERED_PIXELS:
        return plain_png(spec.width, spec.height, _colour(spec.seed))
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (spec.width, spec.height), _colour(spec.seed))
    pen = ImageDraw.Draw(image)
    text = max(8, min(spec.width, spec.height) // 24)
    top = _write_prompt(pen, spec, text)
    _place_panels(image, pen, spec, top, text)
    if spec.watermark:
        width = pen.textlength(spec.watermark, font=_font(text))
        pen.text((spec.width - width - text, spec.height - 2 * text), spec.watermark, _INK, _font(text))
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def preview(spec: RenderSpec, width: int) -> RenderSpec:
    """Return the spec of a preview: `width` pixels wide if the picture is too large, else the same."""
    if spec.width * spec.height <= MAX_RENDERED_PIXELS:
        return spec
    return spec._replace(width=width, height=max(1, spec.height * width // spec.width))


def _colour(seed: str) -> tuple[int, int, int]:
    """Return a light colour, so that text on it is readable."""
    red, green, blue = hashlib.sha256(seed.encode()).digest()[:3]
    return 128 + red // 2, 128 + green // 2, 128 + blue // 2


def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _write_prompt(pen: "ImageDraw.ImageDraw", spec: RenderSpec, text: int) -> int:
    """Draw the seed and the prompt. Return where the space below them begins."""
    font, per_line = _font(text), max(4, 2 * spec.width // text - 4)
    words = " ".join(f"{spec.seed} | {spec.prompt[:_MAX_PROMPT]}".split())
    lines = wrap(words, per_line)[:6]
    for number, line in enumerate(lines):
        pen.text((text // 2, text // 2 + number * text * 5 // 4), line, _INK, font)
    return text + len(lines) * text * 5 // 4


def _place_panels(
    image: "Image.Image", pen: "ImageDraw.ImageDraw", spec: RenderSpec, top: int, text: int
) -> None:
    bottom, count = spec.height - 3 * text, len(spec.panels)
    if not count or bottom - top < 8 or spec.width // count < 8:
        return
    width = spec.width // count
    for number, panel in enumerate(spec.panels):
        box = (number * width + 2, top, (number + 1) * width - 2, bottom)
        shown = _thumbnail(panel, (box[2] - box[0], box[3] - box[1]), spec.max_input_pixels)
        if shown is None:
            pen.rectangle(box, _PAPER, _INK)
            small = max(8, text // 2)
            label = "\n".join(wrap(panel.label, max(4, 2 * width // small - 2))[:6])
            pen.text((box[0] + 4, box[1] + 4), label, _INK, _font(small))
        else:
            left = box[0] + (box[2] - box[0] - shown.width) // 2
            image.paste(shown, (left, top + (bottom - top - shown.height) // 2))


def _thumbnail(panel: InputPanel, room: tuple[int, int], most_pixels: int) -> "Image.Image | None":
    """Return the input scaled to fit, None if it cannot be shown.

    An untrusted file may make a decoder raise anything; in that case the label is shown.
    """
    from PIL import Image

    if panel.data is None:
        return None
    try:
        with Image.open(io.BytesIO(panel.data), formats=[panel.format.upper()]) as opened:
            if opened.width * opened.height > most_pixels:
                return None
            opened.draft("RGB", room)
            shown = opened.convert("RGB")
        shown.thumbnail(room)
        return shown
    except Exception:
        return None
