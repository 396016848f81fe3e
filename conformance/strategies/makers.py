"""Valid values of every field: the plain types, and what holds others."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from conformance.strategies.around import Around
from conformance.strategies.boxes import box
from conformance.strategies.octets import Octets
from conformance.strategies.scalars import SCALARS, Maker, percent
from conformance.strategies.situations import Situation
from wanlib.spec.model import Field

_DEALT = 8  # items with bytes of their own, in all the lists inside one; others are plain
_FREE = 4  # items more than the least, where no rule says how many


def maker(field: Field, situation: Situation) -> Maker:
    """The maker of a field's values in a situation."""
    if field.type == "list" and situation.active(field, "ordered"):
        return box(field, situation)
    if field.type == "list":
        listing = Listing(field, situation)
        return Maker(listing.size, listing.make)
    return _object(field, situation) if field.type == "object" else SCALARS[field.type](field, situation)


def _object(field: Field, situation: Situation) -> Maker:
    def is_always_there(member: Field) -> bool:
        return bool(member.of_kind("required")) or member.path in situation.wanted

    made = [(each.name, is_always_there(each), maker(each, situation)) for each in field.members]

    def make(octets: Octets, around: Around) -> dict[str, Any]:
        return {name: inner.make(octets, around) for name, always, inner in made if always or octets.flag()}

    return Maker(sum(inner.size + (not always) for _, always, inner in made), make)


class Listing:
    """How a list is made. size: the bytes that it reads at most.

    Each item has its bytes at a place of its own, and a place that holds only zeros is passed over. So
    the shrinker can clear all items but the one that matters, and then lower the count.
    """

    def __init__(self, field: Field, situation: Situation) -> None:
        assert field.each is not None
        self.field = field
        self.same_as = situation.limit(field, "same_count_as")
        self.low, self.high = self._bounds(field, situation)
        self.total = situation.active(field, "total")
        self.decimals = self._decimals(situation)
        self.each = maker(field.each, situation)
        nested = field.each.type == "list" and not field.each.of_kind("ordered")
        self.inner = Listing(field.each, situation) if nested else None
        item = self.each.size + bool(self.total)
        self.size = 1 + (self.high * item if self.inner is None else _DEALT * (1 + self.inner.each.size))

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
        count = self._count(octets, around)
        if self.inner is not None:
            return self._dealt(self.inner, octets, around, count)
        items = []
        for index, _ in enumerate(_slots(octets, self.each.size, self.high, count)):
            around.at.append(index)
            items.append(self.each.make(octets, around))
            around.at.pop()
        if self.total:
            self._share_out(items, octets)
        return items

    def _dealt(self, inner: "Listing", octets: Octets, around: Around, count: int) -> list[Any]:
        """Lists whose items are dealt out to them: so an item outlives the loss of the list that had it."""
        lists: list[list[Any]] = [[] for _ in range(count)]
        least = count * inner.low
        dealt = least + octets.skewed(count * (inner.high - inner.low) + 1)
        for number, _ in enumerate(_slots(octets, 1 + inner.each.size, _DEALT, dealt)):
            owner = octets.byte() if number >= least else number
            while len(lists[owner % count]) == inner.high:
                owner += 1
            around.at.append(owner % count)
            lists[owner % count].append(inner.each.make(octets, around))
            around.at.pop()
        return lists

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


def _slots(octets: Octets, size: int, most: int, count: int) -> Iterator[None]:
    """Moves to the bytes of each of `count` items, and behind those of all in the end."""
    start = octets.at
    used = iter([at for at in range(start, start + most * size, size) if octets.some(at, size)])
    for _ in range(count):
        octets.at = next(used, octets.end)
        yield
    octets.at = start + most * size
