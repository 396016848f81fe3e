"""The telling path's reading of a body form: each field's value, and what the envelope breaks."""

from wanlib.emit.python_text import CodeWriter, constant_name, local_name, member_name, python_literal
from wanlib.emit.validator.plan import FamilyLayout, member_names_constant, part_limit
from wanlib.emit.validator.rule_names import reference
from wanlib.spec import Node, Rule


class BodyReport:
    """Writes the body of `_report`: a walk along the form that ends with all fields in locals."""

    def __init__(self, plan: FamilyLayout, writer: CodeWriter) -> None:
        self.plan = plan
        self.out = writer

    def write(self) -> None:
        """The whole walk. Fields that it does not reach stay lost."""
        out = self.out
        fields = [local_name(field.name) for field in self.plan.family.fields]
        for field in fields:
            out.line(f"{field}: Any")
        out.line(" = ".join([*fields, "_UNDETERMINED"]))
        for part in self.plan.parts():
            out.line(f"{part_positions(part)}: Any = {'[]' if self._is_list(part) else python_literal('-')}")
        self._members(self.plan.form, "body", "", "")

    def _is_list(self, field: str) -> bool:
        return self.plan.family.field(field).type == "list"

    def _add(self, rule: Rule, path: str, limit: str, value: str, outcome: str = "") -> None:
        self.out.line(append_violation(self.plan, rule, path, limit, value, outcome))

    def _members(self, node: Node, variable: str, path: str, container: str) -> None:
        for name, child in node.members:
            self._node(child, variable, name, f"{path}/{name}")
        for field in self.plan.placed:
            if field.place == container:
                self.out.line(
                    f"{local_name(field.name)} = {variable}.get({python_literal(field.name)}, _ABSENT)"
                )
        self._unknown_members(node, variable, path, container)

    def _unknown_members(self, node: Node, variable: str, path: str, container: str) -> None:
        """Looked for where the count of members does not say that there are none."""
        names = member_names_constant(node)
        rule = self.plan.family.unknown if node.form == "rest" else node.rule("unknown")
        told = reference(self.plan, rule) if rule else "None"
        others = self.plan.placed or self.plan.family.only_for
        elsewhere = "_ELSEWHERE" if path.count("/") < 2 and others else "_NOTHING"
        test = f"not {variable}.keys() <= {names}_SET"
        nodes = [name for name, child in node.members if child.form != "leaf"]
        if nodes and len(nodes) == len(self.plan.members(node, container)) - (not container):
            missing = " or ".join(f"{member_name(name)} is _ABSENT" for name in nodes)
            test = f"len({variable}) != {len(nodes) + (not container)} or {missing}"
        with self.out.block(f"if {test}"):
            self.out.line(
                f"_report_unknown_members(violations, {variable}, {names}, {names}_SET, {path!r},"
                f" {told}, {elsewhere})"
            )

    def _node(self, node: Node, parent: str, name: str, path: str) -> None:
        if node.form == "leaf":
            self._leaf(node, parent, name)
            return
        variable = member_name(name)
        self.out.line(f"{variable} = {parent}.get({python_literal(name)}, _ABSENT)")
        kind = node.rule("type")
        assert kind is not None
        python = {"object": "dict", "list": "list", "text": "str"}[kind.limit]
        with self.out.block(f"if isinstance({variable}, {python})"):
            self._children(node, variable, path, name)
        null = "" if node.form == "rest" else f" or {variable} is None"
        with self.out.block(f"elif {variable} is _ABSENT{null}"):
            self._missing(node, path, name)
        with self.out.block("else"):
            self._wrong_type(kind, variable, path, optional=node.form == "rest")

    def _children(self, node: Node, variable: str, path: str, name: str) -> None:
        if node.form == "rest":
            for each in self.plan.members(node, name):
                self.out.line(f"{local_name(each)} = {variable}.get({python_literal(each)}, _ABSENT)")
            self._unknown_members(node, variable, path, name)
        elif node.form == "constant":
            self._constant(node, variable, path)
        elif node.form == "list":
            self._list(node, variable, path)
        elif node.form == "parts":
            self._parts(node, variable, path)
        else:
            self._members(node, variable, path, name)

    def _missing(self, node: Node, path: str, name: str) -> None:
        """What `"*"` stands for may be left out, and all of its fields with it."""
        if node.form == "rest":
            names = [local_name(each) for each in self.plan.members(node, name)]
            self.out.line(" = ".join([*names, "_ABSENT"]) if names else "pass")
            return
        required = node.rule("required")
        assert required is not None
        self._add(required, repr(path), "True", "None")

    def _wrong_type(self, rule: Rule, variable: str, path: str, optional: bool = False) -> None:
        """The pages leave open what null in an optional member does."""
        outcome = f"'unspecified' if {variable} is None else {rule.outcome!r}" if optional else ""
        self._add(rule, repr(path), repr(rule.limit), variable, outcome)

    def _leaf(self, node: Node, parent: str, name: str) -> None:
        field = local_name(node.field)
        self.out.line(f"{field} = {parent}.get({python_literal(name)}, _ABSENT)")
        if node.only:
            with self.out.block(f"if {field} is not _ABSENT and {field} is not None"):
                self.out.line(f"{field} = [{field}]")

    def _constant(self, node: Node, variable: str, path: str) -> None:
        rule = node.rule("one_of")
        assert rule is not None
        with self.out.block(f"if {variable} not in {constant_name(rule)}"):
            self._add(rule, repr(path), constant_name(rule), variable)

    def _list(self, node: Node, variable: str, path: str) -> None:
        rule = node.rule("count")
        assert rule is not None and node.each is not None
        with self.out.block(f"if len({variable}) != {constant_name(rule)}"):
            self._add(rule, repr(path), constant_name(rule), f"len({variable})")
        with self.out.block("else"):
            item = f"{variable}0"
            self.out.line(f"{item} = {variable}[0]")
            kind = node.each.rule("type")
            assert kind is not None
            with self.out.block(f"if isinstance({item}, dict)"):
                self._members(node.each, item, f"{path}/0", "each")
            with self.out.block("else"):
                self._wrong_type(kind, item, f"{path}/0")

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
                    self._part_strays(node, path)
                word = "elif"
            with out.block("else"):
                self._add(broken, f"f'{path}/{{_position}}'", constant_name(broken), "_part")

    def _part_strays(self, node: Node, path: str) -> None:
        unknown, names = node.rule("unknown"), member_names_constant(node)
        assert unknown is not None
        with self.out.block("if len(_member) != 1"):
            arguments = f"_member, {names}, {names}_SET, f'{path}/{{_position}}', {unknown.id!r}, _NOTHING"
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
                self._add(rule, f"f'{path}/{{_position}}/{name}'", constant_name(rule), count)


def part_positions(field: str) -> str:
    """The variable that holds where a field's parts stand in their list."""
    return f"_{local_name(field)}_positions"


def append_violation(
    plan: FamilyLayout, rule: Rule, path: str, limit: str, value: str, outcome: str = ""
) -> str:
    """The line that adds a violation."""
    parts = f"{reference(plan, rule)}, {outcome or repr(rule.outcome)}, {path}, {limit}, {value}"
    return f"violations.append(_fast_violation(Violation, ({parts})))"
