"""Modes as schemas: what a body must be for a condition to hold for certain.

A mode has three values. Where a field that it reads is lost, has the wrong type or is absent without a
default, neither the schema for the mode nor the one for its opposite takes the body; so a rule that
stands behind `if` such a schema is judged only where the mode is known.
"""

from dataclasses import dataclass

from wanlib.emit.schema_guards import Guards, both, either
from wanlib.emit.schema_places import Schema
from wanlib.spec import Condition
from wanlib.spec.evaluate import holds
from wanlib.spec.family import fields_read
from wanlib.spec.mode import Compare, Expression, Join, Name, Not


@dataclass(frozen=True, slots=True)
class Truth:
    """The schema of the bodies in which an expression has the wanted value; a bool where all or none have.

    sure: the fields that are known wherever the schema takes a body.
    """

    schema: Schema | bool
    sure: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Modes:
    """The conditions of one model."""

    guards: Guards
    model: str

    def schema(self, condition: Condition) -> Schema | bool | None:
        """The bodies in which a condition holds: all, none, or those of a schema.

        None where no body can tell, as the mode reads `call`.
        """
        read = fields_read(self.guards.family, condition.mode) - {"model"}
        if "call" in read or any(self.guards.places[name].form == "part" for name in read):
            return None
        truth = self._truth(self.guards.family.modes[condition.mode], condition.wanted)
        if truth.schema is False:
            return False
        schemas = [self.guards.known(name) for name in sorted(read - truth.sure)]
        schemas += [truth.schema] if isinstance(truth.schema, dict) else []
        return both(schemas) if schemas else True

    def _truth(self, expression: Expression, wanted: bool) -> Truth:
        if isinstance(expression, Not):
            return self._truth(expression.inner, not wanted)
        if isinstance(expression, Join):
            parts = [self._truth(each, wanted) for each in expression.parts]
            return _both(parts) if (expression.word == "and") is wanted else _either(parts)
        return self._end(expression, wanted)

    def _end(self, leaf: Name | Compare, wanted: bool) -> Truth:
        name = leaf.name if isinstance(leaf, Name) else leaf.left.name
        if name == "model":
            return Truth(holds({"": leaf}, "", {name: self.model}) is wanted)
        if name in self.guards.family.modes:
            schema = self.schema(Condition(name, wanted))
            assert schema is not None  # a mode that no body can tell makes all above it so, before this
            return Truth(schema, frozenset(fields_read(self.guards.family, name)))
        return Truth(self.guards.leaf(leaf, wanted), frozenset({name}))


def _both(parts: list[Truth]) -> Truth:
    if any(each.schema is False for each in parts):
        return Truth(False)
    schemas = [each.schema for each in parts if isinstance(each.schema, dict)]
    sure = frozenset[str]().union(*(each.sure for each in parts if each.schema is not True))
    return Truth(both(schemas), sure) if schemas else Truth(True)


def _either(parts: list[Truth]) -> Truth:
    if any(each.schema is True for each in parts):
        return Truth(True)
    schemas = [each.schema for each in parts if isinstance(each.schema, dict)]
    sure = [each.sure for each in parts if each.schema is not False]
    return Truth(either(schemas), frozenset.intersection(*sure)) if schemas else Truth(False)
