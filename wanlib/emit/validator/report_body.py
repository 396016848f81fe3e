"""Emit the report path's reading of a body: every field, and the violations of the body form."""

from collections.abc import Iterator
from contextlib import contextmanager

from wanlib.emit.python_text import Code, constant_name, interpolated, local_name, member_name, python_literal
from wanlib.emit.validator.body_walk import BodyWalk, negation, type_test
from wanlib.emit.validator.plan import (
    FamilyLayout,
    member_names_constant,
    part_limit,
    part_positions,
    reference,
)
from wanlib.spec import Node, Rule


class BodyReport(BodyWalk):
    """Write the body of `_read`. A field that the walk does not reach stays undetermined."""

    _absent = _absent_rest = ", _ABSENT"

    def write(self) -> None:
        """Write the declarations of all fields, then the walk."""
        out = self.out
        fields = [local_name(field.name) for field in self.plan.family.fields]
        for field in fields:
            out.line(f"{field}: Any")
        out.line(" = ".join([*fields, "_UNDETERMINED"]))
        for part in self.plan.parts():
            out.line(f"{part_positions(part)}: Any = {'[]' if self._is_list(part) else python_literal('-')}")
        self.walk()

    def _is_list(self, field: str) -> bool:
        return self.plan.family.field(field).type == "list"

    def _add(self, rule: Rule, path: str, limit: str, value: str, outcome: str = "") -> None:
        self.out.line(append_violation(self.plan, rule, path, limit, value, outcome))

    @contextmanager
    def _required(self, node: Node, variable: str, path: str, name: str) -> Iterator[None]:
        with self.out.block(f"if {type_test(node, variable)}"):
            yield
        is_rest = node.form == "rest"
        with self.out.block(f"elif {variable} is _ABSENT{'' if is_rest else f' or {variable} is None'}"):
            self._missing(node, path, name)
        with self.out.block("else"):
            rule = node.rule("type")
            assert rule is not None
            # what null does in an optional member is not documented
            outcome = (
                f"'unspecified' if {variable} is None else {python_literal(rule.outcome)}" if is_rest else ""
            )
            self._add(rule, python_literal(path), python_literal(rule.limit), variable, outcome)

    @contextmanager
    def _valid(self, rule: Rule, test: str, path: str, value: str) -> Iterator[None]:
        lines = len(self.out.lines)
        with self.out.block(f"if {test}"):
            yield
        has_content = len(self.out.lines) > lines
        with self.out.block("else" if has_content else f"if {negation(test)}"):
            limit = python_literal(rule.limit) if rule.kind == "type" else constant_name(rule)
            self._add(rule, python_literal(path), limit, value)

    def _missing(self, node: Node, path: str, name: str) -> None:
        """Report a missing node; the object of all other fields may be left out with its fields."""
        if node.form == "rest":
            names = [local_name(field.name) for field in self.plan.rest_members(name)]
            self.out.line(" = ".join([*names, "_ABSENT"]) if names else "pass")
            return
        required = node.rule("required")
        assert required is not None
        self._add(required, python_literal(path), "True", "None")

    def _only_item(self, field: str) -> None:
        with self.out.block(f"if {field} is not _ABSENT and {field} is not None"):
            self.out.line(f"{field} = [{field}]")

    def _end_of_object(self, node: Node, variable: str, path: str, container: str) -> None:
        """Report unknown members, unless the number of members shows that there are none."""
        names = member_names_constant(node)
        rule = self.plan.family.unknown if node.form == "rest" else node.rule("unknown")
        rule_name = reference(self.plan, rule) if rule else "None"
        others = self.plan.placed or self.plan.family.only_for
        elsewhere = "_ELSEWHERE" if path.count("/") < 2 and others else "_NOTHING"
        test = f"not {variable}.keys() <= {names}_SET"
        nodes = [name for name, child in node.members if child.form != "leaf"]
        if nodes and len(nodes) == len(self.plan.members(node, container)) - (not container):
            missing = " or ".join(f"{member_name(name)} is _ABSENT" for name in nodes)
            test = f"len({variable}) != {len(nodes) + (not container)} or {missing}"
        with self.out.block(f"if {test}"):
            self.out.line(
                f"_report_unknown_members(violations, {variable}, {names}, {names}_SET,"
                f" {python_literal(path)}, {rule_name}, {elsewhere})"
            )

    def _parts(self, node: Node, variable: str, path: str) -> None:
        out = self.out
        broken = node.rule("parts")
        assert broken is not None
        for name, field in node.parts:
            out.line(f"{local_name(field)} = {'[]' if self._is_list(field) else '_ABSENT'}")
            if not self._is_list(field) or part_limit(node, name):
                out.line(f"_count_{local_name(name)} = 0")
        with out.block(f"for _position, _part in enumerate({variable})"):
            out.line("_member = _part if isinstance(_part, dict) else _NOTHING")
            word = "if"
            for name, field in node.parts:
                others = [
                    f" and {python_literal(other)} not in _member" for other, _ in node.parts if other != name
                ]
                with out.block(f"{word} {python_literal(name)} in _member{''.join(others)}"):
                    self._part(node, name, field, path)
                    self._unknown_part_members(node, path)
                word = "elif"
            with out.block("else"):
                self._add(broken, _part_pointer(path), constant_name(broken), "_part")

    def _unknown_part_members(self, node: Node, path: str) -> None:
        unknown, names = node.rule("unknown"), member_names_constant(node)
        assert unknown is not None
        with self.out.block("if len(_member) != 1"):
            where = f"{_part_pointer(path)}, {python_literal(unknown.id)}"
            arguments = f"_member, {names}, {names}_SET, {where}, _NOTHING"
            self.out.line(f"_report_unknown_members(violations, {arguments})")

    def _part(self, node: Node, name: str, field: str, path: str) -> None:
        out, count = self.out, f"_count_{local_name(name)}"
        rule = part_limit(node, name)
        if self._is_list(field):
            out.line(f"{local_name(field)}.append(_member[{python_literal(name)}])")
            out.line(f"{part_positions(field)}.append(_position)")
        else:
            with out.block(f"if not {count}"):
                out.line(f"{local_name(field)} = _member[{python_literal(name)}]")
                out.line(f"{part_positions(field)} = _position")
        if rule or not self._is_list(field):
            out.line(f"{count} += 1")
        if rule:
            with out.block(f"if {count} == {constant_name(rule)} + 1"):
                self._add(rule, _part_pointer(path, f"/{name}"), constant_name(rule), count)


def _part_pointer(path: str, below: str = "") -> str:
    """Return the pointer of a part as an expression, or of what is below it."""
    return interpolated([path, "/", Code("_position"), below])


def append_violation(
    plan: FamilyLayout, rule: Rule, path: str, limit: str, value: str, outcome: str = ""
) -> str:
    """Return the line that appends a violation."""
    parts = f"{reference(plan, rule)}, {outcome or python_literal(rule.outcome)}, {path}, {limit}, {value}"
    return f"violations.append(_fast_violation(Violation, ({parts})))"
