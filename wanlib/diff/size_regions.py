"""Output sizes of two models compared as regions of the plane of width and height, exactly.

A region is the set of sizes that the limits on pixels, ratio and sides allow together. For each width its
heights are one interval, so two regions are compared width by width, in integers.
"""

from collections.abc import Collection, Iterator
from functools import lru_cache
from math import isqrt
from typing import Any, NamedTuple

from wanlib.base.values import Ratio
from wanlib.boundary.body import RequestBuilder
from wanlib.boundary.mode_cases import ModeCase, mode_cases
from wanlib.diff.side import ModelView
from wanlib.spec.model.model import Field

SIZE_KINDS = ("min_pixels", "max_pixels", "min_ratio", "max_ratio", "min_side", "max_side")
"""The kinds of rules that make up a region."""

LONGEST_SIDE = 20_000
"""The maximum side that is compared if no limit ends the region earlier."""


class AllowedSizes(NamedTuple):
    """The sizes that limits allow together; None means no limit.

    Attributes:
        min_pixels: The minimum of width times height.
        max_pixels: The maximum of width times height.
        min_ratio: The minimum ratio of width to height.
        max_ratio: The maximum ratio of width to height.
        min_side: The minimum of width and height, in pixels.
        max_side: The maximum of width and height, in pixels.
    """

    min_pixels: int | None = None
    max_pixels: int | None = None
    min_ratio: Ratio | None = None
    max_ratio: Ratio | None = None
    min_side: int | None = None
    max_side: int | None = None

    def heights(self, width: int) -> range:
        """Return the heights that are allowed for a width, up to `LONGEST_SIDE`; empty if there are none."""
        if width < (self.min_side or 1) or width > (self.max_side or LONGEST_SIDE):
            return range(0)
        low, high = self.min_side or 1, self.max_side or LONGEST_SIDE
        if self.min_pixels is not None:
            low = max(low, -(-self.min_pixels // width))
        if self.max_pixels is not None:
            high = min(high, self.max_pixels // width)
        if self.min_ratio is not None:
            high = min(high, width * self.min_ratio.height // self.min_ratio.width)
        if self.max_ratio is not None:
            low = max(low, -(-width * self.max_ratio.height // self.max_ratio.width))
        return range(low, high + 1)

    @property
    def widest(self) -> int:
        """A width beyond which the region is empty."""
        widest = self.max_side or LONGEST_SIDE
        if self.max_pixels is not None and self.max_ratio is not None:
            ratio = self.max_ratio
            widest = min(widest, isqrt(self.max_pixels * ratio.width // ratio.height) + 1)
        return widest


@lru_cache(maxsize=256)
def first_outside(region: AllowedSizes, other: AllowedSizes) -> tuple[int, int] | None:
    """Return the smallest size of a region that is not in another one; None if there is none."""
    if region == other:
        return None
    best: tuple[int, int] | None = None
    for width in range(1, region.widest + 1):
        own = region.heights(width)
        if not own:
            continue
        others = other.heights(width)
        if not others or own.start < others.start:
            height = own.start
        elif own.stop > others.stop:
            height = others.stop
        else:
            continue
        if best is None or width * height < best[0] * best[1]:
            best = (width, height)
    return best


def differing_sizes(
    one: ModelView, other: ModelView, fields: Collection[str]
) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Yield bodies, with their call, whose size only one of two models can allow.

    Args:
        one: The model whose bodies are made, in each of its mode cases.
        other: The model that it is compared with.
        fields: The names of the fields of type `size` to compare.
    """
    for name in fields:
        if name not in {field.name for field in other.family.fields}:
            continue
        theirs = dict.fromkeys(region for _, region in _regions(other, other.family.field(name)))
        for mode_case, ours in _regions(one, one.family.field(name)):
            builder = RequestBuilder(one.spec, mode_case)
            for size in dict.fromkeys(
                size
                for region in theirs
                for size in (first_outside(ours, region), first_outside(region, ours))
                if size is not None
            ):
                yield builder.request({name: f"{size[0]}*{size[1]}"}), builder.call


def _regions(view: ModelView, field: Field) -> Iterator[tuple[ModeCase, AllowedSizes]]:
    for mode_case in mode_cases(view.spec, view.model):
        if mode_case.is_usable(field):
            yield mode_case, AllowedSizes(*(mode_case.limit(field, kind) for kind in SIZE_KINDS))
