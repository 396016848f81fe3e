"""Modes walked with values: True, False, or None where a field that they read is undetermined."""

import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
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
    """Whether a mode holds.

    values: the effective value of each field, `model` and `call`, the count for a list field; a field
    that is missing from it or None is undetermined, and so is then every mode that reads it.
    """
    return Known({name: ready(expression) for name, expression in modes.items()}, values).holds(mode)


class Ready(NamedTuple):
    """An expression to be asked often: the names that it reads, and a function of their values."""

    reads: tuple[str, ...]
    test: _Test


@lru_cache(maxsize=1024)
def ready(expression: Expression) -> Ready:
    """An expression made ready."""
    return Ready(tuple(sorted(names(expression))), _test(expression))


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
            self._states[mode] = self._found(self._modes[mode])
        return self._states[mode]

    def _found(self, mode: Ready) -> bool | None:
        known: dict[str, Any] = {}
        for name in mode.reads:
            known[name] = self.holds(name) if name in self._modes else self._values.get(name)
            if known[name] is None:
                return None
        return mode.test(known)


def _test(expression: Expression) -> _Test:
    if isinstance(expression, Name):
        return _truth(expression.name)
    if isinstance(expression, Compare):
        return _comparison(_COMPARE[expression.operator], expression.left.name, expression.literal)
    if isinstance(expression, Not):
        inner = _test(expression.inner)
        return lambda known: not inner(known)
    parts, join = [_test(part) for part in expression.parts], all if expression.word == "and" else any
    return lambda known: join([part(known) for part in parts])


def _truth(name: str) -> _Test:
    return lambda known: bool(known[name])


def _comparison(compare: Callable[[Any, Any], bool], name: str, literal: Any) -> _Test:
    return lambda known: compare(known[name], literal)
