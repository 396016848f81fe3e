"""Boxes in a picture: two corners, ordered, inside their picture where its sides are known."""

from typing import Any

from conformance.strategies.around import Around
from conformance.strategies.octets import Octets
from conformance.strategies.scalars import Maker
from conformance.strategies.situations import Situation
from wanlib.spec.model import Field

_FAR = 9_999  # the farthest coordinate in a picture whose sides are not known


def box(field: Field, situation: Situation) -> Maker:
    """The maker of an `ordered` list, x1 y1 x2 y2; it belongs to the picture at `around.at[0]`."""
    assert field.each is not None
    inside = situation.limit(field, "inside")
    low = int(situation.limit(field.each, "min", 0))

    def make(octets: Octets, around: Around) -> list[Any]:
        sides = around.sides_of(inside, around.at[0]) if inside else None
        right, bottom = sides or (_FAR, _FAR)
        if octets.byte() >= 224:
            return [low, low, right, bottom]
        (x1, x2), (y1, y2) = _pair(octets, low, right), _pair(octets, low, bottom)
        return [x1, y1, x2, y2]

    return Maker(5, make)


def _pair(octets: Octets, low: int, high: int) -> tuple[int, int]:
    """Two coordinates, the first below the second: each by the 256th part of what is open to it."""
    first = low + (octets.byte() * (high - low) >> 8)
    return first, first + 1 + (octets.byte() * (high - first) >> 8)
