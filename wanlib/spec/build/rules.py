"""Build the rules that the mapping of a field states, with their variants."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.kinds import KINDS, OUTCOMES, RELATION, TYPES
from wanlib.spec.model.model import Rule
from wanlib.spec.model.modes import Condition, parse_condition
from wanlib.spec.source.annotated import AnnotatedValue, parse_annotated
from wanlib.spec.source.yaml_reader import LineMap

CALLS_SECTION = "calls"
"""The section of a model file with its calls; the ids of rules on them begin with it."""

_CALL_KIND = "only_in"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The model file that rules and facts are from.

    Attributes:
        stem: Its name without `.yaml`; ids begin with it.
        models: Its models.
        source: The page that a line is from unless it states another.
        diagnostics: Collects its problems.
    """

    stem: str
    models: tuple[str, ...]
    source: str
    diagnostics: Diagnostics


class RuleBuilder:
    """Builds the rules of one file.

    Attributes:
        source_file: The file.
        diagnostics: Its diagnostics.
        conditions: Every condition that a line names, with the line.
    """

    def __init__(self, source_file: SourceFile) -> None:
        """Start without conditions."""
        self.source_file = source_file
        self.diagnostics = source_file.diagnostics
        self.conditions: list[tuple[int, Condition]] = []

    def rules(self, raw: LineMap, path: str, type_name: str) -> list[Rule]:
        """Return the rules of a field and their variants, in the order of the file."""
        rules = list(self._rules_in(raw, raw, path, type_name, None))
        if type_name == "object":
            rules.append(self.implied("unknown", f"{path}.unknown", raw.line, path))
        for key in raw:
            if key.startswith("when ") and (condition := self._condition(raw, key)):
                rules += self._rules_in(raw[key], raw, path, type_name, condition)
        return rules

    def call_rules(self, raw: LineMap) -> dict[str, Rule]:
        """Return the rule on the mode of each call that states one."""
        rules: dict[str, Rule] = {}
        for call, entry in raw.items():
            if not isinstance(entry, LineMap) or _CALL_KIND not in entry:
                continue
            stated = parse_annotated(entry[_CALL_KIND], self.diagnostics)
            line = entry.lines[_CALL_KIND]
            limit = self._parsed(_CALL_KIND, stated.limit, line)
            if limit is not None:
                path = f"{CALLS_SECTION}.{call}"
                rule = self._rule(_CALL_KIND, stated, limit, line, entry, path, None)
                rules[call] = replace(rule, field="")
        return rules

    def implied(self, kind: str, path: str, line: int, field: str = "") -> Rule:
        """Return a rule without its own line.

        Args:
            kind: Its kind.
            path: Its id without the file.
            line: The line to show for it, from 1.
            field: The path of its field; empty for a rule on the whole body.
        """
        return Rule(
            id=f"{self.source_file.stem}/{path}",
            kind=kind,
            limit=True,
            outcome=KINDS[kind].outcome,
            file=self.diagnostics.file,
            line=line,
            source=self.source_file.source,
            field=field,
            models=self.source_file.models,
        )

    def _condition(self, raw: LineMap, key: str) -> Condition | None:
        try:
            condition = parse_condition(key.removeprefix("when "))
        except ValueError as error:
            self.diagnostics.add(raw.lines[key], *_split_message(error))
            return None
        if key != f"when {condition}":  # or two spellings of one variant would be two keys
            self.diagnostics.add(raw.lines[key], f"{key!r} has too many spaces", f"when {condition}")
        self.conditions.append((raw.lines[key], condition))
        return condition

    def _rules_in(
        self, mapping: LineMap, field_mapping: LineMap, path: str, type_name: str, condition: Condition | None
    ) -> Iterator[Rule]:
        """Yield the rules in the mapping of a field, or in one of its variants."""
        for kind in mapping:
            if kind in KINDS:
                stated = parse_annotated(mapping[kind], self.diagnostics)
                limit = self._limit(kind, stated.limit, type_name, mapping.lines[kind])
                if limit is not None:
                    yield self._rule(kind, stated, limit, mapping.lines[kind], field_mapping, path, condition)

    def _limit(self, kind: str, value: Any, type_name: str, line: int) -> Any:
        """Return the parsed limit of a rule; None, which no kind has, if it is wrong."""
        definition = KINDS[kind]
        if type_name not in definition.types:
            allowed = ", ".join(name for name in definition.types if name in TYPES) or "no field"
            self.diagnostics.add(line, f"{kind} on the type {type_name}", f"it on {allowed} only")
            return None
        return self._parsed(kind, value, line)

    def _parsed(self, kind: str, value: Any, line: int) -> Any:
        """Return the parsed limit of a kind; None if it is wrong."""
        try:
            limit = KINDS[kind].parse(value)
        except ValueError as error:
            self.diagnostics.add(line, f"{kind} is {safe_repr(value)}", _split_message(error)[1])
            return None
        if isinstance(limit, Condition):
            self.conditions.append((line, limit))
        return limit

    def _rule(
        self,
        kind: str,
        stated: AnnotatedValue,
        limit: Any,
        line: int,
        field_mapping: LineMap,
        path: str,
        condition: Condition | None,
    ) -> Rule:
        field_notes = field_mapping.get("notes", "") if KINDS[kind].stage == RELATION else ""
        return Rule(
            id=f"{self.source_file.stem}/{path}.{kind}" + (f":{condition.id_suffix}" if condition else ""),
            kind=kind,
            limit=limit,
            outcome=self._outcome(kind, stated.outcome, line),
            file=self.diagnostics.file,
            line=line,
            source=stated.source or field_mapping.get("source") or self.source_file.source,
            notes=stated.notes or field_notes,
            condition=condition,
            field=path,
            models=self.source_file.models,
            keeps=stated.keeps,
            breaks=stated.breaks,
            of=stated.of,
        )

    def _outcome(self, kind: str, stated: str, line: int) -> str:
        definition = KINDS[kind]
        allowed = (definition.outcome,) if definition.fixed else OUTCOMES
        if stated and stated not in allowed:
            expected = (
                f"{definition.outcome}, always" if definition.fixed else f"one of {', '.join(OUTCOMES)}"
            )
            self.diagnostics.add(line, f"{kind} with the outcome {stated!r}", expected)
        return stated or definition.outcome


def _split_message(error: ValueError) -> tuple[str, str]:
    """Split `problem, expected what` into its two parts."""
    problem, _, expected = str(error).rpartition(", expected ")
    return problem, expected
