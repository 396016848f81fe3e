"""Sizes by width and height: all that keep a set of pixel and ratio limits, or break just one of them."""

from functools import lru_cache
from typing import NamedTuple

from conformance.strategies.octets import Octets
from wanlib.base.ratio import Ratio

MOST = 999_999
"""The longest side that the grammar of sizes can write."""

_FIRST, _LAST = 1, 16_384  # widths beyond these add nothing but time


class Area(NamedTuple):
    """Limits, all inclusive, on width*height and width:height.

    shape: `within` the ratios, or `tall` or `wide` beyond the lower or the upper one.
    """

    min_pixels: int
    max_pixels: int
    min_ratio: Ratio
    max_ratio: Ratio
    shape: str = "within"

    def heights(self, width: int) -> tuple[int, int]:
        """The least and the greatest height for a width; the least is the greater where there is none."""
        tallest = width * self.min_ratio.height // self.min_ratio.width
        flattest = -(-width * self.max_ratio.height // self.max_ratio.width)
        low, high = {
            "within": (flattest, tallest),
            "tall": (tallest + 1, MOST),
            "wide": (1, flattest - 1),
        }[self.shape]
        return max(low, 1, -(-self.min_pixels // width)), min(high, MOST, self.max_pixels // width)

    def size(self, octets: Octets) -> str:
        """One of them: of five bytes, often at the least or the greatest height."""
        widths = _widths(self)
        width = widths[octets.number(2) % len(widths)]
        low, high = self.heights(width)
        edge, between = octets.byte(), octets.number(2)
        if edge < 64:
            return f"{width}*{low}"
        return f"{width}*{high if edge < 128 else low + between % (high - low + 1)}"


@lru_cache(maxsize=256)
def _widths(area: Area) -> tuple[int, ...]:
    found = tuple(width for width in range(_FIRST, _LAST + 1) if _is_open(area, width))
    if not found:
        raise ValueError(f"no size keeps {area}")
    return found


def _is_open(area: Area, width: int) -> bool:
    low, high = area.heights(width)
    return low <= high
