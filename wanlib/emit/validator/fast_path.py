"""Emit the fast path: decide whether a body violates no rule, before any violation object exists."""

from collections.abc import Iterator

from wanlib.emit.python_text import (
    CodeWriter,
    EmitError,
    constant_name,
    expression,
    local_name,
    member_name,
    python_literal,
)
from wanlib.emit.validator.counting import values_of_count
from wanlib.emit.validator.fast_body import FastBody
from wanlib.emit.validator.plan import (
    CONTEXT,
    FamilyLayout,
    count_var,
    default_constant,
    effective_var,
    given_var,
    has_size_var,
    member_names_constant,
)
from wanlib.emit.validator.violation_tests import (
    OF_KEYWORDS,
    exact_decimals,
    exact_type_test,
    full_match,
    is_box,
    is_fetched,
    list_depth,
    not_plain,
    scaled,
    sum_rules,
    violation_test,
    wrong_type_test,
)
from wanlib.spec import Condition, Field, Rule
from wanlib.spec.model.kinds import BOUND, KINDS, RELATION


class FastPath:
    """Write `accept`: it returns None for each body that the report path must check."""

    def __init__(self, plan: FamilyLayout, writer: CodeWriter) -> None:
        self.plan = plan
        self.out = writer
        self.typed = {field.path for field in plan.fields_in_modes()}  # the modes have seen their types
        self.summed = {
            rules[1].field: scaled(rules[1]) for field in plan.family.walk() if (rules := sum_rules(field))
        }  # the tables of the fields that are added up

    def write(self) -> None:
        """Write the function. `_field_count` counts the known fields, which must be all members."""
        out, form = self.out, FastBody(self.plan, self.out)
        with out.block(f"def accept(body: dict[str, Any], model: str, {CONTEXT}) -> 'Accepted | None'"):
            out.line('"""Return what is known of a body without violations; if None, `_report` decides."""')
            form.walk()
            if self._counts_colons():
                out.line("_colons = 0")
            self._modes()
            members = [field for field in self.plan.family.fields if field.name not in self.plan.parts()]
            out.line(f"_field_count = {form.other_members + sum(map(_is_always_required, members))}")
            for field in self.plan.family.fields:
                self._field(field, local_name(field.name), counts=field in members)
            if form.sizes:
                self._reject_if(f"_field_count != {' + '.join(form.sizes)}")
            colons = [*form.members, *self._image_colons()]
            colons += ["_field_count"] * bool(form.sizes) + ["_colons"] * self._counts_colons()
            counted = "".join(f"{self._counted(name)}, " for name in values_of_count(self.plan))
            out.line(f"return {' + '.join(colons)}, ({counted})")

    def _counted(self, name: str) -> str:
        """Return the variable that the count reads for a field; its value is hashable."""
        return count_var(name) if self.plan.family.field(name).type == "list" else local_name(name)

    def _counts_colons(self) -> bool:
        """Return True if colons in texts, and those after members of fields, are counted individually."""
        return any(field.members or _is_free_text(field) for field in self.plan.family.walk())

    def _image_colons(self) -> Iterator[str]:
        """Yield the minimum number of colons in the images of a body, as Python."""
        counted = [self.plan.family.field(name) for name in self.plan.counted_lists()]
        for field in self.plan.family.fields:
            variable = local_name(field.name)
            always = _is_always_required(field) or field.name in self.plan.parts()
            if field.each is not None and field.each.type == "image" and field in counted:
                yield count_var(field.name)
            elif field.each is not None and field.each.type == "image":
                yield f"len({variable})" if always else f"len({variable} or ())"
            elif field.type == "image":
                yield f"({variable} is not None)"

    # Modes: plain truth values, since a mistyped field has already returned False.

    def _modes(self) -> None:
        out = self.out
        for name in self.plan.counted_lists():
            variable = local_name(name)
            if name in self.plan.parts():
                out.line(f"{count_var(name)} = len({variable})")
            else:
                self._reject_if(f"{variable} is not None and not isinstance({variable}, list)")
                out.line(f"{count_var(name)} = 0 if {variable} is None else len({variable})")
        for name in self.plan.box_image_lists():
            out.line(f"{has_size_var(name)} = False")
        for field in self.plan.fields_in_modes():
            self._held(field)
        for mode, tree in self.plan.family.modes.items():
            out.line(f"{local_name(mode)} = {expression(tree, self.plan.variable)}")
        for call, rule in self.plan.family.call_rules.items():
            self._reject_if(f"call == {python_literal(call)} and {self._mode_violation(rule.limit)}")

    def _held(self, field: Field) -> None:
        variable, default = local_name(field.name), field.default.get(None)
        absent, is_given = f"{variable} is None", field.name in self.plan.family.given_fields
        if default in (None, "derived") and not is_given:
            self._reject_if(wrong_type_test(field, variable))
        else:
            self._reject_if(f"not ({absent} or {exact_type_test(field, variable)})")
        if is_given:
            self.out.line(f"{given_var(field.name)} = {variable} is not None")
        if self.plan.is_valued(field):
            value = (
                variable
                if default in (None, "derived")
                else f"{default_constant(field)} if {absent} else {variable}"
            )
            self.out.line(f"{effective_var(field.name)} = {value}")

    # Fields.

    def _field(self, field: Field, variable: str, counts: bool = False) -> None:
        """Write the tests of a field that may be absent; `counts` adds it to `_field_count`."""
        if _is_always_required(field) or (field.name in self.plan.parts() and field.type == "list"):
            self._present(field, variable)
            return
        required = field.rules_of_kind("required")
        for rule in required:
            self._reject_if(f"{variable} is None and {self._variant_guard(rule, required)}")
        with self.out.block(f"if {variable} is not None"):
            if counts:
                self.out.line("_field_count += 1")
            self._present(field, variable)

    def _reject_if(self, test: str) -> None:
        with self.out.block(f"if {test}"):
            self.out.line("return None")

    def _present(self, field: Field, variable: str) -> None:
        for kind in ("effective", "needs"):
            for rule in field.rules_of_kind(kind):
                self._reject_if(self._mode_violation(rule.limit))
        self._companions(field, variable)
        if field.type == "image":
            self._image(field, variable)
            return
        self._type(field, variable)
        if _is_free_text(field):
            with self.out.block(f"if ':' in {variable}"):
                self.out.line(f"_colons += {variable}.count(':')")
        if field.type == "size":
            self._size(field, variable)
        elif is_box(field):
            self._box(field, variable)
        else:
            self._kinds(field, variable, BOUND)
            self._inner(field, variable)
        self._kinds(field, variable, RELATION)

    def _companions(self, field: Field, variable: str) -> None:
        """Write the rules on other fields; an empty list counts as absent."""
        for kind in ("requires", "excludes"):
            rules = field.rules_of_kind(kind)
            for rule in rules:
                others = rule.limit if kind == "excludes" else (rule.limit,)
                tests = [self._presence(other, kind == "excludes") for other in others]
                guards = [self._variant_guard(rule, rules), variable if field.type == "list" else ""]
                self._reject_if(" and ".join(filter(None, (*guards, f"({' or '.join(tests)})"))))

    def _presence(self, name: str, wanted: bool) -> str:
        variable = local_name(name)
        if self.plan.family.field(name).type == "list":
            return variable if wanted else f"not {variable}"
        return f"{variable} is not None" if wanted else f"{variable} is None"

    def _mode_violation(self, condition: Condition) -> str:
        test = f"not {local_name(condition.mode)}" if condition.wanted else local_name(condition.mode)
        return f"call is not None and {test}" if self.plan.depends_on_call(condition.mode) else test

    def _type(self, field: Field, variable: str) -> None:
        """Write the test of a type, which None fails too."""
        if field.rules_of_kind("type") and field.path not in self.typed:
            if field.path in self.summed:
                self._add(field, variable)
            else:
                self._reject_if(wrong_type_test(field, variable))
        elif _is_always_required(field) and (
            field.path not in self.typed or field.default.get(None) is not None
        ):
            self._reject_if(f"{variable} is None")

    def _add(self, field: Field, variable: str) -> None:
        """Write the test of a percentage with exact decimals, and its part of a sum."""
        self._reject_if(f"not isinstance({variable}, str)")
        self.out.line(f"_scaled = {self.summed[field.path]}[{variable}]")
        self._reject_if("_scaled is None")
        self.out.line("_sum += _scaled")

    def _image(self, field: Field, variable: str) -> None:
        """Write one test for a plain URL, a few for other URLs, and all for a data URI."""
        self._reject_if(f"not isinstance({variable}, str)")
        fetched = is_fetched(field, variable)
        with self.out.block(f"if {not_plain(field, variable)}{f' and not ({fetched})' * bool(fetched)}"):
            top = field.path.partition(".")[0]
            if top in self.plan.box_image_lists():
                self.out.line(f"{has_size_var(top)} = True")
            self.out.line(f"_uri = _parse_data_uri({variable})")
            self._reject_if("_uri is None or _uri.facts is None")
            self.out.line("_info = _uri.facts")
            self._reject_if("_info.width is None or _info.height is None")
            self._kinds(field, variable, BOUND)
            self._kinds(field, variable, RELATION)

    def _size(self, field: Field, variable: str) -> None:
        """Write a lookup of the keyword, else the limits of width*height."""
        words = field.rules_of_kind("keywords")
        if any("*" in word for rule in words for word in rule.limit):
            raise EmitError(f"{field.path}: a keyword reads like width*height")
        varied = [
            f"{constant_name(rule)} if {self._variant_guard(rule, words)}" for rule in words if rule.condition
        ]
        base = [constant_name(rule) for rule in words if not rule.condition]
        known = " else ".join([*varied, *(base or ["_NOTHING"])])
        excluded = field.rules_of_kind("none_of")
        for rule in excluded:
            when = self._variant_guard(rule, excluded)
            self._reject_if(
                f"{when} and {self._test(field, rule, variable)}"
                if when
                else self._test(field, rule, variable)
            )
        with self.out.block(f"if {variable} not in {f'({known})' if varied else known}"):
            self.out.line(f"_size = _parse_size({variable})")
            self._reject_if("_size is None")
            self._kinds(field, variable, BOUND)

    def _box(self, field: Field, variable: str) -> None:
        """Write the test of four ordered integers with a minimum."""
        (count,) = field.rules_of_kind("count")
        (ordered,) = field.rules_of_kind("ordered")
        assert field.each is not None
        self._reject_if(f"len({variable}) != {constant_name(count)}")
        left, top, right, bottom = (f"_{local_name(corner)}" for corner in ordered.limit)
        self.out.line(f"{left}, {top}, {right}, {bottom} = {variable}")
        integers = [exact_type_test(field.each, corner) for corner in (left, top, right, bottom)]
        self._reject_if(f"not ({' and '.join(integers)})")
        least = "".join(f"{constant_name(rule)} <= " for rule in field.each.rules_of_kind("min"))
        self._reject_if(f"not ({least}{left} < {right} and {least}{top} < {bottom})")

    def _inner(self, field: Field, variable: str) -> None:
        if sum_rules(field):
            self.out.line("_sum = 0")
        if field.each:
            at = list_depth(field)
            index = f"_index{at}, " if self._needs_index(field) else ""
            items = f"enumerate({variable})" if index else variable
            with self.out.block(f"for {index}_item{at} in {items}"):
                self._present(field.each, f"_item{at}")
        if field.members:
            self._members(field, variable)

    def _needs_index(self, field: Field) -> bool:
        return list_depth(field) == 0 and any(member.rules_of_kind("inside") for member in field.walk())

    def _members(self, field: Field, variable: str) -> None:
        if all(map(_is_always_required, field.members)):
            self._reject_if(f"len({variable}) != {len(field.members)}")
            self.out.line(f"_colons += {len(field.members)}")
        else:
            self._reject_if(f"not {variable}.keys() <= {member_names_constant(field)}_SET")
            self.out.line(f"_colons += len({variable})")
        for member in field.members:
            value = member_name(member.name)
            self.out.line(f"{value} = {variable}.get({python_literal(member.name)})")
            if not _is_always_required(member):
                self._reject_if(f"{value} is None and {python_literal(member.name)} in {variable}")
            self._field(member, value)

    # Rules.

    def _kinds(self, field: Field, variable: str, stage: int) -> None:
        done = {*OF_KEYWORDS} | ({"decimals"} if exact_decimals(field) else set())
        done |= {"ordered"} if is_box(field) else set()
        done |= {"public", "unexpired"} if is_fetched(field, variable) else set()  # seen before the data URI
        stated = dict.fromkeys(rule.kind for rule in field.rules if KINDS[rule.kind].stage == stage)
        for kind in [kind for kind in stated if kind not in done]:
            rules = field.rules_of_kind(kind)
            for rule in rules:
                test = self._test(field, rule, variable)
                if when := self._variant_guard(rule, rules):
                    with self.out.block(f"if {when}"):
                        self._reject_if(test)
                else:
                    self._reject_if(test)

    def _test(self, field: Field, rule: Rule, variable: str) -> str:
        if rule.kind == "not_blank":  # the report path decides on texts of rare characters
            return f"not {variable} or {variable}.isspace()"
        if rule.kind == "total":
            if sum_rules(field):
                return f"_sum != {full_match(rule)}"
            texts = f"[_each[{python_literal(rule.of)}] for _each in {variable}]"
            return f"_percent_sum_mismatch({texts}, {constant_name(rule)}) is not None"
        relation = rule.kind in ("same_count_as", "inside", "same_pixels_as")
        test = violation_test(rule.kind, field.type).test.format(
            v=variable,
            c=constant_name(rule),
            other=local_name(rule.limit) if relation else "",
            count=count_var(rule.limit) if rule.kind == "same_count_as" else "",
            index="_index0",
        )
        return f"{has_size_var(rule.limit)} and {test}" if rule.kind == "inside" else test

    def _variant_guard(self, rule: Rule, rules: tuple[Rule, ...]) -> str:
        """Return the test that a rule is the variant that applies; empty if it always is."""
        own, wanted = rule.condition, rule.condition is not None
        conditions = [own] if own else [rule.condition for rule in rules if rule.condition]
        tests = [
            f"{'' if condition.wanted is wanted else 'not '}{local_name(condition.mode)}"
            for condition in conditions
        ]
        known = (
            ["call is not None"]
            if any(self.plan.depends_on_call(condition.mode) for condition in conditions)
            else []
        )
        return " and ".join(known + tests)


def _is_free_text(field: Field) -> bool:
    """Return True if a text may have colons, and no rule lists or describes all texts."""
    return field.type == "text" and not (field.rules_of_kind("one_of") or field.rules_of_kind("pattern"))


def _is_always_required(field: Field) -> bool:
    """Return True if every valid body has this field."""
    return any(rule.condition is None for rule in field.rules_of_kind("required"))
