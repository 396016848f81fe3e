"""Check that the file of a picture is complete: a header alone says little about the rest."""

from io import BytesIO

from PIL import Image

from wanlib.base.redaction import redact_text
from wanlib.validation.image_header import image_info_from_bytes


class NotAPictureError(ValueError):
    """A file is not a picture; the message says what it is."""


def picture_size(content: bytes) -> tuple[int, int]:
    """Return width and height of a picture, which is decoded completely.

    Args:
        content: The file.

    Raises:
        NotAPictureError: It is not an image file, or a damaged one.
    """
    info = image_info_from_bytes(content)
    if info.width is None or info.height is None:
        raise NotAPictureError("no image file")
    try:
        with Image.open(BytesIO(content), formats=[str(info.format)]) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPictureError(f"a damaged image file: {redact_text(str(error))}") from None
    return info.width, info.height
