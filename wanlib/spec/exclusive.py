"""Whether two conditions can hold together: decided by trying the combinations of the literals that occur."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from wanlib.spec.evaluate import holds
from wanlib.spec.mode import Compare, Condition, Count, Expression, Name, leaves
from wanlib.spec.model import CALLS

if TYPE_CHECKING:
    from wanlib.spec.model import Family

OTHER = "(another)"


def can_hold_together(family: "Family", one: Condition, two: Condition) -> str:
    """Values under which both hold, as text; empty where there are none."""
    for values in combinations_of(family, (one.mode, two.mode)):
        if all(holds(family.modes, each.mode, values) is each.wanted for each in (one, two)):
            return ", ".join(f"{name}={value}" for name, value in values.items())
    return ""


def combinations_of(family: "Family", modes: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    """Every combination of the values that these modes can tell apart. A list field's value is its count."""
    domains: dict[str, list[Any]] = {}
    for mode in modes:
        _collect(family, family.modes[mode], domains)
    for values in product(*domains.values()):
        yield dict(zip(domains, values, strict=True))


def _collect(family: "Family", expression: Expression, domains: dict[str, list[Any]]) -> None:
    for leaf in leaves(expression):
        if isinstance(leaf, Name) and leaf.name in family.modes:
            _collect(family, family.modes[leaf.name], domains)
        elif isinstance(leaf, Name):
            domains.setdefault(leaf.name, [True, False])
        else:
            domain = domains.setdefault(leaf.left.name, _start(family, leaf))
            domain += [value for value in _literals(leaf) if value not in domain]


def _start(family: "Family", leaf: Compare) -> list[Any]:
    if isinstance(leaf.left, Count):
        return [0]
    return {"model": list(family.models), "call": list(CALLS)}.get(leaf.left.name, [OTHER])


def _literals(leaf: Compare) -> list[Any]:
    values = list(leaf.literal) if isinstance(leaf.literal, tuple) else [leaf.literal]
    if isinstance(leaf.left, Count):
        return [count for value in values for count in (value - 1, value, value + 1) if count >= 0]
    return values
