"""Specs with one injected fault, for mutation testing of harnesses.

A mutation is named by a rule and one of `WAYS`: `wan2.7/n.max=wider`. `list_mutations` lists those of a rule,
`mutate_spec` makes the spec of a name (`wanlib serve --mutant`).
"""

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
from wanlib.spec.model.model import CALLS, Family, Field, Node, Rule
from wanlib.spec.model.modes import Condition
from wanlib.spec.model.spec import Spec

WAYS = ("wider", "moved", "dropped", "outcome", "tighter")
"""The ways to change a rule: a limit one step too loose or too strict, a different limit for a kind without
an order, no rule, a different outcome. The first one that a rule has is its default."""

Make = Callable[[], Spec]
"""Makes a mutated spec."""

_RATIO_STEPS = 100
_OTHER_OUTCOME = {"rejected": "unspecified", "truncated": "rejected", "ignored": "rejected"}
_ADDED_VALUES = {
    "schemes": ("ftp",),
    "formats": ("gif", "tiff", "bmp"),
    "one_of": (True, False),
    "public": (".example.com",),
}
_KINDS_OF_DECODING = ("type", "place")
"""Kinds that are needed to decode a body, so that such a rule on a field can't be dropped."""


def list_mutations(spec: Spec, rule: str) -> Mapping[str, Make]:
    """Return the mutations of a rule on bodies by way, the default first.

    Raises:
        KeyError: The rule does not exist.
    """
    mutations = dict(_generate(spec, spec.rules[rule]))
    return {way: mutations[way] for way in WAYS if way in mutations}


def mutate_spec(spec: Spec, name: str) -> Spec:
    """Return a spec with one fault.

    Args:
        spec: The spec to change.
        name: `RULE` or `RULE=WAY`.

    Raises:
        ValueError: The rule or way does not exist; the message lists those that do.
    """
    rule_id, _, way = name.partition("=")
    rule = spec.rules.get(rule_id)
    if rule is None or rule.scope != "body":
        known = [other.id for other in spec.rules.values() if other.scope == "body"]
        hint = did_you_mean(rule_id, known) or "; `wanlib rules` lists them"
        raise ValueError(f"{safe_repr(rule_id)} is not a rule on bodies{hint}")
    ways = list_mutations(spec, rule_id)
    way = way or next(iter(ways), "")
    if way not in ways:
        raise ValueError(f"no fault {safe_repr(way)} for {rule_id}, expected one of {', '.join(ways)}")
    return ways[way]()


# Limits.


def mutated_limits(
    rule: Rule, siblings: tuple[Rule, ...], step: int | float | None = None
) -> Iterator[tuple[str, Any]]:
    """Yield other limits for a rule, each with its way.

    Args:
        rule: The rule.
        siblings: The other rules of its kind on its field.
        step: The values of its field are multiples of it; None if any number is.
    """
    generate = _LIMITS_BY_KIND.get(rule.kind)
    tighter = KINDS[rule.kind].tighter
    if generate:
        yield from generate(rule)
    elif rule.kind == "keywords":
        keywords = {word: pixels for sibling in siblings for word, pixels in sibling.limit.items()}
        yield from _enum_mutations(rule.limit, keywords | rule.limit)
    elif tighter in ("lower", "higher"):
        yield "wider", _next_limit(rule.limit, tighter == "lower", step)
        yield "tighter", _next_limit(rule.limit, tighter == "higher", step)


def mutated_outcome(rule: Rule) -> Rule | None:
    """Return the rule with another outcome; None if its own is `unspecified`."""
    outcome = _OTHER_OUTCOME.get(rule.outcome)
    return replace(rule, outcome=outcome) if outcome else None


def _next_limit(limit: Any, up: bool, step: int | float | None) -> Any:
    """Return the nearest limit that a request can distinguish from this one."""
    if step is not None:
        moved = Decimal(str(limit)) + (1 if up else -1) * Decimal(str(step))
        return float(moved) if isinstance(step, float) or isinstance(limit, float) else int(moved)
    if isinstance(limit, Ratio):
        return Ratio(limit.width * _RATIO_STEPS + (1 if up else -1), limit.height * _RATIO_STEPS)
    if isinstance(limit, float):
        return math.nextafter(limit, math.inf if up else -math.inf)
    return limit + (1 if up else -1)


