"""YAML mappings to Fields."""

from typing import Any
from wanlib.base.redaction import safe_repr
from wanlib.spec.model.modes import Condition, parse_condition
from wanlib.spec.model.model import Fact
from wanlib.spec.source.yaml_reader import LineMap
from wanlib.spec.build.rules import SourceFile
from wanlib.spec.source.annotated import parse_annotated
from collections.abc import Mapping
from types import MappingProxyType
from wanlib.spec.model.kinds import parse_pixels
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.model.model import FOR_TESTING, RECOMMENDED, Field, Rule
from wanlib.spec.model.errors import check_name
from wanlib.spec.build.rules import SourceFile, RuleBuilder


UNDEFAULTED = ("list", "object", "image")


class DefaultBuilder:
    """Builds the defaults of one file, with a fact for each. lines: by field path and condition."""

    def __init__(self, origin: SourceFile) -> None:
        self.origin = origin
        self.facts: list[Fact] = []
        self.lines: dict[tuple[str, Condition | None], int] = {}

    def defaults(self, raw: LineMap, path: str, kind: str) -> dict[Condition | None, Any]:
        """Those of a field of a type (`kind`); None is the condition of what holds everywhere."""
        defaults: dict[Condition | None, Any] = {}
        if "default" in raw:
            defaults[None] = self._default(raw, path, kind, None)
        for key in raw:
            if key.startswith("when ") and "default" in raw[key]:
                try:
                    condition = parse_condition(key.removeprefix("when "))
                except ValueError:  # complained of where the rules are read
                    continue
                defaults[condition] = self._default(raw[key], path, kind, condition)
        return defaults

    def _default(self, raw: LineMap, path: str, kind: str, condition: Condition | None) -> Any:
        diagnostics, line = self.origin.diagnostics, raw.lines["default"]
        stated = parse_annotated(raw["default"], diagnostics)
        if kind in UNDEFAULTED or not (stated.limit == "derived" or fits(stated.limit, kind)):
            expected = "none" if kind in UNDEFAULTED else f"a value of the type {kind}, or derived"
            diagnostics.add(line, f"the default {safe_repr(stated.limit)} on the type {kind}", expected)
        self.lines[path, condition] = line
        fact = f"{self.origin.stem}/{path}.default" + (f":{condition.id_suffix}" if condition else "")
        source = stated.source or self.origin.source
        self.facts.append(Fact(fact, stated.limit, diagnostics.file, line, source, stated.notes))
        return stated.limit


def fits(value: Any, kind: str) -> bool:
    """Whether a value written in a spec file is of a type."""
    types: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}
    return isinstance(value, types.get(kind, (str,))) and (kind == "boolean") == isinstance(value, bool)


class AdviceBuilder:
    """Builds the advice of one file, with a fact for each. lines: by field path and word."""

    def __init__(self, origin: SourceFile) -> None:
        self.origin = origin
        self.facts: list[Fact] = []
        self.lines: dict[tuple[str, str], int] = {}

    def advice(self, raw: LineMap, path: str, kind: str) -> Mapping[str, Any]:
        """Return the advice on a field of a type (`kind`), by word."""
        found: dict[str, Any] = {}
        for word, check in ((FOR_TESTING, _value), (RECOMMENDED, _sizes)):
            if word not in raw:
                continue
            diagnostics, line = self.origin.diagnostics, raw.lines[word]
            stated = parse_annotated(raw[word], diagnostics)
            if expected := check(stated.limit, kind):
                diagnostics.add(line, f"{word} is {safe_repr(stated.limit)} on the type {kind}", expected)
                continue
            found[word] = stated.limit
            self.lines[path, word] = line
            name = f"{self.origin.stem}/{path}.{word}"
            source = stated.source or raw.get("source") or self.origin.source
            self.facts.append(Fact(name, stated.limit, diagnostics.file, line, source, stated.notes))
        return MappingProxyType(found)


def _value(value: Any, kind: str) -> str:
    """Return what is expected where a value is not one of the field's type, else an empty text."""
    return "" if kind == "integer" and fits(value, kind) else "a whole number on the type integer"


def _sizes(value: Any, kind: str) -> str:
    expected = "a list of different sizes such as 1280*720 on the type size"
    if kind != "size" or not isinstance(value, list) or not value or len({*map(str, value)}) < len(value):
        return expected
    try:
        for each in value:
            parse_pixels(each)
    except ValueError:
        return expected
    return ""


_PLACES = {kind: place for place, kind in enumerate(KINDS)}


class FieldBuilder:
    """Builds the fields of one file. assembled: the list fields that no body holds as a list."""

    def __init__(self, origin: SourceFile, assembled: frozenset[str]) -> None:
        self.assembled = assembled
        self.diagnostics = origin.diagnostics
        self.rules = RuleBuilder(origin)
        self.defaults = DefaultBuilder(origin)
        self.advice = AdviceBuilder(origin)

    def fields(self, raw: LineMap, prefix: str = "") -> tuple[Field, ...]:
        """The fields of a mapping, in its order."""
        for name in raw:
            check_name("field", name, raw.lines[name], self.diagnostics)
        return tuple(self._field(name, raw[name], raw.lines[name], prefix) for name in raw)

    def _field(self, name: str, raw: LineMap, line: int, prefix: str) -> Field:
        path = f"{prefix}.{name}" if prefix else name
        kind = raw["type"]
        rules = self.rules.rules(raw, path, kind)
        return Field(
            name=name,
            path=path,
            type=kind,
            rules=self._judged(rules, path, kind),
            place=self._place(rules, prefix),
            default=MappingProxyType(self.defaults.defaults(raw, path, kind)),
            each=self._each(raw, path, kind, line),
            members=self._members(raw, path, kind, line),
            advice=self.advice.advice(raw, path, kind),
        )

    def _place(self, rules: list[Rule], prefix: str) -> str | None:
        for rule in rules:
            if rule.kind == "place":
                if prefix:
                    self.diagnostics.add(rule.line, f"place inside of {prefix}", "it on whole fields only")
                return str(rule.limit)
        return None

    def _each(self, raw: LineMap, path: str, kind: str, line: int) -> Field | None:
        if ("each" in raw) != (kind == "list"):
            has = "with" if "each" in raw else "without"
            self.diagnostics.add(line, f"type {kind} {has} each", "each on lists, and there alone")
        return self._field("each", raw["each"], raw.lines["each"], path) if "each" in raw else None

    def _members(self, raw: LineMap, path: str, kind: str, line: int) -> tuple[Field, ...]:
        if ("fields" in raw) != (kind == "object"):
            has = "with" if "fields" in raw else "without"
            self.diagnostics.add(line, f"type {kind} {has} fields", "fields on objects, and there alone")
        return self.fields(raw["fields"], path) if "fields" in raw else ()

    def _judged(self, rules: list[Rule], path: str, kind: str) -> tuple[Rule, ...]:
        """In the order of judgement; a list that no body holds as one can't have the wrong type."""
        if kind == "list" and path in self.assembled:
            rules = [rule for rule in rules if rule.kind != "type"]
        return tuple(sorted(rules, key=lambda rule: _PLACES[rule.kind]))
