"""The telling path's reading of a body form: each field's value, and what the envelope breaks."""

from wanlib.emit.fast_form import names_constant, part_limit
from wanlib.emit.names import constant, inner, literal, local
from wanlib.emit.plan import Plan
from wanlib.emit.writer import Writer
from wanlib.spec import Node, Rule


class Envelope:
    """Writes the body of `_tell`: a walk along the form that ends with all fields in locals."""

    def __init__(self, plan: Plan, writer: Writer) -> None:
        self.plan = plan
        self.out = writer
        self.parts = [node for node in plan.form.walk() if node.form == "parts"]

    def write(self) -> None:
        """The whole walk. Fields that it does not reach stay lost."""
        out = self.out
        for field in self.plan.family.fields:
            out.line(f"{local(field.name)}: Any = _LOST")
        for node in self.parts:
            for _, part in node.parts:
                out.line(f"{at(part)}: Any = {'[]' if self._is_list(part) else literal('-')}")
        self._members(self.plan.form, "body", "", "")

    def _is_list(self, field: str) -> bool:
        return self.plan.family.field(field).type == "list"

    def _add(self, rule: Rule, path: str, limit: str, value: str, outcome: str | None = None) -> None:
        self.out.line(
            f"found.append(_make(({rule.id!r}, {outcome or repr(rule.outcome)}, {path}, {limit}, {value})))"
        )

    def _members(self, node: Node, variable: str, path: str, container: str) -> None:
        for name, child in node.members:
            self._node(child, variable, name, f"{path}/{name}")
        for field in self.plan.placed:
            if field.place == container:
                self.out.line(f"{local(field.name)} = {variable}.get({literal(field.name)}, _ABSENT)")
        self._strays(node, variable, path, container)

    def _strays(self, node: Node, variable: str, path: str, container: str) -> None:
        names = names_constant(node)
        rule = self.plan.family.unknown if node.form == "rest" else node.rule("unknown")
        assert rule is not None
        placed = "_PLACED" if path.count("/") < 2 and self.plan.placed else "_NOTHING"
        with self.out.block(f"if not {variable}.keys() <= {names}_SET"):
            self.out.line(
                f"_tell_strays(found, {variable}, {names}, {names}_SET, {path!r}, {rule.id!r}, {placed})"
            )

    def _node(self, node: Node, parent: str, name: str, path: str) -> None:
        if node.form == "leaf":
            self._leaf(node, parent, name)
            return
        variable = inner(name)
        self.out.line(f"{variable} = {parent}.get({literal(name)}, _ABSENT)")
        if node.form == "rest":
            self._rest(node, variable, path, name)
            return
        required, kind = node.rule("required"), node.rule("type")
        assert required is not None and kind is not None
        with self.out.block(f"if {variable} is _ABSENT"):
            self._add(required, repr(path), "True", "None")
        self._typed(node, variable, path, kind, name)

    def _typed(self, node: Node, variable: str, path: str, kind: Rule, name: str) -> None:
        python = {"object": "dict", "list": "list", "text": "str"}[kind.limit]
        with self.out.block(f"elif not isinstance({variable}, {python})"):
            self._mistyped(kind, variable, path)
        with self.out.block("else"):
            if node.form == "constant":
                self._constant(node, variable, path)
            elif node.form == "list":
                self._list(node, variable, path)
            elif node.form == "parts":
                self._parts(node, variable, path)
            else:
                self._members(node, variable, path, name)

    def _mistyped(self, rule: Rule, variable: str, path: str) -> None:
        outcome = f"'unspecified' if {variable} is None else {rule.outcome!r}"
        self._add(rule, repr(path), repr(rule.limit), variable, outcome)

    def _leaf(self, node: Node, parent: str, name: str) -> None:
        field = local(node.field)
        self.out.line(f"{field} = {parent}.get({literal(name)}, _ABSENT)")
        if node.only:
            with self.out.block(f"if {field} is not _ABSENT"):
                self.out.line(f"{field} = [{field}]")

    def _rest(self, node: Node, variable: str, path: str, name: str) -> None:
        out = self.out
        kind = node.rule("type")
        assert kind is not None
        names = self.plan.members(node, name)
        with out.block(f"if {variable} is _ABSENT"):
            if names:
                out.line(" = ".join(local(each) for each in names) + " = _ABSENT")
        with out.block(f"elif not isinstance({variable}, dict)"):
            self._mistyped(kind, variable, path)
        with out.block("else"):
            for each in names:
                out.line(f"{local(each)} = {variable}.get({literal(each)}, _ABSENT)")
            self._strays(node, variable, path, name)

    def _constant(self, node: Node, variable: str, path: str) -> None:
        rule = node.rule("one_of")
        assert rule is not None
        with self.out.block(f"if {variable} not in {constant(rule)}"):
            self._add(rule, repr(path), constant(rule), variable)

    def _list(self, node: Node, variable: str, path: str) -> None:
        rule = node.rule("count")
        assert rule is not None and node.each is not None
        with self.out.block(f"if len({variable}) != {constant(rule)}"):
            self._add(rule, repr(path), constant(rule), f"len({variable})")
        with self.out.block("else"):
            item = f"{variable}0"
            self.out.line(f"{item} = {variable}[0]")
            kind = node.each.rule("type")
            assert kind is not None
            with self.out.block(f"if not isinstance({item}, dict)"):
                self._mistyped(kind, item, f"{path}/0")
            with self.out.block("else"):
                self._members(node.each, item, f"{path}/0", "each")

    def _parts(self, node: Node, variable: str, path: str) -> None:
        out = self.out
        broken = node.rule("parts")
        assert broken is not None
        for name, field in node.parts:
            out.line(f"{local(field)} = {'[]' if self._is_list(field) else '_ABSENT'}")
            out.line(f"_count_{local(name)} = 0")
        with out.block(f"for _place, _part in enumerate({variable})"):
            out.line("_name = next(iter(_part)) if isinstance(_part, dict) and len(_part) == 1 else None")
            word = "if"
            for name, field in node.parts:
                with out.block(f"{word} _name == {literal(name)}"):
                    self._part(node, name, field, path)
                word = "elif"
            with out.block("else"):
                self._add(broken, f"f'{path}/{{_place}}'", constant(broken), "_part")

    def _part(self, node: Node, name: str, field: str, path: str) -> None:
        out, count = self.out, f"_count_{local(name)}"
        rule = part_limit(node, name)
        if self._is_list(field):
            out.line(f"{local(field)}.append(_part[{literal(name)}])")
            out.line(f"{at(field)}.append(_place)")
        else:
            with out.block(f"if not {count}"):
                out.line(f"{local(field)}, {at(field)} = _part[{literal(name)}], _place")
        if rule:
            out.line(f"{count} += 1")
            with out.block(f"if {count} == {constant(rule)} + 1"):
                self._add(rule, f"f'{path}/{{_place}}/{name}'", constant(rule), count)
        elif not self._is_list(field):
            out.line(f"{count} += 1")


def at(field: str) -> str:
    """The variable that holds where a field's parts stand in their list."""
    return f"_{local(field)}_at"
