"""The values that modes depend on, and whether two conditions can hold together.

Conditions are compared by trial: every combination of the literals that occur in their modes, with the
neighbours of numbers, is evaluated. That is exact for these expressions, and `MAX_COMBINATIONS` bounds the
work.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise, product
from math import prod
from typing import Any

from wanlib.base.values import ABSENT
from wanlib.spec.model.model import CALLS, Family
from wanlib.spec.model.modes import (
    Comparison,
    Condition,
    Expression,
    Given,
    ItemCount,
    Name,
    given_key,
    holds,
    leaves,
    referenced_names,
)

MAX_COMBINATIONS = 20_000
"""Maximum number of combinations that are tried."""

OTHER = "(another)"
"""A text that no literal names."""

SOME = "(some value)"
"""The value of a field of which modes read only whether it is given."""


def referenced_fields(family: Family, mode: str) -> set[str]:
    """Return the fields (and `model`, `call`) that a mode reads, also indirectly."""
    names: set[str] = set()
    for name in referenced_names(family.modes[mode]):
        names |= referenced_fields(family, name) if name in family.modes else {name}
    return names


def find_overlap(family: Family, first: Condition, second: Condition) -> str:
    """Return values with which both conditions hold, as text; empty if none exist."""
    for values in value_combinations(family, (first.mode, second.mode)):
        if all(
            holds(family.modes, condition.mode, values) is condition.wanted for condition in (first, second)
        ):
            return ", ".join(f"{name}={value}" for name, value in values.items())
    return ""


def value_combinations(family: Family, modes: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    """Yield every combination of values that these modes distinguish, as they read them.

    The value of a list is its count.
    """
    domains = value_domains(family, modes)
    for values in product(*domains.values()):
        yield mode_values(family, dict(zip(domains, values, strict=True)))


def mode_values(family: Family, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of the modes for some stated values.

    Args:
        family: The family.
        stated: Values by field, with ABSENT for a field that the body does not have.

    Returns:
        Effective values (None for an absent field without a default), and whether fields are given.
    """
    values: dict[str, Any] = {}
    for name, value in stated.items():
        if name in family.given_fields:
            values[given_key(name)] = value is not ABSENT
        if value is ABSENT:
            values[name] = family.field(name).plain_default
        elif value is not SOME:
            values[name] = value
    return values


def combination_count(family: Family, modes: tuple[str, ...]) -> int:
    """Return the number of combinations that `value_combinations` would yield."""
    return prod(map(len, value_domains(family, modes).values()))


def value_domains(family: Family, modes: tuple[str, ...]) -> dict[str, list[Any]]:
    """Return the values of each name that these modes distinguish, with ABSENT first if they do."""
    domains: dict[str, list[Any]] = {}
    given: set[str] = set()
    for mode in modes:
        _collect_literals(family, family.modes[mode], domains, given)
    for name, values in domains.items():
        if _field_type(family, name) == "number":
            domains[name] = values + [(low + high) / 2 for low, high in pairwise(sorted(values))]
    absent = {name: [ABSENT, *domains.get(name, [SOME])] for name in sorted(given)}
    return domains | absent


def _collect_literals(
    family: Family, expression: Expression, domains: dict[str, list[Any]], given: set[str]
) -> None:
    for leaf in leaves(expression):
        if isinstance(leaf, Given):
            given.add(leaf.name)
        elif isinstance(leaf, Name) and leaf.name in family.modes:
            _collect_literals(family, family.modes[leaf.name], domains, given)
        elif isinstance(leaf, Name):
            domains.setdefault(leaf.name, [True, False])
        else:
            domain = domains.setdefault(leaf.left.name, _initial_domain(family, leaf))
            domain += [value for value in _literals(family, leaf) if value not in domain]


def _initial_domain(family: Family, leaf: Comparison) -> list[Any]:
    if isinstance(leaf.left, ItemCount):
        return [0]
    name = leaf.left.name
    if name in ("model", "call"):
        return list(family.models if name == "model" else CALLS)
    by_type: dict[str, list[Any]] = {"boolean": [True, False], "integer": [], "number": []}
    return by_type.get(_field_type(family, name), [OTHER])


def _literals(family: Family, leaf: Comparison) -> list[Any]:
    """Return the literals of a comparison; for numbers, with their neighbours."""
    values = list(leaf.literal) if isinstance(leaf.literal, tuple) else [leaf.literal]
    is_count = isinstance(leaf.left, ItemCount)
    if not is_count and _field_type(family, leaf.left.name) not in ("integer", "number"):
        return values
    neighbours = [near for value in values for near in (value - 1, value, value + 1)]
    return [value for value in dict.fromkeys(neighbours) if not is_count or value >= 0]


def _field_type(family: Family, name: str) -> str:
    return next((field.type for field in family.fields if field.name == name), "")
