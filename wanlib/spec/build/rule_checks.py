"""What the rules of one family say of each other, beyond what a shape can say."""

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import Any

from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.build.fields import UNDEFAULTED, fits
from wanlib.spec.model.mode_values import MOST, find_overlap, combination_count
from wanlib.spec.build.fields import FieldBuilder
from wanlib.spec.model.kinds import BOUND, KINDS
from wanlib.spec.model.modes import Condition
from wanlib.spec.model.model import Family, Field, Rule
from wanlib.spec.model.predicates import VALUE_CHECKS, CHECKS_BY_TYPE

_RELATIONS = ("same_count_as", "same_pixels_as", "inside")
Variants = list[tuple[Condition, int]]


class RuleChecker:
    """Checks a built family.

    builder: knows the lines of what a Family no longer tells. modes: the names of all modes, broken
    ones too, so that one mistake is told once. counts: the lines of the output facts that hang on modes.
    """

    def __init__(
        self,
        family: Family,
        builder: FieldBuilder,
        modes: Collection[str],
        counts: Mapping[str, Mapping[Condition, int]],
    ) -> None:
        self.family = family
        self.modes = modes
        self.builder = builder
        self.counts = {kind: [*lines.items()] for kind, lines in counts.items()}
        self.conditions = [*builder.rules.conditions]
        for lines in self.counts.values():
            self.conditions += [(line, condition) for condition, line in lines]
        self.diagnostics: Diagnostics = builder.diagnostics
        self.lists = {field.name: field for field in family.fields if field.type == "list"}

    def check(self) -> None:
        """Everything that is wrong goes to the builder's diagnostics."""
        for line, condition in self.conditions:
            if condition.mode not in self.modes:
                self.diagnostics.unknown_name(line, "the mode", condition.mode, self.modes)
        for field in self.family.walk():
            for rule in field.rules:
                self._rule(field, rule)
            self._defaults(field)
            self._advice(field)
        if not self.diagnostics.lines:  # only modes that are right can be tried
            self._mode_combinations()
        if not self.diagnostics.lines:
            for field in self.family.walk():
                self._variants(field)
            for kind, variants in self.counts.items():
                self._exclusive(kind, variants)

    def _rule(self, field: Field, rule: Rule) -> None:
        if rule.kind in _RELATIONS:
            self._relation(field, rule)
        elif rule.kind == "total":
            self._total(field, rule)
        elif rule.kind == "pattern":
            self._pattern(rule)
        elif rule.kind == "one_of":
            for value in rule.limit:
                if not fits(value, field.type):
                    self.diagnostics.add(rule.line, f"one_of lists {value!r}", f"a {field.type}")

    # Variants.

    def _mode_combinations(self) -> None:
        """Modes are tried with every combination of what they read; some would be tried for hours."""
        lines = {condition.mode: line for line, condition in reversed(self.conditions)}
        for mode, line in lines.items():
            if (count := combination_count(self.family, (mode,))) > MOST:
                what = f"the mode {mode!r} reads {count:,} combinations of values"
                self.diagnostics.add(line, what, f"at most {MOST:,}")

    def _variants(self, field: Field) -> None:
        for kind in dict.fromkeys(rule.kind for rule in field.rules if rule.condition):
            rules = field.rules_of_kind(kind)
            self._exclusive(kind, [(rule.condition, rule.line) for rule in rules if rule.condition])
        lines = self.builder.defaults.lines
        self._exclusive("default", [(each, lines[field.path, each]) for each in field.default if each])

    def _exclusive(self, kind: str, variants: Variants) -> None:
        for (one, _), (two, line) in combinations(variants, 2):
            what = f"{kind} varies by {one} and by {two}"
            if (count := combination_count(self.family, (one.mode, two.mode))) > MOST:
                self.diagnostics.add(
                    line, f"{what}, which read {count:,} combinations of values", f"at most {MOST:,}"
                )
            elif witness := find_overlap(self.family, one, two):
                self.diagnostics.add(
                    line, f"{what}, which hold together ({witness})", "modes of which one holds"
                )

    # Defaults.

    def _defaults(self, field: Field) -> None:
        for condition, value in field.default.items():
            if value == "derived" or field.type in UNDEFAULTED or not fits(value, field.type):
                continue
            for rule in violated_bounds(field, condition, value):
                line = self.builder.defaults.lines[field.path, condition]
                self.diagnostics.add(line, f"the default {value!r} breaks {rule.id}", "one that keeps it")

    def _advice(self, field: Field) -> None:
        """No page recommends what it forbids."""
        for word, advised in field.advice.items():
            for value in advised if isinstance(advised, list) else [advised]:
                for rule in violated_bounds(field, None, value):
                    line = self.builder.advice.lines[field.path, word]
                    self.diagnostics.add(
                        line, f"{word} has {value!r}, which breaks {rule.id}", "one that keeps it"
                    )

    # Relations and texts.

    def _relation(self, field: Field, rule: Rule) -> None:
        target = self.lists.get(rule.limit)
        if target is None or target is field:
            names = [name for name in self.lists if name != field.name]
            self.diagnostics.unknown_name(rule.line, f"the list of {rule.kind},", rule.limit, names)
        elif rule.kind != "same_count_as" and (target.each is None or target.each.type != "image"):
            self.diagnostics.add(rule.line, f"{rule.kind}: {rule.limit} holds no images", "a list of images")

    def _total(self, field: Field, rule: Rule) -> None:
        members = field.each.members if field.each else ()
        percents = [member.name for member in members if member.type == "percent"]
        if rule.of not in percents:
            self.diagnostics.unknown_name(rule.line, "the percent member (of:)", rule.of, percents)

    def _pattern(self, rule: Rule) -> None:
        if not rule.keeps or not rule.breaks:
            self.diagnostics.add(rule.line, "pattern without examples", "keeps: and breaks: with it")
        for word, text in _pattern_examples(rule):
            takes = "takes" if word == "keeps" else "refuses"
            self.diagnostics.add(rule.line, f"{word} lists {text!r}", f"texts that the pattern {takes}")


def violated_bounds(field: Field, condition: Condition | None, value: Any) -> Iterator[Rule]:
    """The rules on a value alone that a value of the right type breaks where a condition holds."""
    for rule in _active_rules(field, condition):
        judge = CHECKS_BY_TYPE.get((field.type, rule.kind)) or VALUE_CHECKS[rule.kind]
        if judge(rule.limit, value):
            yield rule


def _active_rules(field: Field, condition: Condition | None) -> Iterator[Rule]:
    """The rules on a value alone that hold under a condition: its variants, and the bases of other kinds."""
    bases: Mapping[str, Rule] = {rule.kind: rule for rule in field.rules if rule.condition is None}
    own = {rule.kind: rule for rule in field.rules if condition and rule.condition == condition}
    for kind, rule in {**bases, **own}.items():
        if KINDS[kind].stage == BOUND:
            yield rule


def _pattern_examples(rule: Rule) -> Iterator[tuple[str, Any]]:
    for word, examples, due in (("keeps", rule.keeps, True), ("breaks", rule.breaks, False)):
        for text in examples:
            if (re.fullmatch(rule.limit, text, re.ASCII) is not None) is not due:
                yield word, text
