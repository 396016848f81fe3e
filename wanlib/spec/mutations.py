"""The own spec with one planted fault: what a harness must see, and `wanlib serve --mutant` serves."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.base.text import did_you_mean
from wanlib.base.values import Ratio
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.model.model import CALLS, Family, Field, Node, Rule, Spec
from wanlib.spec.model.modes import Condition

WAYS = ("wider", "moved", "dropped", "outcome", "tighter")
"""The faults that there are: the limit a step too wide or too tight, moved where a kind has no order, the
rule gone, its breach with another outcome. A rule's first is the one that is planted unless told."""

_FINER = 100
_OUTCOMES = {"rejected": "unspecified", "truncated": "rejected", "ignored": "rejected"}
_MORE = {
    "schemes": ("ftp",),
    "formats": ("gif",),
    "one_of": (True, False),
    "public": (".example.com",),
}


def mutated_limits(rule: Rule, others: tuple[Rule, ...]) -> Iterator[tuple[str, Any]]:
    """Other limits for a rule, each by its way. others: the rules of its kind on its field."""
    make = _BY_KIND.get(rule.kind)
    if make:
        yield from make(rule)
    elif rule.kind == "keywords":
        more = {word: pixels for each in others for word, pixels in each.limit.items()}
        yield from _enum_mutations(rule.limit, more | rule.limit)
    elif KINDS[rule.kind].tighter in ("lower", "higher"):
        for way, up in (("wider", True), ("tighter", False)):
            yield way, _step(rule.limit, up is (KINDS[rule.kind].tighter == "lower"))


def mutated_outcome(rule: Rule) -> Rule | None:
    """The rule with another outcome; None where its own is left open, so that any other would do as well."""
    other = _OUTCOMES.get(rule.outcome)
    return replace(rule, outcome=other) if other else None


def _step(limit: Any, up: bool) -> Any:
    """The least step that a request can show."""
    if isinstance(limit, Ratio):
        return Ratio(limit.width * _FINER + (1 if up else -1), limit.height * _FINER)
    if isinstance(limit, float):
        return math.nextafter(limit, math.inf if up else -math.inf)
    return limit + (1 if up else -1)


