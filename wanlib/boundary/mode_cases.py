"""The situations of a model: each set of truth values that its modes can have together, and what leads there.

Nothing here knows a model, a field or a number: all of it is read off the modes of the Spec.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from wanlib.spec.model.mode_values import OTHER, value_combinations
from wanlib.spec.model.model import CALLS, Family, Field, Rule, Spec
from wanlib.spec.model.modes import Condition, holds

# Rules on what modes read: they are broken by the situation, since a break may change which modes hold.
PINNED_KINDS = ("one_of", "min", "max", "min_count", "max_count")
_STEPS = (1, 2, 7, 30)


@dataclass(frozen=True)
class ModeCase:
    """One set of truth values of a model's modes.

    pinned: each way to get there: the values of the fields that modes read (for a list, its count) and
    `call` where a mode reads it. calls: the calls open to it otherwise.
    wanted: the fields, by path, that must be there, and lists that must not be empty.
    pictured: every image is a real picture.
    """

    family: Family
    model: str
    calls: tuple[str, ...]
    truths: Mapping[str, bool]
    pinned: tuple[Mapping[str, Any], ...]
    wanted: frozenset[str] = frozenset()
    pictured: bool = False

    def holds(self, condition: Condition | None) -> bool:
        """Whether a condition holds; none at all always does."""
        return condition is None or self.truths[condition.mode] is condition.wanted

    def active_rule(self, field: Field, kind: str) -> Rule | None:
        """The variant of a field's rule whose mode holds, or the base."""
        rules = sorted(field.rules_of_kind(kind), key=lambda rule: rule.condition is None)
        return next((rule for rule in rules if self.holds(rule.condition)), None)

    def limit(self, field: Field, kind: str, otherwise: Any = None) -> Any:
        """The limit of the active rule of a kind, or `otherwise`."""
        rule = self.active_rule(field, kind)
        return otherwise if rule is None else rule.limit

    def is_usable(self, field: Field) -> bool:
        """Whether a field has an effect here and is allowed."""
        return all(
            self.holds(rule.limit) for kind in ("effective", "needs") for rule in field.rules_of_kind(kind)
        )


def mode_cases(spec: Spec, model: str, broken: Rule | None = None) -> tuple[ModeCase, ...]:
    """All situations in which a request of this model can be valid, or, but for `broken`, would be.

    With `broken` only those in which that rule is judged and can be broken.
    """
    family = spec.family(model)
    groups: dict[tuple[bool, ...], list[Mapping[str, Any]]] = {}
    for values in _combinations(spec, family, model, broken):
        states = [holds(family.modes, mode, values) for mode in family.modes]
        groups.setdefault(tuple(state is True for state in states), []).append(values)
    found = []
    for states_of, group in groups.items():
        truths = dict(zip(family.modes, states_of, strict=True))
        bare = ModeCase(family, model, _calls(spec, model, broken), truths, ())
        pinned = tuple(values for values in group if _is_allowed(bare, values, broken))
        if pinned and bare.calls and (broken is None or _judged(bare, broken)):
            found.append(replace(bare, pinned=pinned))
    return tuple(found)


def _calls(spec: Spec, model: str, broken: Rule | None) -> tuple[str, ...]:
    """The calls that a model has; the others, where this is to be broken."""
    offered = broken is None or broken.kind != "endpoints"
    return tuple(call for call in CALLS if (call in spec.calls(model)) is offered)


def _combinations(spec: Spec, family: Family, model: str, broken: Rule | None) -> Iterator[Mapping[str, Any]]:
    domains: dict[str, dict[Any, None]] = {}
    for values in value_combinations(family, tuple(family.modes)):
        for name, value in values.items():
            domains.setdefault(name, {})[value] = None
    wide = {
        name: _candidate_values(spec, family, model, broken, name, tuple(met))
        for name, met in domains.items()
    }
    for chosen in product(*wide.values()):
        yield dict(zip(wide, chosen, strict=True))


def _candidate_values(
    spec: Spec, family: Family, model: str, broken: Rule | None, name: str, met: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Every value worth trying for a name, beside those that its modes tell apart; plainest first."""
    if name == "model":
        return (model,)
    if name == "call":
        return _calls(spec, model, broken)
    field = family.field(name)
    if broken is not None and broken.field == name and broken.kind in PINNED_KINDS:
        return tuple(_breaks(broken, met))
    if field.type == "list":
        return tuple(range(max([*met, *(rule.limit for rule in field.rules_of_kind("max_count"))]) + 1))
    words = {value: None for rule in field.rules_of_kind("one_of") for value in rule.limit}
    bounds = {rule.limit for kind in ("min", "max") for rule in field.rules_of_kind(kind)}
    return tuple(words) if field.type == "text" and words else tuple(sorted({*met, *bounds}, key=str))


def _breaks(rule: Rule, met: tuple[Any, ...]) -> Iterator[Any]:
    if rule.kind in ("max", "max_count"):
        yield from (rule.limit + step for step in _STEPS)
    elif rule.kind in ("min", "min_count"):
        yield from (rule.limit - step for step in _STEPS if rule.kind == "min" or step <= rule.limit)
    else:
        others = met if isinstance(rule.limit[0], bool) else (*met, OTHER, "")
        yield from (value for value in others if value not in rule.limit)


def _is_allowed(situation: ModeCase, values: Mapping[str, Any], broken: Rule | None) -> bool:
    """Whether these values, read by modes, are themselves allowed where they lead to."""
    for field in situation.family.fields:
        if field.name in values:
            value = values[field.name]
            absent = value == (0 if field.type == "list" else field.default.get(None))
            if not absent and not situation.is_usable(field):
                return False
            rules = (situation.active_rule(field, kind) for kind in PINNED_KINDS)
            if not all(_kept(rule, value) for rule in rules if rule and rule is not broken):
                return False
    return True


def _kept(rule: Rule, value: Any) -> bool:
    if rule.kind == "one_of":
        return value in rule.limit
    return bool(value >= rule.limit if rule.kind.startswith("min") else value <= rule.limit)


def _judged(situation: ModeCase, rule: Rule) -> bool:
    if rule.kind in ("effective", "needs"):
        return not situation.holds(rule.limit)
    if not rule.field:
        return True
    top = situation.family.field(rule.field.partition(".")[0])
    inner = next(field for field in situation.family.walk() if field.path == rule.field)
    return situation.is_usable(top) and situation.active_rule(inner, rule.kind) is rule
