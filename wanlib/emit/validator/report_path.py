"""Emit the code that reports all violations of the fields, in spec order."""

from contextlib import nullcontext

from wanlib.emit.python_text import (
    CodeWriter,
    constant_name,
    expression,
    local_name,
    member_name,
    python_literal,
)
from wanlib.emit.validator.plan import (
    CONTEXT,
    FamilyLayout,
    count_var,
    default_constant,
    effective_var,
    given_var,
    has_size_var,
    member_names_constant,
    part_positions,
    reference,
)
from wanlib.emit.validator.report_rules import ReportRules, member_values
from wanlib.emit.validator.violation_tests import (
    PointerTemplate,
    exact_decimals,
    exact_type_test,
    is_plain_url_test,
    list_depth,
    pointer_expression,
    pointer_templates,
)
from wanlib.spec import Field, Rule
from wanlib.spec.model.hints import describe
from wanlib.spec.model.kinds import BOUND, KINDS, RELATION
from wanlib.spec.model.modes import read_keys

_BESIDE_REQUIRED = ("effective", "needs", "requires", "excludes")
"""Kinds on presence other than `required`; they are checked before the type."""

_HAS_TYPE = {
    "integer": "(type({v}) is int or _is_integer({v}))",
    "number": "(type({v}) is int or _is_number({v}))",
    "percent": "(isinstance({v}, str) and _percent({v}) is not None)",
    "boolean": "isinstance({v}, bool)",
    "list": "isinstance({v}, list)",
    "object": "isinstance({v}, dict)",
    "image": "isinstance({v}, (str, _ImageInfo))",
}


