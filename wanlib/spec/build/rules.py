"""The rules that a field's mapping states."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.kinds import KINDS, OUTCOMES, RELATION, TYPES
from wanlib.spec.model.modes import Condition, parse_condition
from wanlib.spec.model.model import Rule
from wanlib.spec.source.yaml_reader import LineMap
from wanlib.spec.source.annotated import AnnotatedValue, parse_annotated


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The model file that rules and facts stand in. stem: its name without `.yaml`, which ids begin with."""

    stem: str
    models: tuple[str, ...]
    source: str
    diagnostics: Diagnostics


class RuleBuilder:
    """Builds the rules of one file. conditions: every condition that a line names, with the line."""

    def __init__(self, origin: SourceFile) -> None:
        self.origin = origin
        self.diagnostics = origin.diagnostics
        self.conditions: list[tuple[int, Condition]] = []

    def rules(self, raw: LineMap, path: str, kind: str) -> list[Rule]:
        """Those of a field of a type (`kind`), its variants among them."""
        rules = list(self._of(raw, raw, path, kind, None))
        if kind == "object":
            rules.append(self.implied("unknown", f"{path}.unknown", raw.line, path))
        for key in raw:
            if key.startswith("when ") and (condition := self._condition(raw, key)):
                rules += self._of(raw[key], raw, path, kind, condition)
        return rules

    def implied(self, kind: str, path: str, line: int, field: str = "") -> Rule:
        """A rule that stands on no line of its own."""
        return Rule(
            id=f"{self.origin.stem}/{path}",
            kind=kind,
            limit=True,
            outcome=KINDS[kind].outcome,
            file=self.diagnostics.file,
            line=line,
            source=self.origin.source,
            field=field,
            models=self.origin.models,
        )

    def _condition(self, raw: LineMap, key: str) -> Condition | None:
        try:
            condition = parse_condition(key.removeprefix("when "))
        except ValueError as error:
            self.diagnostics.add(raw.lines[key], *_split(error))
            return None
        if key != f"when {condition}":  # or two spellings of one variant would pass for two keys
            self.diagnostics.add(raw.lines[key], f"{key!r} has spaces too many", f"when {condition}")
        self.conditions.append((raw.lines[key], condition))
        return condition

    def _of(self, where: LineMap, raw: LineMap, path: str, kind: str, condition: Condition | None) -> Iterator[Rule]:
        """The rules that a field's mapping or one of its variants (`where`) states."""
        for name in where:
            if name in KINDS:
                stated = parse_annotated(where[name], self.diagnostics)
                limit = self._limit(name, stated.limit, kind, where.lines[name])
                if limit is not None:
                    yield self._rule(name, stated, limit, where.lines[name], raw, path, condition)

    def _limit(self, name: str, value: Any, kind: str, line: int) -> Any:
        """The parsed limit of a rule; None (which no kind has) where it is wrong."""
        what = KINDS[name]
        if kind not in what.types:
            expected = f"it on {', '.join(each for each in what.types if each in TYPES) or 'no field'} only"
            self.diagnostics.add(line, f"{name} on the type {kind}", expected)
            return None
        try:
            limit = what.parse(value)
        except ValueError as error:
            self.diagnostics.add(line, f"{name} is {safe_repr(value)}", _split(error)[1])
            return None
        if isinstance(limit, Condition):
            self.conditions.append((line, limit))
        return limit

    def _rule(
        self,
        name: str,
        stated: AnnotatedValue,
        limit: Any,
        line: int,
        raw: LineMap,
        path: str,
        condition: Condition | None,
    ) -> Rule:
        return Rule(
            id=f"{self.origin.stem}/{path}.{name}" + (f":{condition.id_suffix}" if condition else ""),
            kind=name,
            limit=limit,
            outcome=self._outcome(name, stated.outcome, line),
            file=self.diagnostics.file,
            line=line,
            source=stated.source or raw.get("source") or self.origin.source,
            notes=stated.notes or (raw.get("notes", "") if KINDS[name].stage == RELATION else ""),
            condition=condition,
            field=path,
            models=self.origin.models,
            keeps=stated.keeps,
            breaks=stated.breaks,
            of=stated.of,
        )

    def _outcome(self, name: str, stated: str, line: int) -> str:
        kind = KINDS[name]
        if stated and stated not in ((kind.outcome,) if kind.fixed else OUTCOMES):
            allowed = f"{kind.outcome}, always" if kind.fixed else f"one of {', '.join(OUTCOMES)}"
            self.diagnostics.add(line, f"{name} with the outcome {stated!r}", allowed)
        return stated or kind.outcome


def _split(error: ValueError) -> tuple[str, str]:
    what, _, expected = str(error).rpartition(", expected ")
    return what, expected
