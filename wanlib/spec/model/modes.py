"""Modes: the named conditions of a model file, and the only place for expressions.

Why modes
---------

A limit often holds only in some requests: at most 12 pictures with `enable_sequential`, else 4. A model file
names such a condition once, under `modes:`, and rules refer to it by name: `when sequential: {max: 12}`. The
name is part of the rule id, so a violation shows in which mode it occurred. Rules contain no expressions, so
two variants can be compared, and the loader can prove that they never hold together (`mode_values.py`).

The language
------------

An expression is a small part of Python's grammar: names of boolean fields and of modes above it, `and`,
`or`, `not`, a name compared with literals (`==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`),
`count(field)` for the number of items of a list, and `given(field)` for a field that is in the body. Two
names always exist: `model` and `call`. The text is parsed with `ast.parse` and never evaluated as
Python. A `Condition` is a mode or `not` a mode.

Values
------

A mode reads *effective* values: the value in the body if it has the right type, the default if the field is
absent, and the number of items for a list. `call` is unknown if a bare body is checked. A field may be
unknown as well, for example below a broken container.

A field without a default that may be absent has no effective value. A mode may read it only behind
`given(field)`, from left to right: `given(strength) and strength > 0.5`. The loader refuses any other use.
`given(field)` is unknown if the field has the wrong type.

Three-valued logic
------------------

A mode is True, False or None (unknown), by Kleene's *weak* three-valued logic: it is unknown as soon as any
field that it reads is unknown, also if the other operand of an `and` or `or` would decide it, so equivalent
spellings of a mode behave alike. `not` of an unknown mode is unknown. Callers must not treat None as False: a
variant whose mode is unknown keeps its base rule out of force.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple
from warnings import catch_warnings

_LONGEST = 200
"""Maximum number of characters of an expression."""

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
_GRAMMAR = "names, and, or, not, comparisons, count(field), given(field)"


@dataclass(frozen=True, slots=True)
class Name:
    """The effective value of a boolean field, or another mode."""

    name: str


@dataclass(frozen=True, slots=True)
class ItemCount:
    """The number of items of a list field."""

    name: str


@dataclass(frozen=True, slots=True)
class Given:
    """Whether the body has a field."""

    name: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One name or count compared with a literal; a tuple for `in` and `not in`."""

    left: Name | ItemCount
    operator: str
    literal: Any


@dataclass(frozen=True, slots=True)
class Not:
    """The negation of an expression."""

    inner: "Expression"


@dataclass(frozen=True, slots=True)
class BoolOp:
    """`and` or `or` of two or more expressions."""

    word: str
    parts: tuple["Expression", ...]


Expression = Name | Given | Comparison | Not | BoolOp


def given_key(field: str) -> str:
    """Return the name of `given(field)` among the values that modes read."""
    return f"given({field})"


@dataclass(frozen=True, slots=True)
class Condition:
    """A mode, or `not` a mode: the condition of a variant, `effective` and `needs`.

    Attributes:
        mode: The name of the mode.
        wanted: False for `not` the mode.
    """

    mode: str
    wanted: bool

    def __str__(self) -> str:
        """Return the condition as a spec file writes it."""
        return self.mode if self.wanted else f"not {self.mode}"

    @property
    def id_suffix(self) -> str:
        """The condition as it follows the colon of a rule id."""
        return self.mode if self.wanted else f"not-{self.mode}"


