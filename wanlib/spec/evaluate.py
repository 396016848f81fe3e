"""Modes walked with values: True, False, or None where a field that they read is undetermined."""

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, NamedTuple

from wanlib.spec.mode import Compare, Expression, Name, Not, names

_Test = Callable[[Mapping[str, Any]], bool]

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
    """Whether a mode holds; KeyError where there is none of this name.

    values: the effective value of each field, `model` and `call`, the count for a list field; a field
    that is missing from it or None is undetermined, and so is then every mode that reads it.
    """
    return _ready(modes, mode, {}).holds(values)


class Ready(NamedTuple):
    """A mode to be asked often: what it reads, directly or through modes, and a function of their values."""

    reads: tuple[str, ...]
    test: _Test

    def holds(self, values: Mapping[str, Any]) -> bool | None:
        """Whether it holds, by values as of `holds`."""
        for name in self.reads:
            if values.get(name) is None:
                return None
        return self.test(values)


def ready_modes(modes: Mapping[str, Expression]) -> Mapping[str, Ready]:
    """Modes made ready, by name."""
    found: dict[str, Ready] = {}
    for mode in modes:
        _ready(modes, mode, found)
    return found


class Known:
    """What is known of one body: whether a mode holds is found out when it is first asked.

    modes: made ready, by name. values: as of `holds`.
    """

    def __init__(self, modes: Mapping[str, Ready], values: Mapping[str, Any]) -> None:
        self._modes = modes
        self._values = values
        self._states: dict[str, bool | None] = {}

    def holds(self, mode: str) -> bool | None:
        """Whether a mode holds; KeyError where there is none of this name."""
        if mode not in self._states:
            self._states[mode] = self._modes[mode].holds(self._values)
        return self._states[mode]


def _ready(modes: Mapping[str, Expression], mode: str, found: dict[str, Ready]) -> Ready:
    """A mode made ready, after those that it reads; all go to `found`."""
    if mode not in found:
        expression = modes[mode]
        inner = {name: _ready(modes, name, found) for name in names(expression) if name in modes}
        reads = {read for each in inner.values() for read in each.reads} | names(expression) - inner.keys()
        found[mode] = Ready(tuple(sorted(reads)), _test(expression, inner))
    return found[mode]


def _test(expression: Expression, modes: Mapping[str, Ready]) -> _Test:
    if isinstance(expression, Name):
        return modes[expression.name].test if expression.name in modes else _truth(expression.name)
    if isinstance(expression, Compare):
        return _comparison(_COMPARE[expression.operator], expression.left.name, expression.literal)
    if isinstance(expression, Not):
        inner = _test(expression.inner, modes)
        return lambda known: not inner(known)
    return reduce(
        _both if expression.word == "and" else _either, (_test(each, modes) for each in expression.parts)
    )


def _both(one: _Test, other: _Test) -> _Test:
    return lambda known: one(known) and other(known)


def _either(one: _Test, other: _Test) -> _Test:
    return lambda known: one(known) or other(known)


def _truth(name: str) -> _Test:
    return lambda known: bool(known[name])


def _comparison(compare: Callable[[Any, Any], bool], name: str, literal: Any) -> _Test:
    return lambda known: compare(known[name], literal)