def _pixels(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Step by one side: not every number of pixels is a product of two sides."""
    side = math.isqrt(rule.limit) + 1
    sign = 1 if rule.kind == "max_pixels" else -1
    yield "wider", rule.limit + sign * side
    yield "tighter", rule.limit - sign


def _listed_values(rule: Rule) -> Iterator[tuple[str, Any]]:
    if not isinstance(rule.limit[0], str | bool):
        yield "wider", (*rule.limit, max(rule.limit) + 1)
        yield "tighter", rule.limit[1:]
        return
    added = tuple(value for value in _ADDED_VALUES[rule.kind] if value not in rule.limit)
    if added and type(added[0]) is type(rule.limit[0]):
        yield "wider", (*rule.limit, added[0])
    yield "tighter", rule.limit[1:]


def _private_suffixes(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Remove or add a suffix of private host names."""
    if rule.limit:
        yield "wider", rule.limit[:-1]
    yield "tighter", (*rule.limit, *_ADDED_VALUES[rule.kind])


def _signatures(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Ignore the last form of signature."""
    yield "wider", rule.limit[:-1]


def _enum_mutations(limit: dict[str, Any], widened: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if len(widened) > len(limit):
        yield "wider", widened
    if limit:
        yield "tighter", dict([*limit.items()][:-1])


def _fewer_excluded(rule: Rule) -> Iterator[tuple[str, Any]]:
    if len(rule.limit) > 1:
        yield "wider", rule.limit[1:]


def _mime(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield from _enum_mutations(rule.limit, rule.limit)


def _pattern(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Accept the first bad example, or refuse the first good one."""
    if rule.breaks:
        yield "wider", f"(?:{rule.limit})|(?:{re.escape(rule.breaks[0])})"
    if rule.keeps:
        yield "tighter", rf"(?!(?:{re.escape(rule.keeps[0])})\Z)(?:{rule.limit})"


def _number(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield "moved", rule.limit + 1


def _other_step(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Yield a step of which fewer values are multiples."""
    yield "moved", rule.limit * 3


def _sum(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield "moved", str(Decimal(rule.limit) + Decimal("0.01"))


def _condition(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield "moved", Condition(rule.limit.mode, not rule.limit.wanted)


def _position_mutations(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield "moved", {"input": "parameters", "parameters": "input"}[rule.limit]


_LIMITS_BY_KIND: dict[str, Callable[[Rule], Iterator[tuple[str, Any]]]] = {
    "min_pixels": _pixels,
    "max_pixels": _pixels,
    "one_of": _listed_values,
    "schemes": _listed_values,
    "formats": _listed_values,
    "none_of": _fewer_excluded,
    "public": _private_suffixes,
    "unexpired": _signatures,
    "mime": _mime,
    "pattern": _pattern,
    "count": _number,
    "decimals": _number,
    "step": _other_step,
    "total": _sum,
    "effective": _condition,
    "needs": _condition,
    "only_in": _condition,
    "place": _position_mutations,
}


# Specs.


def _generate(spec: Spec, rule: Rule) -> list[tuple[str, Make]]:
    if rule.kind == "model":
        return [("tighter", lambda: _drop_model(spec))]
    if rule.kind == "endpoints":
        return [(way, partial(_with_calls, spec, rule, limit)) for way, limit in _endpoint_mutations(rule)]
    for family in spec.families:
        if rule in (family.unknown, family.only_for):
            return _name_rule_mutations(spec, rule, family)
    return _limit_rule_mutations(spec, rule)


def _name_rule_mutations(spec: Spec, rule: Rule, family: Family) -> list[tuple[str, Make]]:
    """Return the mutations of a rule on the names of parameters."""
    if rule.kind == "unknown":
        return [("dropped", lambda: _replace_family(spec, rule, family, replace(family, unknown=None)))]
    dropped = [("dropped", lambda: _replace_family(spec, rule, family, replace(family, only_for=None)))]
    has_place = any(node.form == "rest" for node in spec.form(family).walk())
    return dropped + ([("wider", lambda: _with_foreign_parameter(spec, family))] if has_place else [])


def _limit_rule_mutations(spec: Spec, rule: Rule) -> list[tuple[str, Make]]:
    siblings = tuple(other for other in spec.rules.values() if _are_siblings(rule, other))
    steps = [
        other.limit
        for other in spec.rules.values()
        if (other.file, other.field, other.kind) == (rule.file, rule.field, "step")
    ]
    step = steps[0] if steps and rule.kind in ("min", "max") else None
    limits = mutated_limits(rule, siblings, step)
    mutations = [(way, _with_limit(spec, rule, limit)) for way, limit in limits]
    other = mutated_outcome(rule)
    if other:
        mutations.append(("outcome", lambda: replace_rule(spec, rule, other)))
    if not (rule.field and rule.kind in _KINDS_OF_DECODING):
        mutations.append(("dropped", lambda: replace_rule(spec, rule, None)))
    return mutations


def _with_limit(spec: Spec, rule: Rule, limit: Any) -> Make:
    return partial(replace_rule, spec, rule, replace(rule, limit=limit))


def _are_siblings(rule: Rule, other: Rule) -> bool:
    return (rule.file, rule.field, rule.kind) == (other.file, other.field, other.kind) and other is not rule


def _endpoint_mutations(rule: Rule) -> list[tuple[str, Any]]:
    """Return endpoints with one more or one fewer call for a model."""
    widened = next(model for model, calls in rule.limit.items() if set(calls) < set(CALLS))
    narrowed = next(model for model, calls in rule.limit.items() if len(calls) > 1)
    return [
        ("wider", rule.limit | {widened: CALLS}),
        ("tighter", rule.limit | {narrowed: rule.limit[narrowed][:-1]}),
    ]


def _with_calls(spec: Spec, rule: Rule, limit: Mapping[str, tuple[str, ...]]) -> Spec:
    """Return a spec in which each model has these calls; a new one has the path of the first call."""
    endpoints = {
        model: {call: paths.get(call, next(iter(paths.values()))) for call in limit[model]}
        for model, paths in spec.wire["endpoints"].items()
    }
    changed = replace(spec, wire=MappingProxyType({**spec.wire, "endpoints": endpoints}))
    return replace_rule(changed, rule, replace(rule, limit=limit))


def _replace_family(spec: Spec, rule: Rule, family: Family, changed: Family) -> Spec:
    """Return a spec with a changed family and without a rule."""
    families = tuple(changed if other is family else other for other in spec.families)
    rules = {rule_id: other for rule_id, other in spec.rules.items() if other is not rule}
    return replace(spec, families=families, rules=MappingProxyType(rules))


def replace_rule(spec: Spec, rule: Rule, changed: Rule | None) -> Spec:
    """Return a spec with a changed rule, or without it if `changed` is None."""
    rules = {rule_id: other for rule_id, other in spec.rules.items() if other is not rule}
    if changed:
        rules[changed.id] = changed
    return replace(
        spec,
        families=tuple(
            replace(
                family,
                fields=tuple(_field(field, rule, changed) for field in family.fields),
                call_rules=_call_rules(family, rule, changed),
            )
            for family in spec.families
        ),
        bodies=MappingProxyType({name: _node(node, rule, changed) for name, node in spec.bodies.items()}),
        rules=MappingProxyType({rule_id: rules[rule_id] for rule_id in spec.rules if rule_id in rules}),
    )


def _replace_in(rules: tuple[Rule, ...], rule: Rule, changed: Rule | None) -> tuple[Rule, ...]:
    results = (other if other is not rule else changed for other in rules)
    return tuple(result for result in results if result is not None)


def _call_rules(family: Family, rule: Rule, changed: Rule | None) -> Mapping[str, Rule]:
    rules = {call: changed if other is rule else other for call, other in family.call_rules.items()}
    return MappingProxyType({call: other for call, other in rules.items() if other})


def _field(field: Field, rule: Rule, changed: Rule | None) -> Field:
    is_moved = changed is not None and rule.kind == "place" and rule in field.rules
    return replace(
        field,
        rules=_replace_in(field.rules, rule, changed),
        place=changed.limit if is_moved and changed else field.place,
        each=_field(field.each, rule, changed) if field.each else None,
        members=tuple(_field(member, rule, changed) for member in field.members),
    )


def _node(node: Node, rule: Rule, changed: Rule | None) -> Node:
    return replace(
        node,
        rules=_replace_in(node.rules, rule, changed),
        members=tuple((name, _node(child, rule, changed)) for name, child in node.members),
        each=_node(node.each, rule, changed) if node.each else None,
    )


def _drop_model(spec: Spec) -> Spec:
    """Return a spec without the last model of the largest family."""
    family = max(spec.families, key=lambda candidate: len(candidate.models))
    smaller = replace(family, models=family.models[:-1])
    families = tuple(smaller if other is family else other for other in spec.families)
    return replace(spec, families=tuple(other for other in families if other.models))


def _with_foreign_parameter(spec: Spec, family: Family) -> Spec:
    """Return a spec whose family accepts a parameter that only other models have."""
    names = {name for field in family.fields for name in (field.name, field.wire_name)}
    others = (field for other in spec.families for field in other.fields)
    foreign = next(field for field in others if field.name not in names and field.wire_name not in names)
    type_rules = foreign.rules_of_kind("type")
    accepted = Field(foreign.name, foreign.path, foreign.type, type_rules, written_as=foreign.written_as)
    assert family.only_for is not None
    limit = {name: others for name, others in family.only_for.limit.items() if name != foreign.wire_name}
    rule = replace(family.only_for, limit=limit)
    wider = replace(family, fields=(*family.fields, accepted), only_for=rule)
    families = tuple(wider if other is family else other for other in spec.families)
    return replace(spec, families=families, rules=MappingProxyType({**spec.rules, rule.id: rule}))
