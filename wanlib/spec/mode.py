"""Modes: the named conditions of a spec file, and the only place for expressions.

An expression is a small part of Python's own grammar: names, `and or not`, one name compared with
literals, `count(field)`. It is read with `ast.parse` and never evaluated as Python.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
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
class Count:
    """The number of items of a list field."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare:
    """One name or count held against literals; `literal` is a tuple for `in` and `not in`."""

    left: Name | Count
    operator: str
    literal: Any


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    inner: "Expression"


@dataclass(frozen=True, slots=True)
class Join:
    """`and` or `or` of two or more."""

    word: str
    parts: tuple["Expression", ...]


Expression = Name | Compare | Not | Join


@dataclass(frozen=True, slots=True)
class Condition:
    """A mode, or `not` a mode: what a rule's variant, `effective` and `needs` hang on."""

    mode: str
    wanted: bool

    def __str__(self) -> str:
        return self.mode if self.wanted else f"not {self.mode}"

    @property
    def suffix(self) -> str:
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


def leaves(expression: Expression) -> Iterator[Name | Compare]:
    """The names and comparisons of an expression, in order."""
    if isinstance(expression, Join):
        for part in expression.parts:
            yield from leaves(part)
    elif isinstance(expression, Not):
        yield from leaves(expression.inner)
    else:
        yield expression


def names(expression: Expression) -> set[str]:
    """The fields and modes that an expression reads itself."""
    return {(leaf if isinstance(leaf, Name) else leaf.left).name for leaf in leaves(expression)}


def _refused(node: ast.expr, expected: str) -> ValueError:
    return ValueError(f"{ast.unparse(node)!r} is not allowed in a mode, expected {expected}")


def _expression(node: ast.expr) -> Expression:
    if isinstance(node, ast.Name):
        return Name(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return Not(_expression(node.operand))
    if isinstance(node, ast.BoolOp):
        return Join("and" if isinstance(node.op, ast.And) else "or", tuple(map(_expression, node.values)))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compare(node)
    raise _refused(node, _FORM)


def _compare(node: ast.Compare) -> Compare:
    operator = OPERATORS.get(type(node.ops[0]))
    if operator is None:
        raise _refused(node, f"one of {', '.join(OPERATORS.values())}")
    literal = _literal(node.comparators[0])
    if (operator in ("in", "not in")) != isinstance(literal, tuple):
        raise _refused(node, "a tuple behind in, one literal elsewhere")
    return Compare(_left(node.left), operator, literal)


def _left(node: ast.expr) -> Name | Count:
    if isinstance(node, ast.Name):
        return Name(node.id)
    match node:
        case ast.Call(func=ast.Name(id="count"), args=[ast.Name(id=field)], keywords=[]):
            return Count(field)
    raise _refused(node, "a name or count(field) before a comparison")


def _literal(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):  # a name; or text where Python has no sum of it
        raise _refused(node, "a literal") from None
    for each in value if isinstance(value, tuple) else (value,):
        if not isinstance(each, str | int | float) or each in _INFINITE:
            raise _refused(node, "text, numbers, True or False")
    if value == ():
        raise _refused(node, "at least one literal")
    return value
