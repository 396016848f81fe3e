"""Generators of fields: lists, objects and boxes here, plain types in `values`."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from wan_conformance.strategies.byte_source import ByteSource
from wan_conformance.strategies.partial_request import PartialRequest
from wan_conformance.strategies.values import SCALARS, Generator, percent
from wanlib.boundary.mode_cases import ModeCase
from wanlib.spec.model.model import Field

_FAR = 9_999  # the greatest coordinate in an image of unknown size


def box(field: Field, mode_case: ModeCase) -> Generator:
    """Return the generator of an `ordered` list, x1 y1 x2 y2, inside the image at `partial.indices[0]`."""
    assert field.each is not None
    inside = mode_case.limit(field, "inside")
    low = int(mode_case.limit(field.each, "min", 0))

    def build(source: ByteSource, partial: PartialRequest) -> list[Any]:
        sides = partial.sides_of(inside, partial.indices[0]) if inside else None
        right, bottom = sides or (_FAR, _FAR)
        if source.byte() >= 224:
            return [low, low, right, bottom]
        (x1, x2), (y1, y2) = _pair(source, low, right), _pair(source, low, bottom)
        return [x1, y1, x2, y2]

    return Generator(5, build)


def _pair(source: ByteSource, low: int, high: int) -> tuple[int, int]:
    """Return two coordinates, the first below the second."""
    first = low + (source.byte() * (high - low) >> 8)
    return first, first + 1 + (source.byte() * (high - first) >> 8)


_SLOTS = 8  # items of nested lists with their own bytes; the others have the simplest value
_EXTRA_ITEMS = 4  # items above the minimum if no rule limits them


def generator_for(field: Field, mode_case: ModeCase) -> Generator:
    """Return the generator of a field's values in a mode case."""
    if field.type == "list" and mode_case.active_rule(field, "ordered"):
        return box(field, mode_case)
    if field.type == "list":
        listing = ListGenerator(field, mode_case)
        return Generator(listing.size, listing.make)
    return _object(field, mode_case) if field.type == "object" else SCALARS[field.type](field, mode_case)


def _object(field: Field, mode_case: ModeCase) -> Generator:
    def is_always_present(member: Field) -> bool:
        return bool(member.rules_of_kind("required")) or member.path in mode_case.required_paths

    members = [
        (member.name, is_always_present(member), generator_for(member, mode_case)) for member in field.members
    ]

    def make(source: ByteSource, partial: PartialRequest) -> dict[str, Any]:
        return {
            name: inner.make(source, partial) for name, always, inner in members if always or source.flag()
        }

    return Generator(sum(inner.size + (not always) for _, always, inner in members), make)


class ListGenerator:
    """Generate lists.

    Each item has its bytes at its own position, and a position with only zeros is skipped. So the
    shrinker can clear all items but the one that matters, and then lower the count.

    Attributes:
        field: The list field.
        size: The bytes that a list reads at most.
    """

    def __init__(self, field: Field, mode_case: ModeCase) -> None:
        assert field.each is not None
        self.field = field
        self.same_as = mode_case.limit(field, "same_count_as")
        self.min_items, self.max_items = self._bounds(field, mode_case)
        self.total = mode_case.active_rule(field, "total")
        self.decimals = self._decimals(mode_case)
        self.item_generator = generator_for(field.each, mode_case)
        nested = field.each.type == "list" and not field.each.rules_of_kind("ordered")
        self.nested_generator = ListGenerator(field.each, mode_case) if nested else None
        item = self.item_generator.size + bool(self.total)
        self.size = 1 + (
            self.max_items * item
            if self.nested_generator is None
            else _SLOTS * (1 + self.nested_generator.item_generator.size)
        )

    def _bounds(self, field: Field, mode_case: ModeCase) -> tuple[int, int]:
        counted_field = mode_case.family.field(self.same_as) if self.same_as else field
        low = max(mode_case.limit(counted_field, "min_count", 0), int(field.path in mode_case.required_paths))
        return low, max(mode_case.limit(counted_field, "max_count", low + _EXTRA_ITEMS), low)

    def _decimals(self, mode_case: ModeCase) -> int:
        assert self.field.each is not None
        members = {member.name: member for member in self.field.each.members}
        return int(mode_case.limit(members[self.total.of], "decimals", 0)) if self.total else 0

    def _count(self, source: ByteSource, partial: PartialRequest) -> int:
        drawn = self.min_items + source.skewed_int(self.max_items - self.min_items + 1)
        if self.same_as:
            return partial.count(self.same_as)
        return partial.counts.get(self.field.name, drawn)

    def make(self, source: ByteSource, partial: PartialRequest) -> list[Any]:
        """Return as many items as the mode case or the partial request needs."""
        count = self._count(source, partial)
        if self.nested_generator is not None:
            return self._distribute(self.nested_generator, source, partial, count)
        items = []
        for index, _ in enumerate(_item_slots(source, self.item_generator.size, self.max_items, count)):
            partial.indices.append(index)
            items.append(self.item_generator.make(source, partial))
            partial.indices.pop()
        if self.total:
            self._split_total(items, source)
        return items

    def _distribute(
        self, inner: "ListGenerator", source: ByteSource, partial: PartialRequest, count: int
    ) -> list[Any]:
        """Return lists whose items are distributed to them, so that an item survives the loss of its list."""
        lists: list[list[Any]] = [[] for _ in range(count)]
        minimum = count * inner.min_items
        item_count = minimum + source.skewed_int(count * (inner.max_items - inner.min_items) + 1)
        for number, _ in enumerate(_item_slots(source, 1 + inner.item_generator.size, _SLOTS, item_count)):
            owner = source.byte() if number >= minimum else number
            while len(lists[owner % count]) == inner.max_items:
                owner += 1
            partial.indices.append(owner % count)
            lists[owner % count].append(inner.item_generator.make(source, partial))
            partial.indices.pop()
        return lists

    def _split_total(self, items: list[dict[str, Any]], source: ByteSource) -> None:
        """Give each item its share of the total, exact to the last digit; equal shares are the simplest."""
        assert self.total is not None
        units = int(Decimal(self.total.limit).scaleb(self.decimals))
        weights = [(source.byte() % 16 - 1) ** 2 for _ in items]
        shares = [units * weight // (sum(weights) or 1) for weight in weights]
        for item, share in zip(items, shares, strict=True):
            item[self.total.of] = percent(share, self.decimals)
        if items:
            items[-1][self.total.of] = percent(units - sum(shares[:-1]), self.decimals)


def _item_slots(source: ByteSource, size: int, max_slots: int, count: int) -> Iterator[None]:
    """Move to the bytes of each of `count` items, and past those of all items at the end."""
    first = source.position
    used = iter(
        [start for start in range(first, first + max_slots * size, size) if source.any_set(start, size)]
    )
    for _ in range(count):
        source.position = next(used, source.end)
        yield
    source.position = first + max_slots * size
