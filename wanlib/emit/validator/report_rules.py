"""Emit the tests of the rules on values, each with the violation that it reports."""

from collections.abc import Callable, Iterable

from wanlib.emit.python_text import CodeWriter, constant_name, local_name
from wanlib.emit.validator.plan import FamilyLayout, count_var, has_size_var
from wanlib.emit.validator.report_body import append_violation
from wanlib.emit.validator.violation_tests import (
    OF_KEYWORDS,
    STOPS,
    PointerTemplate,
    exact_decimals,
    violation_test,
)
from wanlib.spec import Condition, Field, Rule
from wanlib.spec.model.kinds import BOUND, KINDS

Write = Callable[[Rule], None]


class ReportRules:
    """Write the tests of one field's bounds and relations.

    The parameter `satisfied` names the variable that becomes false once a rule is violated; empty for none.
    """

    def __init__(self, plan: FamilyLayout, writer: CodeWriter) -> None:
        self.plan = plan
        self.out = writer

    def add(self, rule: Rule, path: str, limit: str, value: str, outcome: str = "") -> None:
        """Write the line that appends a rule's violation."""
        self.out.line(append_violation(self.plan, rule, path, limit, value, outcome))

    def holds(self, condition: Condition, value: bool) -> str:
        """Return the test that a condition is known to be true, or false."""
        return f"{local_name(condition.mode)} is {condition.wanted is value}"

    def active(self, rules: tuple[Rule, ...]) -> str:
        """Return the test that any rule of a kind applies; empty if one always does."""
        others = [rule.condition for rule in rules if rule.condition]
        if not others:
            return ""
        tests = [self.holds(condition, True) for condition in others]
        if len(others) < len(rules):
            tests.append(" and ".join(self.holds(condition, False) for condition in others))
        return " or ".join(tests)

    def guarded(self, rules: tuple[Rule, ...], write: Write) -> None:
        """Write each rule under the test that it is the one that applies."""
        if len(rules) == 1 and rules[0].condition is None:
            write(rules[0])
            return
        others = [rule.condition for rule in rules if rule.condition]
        for rule in rules:
            test = (
                self.holds(rule.condition, True)
                if rule.condition
                else " and ".join(self.holds(condition, False) for condition in others)
            )
            with self.out.block(f"if {test}"):
                write(rule)

    def bounds(self, field: Field, v: str, place: PointerTemplate, satisfied: str) -> None:
        """Write the rules on a value alone."""
        if field.type == "image":
            self._image(field, v, place, satisfied)
        elif field.type == "size":
            self.out.line(f"_size = _parse_size({v})")
            with self.out.block("if _size is None"):
                words = [kind for kind in _kinds_of_stage(field, BOUND) if kind in OF_KEYWORDS]
                self._kinds(words, field, v, place, satisfied)
            with self.out.block("else"):
                others = [kind for kind in _kinds_of_stage(field, BOUND) if kind not in OF_KEYWORDS]
                self._kinds(others, field, v, place, satisfied)
        else:
            self.stage(field, v, place, BOUND, satisfied)

    def stage(self, field: Field, v: str, place: PointerTemplate, stage: int, satisfied: str = "") -> None:
        """Write the rules of one stage."""
        self._kinds(_kinds_of_stage(field, stage), field, v, place, satisfied)

    def _image(self, field: Field, v: str, place: PointerTemplate, satisfied: str) -> None:
        """Write kind by kind until one stops: an image that is not a data URI is not read."""
        top, depth, read = field.path.partition(".")[0], self.out.depth, False
        if top in self.plan.box_image_lists():
            self.out.line(f"{has_size_var(top)} = True")
        kinds = _kinds_of_stage(field, BOUND)
        for kind in kinds:
            if kind != "schemes" and not read:
                self.out.line(f"_uri, _info = _read_image({v})")
                read = True
            if kind in STOPS:
                self.out.line("_is_readable = True")
            self._kinds((kind,), field, v, place, satisfied)
            if kind in STOPS and kind != kinds[-1]:
                self.out.line("if _is_readable:")
                self.out.depth += 1
        self.out.depth = depth

    def _kinds(
        self, kinds: Iterable[str], field: Field, v: str, place: PointerTemplate, satisfied: str
    ) -> None:
        for kind in kinds:
            self.guarded(field.rules_of_kind(kind), lambda rule: self._rule(field, rule, v, place, satisfied))

    def _rule(self, field: Field, rule: Rule, v: str, place: PointerTemplate, satisfied: str) -> None:
        relation = rule.kind in ("same_count_as", "inside", "same_pixels_as")
        words = {
            "v": v,
            "c": constant_name(rule),
            "other": local_name(rule.limit) if relation else "",
            "count": count_var(rule.limit) if rule.kind == "same_count_as" else "",
            "index": "_index0",
            "all": member_values(rule.of) if rule.of else "",
        }
        test, limit, value, guard = (text.format(**words) for text in violation_test(rule.kind, field.type))
        if rule.kind == "inside":
            guard = has_size_var(rule.limit)
        elif rule.kind == "decimals" and exact_decimals(field):
            test = "not _exact"
        with self.out.block(f"if {guard} and {test}" if guard else f"if {test}"):
            self.add(rule, place.text, limit, value)
            if rule.kind in STOPS:
                self.out.line("_is_readable = False")
            if satisfied:
                self.out.line(f"{satisfied} = False")


def _kinds_of_stage(field: Field, stage: int) -> list[str]:
    """Return the kinds of a field's rules of one stage, in the order of the checks."""
    return list(dict.fromkeys(rule.kind for rule in field.rules if KINDS[rule.kind].stage == stage))


def member_values(member: str) -> str:
    """Return the variable with the values that a total adds up: those of the right type."""
    return f"_all_{local_name(member)}"
