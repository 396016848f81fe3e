"""The own spec with one planted fault: what a harness must see, and `wanlib serve --mutant` serves."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

from wanlib.base.shown import shown
from wanlib.base.suggest import did_you_mean
from wanlib.spec.model import CALLS, Family, Field, Node, Rule, Spec
from wanlib.spec.planted import WAYS, limits, with_outcome

Make = Callable[[], Spec]

# Where a rule is part of the way in which a body is read, the reading needs it.
_KEPT_ON_FIELDS = ("type", "place")


def mutants(spec: Spec, rule: str) -> Mapping[str, Make]:
    """The faults that can be planted in a rule on bodies, by way, the first being the one that is meant by
    the rule's name alone. KeyError for a rule that there isn't.
    """
    found = dict(_made(spec, spec.rules[rule]))
    return {way: found[way] for way in WAYS if way in found}


def plant(spec: Spec, name: str) -> Spec:
    """The spec with a fault: `RULE`, or `RULE=WAY`. ValueError says what can be planted."""
    rule, _, way = name.partition("=")
    known = spec.rules.get(rule)
    if known is None or known.scope != "body":
        bodies = [each.id for each in spec.rules.values() if each.scope == "body"]
        hint = did_you_mean(rule, bodies) or "; `wanlib rules` lists them"
        raise ValueError(f"{shown(rule)} is not a rule on bodies{hint}")
    ways = mutants(spec, rule)
    if (way or next(iter(ways), "")) not in ways:
        raise ValueError(f"no fault {shown(way)} for {rule}, expected one of {', '.join(ways)}")
    return ways[way or next(iter(ways))]()


def _made(spec: Spec, rule: Rule) -> list[tuple[str, Make]]:
    if rule.kind == "model":
        return [("tighter", lambda: _without_a_model(spec))]
    if rule.kind == "endpoints":
        return [(way, _moved(spec, rule, limit)) for way, limit in _calls(rule)]
    family = next((each for each in spec.families if rule in (each.unknown, each.only_for)), None)
    return _of_names(spec, rule, family) if family else _of_rule(spec, rule)


def _of_names(spec: Spec, rule: Rule, family: Family) -> list[tuple[str, Make]]:
    """The faults of a rule on the names of parameters."""
    if rule.kind == "unknown":
        return [("dropped", lambda: _changed(spec, rule, family, replace(family, unknown=None)))]
    return [
        ("dropped", lambda: _changed(spec, rule, family, replace(family, only_for=None))),
        ("wider", lambda: _with_a_stranger(spec, family)),
    ]


def _changed(spec: Spec, rule: Rule, family: Family, new: Family) -> Spec:
    """The spec with another family and without a rule."""
    families = tuple(new if each is family else each for each in spec.families)
    rules = {id: each for id, each in spec.rules.items() if each is not rule}
    return replace(spec, families=families, rules=MappingProxyType(rules))


def _of_rule(spec: Spec, rule: Rule) -> list[tuple[str, Make]]:
    others = tuple(each for each in spec.rules.values() if _siblings(rule, each))
    found = [(way, _moved(spec, rule, limit)) for way, limit in limits(rule, others)]
    other = with_outcome(rule)
    if other:
        found.append(("outcome", lambda: _put(spec, rule, other)))
    if not (rule.field and rule.kind in _KEPT_ON_FIELDS):
        found.append(("dropped", lambda: _put(spec, rule, None)))
    return found


def _moved(spec: Spec, rule: Rule, limit: Any) -> Make:
    return partial(_put, spec, rule, replace(rule, limit=limit))


def _siblings(rule: Rule, other: Rule) -> bool:
    return (rule.file, rule.field, rule.kind) == (other.file, other.field, other.kind) and other is not rule


def _calls(rule: Rule) -> list[tuple[str, Any]]:
    """One call more for the first model that lacks one, one less for the first that has several."""
    more = next(model for model, calls in rule.limit.items() if set(calls) < set(CALLS))
    less = next(model for model, calls in rule.limit.items() if len(calls) > 1)
    return [
        ("wider", rule.limit | {more: CALLS}),
        ("tighter", rule.limit | {less: rule.limit[less][:-1]}),
    ]


def _put(spec: Spec, rule: Rule, new: Rule | None) -> Spec:
    """The spec with another rule in the place of one, or with none."""
    rules = {each.id: each for each in spec.rules.values() if each is not rule} | (
        {new.id: new} if new else {}
    )
    return replace(
        spec,
        families=tuple(
            replace(family, fields=tuple(_field(field, rule, new) for field in family.fields))
            for family in spec.families
        ),
        bodies=MappingProxyType({name: _node(node, rule, new) for name, node in spec.bodies.items()}),
        rules=MappingProxyType({id: rules[id] for id in spec.rules if id in rules}),
    )


def _swapped(rules: tuple[Rule, ...], rule: Rule, new: Rule | None) -> tuple[Rule, ...]:
    return tuple(each if each is not rule else new for each in rules if each is not rule or new)  # type: ignore[misc]


def _field(field: Field, rule: Rule, new: Rule | None) -> Field:
    moved = new is not None and rule.kind == "place" and rule in field.rules
    return replace(
        field,
        rules=_swapped(field.rules, rule, new),
        place=new.limit if moved and new else field.place,
        each=_field(field.each, rule, new) if field.each else None,
        members=tuple(_field(member, rule, new) for member in field.members),
    )


def _node(node: Node, rule: Rule, new: Rule | None) -> Node:
    return replace(
        node,
        rules=_swapped(node.rules, rule, new),
        members=tuple((name, _node(child, rule, new)) for name, child in node.members),
        each=_node(node.each, rule, new) if node.each else None,
    )


def _without_a_model(spec: Spec) -> Spec:
    """The last model of the largest family is not known."""
    family = max(spec.families, key=lambda each: len(each.models))
    fewer = replace(family, models=family.models[:-1])
    families = tuple(fewer if each is family else each for each in spec.families)
    return replace(spec, families=tuple(each for each in families if each.models))


def _with_a_stranger(spec: Spec, family: Family) -> Spec:
    """A parameter that the pages have for other models only is taken for known."""
    names = {field.name for field in family.fields}
    others = (field for each in spec.families for field in each.fields if field.name not in names)
    stranger = next(others)
    known = Field(stranger.name, stranger.path, stranger.type, stranger.of_kind("type"))
    assert family.only_for is not None
    fewer = {name: others for name, others in family.only_for.limit.items() if name != stranger.name}
    rule = replace(family.only_for, limit=fewer)
    wider = replace(family, fields=(*family.fields, known), only_for=rule)
    families = tuple(wider if each is family else each for each in spec.families)
    return replace(spec, families=families, rules=MappingProxyType({**spec.rules, rule.id: rule}))
