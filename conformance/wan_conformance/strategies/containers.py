"""Valid values of every field: the plain types, and what holds others."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from wan_conformance.strategies.byte_source import ByteSource
from wan_conformance.strategies.partial_request import PartialRequest
from wan_conformance.strategies.values import SCALARS, Generator, percent
from wanlib.boundary.mode_cases import ModeCase
from wanlib.spec.model.model import Field

_FAR = 9_999  # the farthest coordinate in a picture whose sides are not known


def box(field: Field, situation: ModeCase) -> Generator:
    """The maker of an `ordered` list, x1 y1 x2 y2; it belongs to the picture at `around.at[0]`."""
    assert field.each is not None
    inside = situation.limit(field, "inside")
    low = int(situation.limit(field.each, "min", 0))

    def make(octets: ByteSource, around: PartialRequest) -> list[Any]:
        sides = around.sides_of(inside, around.at[0]) if inside else None
        right, bottom = sides or (_FAR, _FAR)
        if octets.byte() >= 224:
            return [low, low, right, bottom]
        (x1, x2), (y1, y2) = _pair(octets, low, right), _pair(octets, low, bottom)
        return [x1, y1, x2, y2]

    return Generator(5, make)


def _pair(octets: ByteSource, low: int, high: int) -> tuple[int, int]:
    """Two coordinates, the first below the second: each by the 256th part of what is open to it."""
    first = low + (octets.byte() * (high - low) >> 8)
    return first, first + 1 + (octets.byte() * (high - first) >> 8)


_DEALT = 8  # items with bytes of their own, in all the lists inside one; others are plain
_FREE = 4  # items more than the least, where no rule says how many


def generator_for(field: Field, situation: ModeCase) -> Generator:
    """The maker of a field's values in a situation."""
    if field.type == "list" and situation.active_rule(field, "ordered"):
        return box(field, situation)
    if field.type == "list":
        listing = ListGenerator(field, situation)
        return Generator(listing.size, listing.make)
    return _object(field, situation) if field.type == "object" else SCALARS[field.type](field, situation)


def _object(field: Field, situation: ModeCase) -> Generator:
    def is_always_there(member: Field) -> bool:
        return bool(member.rules_of_kind("required")) or member.path in situation.wanted

    made = [(each.name, is_always_there(each), generator_for(each, situation)) for each in field.members]

    def make(octets: ByteSource, around: PartialRequest) -> dict[str, Any]:
        return {name: inner.make(octets, around) for name, always, inner in made if always or octets.flag()}

    return Generator(sum(inner.size + (not always) for _, always, inner in made), make)


class ListGenerator:
    """How a list is made. size: the bytes that it reads at most.

    Each item has its bytes at a place of its own, and a place that holds only zeros is passed over. So
    the shrinker can clear all items but the one that matters, and then lower the count.
    """

    def __init__(self, field: Field, situation: ModeCase) -> None:
        assert field.each is not None
        self.field = field
        self.same_as = situation.limit(field, "same_count_as")
        self.low, self.high = self._bounds(field, situation)
        self.total = situation.active_rule(field, "total")
        self.decimals = self._decimals(situation)
        self.each = generator_for(field.each, situation)
        nested = field.each.type == "list" and not field.each.rules_of_kind("ordered")
        self.inner = ListGenerator(field.each, situation) if nested else None
        item = self.each.size + bool(self.total)
        self.size = 1 + (self.high * item if self.inner is None else _DEALT * (1 + self.inner.each.size))

    def _bounds(self, field: Field, situation: ModeCase) -> tuple[int, int]:
        counted = situation.family.field(self.same_as) if self.same_as else field
        low = max(situation.limit(counted, "min_count", 0), int(field.path in situation.wanted))
        return low, max(situation.limit(counted, "max_count", low + _FREE), low)

    def _decimals(self, situation: ModeCase) -> int:
        assert self.field.each is not None
        members = {each.name: each for each in self.field.each.members}
        return int(situation.limit(members[self.total.of], "decimals", 0)) if self.total else 0

    def _count(self, octets: ByteSource, around: PartialRequest) -> int:
        own = self.low + octets.skewed_int(self.high - self.low + 1)
        if self.same_as:
            return around.count(self.same_as)
        return around.counts.get(self.field.name, own)

    def make(self, octets: ByteSource, around: PartialRequest) -> list[Any]:
        """As many items as the situation, or what stands around, asks for."""
        count = self._count(octets, around)
        if self.inner is not None:
            return self._distribute(self.inner, octets, around, count)
        items = []
        for index, _ in enumerate(_item_slots(octets, self.each.size, self.high, count)):
            around.at.append(index)
            items.append(self.each.make(octets, around))
            around.at.pop()
        if self.total:
            self._split_total(items, octets)
        return items

    def _distribute(
        self, inner: "ListGenerator", octets: ByteSource, around: PartialRequest, count: int
    ) -> list[Any]:
        """Lists whose items are dealt out to them: so an item outlives the loss of the list that had it."""
        lists: list[list[Any]] = [[] for _ in range(count)]
        least = count * inner.low
        dealt = least + octets.skewed_int(count * (inner.high - inner.low) + 1)
        for number, _ in enumerate(_item_slots(octets, 1 + inner.each.size, _DEALT, dealt)):
            owner = octets.byte() if number >= least else number
            while len(lists[owner % count]) == inner.high:
                owner += 1
            around.at.append(owner % count)
            lists[owner % count].append(inner.each.make(octets, around))
            around.at.pop()
        return lists

    def _split_total(self, items: list[dict[str, Any]], octets: ByteSource) -> None:
        """Gives each item its share of the total, exact to the last place; equal shares are the plainest."""
        assert self.total is not None
        units = int(Decimal(self.total.limit).scaleb(self.decimals))
        weights = [(octets.byte() % 16 - 1) ** 2 for _ in items]
        shares = [units * weight // (sum(weights) or 1) for weight in weights]
        for item, share in zip(items, shares, strict=True):
            item[self.total.of] = percent(share, self.decimals)
        if items:
            items[-1][self.total.of] = percent(units - sum(shares[:-1]), self.decimals)


def _item_slots(octets: ByteSource, size: int, most: int, count: int) -> Iterator[None]:
    """Moves to the bytes of each of `count` items, and behind those of all in the end."""
    start = octets.at
    used = iter([at for at in range(start, start + most * size, size) if octets.any_set(at, size)])
    for _ in range(count):
        octets.at = next(used, octets.end)
        yield
    octets.at = start + most * size
