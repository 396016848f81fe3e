"""Which models a rule can meet: those whose body form it is of, and whose modes can let it hold."""

from collections.abc import Iterable
from dataclasses import replace

from wanlib.spec.evaluate import holds
from wanlib.spec.exclusive import combinations_of
from wanlib.spec.mode import Condition
from wanlib.spec.model import Family, Field, Node, Rule


def narrowed(family: Family) -> Family:
    """The family, each variant's rules with the models that can ever be in its mode."""
    return replace(family, fields=tuple(_field(family, field) for field in family.fields))


def used_by(node: Node, models: tuple[str, ...]) -> Node:
    """A body form, its rules with the models that are written in it."""
    return replace(
        node,
        rules=tuple(replace(rule, models=models) for rule in node.rules),
        members=tuple((name, used_by(child, models)) for name, child in node.members),
        each=used_by(node.each, models) if node.each else None,
    )


def models_of(family: Family, condition: Condition) -> tuple[str, ...]:
    """The models for which a condition holds under some values of what its mode reads."""
    met = {
        model
        for values in combinations_of(family, (condition.mode,))
        if holds(family.modes, condition.mode, values) is condition.wanted
        for model in ([values["model"]] if "model" in values else family.models)
    }
    return tuple(model for model in family.models if model in met)


def _field(family: Family, field: Field) -> Field:
    return replace(
        field,
        rules=tuple(_rules(family, field.rules)),
        each=_field(family, field.each) if field.each else None,
        members=tuple(_field(family, member) for member in field.members),
    )


def _rules(family: Family, rules: Iterable[Rule]) -> Iterable[Rule]:
    for rule in rules:
        yield replace(rule, models=models_of(family, rule.condition)) if rule.condition else rule