def _pixels(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Not every number is a product of two sides, so the wider step is that of one side."""
    side = math.isqrt(rule.limit) + 1
    sign = 1 if rule.kind == "max_pixels" else -1
    yield "wider", rule.limit + sign * side
    yield "tighter", rule.limit - sign


def _words(rule: Rule) -> Iterator[tuple[str, Any]]:
    more = tuple(word for word in _MORE[rule.kind] if word not in rule.limit)
    if more and type(more[0]) is type(rule.limit[0]):
        yield "wider", (*rule.limit, more[0])
    yield "tighter", rule.limit[1:]


def _private(rule: Rule) -> Iterator[tuple[str, Any]]:
    """One end of host names less that is private, or one more."""
    if rule.limit:
        yield "wider", rule.limit[:-1]
    yield "tighter", (*rule.limit, *_MORE[rule.kind])


def _signatures(rule: Rule) -> Iterator[tuple[str, Any]]:
    """The last form of signature is not read."""
    yield "wider", rule.limit[:-1]


def _enum_mutations(limit: dict[str, Any], more: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if len(more) > len(limit):
        yield "wider", more
    if limit:
        yield "tighter", dict([*limit.items()][:-1])


def _fewer(rule: Rule) -> Iterator[tuple[str, Any]]:
    if len(rule.limit) > 1:
        yield "wider", rule.limit[1:]


def _mime(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield from _enum_mutations(rule.limit, rule.limit)


def _pattern(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Lets pass the first text that it should not, or the other way round."""
    if rule.breaks:
        yield "wider", f"(?:{rule.limit})|(?:{re.escape(rule.breaks[0])})"
    if rule.keeps:
        yield "tighter", rf"(?!(?:{re.escape(rule.keeps[0])})\Z)(?:{rule.limit})"


def _number(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield "moved", rule.limit + 1


def _sum(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield "moved", str(Decimal(rule.limit) + Decimal("0.01"))


def _condition(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield "moved", Condition(rule.limit.mode, not rule.limit.wanted)


def _position_mutations(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield "moved", {"input": "parameters", "parameters": "input"}[rule.limit]


_BY_KIND: dict[str, Callable[[Rule], Iterator[tuple[str, Any]]]] = {
    "min_pixels": _pixels,
    "max_pixels": _pixels,
    "one_of": _words,
    "schemes": _words,
    "formats": _words,
    "excludes": _fewer,
    "public": _private,
    "unexpired": _signatures,
    "mime": _mime,
    "pattern": _pattern,
    "count": _number,
    "decimals": _number,
    "total": _sum,
    "effective": _condition,
    "needs": _condition,
    "place": _position_mutations,
}


Make = Callable[[], Spec]

# Where a rule is part of the way in which a body is read, the reading needs it.
_KEPT_ON_FIELDS = ("type", "place")


def list_mutations(spec: Spec, rule: str) -> Mapping[str, Make]:
    """The faults that can be planted in a rule on bodies, by way, the first being the one that is meant by
    the rule's name alone. KeyError for a rule that there isn't.
    """
    found = dict(_generate(spec, spec.rules[rule]))
    return {way: found[way] for way in WAYS if way in found}


def mutate_spec(spec: Spec, name: str) -> Spec:
    """The spec with a fault: `RULE`, or `RULE=WAY`. ValueError says what can be planted."""
    rule, _, way = name.partition("=")
    known = spec.rules.get(rule)
    if known is None or known.scope != "body":
        bodies = [each.id for each in spec.rules.values() if each.scope == "body"]
        hint = did_you_mean(rule, bodies) or "; `wanlib rules` lists them"
        raise ValueError(f"{safe_repr(rule)} is not a rule on bodies{hint}")
    ways = list_mutations(spec, rule)
    if (way or next(iter(ways), "")) not in ways:
        raise ValueError(f"no fault {safe_repr(way)} for {rule}, expected one of {', '.join(ways)}")
    return ways[way or next(iter(ways))]()


def _generate(spec: Spec, rule: Rule) -> list[tuple[str, Make]]:
    if rule.kind == "model":
        return [("tighter", lambda: _drop_model(spec))]
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
        ("wider", lambda: _with_foreign_parameter(spec, family)),
    ]


def _changed(spec: Spec, rule: Rule, family: Family, new: Family) -> Spec:
    """The spec with another family and without a rule."""
    families = tuple(new if each is family else each for each in spec.families)
    rules = {id: each for id, each in spec.rules.items() if each is not rule}
    return replace(spec, families=families, rules=MappingProxyType(rules))


def _of_rule(spec: Spec, rule: Rule) -> list[tuple[str, Make]]:
    others = tuple(each for each in spec.rules.values() if _rules_of_same_kind(rule, each))
    found = [(way, _moved(spec, rule, limit)) for way, limit in mutated_limits(rule, others)]
    other = mutated_outcome(rule)
    if other:
        found.append(("outcome", lambda: _replace_rule(spec, rule, other)))
    if not (rule.field and rule.kind in _KEPT_ON_FIELDS):
        found.append(("dropped", lambda: _replace_rule(spec, rule, None)))
    return found


def _moved(spec: Spec, rule: Rule, limit: Any) -> Make:
    return partial(_replace_rule, spec, rule, replace(rule, limit=limit))


def _rules_of_same_kind(rule: Rule, other: Rule) -> bool:
    return (rule.file, rule.field, rule.kind) == (other.file, other.field, other.kind) and other is not rule


def _calls(rule: Rule) -> list[tuple[str, Any]]:
    """One call more for the first model that lacks one, one less for the first that has several."""
    more = next(model for model, calls in rule.limit.items() if set(calls) < set(CALLS))
    less = next(model for model, calls in rule.limit.items() if len(calls) > 1)
    return [
        ("wider", rule.limit | {more: CALLS}),
        ("tighter", rule.limit | {less: rule.limit[less][:-1]}),
    ]


def _replace_rule(spec: Spec, rule: Rule, new: Rule | None) -> Spec:
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


def _replace_in(rules: tuple[Rule, ...], rule: Rule, new: Rule | None) -> tuple[Rule, ...]:
    return tuple(each if each is not rule else new for each in rules if each is not rule or new)  # type: ignore[misc]


def _field(field: Field, rule: Rule, new: Rule | None) -> Field:
    moved = new is not None and rule.kind == "place" and rule in field.rules
    return replace(
        field,
        rules=_replace_in(field.rules, rule, new),
        place=new.limit if moved and new else field.place,
        each=_field(field.each, rule, new) if field.each else None,
        members=tuple(_field(member, rule, new) for member in field.members),
    )


def _node(node: Node, rule: Rule, new: Rule | None) -> Node:
    return replace(
        node,
        rules=_replace_in(node.rules, rule, new),
        members=tuple((name, _node(child, rule, new)) for name, child in node.members),
        each=_node(node.each, rule, new) if node.each else None,
    )


def _drop_model(spec: Spec) -> Spec:
    """The last model of the largest family is not known."""
    family = max(spec.families, key=lambda each: len(each.models))
    fewer = replace(family, models=family.models[:-1])
    families = tuple(fewer if each is family else each for each in spec.families)
    return replace(spec, families=tuple(each for each in families if each.models))


def _with_foreign_parameter(spec: Spec, family: Family) -> Spec:
    """A parameter that the pages have for other models only is taken for known."""
    names = {field.name for field in family.fields}
    others = (field for each in spec.families for field in each.fields if field.name not in names)
    stranger = next(others)
    known = Field(stranger.name, stranger.path, stranger.type, stranger.rules_of_kind("type"))
    assert family.only_for is not None
    fewer = {name: others for name, others in family.only_for.limit.items() if name != stranger.name}
    rule = replace(family.only_for, limit=fewer)
    wider = replace(family, fields=(*family.fields, known), only_for=rule)
    families = tuple(wider if each is family else each for each in spec.families)
    return replace(spec, families=families, rules=MappingProxyType({**spec.rules, rule.id: rule}))
