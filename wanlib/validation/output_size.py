"""The legal output size nearest to a wanted one, in exact arithmetic.

*Nearest* is defined by two numbers, the first before the second: the error of the aspect ratio, as the factor
between the two ratios, then the number of pixels that are missing from the tier. A size belongs to a tier if
it has between three quarters of the tier's pixels and all of them.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from math import isqrt
from types import MappingProxyType
from typing import NamedTuple

from wanlib.base.values import Ratio

_PAIR = re.compile(
    r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*[:/xX\u00d7*]\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*", re.ASCII
)
_DECIMAL = re.compile(r"\s*[0-9]{1,9}(?:\.[0-9]{1,9})?\s*", re.ASCII)
_SIZE = re.compile(r"([1-9][0-9]{0,5})\*([1-9][0-9]{0,5})", re.ASCII)


LONGEST_SIDE = 999_999
"""The longest side that a size can state: six digits."""


class SizeBounds(NamedTuple):
    """The limits on the output size in one mode; a limit without a rule has the widest value.

    Attributes:
        field: The parameter.
        keywords: Pixels by keyword.
        min_pixels: The least width times height.
        max_pixels: The greatest width times height.
        min_ratio: The least width to height.
        max_ratio: The greatest width to height.
        min_side: The least width and the least height.
        max_side: The greatest width and the greatest height.
        default: The size if none is set; None if it is derived from the input.
        step: Both sides of a picture are multiples of it.
        recommended: The sizes that a page recommends.
    """

    field: str
    keywords: Mapping[str, int] = MappingProxyType({})
    min_pixels: int = 1
    max_pixels: int = LONGEST_SIDE * LONGEST_SIDE
    min_ratio: Ratio = Ratio(1, LONGEST_SIDE)
    max_ratio: Ratio = Ratio(LONGEST_SIDE, 1)
    min_side: int = 1
    max_side: int = LONGEST_SIDE
    default: str | None = None
    step: int = 1
    recommended: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Return True if the mode, and so every limit, is known."""
        return None not in tuple(self)[1:8]

    def allows(self, ratio: Fraction) -> bool:
        """Return True if a ratio is within the limits."""
        return Fraction(*self.min_ratio) <= ratio <= Fraction(*self.max_ratio)

    def pixels_of(self, size: str) -> int | None:
        """Return the pixels of a keyword, in any case, or of `width*height`; None for any other text."""
        for name, pixels in self.keywords.items():
            if name.casefold() == size.strip().casefold():
                return pixels
        match = _SIZE.fullmatch(size.strip())
        return int(match[1]) * int(match[2]) if match else None

    def recommended_for(self, ratio: Fraction) -> str | None:
        """Return the first recommended size of exactly this ratio that is legal here."""
        for size in self.recommended:
            width, height = map(int, size.split("*"))
            fits = self.min_pixels <= width * height <= self.max_pixels
            fits = fits and self.min_side <= min(width, height) and max(width, height) <= self.max_side
            if Fraction(width, height) == ratio and self.allows(ratio) and fits:
                return size
        return None


def parse_ratio(text: str) -> Fraction | None:
    """Return `16:9`, `16/9`, `1920x1080` or `1.78` as an exact ratio; None for any other text."""
    if match := _PAIR.fullmatch(text):
        width, height = Fraction(match[1]), Fraction(match[2])
        return width / height if width and height else None
    if _DECIMAL.fullmatch(text):
        return Fraction(text.strip()) or None
    return None


def nearest_size(bounds: SizeBounds, ratio: Fraction, tier: int) -> tuple[int, int] | None:
    """Return width and height of the valid size of a tier that is nearest to a ratio.

    Of two sizes that are equally near, the wider one is returned. None if the tier has no valid size.

    Args:
        bounds: The limits of the mode.
        ratio: Width to height, within the limits.
        tier: Pixels of the tier.
    """
    low, high = max(bounds.min_pixels, -(-tier * 3 // 4)), min(bounds.max_pixels, tier)
    step, best = bounds.step, None
    narrow, wide = bounds.min_ratio, bounds.max_ratio
    least = -(-bounds.min_side // step) * step
    first = max(step, least, isqrt(low * narrow.width // narrow.height) // step * step)
    last = min(bounds.max_side, isqrt(high * wide.width // wide.height))
    for width in range(first, last + 1, step):
        min_height = max(bounds.min_side, -(-low // width), -(-width * wide.height // wide.width))
        max_height = min(bounds.max_side, high // width, width * narrow.height // narrow.width)
        min_height, max_height = -(-min_height // step) * step, max_height // step * step
        if min_height > max_height:
            continue
        ideal = int(width / ratio) // step * step
        for height in {
            min(max(ideal, min_height), max_height),
            min(max(ideal + step, min_height), max_height),
        }:
            one, other = width * ratio.denominator, height * ratio.numerator
            candidate = (max(one, other), min(one, other), tier - width * height, width, height)
            if best is None or _nearer(candidate, best):
                best = candidate
    return None if best is None else best[3:]


def _nearer(one: tuple[int, int, int, int, int], other: tuple[int, int, int, int, int]) -> bool:
    """Return True if one is nearer: its error is the first number divided by the second, not rounded."""
    left, right = one[0] * other[1], other[0] * one[1]
    return (left, one[2], -one[3]) < (right, other[2], -other[3])
