"""List the cases of a call that literal types distinguish."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from wanlib.emit.python_text import EmitError
from wanlib.spec import Family, Field, Rule
from wanlib.spec.model.mode_values import MAX_COMBINATIONS, combination_count, value_combinations
from wanlib.spec.model.modes import holds

TYPED = ("required", "one_of", "keywords", "none_of")
"""The kinds that a type can express."""

GIVEN, NONE = "given", "none"

ModeState = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MethodContext:
    """A verb on a model, with or without images, by some calls."""

    family: Family
    model: str
    verb: str
    images: str
    calls: tuple[str, ...]
    default_call: str

    def image_lists(self) -> list[str]:
        """Return the fields that the argument `images` fills."""
        return [field.name for field in self.family.fields if field.each and field.each.type == "image"]

    def default_value(self, field: Field) -> Any:
        """Return the value of an absent field; None if it is not documented."""
        default = self.family.verbs[self.verb].default_sends.get(field.name, field.default.get(None))
        return None if default == "derived" else default


@dataclass(frozen=True, slots=True)
class LiteralCase:
    """Values that a caller writes literally, and the mode states that are possible with them."""

    values: ModeState
    mode_states: tuple[ModeState, ...]


def active_rule(family: Family, field: Field, kind: str, world: ModeState) -> Rule | None:
    """Return the rule of a kind that applies; None if there is none or it is not known."""
    base = None
    for rule in field.rules_of_kind(kind):
        if rule.condition is None:
            base = rule
            continue
        state = holds(family.modes, rule.condition.mode, world)
        if state is None:
            return None
        if state is rule.condition.wanted:
            return rule
    return base


def literal_values(field: Field) -> list[Any]:
    """Return all values of a boolean or an enumerated text; empty for other fields."""
    if field.type == "boolean":
        return [False, True]
    if field.type == "number":  # a literal type can't have a fraction
        return []
    return list(dict.fromkeys(word for rule in field.rules_of_kind("one_of") for word in rule.limit))


def literal_cases(context: MethodContext) -> Iterator[LiteralCase]:
    """Yield every reachable case, starting with the case of the defaults."""
    domains = _domains(context)
    seen = [
        "call",
        *(field.name for field in context.family.fields if field.name in domains and literal_values(field)),
    ]
    behind: dict[tuple[Any, ...], list[ModeState]] = {}
    for values in product(*domains.values()):
        world = dict(zip(domains, values, strict=True))
        if _is_reachable(context, world):
            behind.setdefault(tuple(world[name] for name in seen), []).append(world)
    for key, worlds in behind.items():
        yield LiteralCase(dict(zip(seen, key, strict=True)), tuple(worlds))


def _domains(context: MethodContext) -> dict[str, list[Any]]:
    """Return the possible values of each name that types depend on, the default first."""
    family = context.family
    modes = tuple(dict.fromkeys(_modes(family)))
    if combination_count(family, modes) > MAX_COMBINATIONS:
        raise EmitError(
            f"the types of {family.name} depend on more than {MAX_COMBINATIONS} combinations of values"
        )
    domains: dict[str, list[Any]] = {"call": [], "model": []}
    for values in value_combinations(family, modes):
        for name, value in values.items():
            known = domains.setdefault(name, [])
            known += [] if value in known else [value]
    for field in family.fields:
        if field.name in domains:
            domains[field.name] = _domain(context, field, domains[field.name])
    meant = {name: [value] for name, value in family.verbs[context.verb].always_sends.items()}
    return domains | {"call": list(context.calls), "model": [context.model]} | meant


def _domain(context: MethodContext, field: Field, values: list[Any]) -> list[Any]:
    if field.name in context.image_lists():
        return [0] if context.images == NONE else [count for count in values if count > 0] or [1]
    start, words = context.default_value(field), literal_values(field) or values
    needed = any(rule.condition is None for rule in field.rules_of_kind("required"))
    return [*([] if start is None and needed else [start]), *(word for word in words if word != start)]


def _modes(family: Family) -> Iterator[str]:
    for field in family.walk():
        yield from (
            rule.condition.mode for rule in _conditional(field, (*TYPED, "min_count")) if rule.condition
        )


def _conditional(field: Field, kinds: Iterable[str]) -> list[Rule]:
    return [rule for kind in kinds for rule in field.rules_of_kind(kind) if rule.condition]


def _is_reachable(context: MethodContext, world: ModeState) -> bool:
    """Return True if the known values satisfy the rules that apply."""
    family, lists = context.family, context.image_lists()
    for field in family.fields:
        if field.name in lists:
            least = active_rule(family, field, "min_count", world)
            needed = active_rule(family, field, "required", world) or (least and least.limit > 0)
            if needed and context.images == NONE:
                return False
        elif world.get(field.name) is not None:
            words = active_rule(family, field, "one_of", world)
            if words and world[field.name] not in words.limit:
                return False
    return True
