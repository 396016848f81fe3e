"""Determine the models that a rule can apply to, by its mode and its body form."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from wanlib.spec.model.mode_values import value_combinations
from wanlib.spec.model.model import Family, Field, Node, Rule
from wanlib.spec.model.modes import Condition, holds


def restrict_to_models(family: Family, calls: Mapping[str, Collection[str]]) -> Family:
    """Return a family whose rules list only the models that can be in their mode or have their call.

    Args:
        family: The family.
        calls: The calls of each model.
    """
    call_rules = {
        call: replace(rule, models=tuple(model for model in family.models if call in calls.get(model, ())))
        for call, rule in family.call_rules.items()
    }
    fields = tuple(_restricted_field(family, field) for field in family.fields)
    return replace(family, fields=fields, call_rules=MappingProxyType(call_rules))


def form_with_models(form: Node, families: Iterable[Family]) -> Node:
    """Return a body form whose rules list the models of the families that use the form and have the rule."""
    models: dict[str, tuple[str, ...]] = {}
    for family in families:
        for node in form.with_fields(family.field_names).walk():
            for rule in node.rules:
                models[rule.id] = (*models.get(rule.id, ()), *family.models)
    return _with_models(form, models)


def _with_models(node: Node, models: Mapping[str, tuple[str, ...]]) -> Node:
    return replace(
        node,
        rules=tuple(replace(rule, models=models.get(rule.id, ())) for rule in node.rules),
        members=tuple((name, _with_models(child, models)) for name, child in node.members),
        each=_with_models(node.each, models) if node.each else None,
    )


def models_of(family: Family, condition: Condition) -> tuple[str, ...]:
    """Return the models for which a condition can hold."""
    models = {
        model
        for values in value_combinations(family, (condition.mode,))
        if holds(family.modes, condition.mode, values) is condition.wanted
        for model in ([values["model"]] if "model" in values else family.models)
    }
    return tuple(model for model in family.models if model in models)


def _restricted_field(family: Family, field: Field) -> Field:
    return replace(
        field,
        rules=tuple(_restricted_rules(family, field.rules)),
        each=_restricted_field(family, field.each) if field.each else None,
        members=tuple(_restricted_field(family, member) for member in field.members),
    )


def _restricted_rules(family: Family, rules: Iterable[Rule]) -> Iterator[Rule]:
    for rule in rules:
        yield replace(rule, models=models_of(family, rule.condition)) if rule.condition else rule
