"""Build the fields of a model file: rules, defaults, advice, items, members."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from wanlib.base.api_tables import CALL_OPTIONS
from wanlib.base.redaction import safe_repr
from wanlib.spec.build.rules import RuleBuilder, SourceFile
from wanlib.spec.model.errors import check_name
from wanlib.spec.model.kinds import KINDS, parse_pixels
from wanlib.spec.model.model import DERIVED, FOR_TESTING, RECOMMENDED, Fact, Field, Rule
from wanlib.spec.model.modes import Condition, parse_condition
from wanlib.spec.source.annotated import parse_annotated
from wanlib.spec.source.yaml_reader import LineMap

TYPES_WITHOUT_DEFAULT = ("list", "object", "image")

_TAKEN = frozenset({"self", "verb", *CALL_OPTIONS})
"""Names that a parameter of the client's methods cannot have."""

_CHECK_ORDER = {kind: index for index, kind in enumerate(KINDS)}


def fits(value: Any, type_name: str) -> bool:
    """Return whether a value in a spec file has the type of a field."""
    types: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}
    return isinstance(value, types.get(type_name, (str,))) and (
        (type_name == "boolean") == isinstance(value, bool)
    )


class DefaultBuilder:
    """Builds the defaults of one file, with a fact for each.

    Attributes:
        facts: The facts, in the order of the file.
        lines: The line of each default, by field path and condition.
    """

    def __init__(self, source_file: SourceFile) -> None:
        """Start without defaults."""
        self.facts: list[Fact] = []
        self.lines: dict[tuple[str, Condition | None], int] = {}
        self._source_file = source_file

    def defaults(self, raw: LineMap, path: str, type_name: str) -> dict[Condition | None, Any]:
        """Return the defaults of a field by condition; None is the key of the base."""
        defaults: dict[Condition | None, Any] = {}
        if "default" in raw:
            defaults[None] = self._default(raw, path, type_name, None)
        for key in raw:
            if key.startswith("when ") and "default" in raw[key]:
                try:
                    condition = parse_condition(key.removeprefix("when "))
                except ValueError:  # the rule builder reports it
                    continue
                defaults[condition] = self._default(raw[key], path, type_name, condition)
        return defaults

    def _default(self, raw: LineMap, path: str, type_name: str, condition: Condition | None) -> Any:
        diagnostics, line = self._source_file.diagnostics, raw.lines["default"]
        stated = parse_annotated(raw["default"], diagnostics)
        has_none = type_name in TYPES_WITHOUT_DEFAULT
        if has_none or not (stated.limit == DERIVED or fits(stated.limit, type_name)):
            expected = "none" if has_none else f"a value of the type {type_name}, or derived"
            diagnostics.add(line, f"the default {safe_repr(stated.limit)} on the type {type_name}", expected)
        self.lines[path, condition] = line
        suffix = f":{condition.id_suffix}" if condition else ""
        source = stated.source or self._source_file.source
        fact_id = f"{self._source_file.stem}/{path}.default{suffix}"
        self.facts.append(Fact(fact_id, stated.limit, diagnostics.file, line, source, stated.notes))
        return stated.limit


class AdviceBuilder:
    """Builds the advice of one file, with a fact for each.

    Attributes:
        facts: The facts, in the order of the file.
        lines: The line of each advice, by field path and word.
    """

    def __init__(self, source_file: SourceFile) -> None:
        """Start without advice."""
        self.facts: list[Fact] = []
        self.lines: dict[tuple[str, str], int] = {}
        self._source_file = source_file

    def advice(self, raw: LineMap, path: str, type_name: str) -> Mapping[str, Any]:
        """Return the advice on a field, by word."""
        advice: dict[str, Any] = {}
        for word, check in ((FOR_TESTING, _check_for_testing), (RECOMMENDED, _check_recommended)):
            if word not in raw:
                continue
            diagnostics, line = self._source_file.diagnostics, raw.lines[word]
            stated = parse_annotated(raw[word], diagnostics)
            if expected := check(stated.limit, type_name):
                problem = f"{word} is {safe_repr(stated.limit)} on the type {type_name}"
                diagnostics.add(line, problem, expected)
                continue
            advice[word] = stated.limit
            self.lines[path, word] = line
            fact_id = f"{self._source_file.stem}/{path}.{word}"
            source = stated.source or raw.get("source") or self._source_file.source
            self.facts.append(Fact(fact_id, stated.limit, diagnostics.file, line, source, stated.notes))
        return MappingProxyType(advice)


