"""YAML mappings to Fields and Rules."""

import re
from collections.abc import Iterator
from keyword import iskeyword
from types import MappingProxyType
from typing import Any

from wanlib.base.shown import shown
from wanlib.spec.complaints import Complaints
from wanlib.spec.kinds import KINDS, OUTCOMES, RELATION, TYPES
from wanlib.spec.mode import Condition, parse_condition
from wanlib.spec.model import Fact, Field, Rule
from wanlib.spec.reader import Map
from wanlib.spec.stated import Stated, read_stated

_NAME = re.compile(r"[a-z][a-z0-9_]*")
UNDEFAULTED = ("list", "object", "image")
_TAKEN = frozenset({"model", "call", "count", "each", "fields"})


def check_name(what: str, name: str, line: int, complaints: Complaints) -> None:
    """A field or mode bears a name that can stand in expressions, in rule ids and in Python."""
    if not _NAME.fullmatch(name) or iskeyword(name) or name in _TAKEN:
        expected = "[a-z][a-z0-9_]*, and no word of Python or of the spec"
        complaints.add(line, f"the {what} name {name!r} can't be used", expected)


class FieldBuilder:
    """Builds the fields of one family, and gathers complaints, facts and conditions on the way.

    conditions: every condition that a line names, with the line. default_lines: of each default that
    hangs on a condition, by field path.
    """

    def __init__(
        self,
        stem: str,
        models: tuple[str, ...],
        source: str,
        assembled: frozenset[str],
        complaints: Complaints,
    ) -> None:
        self.stem = stem
        self.models = models
        self.source = source
        self.assembled = assembled
        self.complaints = complaints
        self.facts: list[Fact] = []
        self.conditions: list[tuple[int, Condition]] = []
        self.default_lines: dict[tuple[str, Condition | None], int] = {}

    def fields(self, raw: Map, prefix: str = "") -> tuple[Field, ...]:
        """The fields of a mapping, in its order."""
        for name in raw:
            check_name("field", name, raw.lines[name], self.complaints)
        return tuple(self.field(name, raw[name], raw.lines[name], prefix) for name in raw)

    def field(self, name: str, raw: Map, line: int, prefix: str = "") -> Field:
        """One field with all that stands in it."""
        path = f"{prefix}.{name}" if prefix else name
        kind = raw["type"]
        rules = self._rules(raw, path, kind)
        return Field(
            name=name,
            path=path,
            type=kind,
            rules=self._judged(rules, path, kind),
            place=self._place(rules, prefix),
            default=MappingProxyType(self._defaults(raw, path, kind)),
            each=self._each(raw, path, kind, line),
            members=self._members(raw, path, kind, line),
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
        return self.field("each", raw["each"], raw.lines["each"], path) if "each" in raw else None

    def _members(self, raw: Map, path: str, kind: str, line: int) -> tuple[Field, ...]:
        if ("fields" in raw) != (kind == "object"):
            has = "with" if "fields" in raw else "without"
            self.complaints.add(line, f"type {kind} {has} fields", "fields on objects, and there alone")
        return self.fields(raw["fields"], path) if "fields" in raw else ()

    def _judged(self, rules: list[Rule], path: str, kind: str) -> tuple[Rule, ...]:
        """In the order of judgement; a list that no body holds as one can't have the wrong type."""
        if kind == "list" and path in self.assembled:
            rules = [rule for rule in rules if rule.kind != "type"]
        return tuple(sorted(rules, key=_order))

    def _rules(self, raw: Map, path: str, kind: str) -> list[Rule]:
        rules = list(self._of(raw, raw, path, kind, None))
        if kind == "object":
            rules.append(self.implied("unknown", f"{path}.unknown", raw.line, path))
        for key in raw:
            if key.startswith("when ") and (condition := self._condition(raw, key)):
                rules += self._of(raw[key], raw, path, kind, condition)
        return rules

    def _condition(self, raw: Map, key: str) -> Condition | None:
        try:
            condition = parse_condition(key.removeprefix("when "))
        except ValueError as error:
            self.complaints.add(raw.lines[key], *_split(error))
            return None
        if key != f"when {condition}":  # or two spellings of one variant would pass for two keys
            self.complaints.add(raw.lines[key], f"{key!r} has spaces too many", f"when {condition}")
        self.conditions.append((raw.lines[key], condition))
        return condition

    def _of(self, where: Map, raw: Map, path: str, kind: str, condition: Condition | None) -> Iterator[Rule]:
        """The rules that a field's mapping or one of its variants (`where`) states."""
        for name in where:
            if name in KINDS:
                stated = read_stated(where[name], self.complaints)
                limit = self._limit(name, stated.limit, kind, where.lines[name])
                if limit is not None:
                    yield self._rule(name, stated, limit, where.lines[name], raw, path, condition)

    def _limit(self, name: str, value: Any, kind: str, line: int) -> Any:
        """The parsed limit of a rule; None (which no kind has) where it is wrong."""
        what = KINDS[name]
        if kind not in what.types:
            expected = f"it on {', '.join(each for each in what.types if each in TYPES) or 'no field'} only"
            self.complaints.add(line, f"{name} on the type {kind}", expected)
            return None
        try:
            limit = what.parse(value)
        except ValueError as error:
            self.complaints.add(line, f"{name} is {shown(value)}", _split(error)[1])
            return None
        if isinstance(limit, Condition):
            self.conditions.append((line, limit))
        return limit

    def _rule(
        self,
        name: str,
        stated: Stated,
        limit: Any,
        line: int,
        raw: Map,
        path: str,
        condition: Condition | None,
    ) -> Rule:
        return Rule(
            id=f"{self.stem}/{path}.{name}" + (f":{condition.suffix}" if condition else ""),
            kind=name,
            limit=limit,
            outcome=self._outcome(name, stated.outcome, line),
            file=self.complaints.file,
            line=line,
            source=stated.source or raw.get("source") or self.source,
            notes=stated.notes or (raw.get("notes", "") if KINDS[name].stage == RELATION else ""),
            condition=condition,
            field=path,
            models=self.models,
            keeps=stated.keeps,
            breaks=stated.breaks,
            of=stated.of,
        )

    def _outcome(self, name: str, stated: str, line: int) -> str:
        kind = KINDS[name]
        if stated and stated not in ((kind.outcome,) if kind.fixed else OUTCOMES):
            allowed = f"{kind.outcome}, always" if kind.fixed else f"one of {', '.join(OUTCOMES)}"
            self.complaints.add(line, f"{name} with the outcome {stated!r}", allowed)
        return stated or kind.outcome

    def implied(self, kind: str, path: str, line: int, field: str = "") -> Rule:
        """A rule that stands on no line of its own."""
        return Rule(
            id=f"{self.stem}/{path}",
            kind=kind,
            limit=True,
            outcome=KINDS[kind].outcome,
            file=self.complaints.file,
            line=line,
            source=self.source,
            field=field,
            models=self.models,
        )

    def _defaults(self, raw: Map, path: str, kind: str) -> dict[Condition | None, Any]:
        """Defaults by condition, with a fact for each. Broken conditions are complained of elsewhere."""
        defaults: dict[Condition | None, Any] = {}
        if "default" in raw:
            defaults[None] = self._default(raw, path, kind, None)
        for key in raw:
            if key.startswith("when ") and "default" in raw[key]:
                try:
                    condition = parse_condition(key.removeprefix("when "))
                except ValueError:
                    continue
                defaults[condition] = self._default(raw[key], path, kind, condition)
        return defaults

    def _default(self, raw: Map, path: str, kind: str, condition: Condition | None) -> Any:
        stated, line = read_stated(raw["default"], self.complaints), raw.lines["default"]
        if kind in UNDEFAULTED or not (stated.limit == "derived" or fits(stated.limit, kind)):
            expected = "none" if kind in UNDEFAULTED else f"a value of the type {kind}, or derived"
            self.complaints.add(line, f"the default {shown(stated.limit)} on the type {kind}", expected)
        self.default_lines[path, condition] = line
        fact = f"{self.stem}/{path}.default" + (f":{condition.suffix}" if condition else "")
        source = stated.source or self.source
        self.facts.append(Fact(fact, stated.limit, self.complaints.file, line, source, stated.notes))
        return stated.limit


def fits(value: Any, kind: str) -> bool:
    """Whether a value written in a spec file is of a type."""
    types: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}
    return isinstance(value, types.get(kind, (str,))) and (kind == "boolean") == isinstance(value, bool)


def _order(rule: Rule) -> int:
    return list(KINDS).index(rule.kind)


def _split(error: ValueError) -> tuple[str, str]:
    what, _, expected = str(error).rpartition(", expected ")
    return what, expected
