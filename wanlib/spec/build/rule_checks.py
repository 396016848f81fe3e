"""Check the rules of one family against each other.

The JSON Schema of spec files checks the structure; this module checks constraints between several lines of
a file.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import Any

from wanlib.spec.build.fields import TYPES_WITHOUT_DEFAULT, FieldBuilder, fits
from wanlib.spec.model.kinds import BOUND, KINDS
from wanlib.spec.model.mode_values import MAX_COMBINATIONS, combination_count, find_overlap
from wanlib.spec.model.model import DERIVED, Family, Field, Rule
from wanlib.spec.model.modes import Condition
from wanlib.spec.model.predicates import CHECKS_BY_TYPE, VALUE_CHECKS

_RELATION_KINDS = ("same_count_as", "same_pixels_as", "inside")
Variants = list[tuple[Condition, int]]
"""The conditions of variants, each with its line."""


class RuleChecker:
    """Checks a built family."""

    def __init__(
        self,
        family: Family,
        builder: FieldBuilder,
        modes: Collection[str],
        output_lines: Mapping[str, Mapping[Condition, int]],
    ) -> None:
        """Prepare to check a family.

        Args:
            family: The family.
            builder: The builder of the family; it has the lines of defaults and advice, and collects the
                diagnostics.
            modes: The names of all modes, broken ones too, so that one mistake is reported once.
            output_lines: The line of each entry of an output table, by table and condition.
        """
        self._family = family
        self._modes = modes
        self._builder = builder
        self._diagnostics = builder.diagnostics
        self._output_variants = {name: [*lines.items()] for name, lines in output_lines.items()}
        self._conditions = [*builder.rules.conditions]
        for variants in self._output_variants.values():
            self._conditions += [(line, condition) for condition, line in variants]
        self._lists = {field.name: field for field in family.fields if field.type == "list"}

    def check(self) -> None:
        """Add all problems to the diagnostics of the builder."""
        for line, condition in self._conditions:
            if condition.mode not in self._modes:
                self._diagnostics.unknown_name(line, "the mode", condition.mode, self._modes)
        for field in self._family.walk():
            for rule in field.rules:
                self._check_rule(field, rule)
            self._check_defaults(field)
            self._check_advice(field)
        if not self._diagnostics.lines:  # only correct modes can be evaluated
            self._check_mode_combinations()
        if not self._diagnostics.lines:
            for field in self._family.walk():
                self._check_variants(field)
            for name, variants in self._output_variants.items():
                self._check_exclusive(name, variants)

    def _check_rule(self, field: Field, rule: Rule) -> None:
        if rule.kind in _RELATION_KINDS:
            self._check_relation(field, rule)
        elif rule.kind == "total":
            self._check_total(field, rule)
        elif rule.kind == "pattern":
            self._check_pattern(rule)
        elif rule.kind in ("requires", "excludes"):
            self._check_companions(field, rule)
        elif rule.kind == "one_of":
            for value in rule.limit:
                if not fits(value, field.type):
                    self._diagnostics.add(rule.line, f"one_of lists {value!r}", f"a {field.type}")
        elif rule.kind == "step":
            self._check_step(field, rule)

    # Variants.

    def _check_mode_combinations(self) -> None:
        """Check that every mode reads few enough values to be evaluated with all of them."""
        lines = {condition.mode: line for line, condition in reversed(self._conditions)}
        for mode, line in lines.items():
            if (count := combination_count(self._family, (mode,))) > MAX_COMBINATIONS:
                problem = f"the mode {mode!r} reads {count:,} combinations of values"
                self._diagnostics.add(line, problem, f"at most {MAX_COMBINATIONS:,}")

    def _check_variants(self, field: Field) -> None:
        for kind, rules in field.rules_by_kind.items():
            self._check_exclusive(kind, [(rule.condition, rule.line) for rule in rules if rule.condition])
        lines = self._builder.defaults.lines
        conditions = [condition for condition in field.default if condition]
        self._check_exclusive("default", [(key, lines[field.path, key]) for key in conditions])

    def _check_exclusive(self, name: str, variants: Variants) -> None:
        """Check that no two variants can hold together."""
        for (first, _), (second, line) in combinations(variants, 2):
            problem = f"{name} varies by {first} and by {second}"
            if (count := combination_count(self._family, (first.mode, second.mode))) > MAX_COMBINATIONS:
                problem += f", which read {count:,} combinations of values"
                self._diagnostics.add(line, problem, f"at most {MAX_COMBINATIONS:,}")
            elif overlap := find_overlap(self._family, first, second):
                problem += f", which hold together ({overlap})"
                self._diagnostics.add(line, problem, "modes of which one holds")

    # Defaults and advice.

    def _check_defaults(self, field: Field) -> None:
        for condition, value in field.default.items():
            if value == DERIVED or field.type in TYPES_WITHOUT_DEFAULT or not fits(value, field.type):
                continue
            for rule in violated_bounds(field, condition, value):
                line = self._builder.defaults.lines[field.path, condition]
                problem = f"the default {value!r} violates {rule.id}"
                self._diagnostics.add(line, problem, "one that satisfies it")

    def _check_advice(self, field: Field) -> None:
        """Check that advice satisfies the rules, except those that the pages leave open."""
        for word, advice in field.advice.items():
            for value in advice if isinstance(advice, list) else [advice]:
                for rule in violated_bounds(field, None, value):
                    if rule.outcome == "unspecified":
                        continue
                    line = self._builder.advice.lines[field.path, word]
                    problem = f"{word} has {value!r}, which violates {rule.id}"
                    self._diagnostics.add(line, problem, "one that satisfies it")

    # Relations and patterns.

    def _check_relation(self, field: Field, rule: Rule) -> None:
        target = self._lists.get(rule.limit)
        if target is None or target is field:
            names = [name for name in self._lists if name != field.name]
            self._diagnostics.unknown_name(rule.line, f"the list of {rule.kind},", rule.limit, names)
        elif rule.kind != "same_count_as" and (target.each is None or target.each.type != "image"):
            problem = f"{rule.kind}: {rule.limit} holds no images"
            self._diagnostics.add(rule.line, problem, "a list of images")

    def _check_companions(self, field: Field, rule: Rule) -> None:
        """Check the fields that a field requires or excludes."""
        if field.path != field.name:
            parent = field.path.rpartition(".")[0]
            self._diagnostics.add(rule.line, f"{rule.kind} inside of {parent}", "it on whole fields only")
            return
        fields = {other.name: other for other in self._family.fields if other is not field}
        for name in rule.limit if rule.kind == "excludes" else (rule.limit,):
            if name not in fields:
                self._diagnostics.unknown_name(rule.line, f"the field of {rule.kind},", name, fields)
            elif any(other.condition is None for other in fields[name].rules_of_kind("required")):
                problem = f"{field.name} {rule.kind} {name}, which is always required"
                self._diagnostics.add(rule.line, problem, "a field that may be absent")

    def _check_step(self, field: Field, rule: Rule) -> None:
        """Check that a step has an effect, and that the bounds of the same field are values."""
        if field.type == "integer" and (isinstance(rule.limit, float) or rule.limit == 1):
            self._diagnostics.add(rule.line, f"step is {rule.limit} on an integer", "a whole number from 2")
            return
        for bound in (*field.rules_of_kind("min"), *field.rules_of_kind("max")):
            if VALUE_CHECKS["step"](rule.limit, bound.limit):
                problem = f"{bound.kind} is {bound.limit}, not a multiple of the step {rule.limit}"
                self._diagnostics.add(bound.line, problem, "the last value that can be sent")

    def _check_total(self, field: Field, rule: Rule) -> None:
        members = field.each.members if field.each else ()
        percents = [member.name for member in members if member.type == "percent"]
        if rule.of not in percents:
            self._diagnostics.unknown_name(rule.line, "the percent member (of:)", rule.of, percents)

    def _check_pattern(self, rule: Rule) -> None:
        if not rule.keeps or not rule.breaks:
            self._diagnostics.add(rule.line, "pattern without examples", "keeps: and breaks: with it")
        for word, text in _wrong_examples(rule):
            verb = "accepts" if word == "keeps" else "refuses"
            self._diagnostics.add(rule.line, f"{word} lists {text!r}", f"texts that the pattern {verb}")


def violated_bounds(field: Field, condition: Condition | None, value: Any) -> Iterator[Rule]:
    """Yield the rules on a single value that a value violates.

    Args:
        field: The field.
        condition: The variants to apply; None for base rules only.
        value: A value of the type of the field.
    """
    for rule in _active_bounds(field, condition):
        check = CHECKS_BY_TYPE.get((field.type, rule.kind)) or VALUE_CHECKS[rule.kind]
        if check(rule.limit, value):
            yield rule


def _active_bounds(field: Field, condition: Condition | None) -> Iterator[Rule]:
    """Yield the rules on a single value in a condition: its variants, else the bases."""
    bases = {rule.kind: rule for rule in field.rules if rule.condition is None}
    variants = {rule.kind: rule for rule in field.rules if condition and rule.condition == condition}
    for kind, rule in {**bases, **variants}.items():
        if KINDS[kind].stage == BOUND:
            yield rule


def _wrong_examples(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Yield the examples of a pattern that are listed under the wrong word."""
    for word, examples, should_match in (("keeps", rule.keeps, True), ("breaks", rule.breaks, False)):
        for text in examples:
            if (re.fullmatch(rule.limit, text, re.ASCII) is not None) is not should_match:
                yield word, text
