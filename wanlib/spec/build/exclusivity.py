"""Whether two conditions can hold together: tried with every combination of the literals that occur."""

from collections.abc import Iterator, Mapping
from itertools import pairwise, product
from math import prod
from typing import TYPE_CHECKING, Any

from wanlib.spec.model.modes import holds
from wanlib.spec.model.modes import Comparison, Condition, ItemCount, Expression, Name, leaves
from wanlib.spec.model.model import CALLS

if TYPE_CHECKING:
    from wanlib.spec.model.model import Family

MOST = 20_000
OTHER = "(another)"


def find_overlap(family: "Family", one: Condition, two: Condition) -> str:
    """Values under which both hold, as text; empty where there are none."""
    for values in value_combinations(family, (one.mode, two.mode)):
        if all(holds(family.modes, each.mode, values) is each.wanted for each in (one, two)):
            return ", ".join(f"{name}={value}" for name, value in values.items())
    return ""


def value_combinations(family: "Family", modes: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    """Every combination of the values that these modes can tell apart. A list field's value is its count."""
    domains = _value_domains(family, modes)
    for values in product(*domains.values()):
        yield dict(zip(domains, values, strict=True))


def combination_count(family: "Family", modes: tuple[str, ...]) -> int:
    """How many there are, without making them."""
    return prod(map(len, _value_domains(family, modes).values()))


def _value_domains(family: "Family", modes: tuple[str, ...]) -> dict[str, list[Any]]:
    domains: dict[str, list[Any]] = {}
    for mode in modes:
        _collect_literals(family, family.modes[mode], domains)
    for name, values in domains.items():
        if _type(family, name) == "number":
            domains[name] = values + [(low + high) / 2 for low, high in pairwise(sorted(values))]
    return domains


def _collect_literals(family: "Family", expression: Expression, domains: dict[str, list[Any]]) -> None:
    for leaf in leaves(expression):
        if isinstance(leaf, Name) and leaf.name in family.modes:
            _collect_literals(family, family.modes[leaf.name], domains)
        elif isinstance(leaf, Name):
            domains.setdefault(leaf.name, [True, False])
        else:
            domain = domains.setdefault(leaf.left.name, _initial_domain(family, leaf))
            domain += [value for value in _literals(family, leaf) if value not in domain]


def _initial_domain(family: "Family", leaf: Comparison) -> list[Any]:
    if isinstance(leaf.left, ItemCount):
        return [0]
    name = leaf.left.name
    if name in ("model", "call"):
        return list(family.models if name == "model" else CALLS)
    starts: dict[str, list[Any]] = {"boolean": [True, False], "integer": [], "number": []}
    return starts.get(_type(family, name), [OTHER])


def _literals(family: "Family", leaf: Comparison) -> list[Any]:
    """The literals of a comparison, and of numbers their neighbours."""
    values = list(leaf.literal) if isinstance(leaf.literal, tuple) else [leaf.literal]
    counted = isinstance(leaf.left, ItemCount)
    if not counted and _type(family, leaf.left.name) not in ("integer", "number"):
        return values
    around = [near for value in values for near in (value - 1, value, value + 1)]
    return [value for value in dict.fromkeys(around) if not counted or value >= 0]


def _type(family: "Family", name: str) -> str:
    return next((field.type for field in family.fields if field.name == name), "")