def _check_for_testing(value: Any, type_name: str) -> str:
    """Return the expected form of an invalid value; empty if the value is valid."""
    is_right = type_name == "integer" and fits(value, type_name)
    return "" if is_right else "a whole number on the type integer"


def _check_recommended(value: Any, type_name: str) -> str:
    """Return the expected form of an invalid list of sizes; empty if the list is valid."""
    expected = "a list of different sizes such as 1280*720 on the type size"
    if type_name != "size" or not isinstance(value, list) or not value:
        return expected
    if len({*map(str, value)}) < len(value):
        return expected
    try:
        for size in value:
            parse_pixels(size)
    except ValueError:
        return expected
    return ""


class FieldBuilder:
    """Builds the fields of one file.

    Attributes:
        diagnostics: The diagnostics of the file.
        rules: Builds the rules.
        defaults: Builds the defaults.
        advice: Builds the advice.
    """

    def __init__(
        self, source_file: SourceFile, list_parts: frozenset[str], named_by_form: frozenset[str]
    ) -> None:
        """Prepare to build.

        Args:
            source_file: The file.
            list_parts: The list fields that no body contains as a list.
            named_by_form: The fields whose names in a body are in the body form.
        """
        self.diagnostics = source_file.diagnostics
        self.rules = RuleBuilder(source_file)
        self.defaults = DefaultBuilder(source_file)
        self.advice = AdviceBuilder(source_file)
        self._list_parts = list_parts
        self._named_by_form = named_by_form

    def fields(self, raw: LineMap, prefix: str = "") -> tuple[Field, ...]:
        """Return the fields of a mapping, in its order, below the path `prefix`."""
        for name in raw:
            check_name("field", name, raw.lines[name], self.diagnostics)
            if not prefix and name in _TAKEN:
                problem = f"the field name {name!r} is an argument of the client's methods"
                self.diagnostics.add(raw.lines[name], problem, "another name")
        return tuple(self._field(name, raw[name], raw.lines[name], prefix) for name in raw)

    def _field(self, name: str, raw: LineMap, line: int, prefix: str) -> Field:
        path = f"{prefix}.{name}" if prefix else name
        type_name = raw["type"]
        rules = self.rules.rules(raw, path, type_name)
        return Field(
            name=name,
            path=path,
            type=type_name,
            rules=self._in_check_order(rules, path, type_name),
            place=self._place(rules, prefix),
            default=MappingProxyType(self.defaults.defaults(raw, path, type_name)),
            each=self._item(raw, path, type_name, line),
            members=self._members(raw, path, type_name, line),
            advice=self.advice.advice(raw, path, type_name),
            written_as=self._written_as(raw, name, prefix),
        )

    def _written_as(self, raw: LineMap, name: str, prefix: str) -> str:
        """Return the name in a body, if one is stated; the form names leaves and parts itself."""
        if "as" not in raw:
            return ""
        line = raw.lines["as"]
        if prefix:
            self.diagnostics.add(line, f"as inside of {prefix}", "it on whole fields only")
        elif name in self._named_by_form:
            self.diagnostics.add(line, f"as on {name}, which the body form names", "it left out")
        elif raw["as"] == name:
            self.diagnostics.add(line, f"as is the name {name} itself", "it left out")
        return str(raw["as"])

    def _place(self, rules: list[Rule], prefix: str) -> str | None:
        for rule in rules:
            if rule.kind == "place":
                if prefix:
                    self.diagnostics.add(rule.line, f"place inside of {prefix}", "it on whole fields only")
                return str(rule.limit)
        return None

    def _item(self, raw: LineMap, path: str, type_name: str, line: int) -> Field | None:
        if ("each" in raw) != (type_name == "list"):
            has = "with" if "each" in raw else "without"
            self.diagnostics.add(line, f"type {type_name} {has} each", "each on lists, and only there")
        return self._field("each", raw["each"], raw.lines["each"], path) if "each" in raw else None

    def _members(self, raw: LineMap, path: str, type_name: str, line: int) -> tuple[Field, ...]:
        if ("fields" in raw) != (type_name == "object"):
            has = "with" if "fields" in raw else "without"
            self.diagnostics.add(line, f"type {type_name} {has} fields", "fields on objects, and only there")
        return self.fields(raw["fields"], path) if "fields" in raw else ()

    def _in_check_order(self, rules: list[Rule], path: str, type_name: str) -> tuple[Rule, ...]:
        """Sort rules; a list that no body contains as a list has no rule on its type."""
        if type_name == "list" and path in self._list_parts:
            rules = [rule for rule in rules if rule.kind != "type"]
        return tuple(sorted(rules, key=lambda rule: _CHECK_ORDER[rule.kind]))
