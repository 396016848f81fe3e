"""The least valid request of a situation, and requests that hold a chosen value at one field."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from wanlib.base.values import ABSENT
from wanlib.boundary.mode_cases import ModeCase
from wanlib.spec import Family, Field, Node, Spec

URL = "https://example.com/{}.png"


class BodyBuilder:
    """Builds requests in one situation. Everything that is not asked for stays out."""

    def __init__(self, spec: Spec, situation: ModeCase) -> None:
        self.spec = spec
        self.situation = situation
        self.family = situation.family
        self.values = self._least()

    def _least(self) -> dict[str, Any]:
        """The pinned values, and a sample of each field that is required here."""
        values: dict[str, Any] = {}
        for field in self.family.fields:
            pinned = self.situation.pinned[0].get(field.name, ABSENT)
            if field.type == "list" and pinned is not ABSENT:
                values[field.name] = self.items(field, pinned)
            elif pinned is not ABSENT and pinned != field.default.get(None):
                values[field.name] = pinned
            elif self._needed(field):
                values[field.name] = self.sample(field)
        return values

    def _needed(self, field: Field) -> bool:
        """Whether a body without it is broken; a list written as parts is never absent, only too short."""
        few = field.name in self.assembled and self.situation.limit(field, "min_count", 0)
        return bool(few) or self.situation.active_rule(field, "required") is not None

    @property
    def assembled(self) -> frozenset[str]:
        """The lists that a body never holds as lists."""
        return self.spec.bodies[self.family.body].list_parts()

    def is_item(self, field: Field) -> bool:
        """Return whether a field stands in a list, where null is not a missing member."""
        return field.path in self._part_fields or (field.name == "each" and not self.is_only(field))

    def is_only(self, field: Field) -> bool:
        """Return whether a field is a list that is written as its one item, or that item."""
        return field.path.removesuffix(".each") in self.assembled - self._part_fields

    @property
    def _part_fields(self) -> frozenset[str]:
        return self.spec.bodies[self.family.body].part_fields

    @property
    def call(self) -> str | None:
        """The call that a mode hangs on; None where none does."""
        call = self.situation.pinned[0].get("call")
        return str(call) if call is not None else None

    # Samples: the plainest value that keeps every rule.

    def sample(self, field: Field) -> Any:
        """A value of a field that breaks nothing."""
        limit = self.situation.limit
        if words := limit(field, "one_of"):
            return words[0]
        if field.type == "list":
            return self.items(field, self.least_count(field))
        if field.type == "object":
            return {member.name: self.sample(member) for member in field.members}
        if field.type == "size":
            excluded = limit(field, "excludes", ())
            words = [word for word in limit(field, "keywords") or {} if word not in excluded]
            return words[0] if words else _square(limit(field, "min_pixels"))
        samples = {"boolean": True, "image": URL.format(1), "percent": "50.00%"}
        if field.type in ("integer", "number"):
            return limit(field, "min", 0)
        keeps = [text for rule in field.rules_of_kind("pattern") for text in rule.keeps]
        return samples.get(field.type, keeps[0] if keeps else "a")

    def least_count(self, field: Field) -> int:
        """The fewest items, at least one where that is allowed."""
        limit = self.situation.limit
        for rule in field.rules_of_kind("same_count_as"):
            return len(self.values.get(rule.limit, ()))
        return int(limit(field, "count", max(1, limit(field, "min_count", 0))))

    def items(self, field: Field, count: int) -> list[Any]:
        """So many items of a list, its sum and order kept."""
        assert field.each is not None
        if field.rules_of_kind("ordered"):
            return ([0, 0, 1, 1] + [1] * count)[:count]
        items: list[Any] = [
            URL.format(index + 1) if field.each.type == "image" else self.sample(field.each)
            for index in range(count)
        ]
        for rule in field.rules_of_kind("total"):
            for item, share in zip(items, spread(Decimal(rule.limit), count), strict=True):
                item[rule.of] = f"{share}%"
        return items

    # Requests.

    def wrap(self, field: Field, leaf: Any) -> Any:
        """The value of the top field of `field.path` that holds `leaf` at that path."""
        top, *steps = field.path.split(".")
        return self._around(self.family.field(top), steps, leaf)

    def _around(self, field: Field, steps: list[str], leaf: Any) -> Any:
        if not steps:
            return leaf
        if steps[0] == "each":
            assert field.each is not None
            items = self.items(field, max(1, self.least_count(field)))
            items[0] = self._around(field.each, steps[1:], leaf)
            self._complete_sum(field, items)
            return items
        value = self.sample(field)
        member = next(each for each in field.members if each.name == steps[0])
        inner = self._around(member, steps[1:], leaf)
        if inner is ABSENT:
            del value[steps[0]]
        else:
            value[steps[0]] = inner
        return value

    def _complete_sum(self, field: Field, items: list[Any]) -> None:
        """Lets the other items complete the sum, where the first still has a share."""
        for rule in field.rules_of_kind("total"):
            first = items[0].get(rule.of) if isinstance(items[0], dict) else None
            if isinstance(first, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?%", first):
                rest = Decimal(rule.limit) - Decimal(first[:-1])
                for item, share in zip(items[1:], spread(rest, len(items) - 1), strict=True):
                    item[rule.of] = f"{share}%"

    def request(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The wire body of the least values with these in place of theirs; ABSENT takes one out."""
        merged = {name: value for name, value in {**self.values, **values}.items() if value is not ABSENT}
        return encode(self.spec, self.family, self.situation.model, merged)


def spread(total: Decimal, count: int) -> list[Decimal]:
    """`count` shares with two decimals that add up to `total`."""
    share = (total / count).quantize(Decimal("0.01"), "ROUND_DOWN")
    first = (total - share * (count - 1)).quantize(Decimal("0.01"), "ROUND_DOWN")
    return [first] + [share] * (count - 1)


def _square(pixels: int) -> str:
    side = int(pixels**0.5)
    while side * side < pixels:
        side += 1
    return f"{side}*{side}"


def encode(spec: Spec, family: Family, model: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields to a wire body by the family's body form."""
    form = spec.bodies[family.body]
    left = dict(values)
    body = {"model": model, **_object(form, family, left)}
    for name, value in left.items():
        place = family.field(name).place or "parameters"
        body.setdefault(place, {})[name] = value
    return body


def _object(node: Node, family: Family, left: dict[str, Any]) -> dict[str, Any]:
    members = {}
    for name, child in node.members:
        value = _value(child, family, left)
        if value is not ABSENT:
            members[name] = value
    return members


def _value(node: Node, family: Family, left: dict[str, Any]) -> Any:
    if node.form == "leaf":
        value = left.pop(node.field, ABSENT)
        return value[0] if node.only and isinstance(value, list) else value
    if node.form == "rest":
        return ABSENT
    if node.form == "constant":
        rule = node.rule("one_of")
        assert rule is not None
        return rule.limit[0]
    if node.form == "list":
        assert node.each is not None
        return [_object(node.each, family, left)]
    if node.form == "parts":
        return [part for name, field in node.parts for part in _parts(name, field, family, left)]
    return _object(node, family, left)


def _parts(name: str, field: str, family: Family, left: dict[str, Any]) -> list[dict[str, Any]]:
    value = left.pop(field, ABSENT)
    if value is ABSENT:
        return []
    return [{name: each} for each in value] if family.field(field).type == "list" else [{name: value}]
