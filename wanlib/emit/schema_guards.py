"""What a body must be for a field to be known, and to have a value that a mode asks for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wanlib.emit.schema_kinds import NOT_NULL, TYPES
from wanlib.emit.schema_places import OBJECT, Place, Schema, counted, demanded, part
from wanlib.spec import Family, Field
from wanlib.spec.evaluate import holds
from wanlib.spec.mode import Compare, Count, Name

_OPPOSITE = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "in": "not in",
    "not in": "in",
}
_BOUNDS = {"<": "exclusiveMaximum", "<=": "maximum", ">": "exclusiveMinimum", ">=": "minimum"}


@dataclass(frozen=True, slots=True)
class Guards:
    """Schemas of whole bodies. None of them takes a body in which the field that it is about is lost."""

    family: Family
    places: Mapping[str, Place]

    def counts(self, name: str, low: int, high: int | None) -> Schema:
        """A list field has low..high items, 0 where it is absent."""
        place = self.places[name]
        if place.form == "parts":
            items = counted(place, low, high)
            if high == 0:  # in words that tools know which don't know maxContains
                items = {"items": {"not": part(place)}}
            return demanded(place, TYPES["list"] | items, absent=True)
        if place.form == "only":
            return self._held(place, {"not": {}} if high == 0 else NOT_NULL, absent=low == 0)
        return self._held(place, TYPES["list"] | counted(place, low, high), absent=low == 0)

    def present(self, name: str) -> Schema:
        """A field is there, whatever its value."""
        return self._held(self.places[name], {}, absent=False)

    def known(self, name: str) -> Schema:
        """A field has a value of its type, or a default."""
        field = self.family.field(name)
        if field.type == "list":
            return self.counts(name, 0, None)
        return self._held(self.places[name], TYPES[field.type], absent=_default(field) is not None)

    def leaf(self, leaf: Name | Compare, wanted: bool) -> Schema | bool:
        """The end of an expression has the wanted truth."""
        left = leaf if isinstance(leaf, Name) else leaf.left

        def fits(value: Any) -> bool:
            return holds({"": leaf}, "", {left.name: value}) is wanted

        if isinstance(leaf, Compare) and isinstance(left, Count):
            return self._counts_that(left.name, leaf.literal, fits)
        field = self.family.field(left.name)
        default = _default(field)
        value = {"const": wanted} if isinstance(leaf, Name) else _compared(leaf, wanted)
        return self._held(
            self.places[field.name],
            TYPES[field.type] | value,
            absent=default is not None and fits(default),
        )

    def _counts_that(self, name: str, literal: Any, fits: Callable[[int], bool]) -> Schema | bool:
        """One schema for each unbroken run of counts; beyond the largest literal nothing changes."""
        top = max(0, *literal if isinstance(literal, tuple) else (literal,)) + 1
        runs: list[tuple[int, int | None]] = []
        for count in filter(fits, range(top + 1)):
            start = runs.pop()[0] if runs and runs[-1][1] == count - 1 else count
            runs.append((start, None if count == top else count))
        schemas = [self.counts(name, low, high) for low, high in runs]
        return either(schemas) if schemas else False

    def _held(self, place: Place, value: Schema, *, absent: bool) -> Schema:
        required = {} if absent else {"required": [place.member]}
        members = {"properties": {place.member: value}} if value else {}
        return demanded(place, {"type": OBJECT} | required | members, absent=absent)


def both(schemas: list[Schema]) -> Schema:
    """All of some schemas."""
    return schemas[0] if len(schemas) == 1 else {"allOf": schemas}


def either(schemas: list[Schema]) -> Schema:
    """One of some schemas."""
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _default(field: Field) -> Any:
    default = field.default.get(None)
    return None if default == "derived" else default


def _compared(leaf: Compare, wanted: bool) -> Schema:
    operator = leaf.operator if wanted else _OPPOSITE[leaf.operator]
    if operator in _BOUNDS:
        return {_BOUNDS[operator]: leaf.literal}
    same = {"enum": list(leaf.literal)} if isinstance(leaf.literal, tuple) else {"const": leaf.literal}
    return same if operator in ("==", "in") else {"not": same}