def parse_mode(text: str) -> Expression:
    """Parse the expression of a mode.

    Raises:
        ValueError: The text is not an expression of this language; the message states the expected form.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"has {len(text)} characters, expected at most {_LONGEST}")
    try:
        with catch_warnings(action="error"):  # warnings about text that Python versions parse differently
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError(f"{text!r} is not an expression, expected {_GRAMMAR}") from None
    return _expression(tree)


def parse_condition(text: object) -> Condition:
    """Parse `mode` or `not mode`.

    Raises:
        ValueError: The text is neither.
    """
    words = text.split() if isinstance(text, str) else []
    if len(words) == 1 and words[0].isidentifier():
        return Condition(words[0], True)
    if len(words) == 2 and words[0] == "not" and words[1].isidentifier():
        return Condition(words[1], False)
    raise ValueError(f"{text!r} is not a condition, expected a mode or not a mode")


def leaves(expression: Expression) -> Iterator[Name | Given | Comparison]:
    """Yield the names, `given` and comparisons of an expression, in order."""
    if isinstance(expression, BoolOp):
        for part in expression.parts:
            yield from leaves(part)
    elif isinstance(expression, Not):
        yield from leaves(expression.inner)
    else:
        yield expression


def referenced_names(expression: Expression) -> set[str]:
    """Return the fields and modes that an expression itself names."""
    return {_leaf_name(leaf) for leaf in leaves(expression)}


def _leaf_name(leaf: Name | Given | Comparison) -> str:
    return leaf.left.name if isinstance(leaf, Comparison) else leaf.name


def read_keys(expression: Expression, modes: Mapping[str, Expression]) -> set[str]:
    """Return the values that an expression itself needs: fields, modes, and `given_key` of guarded fields."""
    return {
        given_key(name) if is_guarded or isinstance(leaf, Given) else name
        for leaf, is_guarded in guarded_leaves(expression, modes)
        for name in (_leaf_name(leaf),)
    }


def guarded_leaves(
    expression: Expression, modes: Mapping[str, Expression], given: frozenset[str] = frozenset()
) -> Iterator[tuple[Name | Given | Comparison, bool]]:
    """Yield every leaf, and whether it is evaluated only if its field is given.

    Args:
        expression: The expression.
        modes: The modes that it may name.
        given: The fields that are known to be given where it is evaluated.
    """
    if isinstance(expression, BoolOp):
        for part in expression.parts:
            yield from guarded_leaves(part, modes, given)
            given |= _implied(part, modes, expression.word == "and")
    elif isinstance(expression, Not):
        yield from guarded_leaves(expression.inner, modes, given)
    else:
        yield expression, _leaf_name(expression) in given


def _implied(expression: Expression, modes: Mapping[str, Expression], wanted: bool) -> frozenset[str]:
    """Return the fields that are given if an expression has the wanted truth value."""
    if isinstance(expression, Given):
        return frozenset({expression.name} if wanted else ())
    if isinstance(expression, Not):
        return _implied(expression.inner, modes, not wanted)
    if isinstance(expression, Name) and expression.name in modes:
        return _implied(modes[expression.name], modes, wanted)
    if isinstance(expression, BoolOp):
        parts = [_implied(part, modes, wanted) for part in expression.parts]
        is_every_part = (expression.word == "and") is wanted
        return frozenset().union(*parts) if is_every_part else frozenset.intersection(*parts)
    return frozenset()


# Parsing.


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
        return _comparison(node)
    match node:
        case ast.Call(func=ast.Name(id="given"), args=[ast.Name(id=field)], keywords=[]):
            return Given(field)
    raise _syntax_error(node, _GRAMMAR)


def _comparison(node: ast.Compare) -> Comparison:
    symbol = OPERATORS.get(type(node.ops[0]))
    if symbol is None:
        raise _syntax_error(node, f"one of {', '.join(OPERATORS.values())}")
    literal = _literal(node.comparators[0])
    if (symbol in ("in", "not in")) != isinstance(literal, tuple):
        raise _syntax_error(node, "a tuple behind in, one literal elsewhere")
    return Comparison(_left_operand(node.left), symbol, literal)


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
    except (ValueError, TypeError):  # a name; or a sum that Python can't compute
        raise _syntax_error(node, "a literal") from None
    for literal in value if isinstance(value, tuple) else (value,):
        if not isinstance(literal, str | int | float) or literal in _INFINITE:
            raise _syntax_error(node, "text, numbers, True or False")
    if value == ():
        raise _syntax_error(node, "at least one literal")
    return value


# Evaluation.

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
    """Return whether a mode holds; None if it is unknown.

    Args:
        modes: The expression of each mode.
        mode: The name of one.
        values: The effective value of each field (the count for a list), `model` and `call`. A field that is
            missing from it or None is unknown, and so is every mode that reads it.

    Raises:
        KeyError: The mode does not exist.
    """
    return _compiled(modes, mode, {}).holds(values)


class CompiledMode(NamedTuple):
    """A mode as a function, for repeated use.

    Attributes:
        reads: The fields that it reads, directly or through other modes.
        test: The function of their values.
    """

    reads: tuple[str, ...]
    test: _Test

    def holds(self, values: Mapping[str, Any]) -> bool | None:
        """Return whether the mode holds; None if a value that it reads is missing or None."""
        for name in self.reads:
            if values.get(name) is None:
                return None
        return self.test(values)


def compile_modes(modes: Mapping[str, Expression]) -> Mapping[str, CompiledMode]:
    """Return every mode as a function, by name."""
    compiled: dict[str, CompiledMode] = {}
    for mode in modes:
        _compiled(modes, mode, compiled)
    return compiled


class ModeState:
    """The modes of one body, each evaluated on first use."""

    def __init__(self, modes: Mapping[str, CompiledMode], values: Mapping[str, Any]) -> None:
        """Bind modes to the values of one body, as for `holds`."""
        self._modes = modes
        self._values = values
        self._states: dict[str, bool | None] = {}

    def holds(self, mode: str) -> bool | None:
        """Return whether a mode holds; None if unknown. Raise KeyError if there is none."""
        if mode not in self._states:
            self._states[mode] = self._modes[mode].holds(self._values)
        return self._states[mode]


def _compiled(modes: Mapping[str, Expression], mode: str, compiled: dict[str, CompiledMode]) -> CompiledMode:
    """Compile a mode after those that it reads; all are added to `compiled`."""
    if mode not in compiled:
        expression = modes[mode]
        names = read_keys(expression, modes)
        inner = {name: _compiled(modes, name, compiled) for name in names if name in modes}
        reads = {name for inner_mode in inner.values() for name in inner_mode.reads} | names - inner.keys()
        compiled[mode] = CompiledMode(tuple(sorted(reads)), _test(expression, inner))
    return compiled[mode]


def _test(expression: Expression, modes: Mapping[str, CompiledMode]) -> _Test:
    if isinstance(expression, Name):
        return modes[expression.name].test if expression.name in modes else _name_test(expression.name)
    if isinstance(expression, Given):
        return _name_test(given_key(expression.name))
    if isinstance(expression, Comparison):
        return _comparison_test(_COMPARE[expression.operator], expression.left.name, expression.literal)
    if isinstance(expression, Not):
        inner = _test(expression.inner, modes)
        return lambda values: not inner(values)
    join = _and if expression.word == "and" else _or
    return reduce(join, (_test(part, modes) for part in expression.parts))


def _and(left: _Test, right: _Test) -> _Test:
    return lambda values: left(values) and right(values)


def _or(left: _Test, right: _Test) -> _Test:
    return lambda values: left(values) or right(values)


def _name_test(name: str) -> _Test:
    return lambda values: bool(values[name])


def _comparison_test(compare: Callable[[Any, Any], bool], name: str, literal: Any) -> _Test:
    return lambda values: compare(values[name], literal)
