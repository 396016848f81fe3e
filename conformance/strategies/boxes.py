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

    return Maker(9, make)


def _pair(octets: Octets, low: int, high: int) -> tuple[int, int]:
    first = low + octets.number(2) % (high - low)
    return first, first + 1 + octets.number(2) % (high - first)
