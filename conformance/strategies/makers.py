"""Valid values of every field: the plain types, and what holds others."""

from decimal import Decimal
from typing import Any

from conformance.strategies.around import Around
from conformance.strategies.octets import Octets
from conformance.strategies.scalars import SCALARS, Maker, percent
from conformance.strategies.situations import Situation
from wanlib.spec.model import Field

_FREE = 4  # items more than the least, where no rule says how many
_FAR = 9_999  # the farthest coordinate in a picture whose sides are not known


def maker(field: Field, situation: Situation) -> Maker:
    """The maker of a field's values in a situation."""
    if field.type == "list":
        listing = Listing(field, situation)
        return Maker(listing.size, listing.make)
    return _object(field, situation) if field.type == "object" else SCALARS[field.type](field, situation)


def _object(field: Field, situation: Situation) -> Maker:
    made = [(each.name, bool(each.of_kind("required")), maker(each, situation)) for each in field.members]

    def make(octets: Octets, around: Around) -> dict[str, Any]:
        return {
            name: inner.make(octets, around) for name, required, inner in made if octets.flag() or required
        }

    return Maker(sum(1 + inner.size for _, _, inner in made), make)


class Listing:
    """How a list is made. size: the bytes that it reads at most."""

    def __init__(self, field: Field, situation: Situation) -> None:
        assert field.each is not None
        self.field = field
        self.same_as = situation.limit(field, "same_count_as")
        self.low, self.high = self._bounds(field, situation)
        self.total = situation.active(field, "total")
        self.decimals = self._decimals(situation)
        ordered = situation.active(field, "ordered")
        self.box = _Box(field, situation) if ordered else None
        self.each = maker(field.each, situation)
        self.size = _Box.SIZE if self.box else 1 + self.high * (self.each.size + bool(self.total))

    def _bounds(self, field: Field, situation: Situation) -> tuple[int, int]:
        counted = situation.family.field(self.same_as) if self.same_as else field
        low = max(situation.limit(counted, "min_count", 0), int(field.path in situation.wanted))
        return low, max(situation.limit(counted, "max_count", low + _FREE), low)

    def _decimals(self, situation: Situation) -> int:
        assert self.field.each is not None
        members = {each.name: each for each in self.field.each.members}
        return int(situation.limit(members[self.total.of], "decimals", 0)) if self.total else 0

    def _count(self, octets: Octets, around: Around) -> int:
        own = self.low + octets.skewed(self.high - self.low + 1)
        if self.same_as:
            return around.count(self.same_as)
        return around.counts.get(self.field.name, own)

    def make(self, octets: Octets, around: Around) -> list[Any]:
        """As many items as the situation, or what stands around, asks for."""
        if self.box:
            return self.box.make(octets, around)
        items = []
        for index in range(self._count(octets, around)):
            around.at.append(index)
            items.append(self.each.make(octets, around))
            around.at.pop()
        if self.total:
            self._share_out(items, octets)
        return items

    def _share_out(self, items: list[dict[str, Any]], octets: Octets) -> None:
        """Gives each item its share of the total, exact to the last place; equal shares are the plainest."""
        assert self.total is not None
        units = int(Decimal(self.total.limit).scaleb(self.decimals))
        weights = [(octets.byte() % 16 - 1) ** 2 for _ in items]
        shares = [units * weight // (sum(weights) or 1) for weight in weights]
        for item, share in zip(items, shares, strict=True):
            item[self.total.of] = percent(share, self.decimals)
        if items:
            items[-1][self.total.of] = percent(units - sum(shares[:-1]), self.decimals)


class _Box:
    """Two corners, ordered, inside their picture where its sides are known."""

    SIZE = 9

    def __init__(self, field: Field, situation: Situation) -> None:
        assert field.each is not None
        self.inside = situation.limit(field, "inside")
        self.low = int(situation.limit(field.each, "min", 0))

    def make(self, octets: Octets, around: Around) -> list[Any]:
        sides = around.sides_of(self.inside, around.at[0]) if self.inside else None
        right, bottom = sides or (_FAR, _FAR)
        if octets.byte() >= 224:
            return [self.low, self.low, right, bottom]
        (x1, x2), (y1, y2) = self._pair(octets, right), self._pair(octets, bottom)
        return [x1, y1, x2, y2]

    def _pair(self, octets: Octets, high: int) -> tuple[int, int]:
        first = self.low + octets.number(2) % (high - self.low)
        return first, first + 1 + octets.number(2) % (high - first)