class ReportPath:
    """Write `_report_fields`: modes, then for each field presence, type, bounds and relations."""

    def __init__(self, plan: FamilyLayout, writer: CodeWriter) -> None:
        self.plan = plan
        self.out = writer
        self.rules = ReportRules(plan, writer)
        self.places = pointer_templates(plan)
        totals = [(field, rule) for field in plan.family.walk() for rule in field.rules_of_kind("total")]
        self.added_up = {f"{field.path}.each.{rule.of}" for field, rule in totals}

    def write(self) -> None:
        """Write the whole function."""
        head = f"def _report_fields(violations: list[Violation], {self.arguments()}) -> list[Violation]"
        with self.out.block(head):
            self.out.line(
                '"""Append the violations of the fields; a rule on an undetermined value is not checked."""'
            )
            self.modes()
            self._call()
            for field in self.plan.family.fields:
                self._field(field, local_name(field.name), self.places[field.name])
            self.out.line("return violations")

    def arguments(self) -> str:
        """Return the parameters of `_report_fields` after the list of violations, in order."""
        fields = [local_name(field.name) for field in self.plan.family.fields]
        ats = [part_positions(name) for name in self.plan.parts()]
        return ", ".join(["model: str", CONTEXT, *(f"{name}: Any" for name in ats + fields)])

    # Modes: True, False, or None where a field that they read has no usable value.

    def modes(self) -> None:
        """Write the values that modes read, and the modes."""
        for name in self.plan.counted_lists():
            v = local_name(name)
            self.out.line(
                f"{count_var(name)} = len({v}) if isinstance({v}, list) else 0 if {v} is _ABSENT else None"
            )
        for name in self.plan.box_image_lists():
            self.out.line(f"{has_size_var(name)} = False")
        for field in self.plan.fields_in_modes():
            v, default = local_name(field.name), field.default.get(None)
            absent = (
                "" if default in (None, "derived") else f"{default_constant(field)} if {v} is _ABSENT else "
            )
            if self.plan.is_valued(field):
                self.out.line(f"{effective_var(field.name)} = {v} if {has_type(field, v)} else {absent}None")
            if field.name in self.plan.family.given_fields:
                unless_absent = f"False if {v} is _ABSENT else None"
                self.out.line(f"{given_var(field.name)} = True if {has_type(field, v)} else {unless_absent}")
        for mode, tree in self.plan.family.modes.items():
            keys = sorted(read_keys(tree, self.plan.family.modes))
            read = [self.plan.variable(name) for name in keys if name != "model"]
            value = expression(tree, self.plan.variable)
            unknown = " or ".join(f"{name} is None" for name in read)
            self.out.line(
                f"{local_name(mode)} = None if {unknown} else {value}"
                if read
                else f"{local_name(mode)} = {value}"
            )

    def _call(self) -> None:
        """Write the rules on the modes that calls need."""
        for call, rule in self.plan.family.call_rules.items():
            test = f"call == {python_literal(call)} and {self.rules.holds(rule.limit, False)}"
            with self.out.block(f"if {test}"):
                limit = python_literal(describe(self.plan.family, rule.limit))
                self.rules.add(rule, pointer_expression("model"), limit, "call")

    # One field.

    def _field(self, field: Field, v: str, place: PointerTemplate) -> None:
        """Write the checks of a field: if it is required, its value is tested first."""
        required = field.rules_of_kind("required")
        if field.name == "each":
            self._present(field, v, place)
        elif (
            required
            and field.rules_of_kind("type")
            and not any(field.rules_of_kind(kind) for kind in _BESIDE_REQUIRED)
        ):
            self._with_type_check(field, v, place)
        elif required:
            with self.out.block(f"if {self._is_missing(field, v)}"):
                self._missing(field, place)
            with self.out.block("else"):
                self._present(field, v, place)
        else:
            with self.out.block(f"if {v} is not _ABSENT"):
                self._present(field, v, place)

    def _is_item(self, field: Field) -> bool:
        """Return True if the field is an item of a list, where null is not a missing member."""
        return field.name == "each" or (field.path == field.name and field.name in self.plan.parts())

    def _always_required(self, field: Field) -> bool:
        return any(
            rule.condition is None for rule in field.rules_of_kind("required")
        ) and not self.rules.active(field.rules_of_kind("required"))

    def _is_missing(self, field: Field, v: str) -> str:
        """Return the test that a field is absent, or null although it is required."""
        if self._is_item(field):
            return f"{v} is _ABSENT"
        active = self.rules.active(field.rules_of_kind("required"))
        return f"{v} is _ABSENT or {v} is None" + (f" and ({active})" if active else "")

    def _missing(self, field: Field, place: PointerTemplate) -> None:
        required = field.rules_of_kind("required")
        self.rules.guarded(required, lambda rule: self.rules.add(rule, place.text, "True", "None"))

    def _present(self, field: Field, v: str, place: PointerTemplate) -> None:
        """Write the violations of a field's presence, then those of its value."""
        for rule in field.rules_of_kind("effective"):
            self._ignored_field(rule, v, place)
        with self.out.block("else") if field.rules_of_kind("effective") else nullcontext():
            for rule in field.rules_of_kind("needs"):
                self._ignored_field(rule, v, place)
            self._companions(field, v, place)
            self._with_type_check(field, v, place)

    def _ignored_field(self, rule: Rule, v: str, place: PointerTemplate) -> None:
        """Write the rule on a field that is present outside its mode."""
        with self.out.block(f"if {v} is not _UNDETERMINED and {self.rules.holds(rule.limit, False)}"):
            self.rules.add(rule, place.text, python_literal(describe(self.plan.family, rule.limit)), v)

    def _companions(self, field: Field, v: str, place: PointerTemplate) -> None:
        """Write the rules on other fields for a field that is present; an empty list counts as absent."""
        present = f"{v} is not _UNDETERMINED" + (f" and {v} != []" if field.type == "list" else "")

        def require(rule: Rule) -> None:
            other = local_name(rule.limit)
            absent = f"{other} is _ABSENT"
            if self.plan.family.field(rule.limit).type == "list":
                absent = f"({absent} or {other} == [])"
            with self.out.block(f"if {present} and {absent}"):
                self.rules.add(rule, place.text, constant_name(rule), v)

        def exclude(rule: Rule) -> None:
            pairs = "".join(f"({python_literal(name)}, {self._unless_empty(name)}), " for name in rule.limit)
            with self.out.block(f"if {present} and (_given := _names_given({pairs}))"):
                self.rules.add(rule, place.text, constant_name(rule), "_given")

        self.rules.guarded(field.rules_of_kind("requires"), require)
        self.rules.guarded(field.rules_of_kind("excludes"), exclude)

    def _unless_empty(self, name: str) -> str:
        """Return the value of a field, None for an empty list."""
        variable = local_name(name)
        is_list = self.plan.family.field(name).type == "list"
        return f"None if {variable} == [] else {variable}" if is_list else variable

    def _with_type_check(self, field: Field, v: str, place: PointerTemplate) -> None:
        """Write the test of the type, then the value. A list written as parts always is a list."""
        top, kind = field.path == field.name, next(iter(field.rules_of_kind("type")), None)
        if kind is None:
            self._assembled(field, v, place)
            return
        if field.type == "image":
            with self.out.block(f"if not (isinstance({v}, str) and {is_plain_url_test(field, v)})"):
                self._type_then_value(field, v, place, kind, top)
        else:
            self._type_then_value(field, v, place, kind, top)

    def _assembled(self, field: Field, v: str, place: PointerTemplate) -> None:
        """Write a list that no body has as a list: null takes the place of its only item."""
        null = field.each is not None and not self._is_item(field) and not self._always_required(field)
        if field.each and null:
            (kind,) = field.each.rules_of_kind("type")
            with self.out.block(f"if {v} is None"):
                self.rules.add(kind, place.text, python_literal(field.each.type), v, "'unspecified'")
        with self.out.block(f"{'elif' if null else 'if'} {v} is not _UNDETERMINED"):
            self._value(field, v, place)

    def _type_then_value(self, field: Field, v: str, place: PointerTemplate, kind: Rule, top: bool) -> None:
        """Write the common case first: the right type, then a missing value, then another type."""
        out, test, required = self.out, has_type(field, v), bool(field.rules_of_kind("required"))
        if exact_decimals(field):
            out.line(f"_exact = {exact_type_test(field, v)}")
            test = f"_exact or {test}"
        start = len(out.lines)
        with out.block(f"if {test}"):
            self._value(field, v, place)
        has_tests = len(out.lines) > start
        if required:
            with out.block(f"{'elif' if has_tests else 'if'} {self._is_missing(field, v)}"):
                self._missing(field, place)
        other = " and ".join([f"not ({test})"] * (not has_tests) + [f"{v} is not _UNDETERMINED"] * top)
        with out.block(f"{'elif' if has_tests or required else 'if'} {other}" if other else "else"):
            optional = not self._is_item(field) and not self._always_required(field)
            outcome = f"'unspecified' if {v} is None else {python_literal(kind.outcome)}" if optional else ""
            self.rules.add(kind, place.text, python_literal(field.type), v, outcome)

    def _value(self, field: Field, v: str, place: PointerTemplate) -> None:
        """Write the bounds, the content, and the relations if the bounds are satisfied."""
        out = self.out
        if field.path in self.added_up:
            out.line(f"{member_values(field.name)}.append({v})")
        relations = any(KINDS[rule.kind].stage == RELATION for rule in field.rules)
        guarded = relations and any(KINDS[rule.kind].stage == BOUND for rule in field.rules)
        satisfied = f"_within_bounds{list_depth(field)}" if guarded else ""
        if guarded:
            out.line(f"{satisfied} = True")
        self.rules.bounds(field, v, place, satisfied)
        self._inner(field, v, place)
        if guarded:
            with out.block(f"if {satisfied}"):
                self.rules.stage(field, v, place, RELATION)
        elif relations:
            self.rules.stage(field, v, place, RELATION)

    # The contents of lists and objects.

    def _inner(self, field: Field, v: str, place: PointerTemplate) -> None:
        for rule in field.rules_of_kind("total"):
            self.out.line(f"{member_values(rule.of)} = []")
        if field.each:
            index, item = f"_index{list_depth(field)}", f"_item{list_depth(field)}"
            with self.out.block(f"for {index}, {item} in enumerate({v})"):
                self._field(field.each, item, place.at(index))
        if field.type == "object":
            self._members(field, v, place)

    def _members(self, field: Field, v: str, place: PointerTemplate) -> None:
        for member in field.members:
            value = member_name(member.name)
            self.out.line(f"{value} = {v}.get({python_literal(member.name)}, _ABSENT)")
            self._field(member, value, place.inner(member.name))
        (rule,) = field.rules_of_kind("unknown")
        known = member_names_constant(field)
        is_missing = " or ".join(f"{member_name(member.name)} is _ABSENT" for member in field.members)
        with self.out.block(f"if len({v}) != {len(field.members)} or {is_missing}"):
            where = f"{place.text}, {reference(self.plan, rule)}, _NOTHING"
            self.out.line(f"_report_unknown_members(violations, {v}, {known}, {known}_SET, {where})")


def has_type(field: Field, v: str) -> str:
    """Return the test that a value has a field's type, in any form."""
    return _HAS_TYPE.get(field.type, "isinstance({v}, str)").format(v=v)
