"""What the messages of a family's rules say beyond limit and value."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from wanlib.base.rule_name import Hints, RuleName
from wanlib.spec.describe import describe, describe_others
from wanlib.spec.evaluate import holds
from wanlib.spec.exclusive import combinations_of
from wanlib.spec.mode import Condition
from wanlib.spec.model import Family, Field, Rule

_WITHOUT_OTHERS = ("required",)
"""Kinds of which it helps nobody to learn under what condition the rule would not hold."""


def named(family: Family, rule: Rule) -> str:
    """Return the id of a rule on a family's bodies, with the hints that its message needs."""
    if rule.kind in ("unknown", "only_for") and not rule.field:
        return RuleName(rule.id, stray_hints(family))
    return _rule_names(family).get(rule.id, rule.id)


@lru_cache(maxsize=64)  # as of `prepared`
def _rule_names(family: Family) -> dict[str, RuleName]:
    return {name: name for field in family.walk() for name in _names(family, field)}


@lru_cache(maxsize=64)
def stray_hints(family: Family) -> Hints:
    """Return what the message on an unknown member of the family's bodies says."""
    sizes = tuple(each.name for each in family.fields if each.type == "size")
    return Hints(homes=family.homes, sizes=sizes, instead=family.instead)


def _names(family: Family, field: Field) -> Iterator[RuleName]:
    for kind in dict.fromkeys(rule.kind for rule in field.rules):
        rules = field.of_kind(kind)
        conditions = [rule.condition for rule in rules if rule.condition]
        if not conditions:
            continue
        otherwise = describe_others(family, conditions)
        said = {rule: describe(family, rule.condition) if rule.condition else otherwise for rule in rules}
        bound = any(rule.condition is None for rule in rules) or not _can_fail_together(family, conditions)
        none: list[tuple[Any, str]] = [] if bound else [(None, otherwise)]
        for rule in rules:
            others = [(_limit(other), said[other]) for other in rules if other is not rule] + none
            yield RuleName(
                rule.id,
                Hints(said[rule] if rule.condition else "", () if kind in _WITHOUT_OTHERS else tuple(others)),
            )


def _can_fail_together(family: Family, conditions: list[Condition]) -> bool:
    """Whether some request meets none of the conditions."""
    modes = tuple(dict.fromkeys(each.mode for each in conditions))
    return any(
        all(holds(family.modes, each.mode, values) is not each.wanted for each in conditions)
        for values in combinations_of(family, modes)
    )


def _limit(rule: Rule) -> Any:
    return tuple(rule.limit) if isinstance(rule.limit, dict) else rule.limit
