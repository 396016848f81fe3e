"""Modes: the named conditions of a spec file, and the only place for expressions.

An expression is a small part of Python's own grammar: names, `and or not`, one name compared with
literals, `count(field)`. It is read with `ast.parse` and never evaluated as Python.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple
from warnings import catch_warnings

LONGEST = 200
OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_INFINITE = (float("inf"), float("-inf"))
_FORM = "names, and, or, not, comparisons, count(field)"


@dataclass(frozen=True, slots=True)
class Name:
    """The effective value of a boolean field, or another mode."""

    name: str


@dataclass(frozen=True, slots=True)
class ItemCount:
    """The number of items of a list field."""

    name: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One name or count held against literals; `literal` is a tuple for `in` and `not in`."""

    left: Name | ItemCount
    operator: str
    literal: Any


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    inner: "Expression"


@dataclass(frozen=True, slots=True)
class BoolOp:
    """`and` or `or` of two or more."""

    word: str
    parts: tuple["Expression", ...]


Expression = Name | Comparison | Not | BoolOp


@dataclass(frozen=True, slots=True)
class Condition:
    """A mode, or `not` a mode: what a rule's variant, `effective` and `needs` hang on."""

    mode: str
    wanted: bool

    def __str__(self) -> str:
        return self.mode if self.wanted else f"not {self.mode}"

    @property
    def id_suffix(self) -> str:
        """As it stands behind the colon of a rule id."""
        return self.mode if self.wanted else f"not-{self.mode}"


def parse_mode(text: str) -> Expression:
    """The tree of an expression; ValueError says what was met."""
    if len(text) > LONGEST:
        raise ValueError(f"has {len(text)} characters, expected at most {LONGEST}")
    try:
        with catch_warnings(action="error"):  # of what another version of Python would read otherwise
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError(f"{text!r} is no expression, expected {_FORM}") from None
    return _expression(tree)


def parse_condition(text: object) -> Condition:
    """`mode` or `not mode`; ValueError where it is anything else."""
    words = text.split() if isinstance(text, str) else []
    if len(words) == 1 and words[0].isidentifier():
        return Condition(words[0], True)
    if len(words) == 2 and words[0] == "not" and words[1].isidentifier():
        return Condition(words[1], False)
    raise ValueError(f"{text!r} is no condition, expected a mode or not a mode")


def leaves(expression: Expression) -> Iterator[Name | Comparison]:
    """The names and comparisons of an expression, in order."""
    if isinstance(expression, BoolOp):
        for part in expression.parts:
            yield from leaves(part)
    elif isinstance(expression, Not):
        yield from leaves(expression.inner)
    else:
        yield expression


def referenced_names(expression: Expression) -> set[str]:
    """The fields and modes that an expression reads itself."""
    return {(leaf if isinstance(leaf, Name) else leaf.left).name for leaf in leaves(expression)}


def _syntax_error(node: ast.expr, expected: str) -> ValueError:
    return ValueError(f"{ast.unparse(node)!r} is not allowed in a mode, expected {expected}")


def _expression(node: ast.expr) -> Expression:
    if isinstance(node, ast.Name):
        return Name(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return Not(_expression(node.operand))
    if isinstance(node, ast.BoolOp):
        return BoolOp("and" if isinstance(node.op, ast.And) else "or", tuple(map(_expression, node.values)))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compare(node)
    raise _syntax_error(node, _FORM)


def _compare(node: ast.Compare) -> Comparison:
    operator = OPERATORS.get(type(node.ops[0]))
    if operator is None:
        raise _syntax_error(node, f"one of {', '.join(OPERATORS.values())}")
    literal = _literal(node.comparators[0])
    if (operator in ("in", "not in")) != isinstance(literal, tuple):
        raise _syntax_error(node, "a tuple behind in, one literal elsewhere")
    return Comparison(_left_operand(node.left), operator, literal)


def _left_operand(node: ast.expr) -> Name | ItemCount:
    if isinstance(node, ast.Name):
        return Name(node.id)
    match node:
        case ast.Call(func=ast.Name(id="count"), args=[ast.Name(id=field)], keywords=[]):
            return ItemCount(field)
    raise _syntax_error(node, "a name or count(field) before a comparison")


def _literal(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):  # a name; or text where Python has no sum of it
        raise _syntax_error(node, "a literal") from None
    for each in value if isinstance(value, tuple) else (value,):
        if not isinstance(each, str | int | float) or each in _INFINITE:
            raise _syntax_error(node, "text, numbers, True or False")
    if value == ():
        raise _syntax_error(node, "at least one literal")
    return value


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


class CompiledMode(NamedTuple):
    """A mode to be asked often: what it reads, directly or through modes, and a function of their values."""

    reads: tuple[str, ...]
    test: _Test

    def holds(self, values: Mapping[str, Any]) -> bool | None:
        """Whether it holds, by values as of `holds`."""
        for name in self.reads:
            if values.get(name) is None:
                return None
        return self.test(values)


def compile_modes(modes: Mapping[str, Expression]) -> Mapping[str, CompiledMode]:
    """Modes made ready, by name."""
    found: dict[str, CompiledMode] = {}
    for mode in modes:
        _ready(modes, mode, found)
    return found


class ModeState:
    """What is known of one body: whether a mode holds is found out when it is first asked.

    modes: made ready, by name. values: as of `holds`.
    """

    def __init__(self, modes: Mapping[str, CompiledMode], values: Mapping[str, Any]) -> None:
        self._modes = modes
        self._values = values
        self._states: dict[str, bool | None] = {}

    def holds(self, mode: str) -> bool | None:
        """Whether a mode holds; KeyError where there is none of this name."""
        if mode not in self._states:
            self._states[mode] = self._modes[mode].holds(self._values)
        return self._states[mode]


def _ready(modes: Mapping[str, Expression], mode: str, found: dict[str, CompiledMode]) -> CompiledMode:
    """A mode made ready, after those that it reads; all go to `found`."""
    if mode not in found:
        expression = modes[mode]
        inner = {name: _ready(modes, name, found) for name in referenced_names(expression) if name in modes}
        reads = {read for each in inner.values() for read in each.reads} | referenced_names(
            expression
        ) - inner.keys()
        found[mode] = CompiledMode(tuple(sorted(reads)), _test(expression, inner))
    return found[mode]


def _test(expression: Expression, modes: Mapping[str, CompiledMode]) -> _Test:
    if isinstance(expression, Name):
        return modes[expression.name].test if expression.name in modes else _name_value(expression.name)
    if isinstance(expression, Comparison):
        return _comparison(_COMPARE[expression.operator], expression.left.name, expression.literal)
    if isinstance(expression, Not):
        inner = _test(expression.inner, modes)
        return lambda known: not inner(known)
    return reduce(
        _and if expression.word == "and" else _or, (_test(each, modes) for each in expression.parts)
    )


def _and(one: _Test, other: _Test) -> _Test:
    return lambda known: one(known) and other(known)


def _or(one: _Test, other: _Test) -> _Test:
    return lambda known: one(known) or other(known)


def _name_value(name: str) -> _Test:
    return lambda known: bool(known[name])


def _comparison(compare: Callable[[Any, Any], bool], name: str, literal: Any) -> _Test:
    return lambda known: compare(known[name], literal)
