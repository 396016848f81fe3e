"""The `modes` of a model file: each expression parsed, and each name and literal in it known."""

from collections.abc import Iterable, Mapping
from typing import Any

from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.build.fields import fits
from wanlib.spec.model.modes import Comparison, ItemCount, Expression, leaves, referenced_names, parse_mode
from wanlib.spec.model.model import CALLS, Field
from wanlib.spec.model.errors import check_name
from wanlib.spec.model.predicates import SIZE

DEEPEST = 8
_COMPARABLE = ("text", "integer", "number", "boolean", "size")
_ORDERED = ("<", "<=", ">", ">=")


class ModeParser:
    """Reads the modes of one family in their order: a mode may use those above it."""

    def __init__(self, fields: Iterable[Field], models: tuple[str, ...], diagnostics: Diagnostics) -> None:
        self.fields = {field.name: field for field in fields}
        self.models = models
        self.diagnostics = diagnostics
        self.modes: dict[str, Expression] = {}
        self.above: list[str] = []  # the broken ones too, so that one mistake is told once
        self.depths: dict[str, int] = {}

    def read(self, raw: Mapping[str, str], lines: Mapping[str, int]) -> dict[str, Expression]:
        """The expressions by name, without those that are none."""
        for name, text in raw.items():
            self._check_name(name, lines[name])
            if expression := self._parse(name, text, lines[name]):
                for leaf in leaves(expression):
                    self._check_leaf(leaf, lines[name])
                self._check_depth(name, expression, lines[name])
                self.modes[name] = expression
            self.above.append(name)
        return self.modes

    def _parse(self, name: str, text: str, line: int) -> Expression | None:
        try:
            return parse_mode(text)
        except ValueError as error:
            what, _, expected = str(error).rpartition(", expected ")
            self.diagnostics.add(line, f"the mode {name!r}: {what}", expected)
            return None

    def _check_name(self, name: str, line: int) -> None:
        check_name("mode", name, line, self.diagnostics)
        if name in self.fields:
            self.diagnostics.add(line, f"the mode name {name!r} is a field's name", "a name of its own")

    def _check_depth(self, name: str, expression: Expression, line: int) -> None:
        """Modes over modes over modes take exponential time to weigh against each other."""
        self.depths[name] = 1 + max((self.depths.get(each, 0) for each in referenced_names(expression)), default=0)
        if self.depths[name] == DEEPEST + 1:
            self.diagnostics.add(line, f"the mode {name!r} stands on {DEEPEST} others", "fewer")

    def _check_leaf(self, leaf: Any, line: int) -> None:
        if isinstance(leaf, Comparison):
            self._check_compare(leaf, line)
            return
        booleans = [name for name, field in self.fields.items() if field.type == "boolean"]
        known = [*self.above, *booleans]
        if leaf.name not in known:
            self.diagnostics.unknown_name(line, "the boolean field or mode above", leaf.name, known)
        self._check_default(leaf.name, line)

    def _check_compare(self, leaf: Comparison, line: int) -> None:
        name = leaf.left.name
        if isinstance(leaf.left, ItemCount):
            lists = [each for each, field in self.fields.items() if field.type == "list"]
            if name not in lists:
                self.diagnostics.unknown_name(line, "the list", name, lists)
            self._check_literals(leaf, f"the count of {name}", "count", line)
        elif name in ("model", "call"):
            if self._check_literals(leaf, f"the {name}", "text", line):
                self._check_listed(leaf, name, self.models if name == "model" else CALLS, line)
        elif name not in self.fields:
            self.diagnostics.unknown_name(line, "the field", name, ["model", "call", *self.fields])
        elif self.fields[name].type not in _COMPARABLE:
            what = f"the field {name} of the type {self.fields[name].type} is compared"
            self.diagnostics.add(line, what, f"one of the types {', '.join(_COMPARABLE)}, or count({name})")
        else:
            if self._check_literals(leaf, f"the field {name}", self.fields[name].type, line):
                self._check_listed(leaf, name, self._values(self.fields[name], leaf), line)
            self._check_default(name, line)

    def _check_literals(self, leaf: Comparison, what: str, kind: str, line: int) -> bool:
        before = len(self.diagnostics.lines)
        for value in _values(leaf):
            good = fits(value, "integer") and value >= 0 if kind == "count" else fits(value, kind)
            if not good:
                expected = "a whole number from 0" if kind == "count" else f"a literal of the type {kind}"
                self.diagnostics.add(line, f"{what} is compared with {value!r}", expected)
        if leaf.operator in _ORDERED and kind not in ("count", "integer", "number"):
            self.diagnostics.add(line, f"{what} is compared by {leaf.operator}", "==, !=, in or not in")
        return len(self.diagnostics.lines) == before

    def _check_listed(self, leaf: Comparison, name: str, allowed: Iterable[Any], line: int) -> None:
        """Literals that can never be met make a mode that never holds."""
        known = list(allowed)
        for value in _values(leaf):
            if known and value not in known:
                self.diagnostics.unknown_name(line, f"the {name}", value, known)

    def _values(self, field: Field, leaf: Comparison) -> list[Any]:
        """The values that a field is known to take; empty where there is no list of them in every mode."""
        rules = [*field.rules_of_kind("one_of"), *field.rules_of_kind("keywords")]
        if all(rule.condition for rule in rules):
            return []
        sizes = [text for text in _values(leaf) if isinstance(text, str) and SIZE.fullmatch(text)]
        return [each for rule in rules for each in rule.limit] + sizes * (field.type == "size")

    def _check_default(self, name: str, line: int) -> None:
        if name in self.fields and any(self.fields[name].default):
            self.diagnostics.add(
                line, f"a mode reads {name}, whose default hangs on a mode", "a field with one default"
            )


def _values(leaf: Comparison) -> tuple[Any, ...]:
    return leaf.literal if isinstance(leaf.literal, tuple) else (leaf.literal,)
