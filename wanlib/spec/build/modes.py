"""Parse the `modes` of a model file, and check every name and literal in them."""

from collections.abc import Iterable, Mapping
from typing import Any

from wanlib.spec.build.fields import fits
from wanlib.spec.model.errors import Diagnostics, check_name
from wanlib.spec.model.model import CALLS, Field
from wanlib.spec.model.modes import (
    Comparison,
    Expression,
    Given,
    ItemCount,
    Name,
    guarded_leaves,
    parse_mode,
    referenced_names,
)
from wanlib.spec.model.predicates import SIZE

_MAX_DEPTH = 8
_COMPARABLE_TYPES = ("text", "integer", "number", "boolean", "size")
_ORDER_OPERATORS = ("<", "<=", ">", ">=")


class ModeParser:
    """Parses the modes of one family in their order: a mode may use those above it."""

    def __init__(self, fields: Iterable[Field], models: tuple[str, ...], diagnostics: Diagnostics) -> None:
        """Prepare to parse modes that read these fields and models."""
        self._fields = {field.name: field for field in fields}
        self._models = models
        self._diagnostics = diagnostics
        self._modes: dict[str, Expression] = {}
        self._names_above: list[str] = []  # broken ones too, so that one mistake is reported once
        self._depths: dict[str, int] = {}

    def modes(self, raw: Mapping[str, str], lines: Mapping[str, int]) -> dict[str, Expression]:
        """Return the expressions by name, without those that can't be parsed."""
        for name, text in raw.items():
            self._check_name(name, lines[name])
            if expression := self._parse(name, text, lines[name]):
                for leaf, is_guarded in guarded_leaves(expression, self._modes):
                    self._check_leaf(leaf, lines[name])
                    if not is_guarded:
                        self._check_presence(name, leaf, lines[name])
                self._check_depth(name, expression, lines[name])
                if name not in referenced_names(expression):
                    self._modes[name] = expression
            self._names_above.append(name)
        return self._modes

    def _parse(self, name: str, text: str, line: int) -> Expression | None:
        try:
            return parse_mode(text)
        except ValueError as error:
            problem, _, expected = str(error).rpartition(", expected ")
            self._diagnostics.add(line, f"the mode {name!r}: {problem}", expected)
            return None

    def _check_name(self, name: str, line: int) -> None:
        check_name("mode", name, line, self._diagnostics)
        if name in self._fields:
            self._diagnostics.add(line, f"the mode name {name!r} is the name of a field", "a name of its own")

    def _check_depth(self, name: str, expression: Expression, line: int) -> None:
        """Limit how deep modes refer to modes: comparing them takes exponential time."""
        inner_depths = (self._depths.get(inner, 0) for inner in referenced_names(expression))
        self._depths[name] = 1 + max(inner_depths, default=0)
        if self._depths[name] == _MAX_DEPTH + 1:
            self._diagnostics.add(
                line, f"the mode {name!r} depends on a chain of {_MAX_DEPTH} others", "fewer"
            )

    def _check_presence(self, mode: str, leaf: Name | Given | Comparison, line: int) -> None:
        """Check that a field which the mode reads always has a value."""
        if isinstance(leaf, Given) or (isinstance(leaf, Comparison) and isinstance(leaf.left, ItemCount)):
            return
        name = leaf.left.name if isinstance(leaf, Comparison) else leaf.name
        field = self._fields.get(name)
        if (
            field is None
            or field.type not in _COMPARABLE_TYPES
            or field.plain_default is not None
            or any(field.default)
            or _is_required(field)
        ):
            return
        problem = f"the mode {mode!r} reads {name}, which is neither required nor has a default"
        self._diagnostics.add(line, problem, f"given({name}) and … before it")

    def _check_leaf(self, leaf: Name | Given | Comparison, line: int) -> None:
        if isinstance(leaf, Comparison):
            self._check_comparison(leaf, line)
            return
        if isinstance(leaf, Given):
            self._check_given(leaf.name, line)
            return
        booleans = [name for name, field in self._fields.items() if field.type == "boolean"]
        known = [*self._names_above, *booleans]
        if leaf.name not in known:
            self._diagnostics.unknown_name(line, "the boolean field or mode above", leaf.name, known)
        self._check_default(leaf.name, line)

    def _check_given(self, name: str, line: int) -> None:
        if name not in self._fields:
            self._diagnostics.unknown_name(line, "the field", name, self._fields)
        elif self._fields[name].type == "list":
            self._diagnostics.add(line, f"given({name}) of a list", f"count({name}) > 0")

    def _check_comparison(self, leaf: Comparison, line: int) -> None:
        name = leaf.left.name
        if isinstance(leaf.left, ItemCount):
            lists = [field_name for field_name, field in self._fields.items() if field.type == "list"]
            if name not in lists:
                self._diagnostics.unknown_name(line, "the list", name, lists)
            self._check_literals(leaf, f"the count of {name}", "count", line)
        elif name in ("model", "call"):
            if self._check_literals(leaf, f"the {name}", "text", line):
                self._check_known(leaf, name, self._models if name == "model" else CALLS, line)
        elif name not in self._fields:
            self._diagnostics.unknown_name(line, "the field", name, ["model", "call", *self._fields])
        elif self._fields[name].type not in _COMPARABLE_TYPES:
            problem = f"the field {name} of the type {self._fields[name].type} is compared"
            expected = f"one of the types {', '.join(_COMPARABLE_TYPES)}, or count({name})"
            self._diagnostics.add(line, problem, expected)
        else:
            if self._check_literals(leaf, f"the field {name}", self._fields[name].type, line):
                self._check_known(leaf, name, self._known_values(self._fields[name], leaf), line)
            self._check_default(name, line)

    def _check_literals(self, leaf: Comparison, subject: str, type_name: str, line: int) -> bool:
        """Check the types of literals and the operator; return whether they are right."""
        count_before = len(self._diagnostics.lines)
        is_count = type_name == "count"
        for value in _literals(leaf):
            if not (fits(value, "integer") and value >= 0 if is_count else fits(value, type_name)):
                expected = "a whole number from 0" if is_count else f"a literal of the type {type_name}"
                self._diagnostics.add(line, f"{subject} is compared with {value!r}", expected)
        if leaf.operator in _ORDER_OPERATORS and type_name not in ("count", "integer", "number"):
            self._diagnostics.add(line, f"{subject} is compared by {leaf.operator}", "==, !=, in or not in")
        return len(self._diagnostics.lines) == count_before

    def _check_known(self, leaf: Comparison, name: str, allowed: Iterable[Any], line: int) -> None:
        """Check that a comparison can be true: its literals are values that occur."""
        known = list(allowed)
        for value in _literals(leaf):
            if known and value not in known:
                self._diagnostics.unknown_name(line, f"the {name}", value, known)

    def _known_values(self, field: Field, leaf: Comparison) -> list[Any]:
        """Return the values that a field can have; empty if some mode does not list them."""
        rules = [*field.rules_of_kind("one_of"), *field.rules_of_kind("keywords")]
        if all(rule.condition for rule in rules):
            return []
        sizes = [text for text in _literals(leaf) if isinstance(text, str) and SIZE.fullmatch(text)]
        return [value for rule in rules for value in rule.limit] + sizes * (field.type == "size")

    def _check_default(self, name: str, line: int) -> None:
        if name in self._fields and any(self._fields[name].default):
            problem = f"a mode reads {name}, whose default depends on a mode"
            self._diagnostics.add(line, problem, "a field with one default")


def _is_required(field: Field) -> bool:
    return any(rule.condition is None for rule in field.rules_of_kind("required"))


def _literals(leaf: Comparison) -> tuple[Any, ...]:
    return leaf.literal if isinstance(leaf.literal, tuple) else (leaf.literal,)
