"""YAML mappings to Fields and Rules."""

import re
from collections.abc import Mapping
from keyword import iskeyword
from types import MappingProxyType
from typing import Any

from wanlib.spec.complaints import Complaints
from wanlib.spec.kinds import KINDS, OUTCOMES, TYPES
from wanlib.spec.mode import Condition, parse_condition
from wanlib.spec.model import Fact, Field, Rule
from wanlib.spec.reader import Map

NAME = re.compile(r"[a-z][a-z0-9_]*")
_PARTS = frozenset({"is", "outcome", "of", "keeps", "breaks", "notes", "source"})
_TAKEN = frozenset({"model", "call", "count", "each", "fields"})


class FieldBuilder:
    """Builds the fields of one family, and gathers complaints and facts on the way."""

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

    def fields(self, raw: Map, prefix: str = "") -> tuple[Field, ...]:
        """The fields of a mapping, in its order."""
        return tuple(self.field(name, raw[name], raw.lines[name], prefix) for name in raw)

    def field(self, name: str, raw: Map, line: int, prefix: str = "") -> Field:
        """One field with all that stands in it."""
        if name != "each":
            self._check_name(name, line)
        path = f"{prefix}.{name}" if prefix else name
        kind = raw["type"]
        place = self._part(raw.get("place"), "is")
        return Field(
            name=name,
            path=path,
            type=kind,
            rules=self._judged(self._rules(raw, path, kind), path, kind),
            place=place,
            default=MappingProxyType(self._defaults(raw, path, kind)),
            each=self._each(raw, path, kind, line),
            members=self._members(raw, path, kind, line),
        )

    def _check_name(self, name: str, line: int) -> None:
        if not NAME.fullmatch(name) or iskeyword(name) or name in _TAKEN:
            self.complaints.add(
                line,
                f"the name {name!r} can't be used",
                "[a-z][a-z0-9_]*, and no word of Python or of the spec",
            )

    def _each(self, raw: Map, path: str, kind: str, line: int) -> Field | None:
        if ("each" in raw) != (kind == "list"):
            self.complaints.add(
                line,
                f"type {kind} {'with' if 'each' in raw else 'without'} each",
                "each on lists, and there alone",
            )
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
        rules = [rule for key in raw if key in KINDS for rule in self._rule(raw, key, path, kind, None)]
        if kind == "object":
            rules += [self.implied("unknown", f"{path}.unknown", raw.line, path)]
        for key in raw:
            if key.startswith("when "):
                rules += self._variant(raw[key], raw.lines[key], key, path, kind)
        return rules

    def _variant(self, raw: Map, line: int, key: str, path: str, kind: str) -> list[Rule]:
        try:
            condition = parse_condition(key.removeprefix("when "))
        except ValueError as error:
            self.complaints.add(line, *_split(error))
            return []
        return [
            rule for name in raw if name in KINDS for rule in self._rule(raw, name, path, kind, condition)
        ]

    def _rule(self, raw: Map, name: str, path: str, kind: str, condition: Condition | None) -> list[Rule]:
        line, value = raw.lines[name], raw[name]
        what = KINDS[name]
        if kind not in what.types:
            self.complaints.add(line, f"{name} on the type {kind}", f"it on {', '.join(what.types)} only")
            return []
        try:
            limit = what.parse(self._part(value, "is"))
        except ValueError as error:
            self.complaints.add(line, f"{name} is {self._part(value, 'is')!r}", _split(error)[-1])
            return []
        return [
            Rule(
                id=f"{self.stem}/{path}.{name}" + (f":{condition.suffix}" if condition else ""),
                kind=name,
                limit=limit,
                outcome=self._outcome(name, value, line),
                file=self.complaints.file,
                line=line,
                source=self._part(value, "source") or raw.get("source") or self.source,
                notes=self._part(value, "notes") or (raw.get("notes", "") if KINDS[name].stage == 3 else ""),
                condition=condition,
                field=path,
                models=self.models,
                keeps=tuple(self._part(value, "keeps") or ()),
                breaks=tuple(self._part(value, "breaks") or ()),
                of=self._part(value, "of") or "",
            )
        ]

    def _outcome(self, name: str, value: Any, line: int) -> str:
        stated = self._part(value, "outcome")
        if stated and ((KINDS[name].fixed and stated != KINDS[name].outcome) or stated not in OUTCOMES):
            allowed = KINDS[name].outcome if KINDS[name].fixed else ", ".join(OUTCOMES)
            self.complaints.add(line, f"{name} with the outcome {stated!r}", allowed)
        return str(stated or KINDS[name].outcome)

    def _part(self, value: Any, part: str) -> Any:
        """A part of a stated value; of a plain value, `is` is the value itself."""
        if isinstance(value, Map) and "is" in value:
            for key in value:
                if key not in _PARTS:
                    self.complaints.unknown(value.lines[key], "the part", key, sorted(_PARTS))
            return value.get(part)
        return value if part == "is" else None

    def implied(self, kind: str, path: str, line: int, field: str = "") -> Rule:
        """A rule that stands on no line of its own."""
        outcome = KINDS[kind].outcome
        return Rule(
            f"{self.stem}/{path}",
            kind,
            True,
            outcome,
            self.complaints.file,
            line,
            self.source,
            field=field,
            models=self.models,
        )

    def _defaults(self, raw: Map, path: str, kind: str) -> dict[Condition | None, Any]:
        defaults: dict[Condition | None, Any] = {}
        for key, where in (("default", raw), *((key, raw[key]) for key in raw if key.startswith("when "))):
            if "default" in where:
                condition = None if where is raw else parse_condition(key.removeprefix("when "))
                defaults[condition] = self._default(where, path, kind, condition)
        return defaults

    def _default(self, raw: Map, path: str, kind: str, condition: Condition | None) -> Any:
        value, line = self._part(raw["default"], "is"), raw.lines["default"]
        if value != "derived" and not _fits(value, kind):
            self.complaints.add(
                line, f"the default {value!r} on the type {kind}", f"a value of the type {kind}, or derived"
            )
        fact = f"{self.stem}/{path}.default" + (f":{condition.suffix}" if condition else "")
        notes = self._part(raw["default"], "notes") or ""
        source = self._part(raw["default"], "source") or self.source
        self.facts.append(Fact(fact, value, self.complaints.file, line, source, notes))
        return value


def _order(rule: Rule) -> int:
    return list(KINDS).index(rule.kind)


def _split(error: ValueError) -> tuple[str, str]:
    what, _, expected = str(error).rpartition(", expected ")
    return what, expected


def _fits(value: Any, kind: str) -> bool:
    types: Mapping[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}
    assert kind in TYPES
    return isinstance(value, types.get(kind, (str,))) and (kind == "boolean") == isinstance(value, bool)
