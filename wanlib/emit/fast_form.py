"""The fast path's reading of a body form: fields in locals, or the answer that it may be broken."""

from wanlib.emit.names import constant, inner, literal, local
from wanlib.emit.plan import Plan
from wanlib.emit.writer import Writer
from wanlib.spec import Node, Rule


class FastForm:
    """Writes the walk along the form that opens `_clean`. A field that is absent is None."""

    def __init__(self, plan: Plan, writer: Writer) -> None:
        self.plan = plan
        self.out = writer

    def write(self) -> None:
        """The whole walk."""
        self._members(self.plan.form, "body", "")

    def _doubt(self, test: str) -> None:
        with self.out.block(f"if {test}"):
            self.out.line("return False")

    def _members(self, node: Node, variable: str, container: str) -> None:
        for name, child in node.members:
            self._node(child, variable, name)
        placed = [field.name for field in self.plan.placed if field.place == container]
        for name in placed:
            self._take(name, variable, f"get({literal(name)})")
        self._counted(node, variable, container, placed)

    def _counted(self, node: Node, variable: str, container: str, placed: list[str]) -> None:
        """An object that holds more than was met of it has a member that is unknown or null."""
        sure = 0 if container else 1  # the model
        met = [f"({local(name)} is not None)" for name in placed]
        for name, child in node.members:
            if child.form == "leaf":
                met.append(f"({local(child.field)} is not None)")
            elif child.form == "rest":
                met.append(f"({inner(name)} is not _NOTHING)")
            else:
                sure += 1
        self._doubt(f"len({variable}) != {' + '.join([str(sure), *met])}")

    def _node(self, node: Node, parent: str, name: str) -> None:
        if node.form == "leaf":
            self._leaf(node, parent, name)
            return
        variable = inner(name)
        self.out.line(f"{variable} = {parent}.get({literal(name)})")
        if node.form == "rest":
            self._rest(node, variable, parent, name)
        elif node.form == "constant":
            (rule,) = (rule for rule in node.rules if rule.kind == "one_of")
            self._doubt(f"type({variable}) is not str or {variable} not in {constant(rule)}")
        elif node.form == "list":
            self._list(node, variable)
        elif node.form == "parts":
            self._parts(node, variable)
        else:
            self._doubt(f"type({variable}) is not dict")
            self._members(node, variable, name)

    def _leaf(self, node: Node, parent: str, name: str) -> None:
        self._take(node.field, parent, f"get({literal(name)})")
        if node.only:
            field = local(node.field)
            self.out.line(f"{field} = None if {field} is None else [{field}]")

    def _take(self, field: str, parent: str, how: str) -> None:
        self.out.line(f"{local(field)} = {parent}.{how}")

    def _rest(self, node: Node, variable: str, parent: str, name: str) -> None:
        out = self.out
        with out.block(f"if {variable} is None"):
            self._doubt(f"{literal(name)} in {parent}")
            out.line(f"{variable} = _NOTHING")
        with out.block(f"elif type({variable}) is not dict"):
            out.line("return False")
        names = self.plan.members(node, name)
        for field in names:
            self._take(field, variable, f"get({literal(field)})")
        met = " + ".join(f"({local(field)} is not None)" for field in names)
        self._doubt(f"len({variable}) != {met or 0}")

    def _list(self, node: Node, variable: str) -> None:
        (rule,) = (rule for rule in node.rules if rule.kind == "count")
        assert node.each is not None
        self._doubt(f"type({variable}) is not list or len({variable}) != {constant(rule)}")
        item = f"{variable}0"
        self.out.line(f"{item} = {variable}[0]")
        self._doubt(f"type({item}) is not dict")
        self._members(node.each, item, "each")

    def _parts(self, node: Node, variable: str) -> None:
        out = self.out
        self._doubt(f"type({variable}) is not list")
        for name, field in node.parts:
            if self.plan.family.field(field).type == "list":
                out.line(f"{local(field)} = []")
            else:
                out.line(f"{local(field)} = None")
                out.line(f"_count_{local(name)} = 0")
        with out.block(f"for _part in {variable}"):
            self._doubt("type(_part) is not dict or len(_part) != 1")
            word = "if"
            for name, field in node.parts:
                with out.block(f"{word} {literal(name)} in _part"):
                    self._part(node, name, field)
                word = "elif"
            with out.block("else"):
                out.line("return False")

    def _part(self, node: Node, name: str, field: str) -> None:
        out, value, count = self.out, f"_part[{literal(name)}]", f"_count_{local(name)}"
        if self.plan.family.field(field).type == "list":
            out.line(f"{local(field)}.append({value})")
            return
        rule = part_limit(node, name)
        most = f" or {count} > {constant(rule)}" if rule else ""
        out.line(f"{count} += 1")
        self._doubt(f"{value} is None{most}")
        with out.block(f"if {count} == 1"):
            out.line(f"{local(field)} = {value}")


def part_limit(node: Node, name: str) -> Rule | None:
    """The rule on how many parts of one kind a list may hold."""
    return next((rule for rule in node.rules if rule.id.endswith(f".{name}.max_count")), None)


def names_constant(node: Node) -> str:
    """The constant that lists the members that an object of the body may hold."""
    return node.path.replace(".", "_").upper() + "_NAMES"
