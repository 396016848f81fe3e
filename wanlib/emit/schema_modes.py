"""Modes as schemas: what a body must be for a condition to hold for certain.

A mode has three values. Where a field that it reads is lost, has the wrong type or is absent without a
default, neither the schema for the mode nor the one for its opposite takes the body; so a rule under
`if` that schema is judged only where the mode is known.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from wanlib.emit.schema_kinds import TYPES
from wanlib.emit.schema_places import OBJECT, Place, Schema, counted, demanded, part
from wanlib.spec import Condition, Family, Field
from wanlib.spec.evaluate import holds
from wanlib.spec.family import fields_read
from wanlib.spec.mode import Compare, Count, Expression, Join, Name, Not

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
class Truth:
    """A schema that holds where an expression has the wanted value, or that value where it is constant.

    sure: the fields that are known wherever the schema takes a body.
    """

    schema: Schema | bool
    sure: frozenset[str] = frozenset()


@dataclass
class Modes:
    """The conditions of one model. defs: the schemas that `when` refers to, by the condition's suffix."""

    family: Family
    model: str
    places: Mapping[str, Place]
    defs: dict[str, Schema] = field(default_factory=dict)

    def when(self, condition: Condition) -> Schema | bool | None:
        """The schema of the bodies in which a condition holds; None where no body can tell (`call`)."""
        read = fields_read(self.family, condition.mode)
        if "call" in read or any(self.places[name].form == "part" for name in read - {"model"}):
            return None
        if condition.suffix not in self.defs:
            truth = self._truth(self.family.modes[condition.mode], condition.wanted)
            if truth.schema is False:
                return False
            known = [self._known(name) for name in sorted(read - truth.sure - {"model"})]
            if not known and truth.schema is True:
                return True
            self.defs[condition.suffix] = _all([*known, *([] if truth.schema is True else [truth.schema])])
        return {"$ref": f"#/$defs/{condition.suffix}"}

    def counts(self, name: str, low: int, high: int | None) -> Schema:
        """The schema of the bodies in which a list field has low..high items, 0 where it is absent."""
        place = self.places[name]
        if place.form == "parts":
            items = {"items": {"not": part(place.member)}} if high == 0 else counted(place, low, high)
            return demanded(place, TYPES["list"] | items, absent=True)
        if place.form == "only":
            return self._held(place, {"not": {}} if high == 0 else {}, absent=low == 0)
        return self._held(place, TYPES["list"] | counted(place, low, high), absent=low == 0)

    def present(self, name: str) -> Schema:
        """The schema of the bodies in which a field is there, whatever its value."""
        return self._held(self.places[name], {}, absent=False)

    def _truth(self, expression: Expression, wanted: bool) -> Truth:
        if isinstance(expression, Not):
            return self._truth(expression.inner, not wanted)
        if isinstance(expression, Join):
            parts = [self._truth(each, wanted) for each in expression.parts]
            return _both(parts) if (expression.word == "and") is wanted else _either(parts)
        left = expression if isinstance(expression, Name) else expression.left
        if left.name in self.family.modes:
            schema = self.when(Condition(left.name, wanted))
            assert schema is not None  # a mode above that reads `call` makes this one unknown before
            return Truth(schema, frozenset(fields_read(self.family, left.name)))
        if left.name == "model":
            return Truth(bool(holds({"": expression}, "", {"model": self.model})) is wanted)
        return Truth(self._leaf(expression, left, wanted), frozenset({left.name}))

    def _leaf(self, leaf: Name | Compare, left: Name | Count, wanted: bool) -> Schema | bool:
        def fits(value: object) -> bool:
            return holds({"": leaf}, "", {left.name: value}) is wanted

        if isinstance(leaf, Compare) and isinstance(left, Count):
            return self._counts_that(left.name, leaf, fits)
        compare = leaf if isinstance(leaf, Compare) else Compare(leaf, "==", wanted)
        operator = _OPPOSITE[compare.operator] if compare is leaf and not wanted else compare.operator
        own = self.family.field(left.name)
        default = _default(own)
        return self._held(
            self.places[own.name],
            TYPES[own.type] | _compared(operator, compare.literal),
            absent=default is not None and fits(default),
        )

    def _counts_that(self, name: str, leaf: Compare, fits: Callable[[object], bool]) -> Schema | bool:
        """One schema for each unbroken run of counts; beyond the largest literal nothing changes."""
        literals: Iterable[int] = leaf.literal if isinstance(leaf.literal, tuple) else (leaf.literal,)
        top = int(max(literals)) + 1
        runs: list[tuple[int, int | None]] = []
        for count in range(max(top, 0) + 1):
            if fits(count):
                start = runs.pop()[0] if runs and runs[-1][1] == count - 1 else count
                runs.append((start, None if count >= top else count))
        if len(runs) == 1:
            return self.counts(name, *runs[0])
        return {"anyOf": [self.counts(name, low, high) for low, high in runs]} if runs else False

    def _known(self, name: str) -> Schema:
        own = self.family.field(name)
        if own.type == "list":
            return self.counts(name, 0, None)
        return self._held(self.places[name], TYPES[own.type], absent=_default(own) is not None)

    def _held(self, place: Place, value: Schema, *, absent: bool) -> Schema:
        required = {} if absent else {"required": [place.member]}
        members = {"properties": {place.member: value}} if value else {}
        return demanded(place, {"type": OBJECT} | required | members, absent=absent)


def _default(own: Field) -> object:
    default = own.default.get(None)
    return None if default == "derived" else default


def _compared(operator: str, literal: object) -> Schema:
    if operator in _BOUNDS:
        return {_BOUNDS[operator]: literal}
    values = list(literal) if isinstance(literal, tuple) else [literal]
    same: Schema = {"const": values[0]} if len(values) == 1 else {"enum": values}
    return same if operator in ("==", "in") else {"not": same}


def _all(schemas: list[Schema]) -> Schema:
    return schemas[0] if len(schemas) == 1 else {"allOf": schemas}


def _both(parts: list[Truth]) -> Truth:
    if any(each.schema is False for each in parts):
        return Truth(False)
    schemas = [each.schema for each in parts if isinstance(each.schema, dict)]
    sure = frozenset().union(*(each.sure for each in parts if isinstance(each.schema, dict)))
    return Truth(_all(schemas), sure) if schemas else Truth(True)


def _either(parts: list[Truth]) -> Truth:
    if any(each.schema is True for each in parts):
        return Truth(True)
    left = [each for each in parts if isinstance(each.schema, dict)]
    schemas = [each.schema for each in left if isinstance(each.schema, dict)]
    if len(left) < 2:
        return left[0] if left else Truth(False)
    return Truth({"anyOf": schemas}, frozenset.intersection(*(each.sure for each in left)))
