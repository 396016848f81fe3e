"""Modes walked with values: True, False, or None where a field that they read is undetermined."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from wanlib.spec.mode import Compare, Expression, Join, Name, Not, names

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda left, right: left in right,
    "not in": lambda left, right: left not in right,
}


def holds(modes: Mapping[str, Expression], mode: str, values: Mapping[str, Any]) -> bool | None:
    """Whether a mode holds.

    values: the effective value of each field, `model` and `call`, the count for a list field; a field
    that is missing from it or None is undetermined, and so is then every mode that reads it.
    """
    expression = modes[mode]
    known: dict[str, Any] = {}
    for name in names(expression):
        known[name] = holds(modes, name, values) if name in modes else values.get(name)
        if known[name] is None:
            return None
    return _value(expression, known)


def _value(expression: Expression, known: Mapping[str, Any]) -> bool:
    if isinstance(expression, Name):
        return bool(known[expression.name])
    if isinstance(expression, Compare):
        return _COMPARE[expression.operator](known[expression.left.name], expression.literal)
    if isinstance(expression, Not):
        return not _value(expression.inner, known)
    assert isinstance(expression, Join)
    parts = (_value(part, known) for part in expression.parts)
    return all(parts) if expression.word == "and" else any(parts)
