"""YAML mappings to Fields."""

from types import MappingProxyType

from wanlib.spec.advice import AdviceBuilder
from wanlib.spec.defaults import DefaultBuilder
from wanlib.spec.kinds import KINDS
from wanlib.spec.model import Field, Rule
from wanlib.spec.names import check_name
from wanlib.spec.reader import Map
from wanlib.spec.rules import Origin, RuleBuilder

_PLACES = {kind: place for place, kind in enumerate(KINDS)}


class FieldBuilder:
    """Builds the fields of one file. assembled: the list fields that no body holds as a list."""

    def __init__(self, origin: Origin, assembled: frozenset[str]) -> None:
        self.assembled = assembled
        self.complaints = origin.complaints
        self.rules = RuleBuilder(origin)
        self.defaults = DefaultBuilder(origin)
        self.advice = AdviceBuilder(origin)

    def fields(self, raw: Map, prefix: str = "") -> tuple[Field, ...]:
        """The fields of a mapping, in its order."""
        for name in raw:
            check_name("field", name, raw.lines[name], self.complaints)
        return tuple(self._field(name, raw[name], raw.lines[name], prefix) for name in raw)

    def _field(self, name: str, raw: Map, line: int, prefix: str) -> Field:
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
                    self.complaints.add(rule.line, f"place inside of {prefix}", "it on whole fields only")
                return str(rule.limit)
        return None

    def _each(self, raw: Map, path: str, kind: str, line: int) -> Field | None:
        if ("each" in raw) != (kind == "list"):
            has = "with" if "each" in raw else "without"
            self.complaints.add(line, f"type {kind} {has} each", "each on lists, and there alone")
        return self._field("each", raw["each"], raw.lines["each"], path) if "each" in raw else None

    def _members(self, raw: Map, path: str, kind: str, line: int) -> tuple[Field, ...]:
        if ("fields" in raw) != (kind == "object"):
            has = "with" if "fields" in raw else "without"
            self.complaints.add(line, f"type {kind} {has} fields", "fields on objects, and there alone")
        return self.fields(raw["fields"], path) if "fields" in raw else ()

    def _judged(self, rules: list[Rule], path: str, kind: str) -> tuple[Rule, ...]:
        """In the order of judgement; a list that no body holds as one can't have the wrong type."""
        if kind == "list" and path in self.assembled:
            rules = [rule for rule in rules if rule.kind != "type"]
        return tuple(sorted(rules, key=lambda rule: _PLACES[rule.kind]))
