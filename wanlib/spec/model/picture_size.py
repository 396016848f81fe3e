"""The size of the pictures of a call: one entry of `output.size` in a model file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wanlib.spec.model.kinds import parse_pixels

KEYWORD = "keyword"
"""A value of `pixels`: the pixels of the keyword in the request, or of its default."""

SQUARE = "square"
"""A value of `ratio` and `without_image`: 1:1."""


@dataclass(frozen=True, slots=True)
class PictureSize:
    """The size of every picture of a call that states no width and height.

    Attributes:
        ratio: `last image` or `square`; empty if `sides` is stated.
        pixels: With `ratio`, the maximum number of pixels, or `keyword`; else None.
        sides: `last image`: the width and height of that image, with at most one of the next changes.
        max_pixels: A larger image is scaled down to this number of pixels; None for no limit.
        scaled_by: The field that multiplies both sides; empty for none.
        width_by: The fields that extend the width, one per side: the width is multiplied by their sum, minus
            the number of fields, plus one.
        height_by: Likewise for the height.
        without_image: The ratio if the call has no image; empty if it always has one.
    """

    ratio: str = ""
    pixels: int | str | None = None
    sides: str = ""
    max_pixels: int | None = None
    scaled_by: str = ""
    width_by: tuple[str, ...] = ()
    height_by: tuple[str, ...] = ()
    without_image: str = ""

    @property
    def factors(self) -> tuple[str, ...]:
        """The fields that change the sides."""
        return (*((self.scaled_by,) if self.scaled_by else ()), *self.width_by, *self.height_by)

    def describe(self, *, has_image: bool) -> str:
        """Describe the size, without `pixels`: `with the ratio of the last image`.

        Args:
            has_image: Whether the request has an image.
        """
        if self.ratio == SQUARE or (self.without_image and not has_image):
            shape = "in a square"
        else:
            shape = f"with the {'ratio' if self.ratio else 'sides'} of the {self.ratio or self.sides}"
        limit = f", at most {self.max_pixels:,} pixels" if self.max_pixels is not None else ""
        factors = f", enlarged by {', '.join(self.factors)}" if self.factors else ""
        return f"{shape}{limit}{factors}"


def parse_picture_size(raw: Mapping[str, Any]) -> PictureSize:
    """Return the size of an entry that matches the schema."""
    extended = raw.get("extended_by", {})
    pixels, max_pixels = raw.get("pixels"), raw.get("max_pixels")
    return PictureSize(
        ratio=raw.get("ratio", ""),
        pixels=pixels if pixels in (None, KEYWORD) else parse_pixels(pixels),
        sides=raw.get("sides", ""),
        max_pixels=None if max_pixels is None else parse_pixels(max_pixels),
        scaled_by=raw.get("scaled_by", ""),
        width_by=tuple(extended.get("width", ())),
        height_by=tuple(extended.get("height", ())),
        without_image=raw.get("without_image", ""),
    )
