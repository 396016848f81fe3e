"""What is known of an image before anybody decodes it."""

from collections.abc import Callable
from typing import NamedTuple, cast


class ImageFacts(NamedTuple):
    """An image as its header describes it.

    `format` is `"jpeg"`, `"png"`, `"bmp"`, `"webp"`, `"tiff"` or `"gif"`, told from the content and
    never from a name; None where it is none of these. `width` and `height` are pixels as stored,
    before any EXIF rotation, and are reported as claimed, however small or large; both are None
    where the header cannot be read: cut short, damaged or hostile. `bytes` is the size of the file,
    after base64 is undone.
    """

    format: str | None
    width: int | None
    height: int | None
    bytes: int

    @property
    def readable(self) -> bool:
        """Whether the format is known and its header tells width and height."""
        return self.width is not None


# Skips a named tuple's own constructor, as `wanlib.base.violation.make` does.
make_facts = cast(
    "Callable[[type[ImageFacts], tuple[str | None, int | None, int | None, int]], ImageFacts]", tuple.__new__
)
