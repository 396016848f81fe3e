"""How large the pictures of a call are: one entry of `output.size` in a model file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wanlib.spec.model.kinds import parse_pixels

KEYWORD = "keyword"
"""As `pixels`: those of the keyword that the request states, or has by default."""

SQUARE = "square"
"""As `ratio` and `without_image`: 1:1."""


@dataclass(frozen=True, slots=True)
class PictureSize:
    """The size of every picture of a call that states no width and height.

    ratio: `last image` or `square`, "" where `sides` is stated; the picture then has at most so many
        pixels as `pixels` says, or as the keyword stands for (`keyword`).
    sides: `last image`: the picture has the width and height of that image, changed by one of the following.
    max_pixels: a larger image is scaled down to so many pixels; None: any size is kept.
    scaled_by: the field that multiplies both sides, "" for none.
    width_by, height_by: the fields that extend the picture on one side each: the side of the image is
        multiplied by their sum less one for each of them but one.
    without_image: the ratio where the call has no image, "" where it always has one.
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
        """The fields whose values change the sides."""
        return (*((self.scaled_by,) if self.scaled_by else ()), *self.width_by, *self.height_by)


def read_picture_size(raw: Mapping[str, Any]) -> PictureSize:
    """An entry that has the right shape."""
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
