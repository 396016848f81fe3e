"""Build requests: the smallest valid request of a mode case, and requests with one chosen value."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from wanlib.base.values import ABSENT
from wanlib.boundary.mode_cases import ModeCase, can_be_given
from wanlib.spec import Family, Field, Node, Spec
from wanlib.spec.model.modes import given_key

URL = "https://example.com/{}.png"


class RequestBuilder:
    """Builds requests in one mode case; they contain nothing that is not needed.

    Attributes:
        spec: The spec.
        mode_case: The values of the modes that the requests have.
        family: The family of the model.
        values: The fields of the smallest valid request, by name.
    """

    def __init__(self, spec: Spec, mode_case: ModeCase) -> None:
        """Find the smallest valid request."""
        self.spec = spec
        self.mode_case = mode_case
        self.family = mode_case.family
        self.values = self._base_values()

    def _base_values(self) -> dict[str, Any]:
        """Return the values that establish the mode case, and a sample of each required field."""
        values: dict[str, Any] = {}
        for field in self.family.fields:
            assigned = self.mode_case.assignments[0].get(field.name, ABSENT)
            given = self.mode_case.assignments[0].get(given_key(field.name))
            if given is False:
                continue
            if field.type == "list" and assigned is not ABSENT:
                values[field.name] = self.items(field, assigned)
            elif assigned is not ABSENT and (given or assigned != field.default.get(None)):
                values[field.name] = assigned
            elif given or self.is_needed(field):
                values[field.name] = self.sample(field)
        return values

    def is_needed(self, field: Field) -> bool:
        """Return whether a body without the field is invalid; a list of parts can only be too short."""
        min_count = field.name in self.lists_of_parts and self.mode_case.limit(field, "min_count", 0)
        return bool(min_count) or self.mode_case.active_rule(field, "required") is not None

    @property
    def lists_of_parts(self) -> frozenset[str]:
        """The lists that a body contains as parts, not as a list."""
        return self.spec.form(self.family).list_parts

    def is_item(self, field: Field) -> bool:
        """Return whether a field is a list item, where null is not a missing member."""
        return field.path in self._part_fields or (field.name == "each" and not self.is_single_item(field))

    def is_single_item(self, field: Field) -> bool:
        """Return whether a field is a list that the body contains as its only item, or that item."""
        return field.path.removesuffix(".each") in self.lists_of_parts - self._part_fields

    @property
    def _part_fields(self) -> frozenset[str]:
        return self.spec.form(self.family).part_fields

    @property
    def call(self) -> str | None:
        """The call on which a mode depends; None if no mode depends on it."""
        call = self.mode_case.assignments[0].get("call")
        return str(call) if call is not None else None

    # Samples: the simplest valid values.

    def sample(self, field: Field) -> Any:
        """Return a valid value of a field."""
        limit = self.mode_case.limit
        if words := limit(field, "one_of"):
            return words[0]
        if field.type == "list":
            return self.items(field, self.min_count(field))
        if field.type == "object":
            return {member.name: self.sample(member) for member in field.members}
        if field.type == "size":
            excluded = limit(field, "none_of", ())
            words = [word for word in limit(field, "keywords") or {} if word not in excluded]
            return words[0] if words else _square(self.least_pixels(field))
        samples = {"boolean": True, "image": URL.format(1), "percent": "50.00%"}
        if field.type in ("integer", "number"):
            return limit(field, "min", 0)  # a multiple of the step, if there is one
        keeps = [text for rule in field.rules_of_kind("pattern") for text in rule.keeps]
        return samples.get(field.type, keeps[0] if keeps else "a")

    def least_pixels(self, field: Field) -> int:
        """Return the minimum number of pixels of a square that the field allows."""
        limit = self.mode_case.limit
        return max(int(limit(field, "min_pixels", 1)), int(limit(field, "min_side", 1)) ** 2)

    def min_count(self, field: Field) -> int:
        """Return the smallest number of items, at least one if that is allowed."""
        limit = self.mode_case.limit
        for rule in field.rules_of_kind("same_count_as"):
            return len(self.values.get(rule.limit, ()))
        return int(limit(field, "count", max(1, limit(field, "min_count", 0))))

    def items(self, field: Field, count: int) -> list[Any]:
        """Return a list with a number of items that satisfies the rules on its sum and order."""
        assert field.each is not None
        if field.rules_of_kind("ordered"):
            return ([0, 0, 1, 1] + [1] * count)[:count]
        items: list[Any] = [
            URL.format(index + 1) if field.each.type == "image" else self.sample(field.each)
            for index in range(count)
        ]
        for rule in field.rules_of_kind("total"):
            for item, share in zip(items, split_total(Decimal(rule.limit), count), strict=True):
                item[rule.of] = f"{share}%"
        return items

    # Requests.

    def wrap(self, field: Field, leaf: Any) -> Any:
        """Return the value of the top-level field that has `leaf` at the path of a field."""
        top, *steps = field.path.split(".")
        return self._wrap(self.family.field(top), steps, leaf)

    def _wrap(self, field: Field, steps: list[str], leaf: Any) -> Any:
        if not steps:
            return leaf
        if steps[0] == "each":
            assert field.each is not None
            items = self.items(field, max(1, self.min_count(field)))
            items[0] = self._wrap(field.each, steps[1:], leaf)
            self._complete_sum(field, items)
            return items
        value = self.sample(field)
        member = next(member for member in field.members if member.name == steps[0])
        inner = self._wrap(member, steps[1:], leaf)
        if inner is ABSENT:
            del value[steps[0]]
        else:
            value[steps[0]] = inner
        return value

    def _complete_sum(self, field: Field, items: list[Any]) -> None:
        """Change the other items so that the sum is right, if the first item has a valid share."""
        for rule in field.rules_of_kind("total"):
            first = items[0].get(rule.of) if isinstance(items[0], dict) else None
            if isinstance(first, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?%", first):
                rest = Decimal(rule.limit) - Decimal(first[:-1])
                for item, share in zip(items[1:], split_total(rest, len(items) - 1), strict=True):
                    item[rule.of] = f"{share}%"

    def request(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the smallest valid body with other values for some fields.

        Args:
            values: Values by field name; ABSENT removes a field.
        """
        merged = self._with_companions(values)
        merged = {name: value for name, value in merged.items() if value is not ABSENT}
        return encode_body(self.spec, self.family, self.mode_case.model, merged)

    def _with_companions(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values with the fields that they require, and without those that they exclude."""
        merged = {**self.values, **values}
        for name in [*merged]:
            field = self.family.field(name)
            if not _has(merged, name):
                continue
            for other in self.mode_case.limit(field, "excludes", ()):
                if other not in values:
                    merged.pop(other, None)
            required = self.mode_case.limit(field, "requires")
            if required and not _has(merged, required):
                merged.setdefault(required, self.sample(self.family.field(required)))
        return merged

    def can_have(self, field: Field) -> bool:
        """Return whether the request can have a field besides those that the mode case needs."""
        limit = self.mode_case.limit
        if any(_has(self.values, other) for other in limit(field, "excludes", ())):
            return False
        given = [self.family.field(name) for name in self.values if _has(self.values, name)]
        if any(field.name in limit(other, "excludes", ()) for other in given):
            return False
        return can_be_given(self.mode_case, field, self.mode_case.assignments[0])


def _has(values: Mapping[str, Any], name: str) -> bool:
    """Return whether a field is among the values (a list: with an item)."""
    return values.get(name, ABSENT) is not ABSENT and values[name] != []


def split_total(total: Decimal, count: int) -> list[Decimal]:
    """Return `count` shares with two decimals that add up to `total`."""
    share = (total / count).quantize(Decimal("0.01"), "ROUND_DOWN")
    first = (total - share * (count - 1)).quantize(Decimal("0.01"), "ROUND_DOWN")
    return [first] + [share] * (count - 1)


def square_side(pixels: int) -> int:
    """Return the side of the smallest square with at least this many pixels."""
    side = int(pixels**0.5)
    while side * side < pixels:
        side += 1
    return side


def _square(pixels: int) -> str:
    side = square_side(pixels)
    return f"{side}*{side}"


def encode_body(spec: Spec, family: Family, model: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the wire body for field values.

    Args:
        spec: The spec.
        family: The family of the model, which has the form of the body.
        model: The name of the model.
        values: The values by field name.
    """
    form = spec.form(family)
    remaining = dict(values)
    body = {"model": model, **_encode_object(form, family, remaining)}
    for name, value in remaining.items():
        field = family.field(name)
        body.setdefault(field.place or "parameters", {})[field.wire_name] = value
    return body


def _encode_object(node: Node, family: Family, remaining: dict[str, Any]) -> dict[str, Any]:
    members = {}
    for name, child in node.members:
        value = _encode_value(child, family, remaining)
        if value is not ABSENT:
            members[name] = value
    return members


def _encode_value(node: Node, family: Family, remaining: dict[str, Any]) -> Any:
    if node.form == "leaf":
        value = remaining.pop(node.field, ABSENT)
        if node.only and isinstance(value, list):
            return value[0] if value else ABSENT
        return value
    if node.form == "rest":
        return ABSENT
    if node.form == "constant":
        rule = node.rule("one_of")
        assert rule is not None
        return rule.limit[0]
    if node.form == "list":
        assert node.each is not None
        return [_encode_object(node.each, family, remaining)]
    if node.form == "parts":
        return [part for name, field in node.parts for part in _encode_parts(name, field, family, remaining)]
    return _encode_object(node, family, remaining)


def _encode_parts(name: str, field: str, family: Family, remaining: dict[str, Any]) -> list[dict[str, Any]]:
    value = remaining.pop(field, ABSENT)
    if value is ABSENT:
        return []
    return [{name: item} for item in value] if family.field(field).type == "list" else [{name: value}]
