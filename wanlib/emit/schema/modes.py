"""Modes as schemas: which bodies make a condition certainly true.

A mode has three values. If a field that it reads is undetermined, has the wrong type, or is absent without
a default, then neither the schema of the mode nor the schema of its opposite accepts the body. So a rule
behind `if` such a schema is checked only where the mode is known.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wanlib.emit.schema.keywords import NOT_NULL, TYPES
from wanlib.emit.schema.locations import (
    OBJECT,
    Schema,
    SchemaLocation,
    contains_part,
    count_keywords,
    required_holder,
)
from wanlib.spec import Condition, Family, Field
from wanlib.spec.model.mode_values import referenced_fields
from wanlib.spec.model.modes import BoolOp, Comparison, Expression, Given, ItemCount, Name, Not, holds

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
    """Schemas of whole bodies. None of them accepts a body in which its field is undetermined."""

    family: Family
    places: Mapping[str, SchemaLocation]

    def counts(self, name: str, low: int, high: int | None) -> Schema:
        """Require a list field to have low..high items; an absent list has 0."""
        place = self.places[name]
        if place.form == "parts":
            items = count_keywords(place, low, high)
            if high == 0:  # a form for tools that do not support maxContains
                items = {"items": {"not": contains_part(place)}}
            return required_holder(place, TYPES["list"] | items, absent=True)
        if place.form == "only":
            return self._held(place, {"not": {}} if high == 0 else NOT_NULL, absent=low == 0)
        return self._held(place, TYPES["list"] | count_keywords(place, low, high), absent=low == 0)

    def is_present(self, name: str) -> Schema:
        """Require a field to be present with any value."""
        return self._held(self.places[name], {}, absent=False)

    def is_stated(self, name: str) -> Schema:
        """Require a field to be present with any value but an empty list."""
        place = self.places[name]
        if place.form in ("parts", "part"):
            return self.is_given(name)
        value: Schema = {"not": {"const": []}} if self._is_list(name) else {}
        return self._held(place, value, absent=False)

    def is_given(self, name: str) -> Schema:
        """Require a field to be present, neither null nor an empty list."""
        place = self.places[name]
        if place.form == "parts":
            return self.counts(name, 1, None)
        if place.form == "part":
            return required_holder(place, TYPES["list"] | {"contains": contains_part(place)}, absent=False)
        value = {"not": {"enum": [None, []]}} if self._is_list(name) else NOT_NULL
        return self._held(place, value, absent=False)

    def is_absent(self, name: str) -> Schema:
        """Require a field to be absent, or to be an empty list."""
        place = self.places[name]
        if place.form == "part":
            items = {"items": {"not": contains_part(place)}}
            return required_holder(place, TYPES["list"] | items, absent=True)
        if place.form in ("parts", "only"):
            return self.counts(name, 0, 0)
        return self._held(place, {"const": []} if self._is_list(name) else {"not": {}}, absent=True)

    def _is_list(self, name: str) -> bool:
        return self.family.field(name).type == "list"

    def has_valid_value(self, name: str) -> Schema:
        """Require a field to have a value of its type, or a default."""
        field = self.family.field(name)
        if field.type == "list":
            return self.counts(name, 0, None)
        return self._held(self.places[name], TYPES[field.type], absent=_default(field) is not None)

    def is_known(self, name: str) -> Schema:
        """Require a field to have a value of its type, or to be absent."""
        return self._held(self.places[name], TYPES[self.family.field(name).type], absent=True)

    def leaf(self, leaf: Name | Given | Comparison, wanted: bool) -> Schema | bool:
        """Return the schema in which a leaf of an expression has the wanted truth value."""
        if isinstance(leaf, Given):
            value = TYPES[self.family.field(leaf.name).type] if wanted else {"not": {}}
            return self._held(self.places[leaf.name], value, absent=not wanted)
        left = leaf if isinstance(leaf, Name) else leaf.left

        def fits(value: Any) -> bool:
            return holds({"": leaf}, "", {left.name: value}) is wanted

        if isinstance(leaf, Comparison) and isinstance(left, ItemCount):
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
        """Return one schema for each run of counts; nothing changes above the largest literal."""
        top = max(0, *literal if isinstance(literal, tuple) else (literal,)) + 1
        runs: list[tuple[int, int | None]] = []
        for count in filter(fits, range(top + 1)):
            start = runs.pop()[0] if runs and runs[-1][1] == count - 1 else count
            runs.append((start, None if count == top else count))
        schemas = [self.counts(name, low, high) for low, high in runs]
        return any_of(schemas) if schemas else False

    def _held(self, place: SchemaLocation, value: Schema, *, absent: bool) -> Schema:
        required = {} if absent else {"required": [place.member]}
        members = {"properties": {place.member: value}} if value else {}
        return required_holder(place, {"type": OBJECT} | required | members, absent=absent)


def all_of(schemas: list[Schema]) -> Schema:
    """Return the schema of the bodies that all these schemas accept."""
    return schemas[0] if len(schemas) == 1 else {"allOf": schemas}


def any_of(schemas: list[Schema]) -> Schema:
    """Return the schema of the bodies that at least one of these schemas accepts."""
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _default(field: Field) -> Any:
    default = field.default.get(None)
    return None if default == "derived" else default


def _compared(leaf: Comparison, wanted: bool) -> Schema:
    operator = leaf.operator if wanted else _OPPOSITE[leaf.operator]
    if operator in _BOUNDS:
        return {_BOUNDS[operator]: leaf.literal}
    same = {"enum": list(leaf.literal)} if isinstance(leaf.literal, tuple) else {"const": leaf.literal}
    return same if operator in ("==", "in") else {"not": same}


@dataclass(frozen=True, slots=True)
class SchemaOrBool:
    """The bodies in which an expression has the wanted value.

    Attributes:
        schema: Their schema; a bool if all or no bodies are among them.
        sure: The fields that are known in every body that the schema accepts.
    """

    schema: Schema | bool
    sure: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ModeSchemas:
    """The conditions of one model as schemas."""

    guards: Guards
    model: str

    def schema(self, condition: Condition) -> Schema | bool | None:
        """Return the bodies in which a condition is true: all, none, or those of a schema.

        None means that no body shows it, because the mode reads `call`.
        """
        read = referenced_fields(self.guards.family, condition.mode) - {"model"}
        if "call" in read or any(self.guards.places[name].form == "part" for name in read):
            return None
        truth = self._truth(self.guards.family.modes[condition.mode], condition.wanted)
        if truth.schema is False:
            return False
        reads = self.guards.family.compiled_modes[condition.mode].reads
        schemas = [
            self.guards.has_valid_value(name) if name in reads else self.guards.is_known(name)
            for name in sorted(read - truth.sure)
        ]
        schemas += [truth.schema] if isinstance(truth.schema, dict) else []
        return all_of(schemas) if schemas else True

    def _truth(self, expression: Expression, wanted: bool) -> SchemaOrBool:
        if isinstance(expression, Not):
            return self._truth(expression.inner, not wanted)
        if isinstance(expression, BoolOp):
            parts = [self._truth(part, wanted) for part in expression.parts]
            return _both(parts) if (expression.word == "and") is wanted else _either(parts)
        return self._end(expression, wanted)

    def _end(self, leaf: Name | Given | Comparison, wanted: bool) -> SchemaOrBool:
        name = leaf.left.name if isinstance(leaf, Comparison) else leaf.name
        if name == "model":
            return SchemaOrBool(holds({"": leaf}, "", {name: self.model}) is wanted)
        if name in self.guards.family.modes:
            schema = self.schema(Condition(name, wanted))
            assert schema is not None  # a mode that no body shows was handled before this
            return SchemaOrBool(schema, frozenset(referenced_fields(self.guards.family, name)))
        return SchemaOrBool(self.guards.leaf(leaf, wanted), frozenset({name}))


def _both(parts: list[SchemaOrBool]) -> SchemaOrBool:
    if any(part.schema is False for part in parts):
        return SchemaOrBool(False)
    schemas = [part.schema for part in parts if isinstance(part.schema, dict)]
    sure = frozenset[str]().union(*(part.sure for part in parts if part.schema is not True))
    return SchemaOrBool(all_of(schemas), sure) if schemas else SchemaOrBool(True)


def _either(parts: list[SchemaOrBool]) -> SchemaOrBool:
    if any(part.schema is True for part in parts):
        return SchemaOrBool(True)
    schemas = [part.schema for part in parts if isinstance(part.schema, dict)]
    sure = [part.sure for part in parts if part.schema is not False]
    return SchemaOrBool(any_of(schemas), frozenset.intersection(*sure)) if schemas else SchemaOrBool(False)
