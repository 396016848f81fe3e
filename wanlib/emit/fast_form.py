"""The fast path's reading of a body form: each field's value, None where it is absent or null."""

from wanlib.emit.names import constant, inner, literal, local
from wanlib.emit.plan import Plan, part_limit
from wanlib.emit.writer import Writer
from wanlib.spec import Node


class FastForm:
    """Writes what `_clean` does with the body form: a walk along it that ends with all fields in locals.

    sizes: the lengths of the objects that hold fields, as Python. met: how many of their members are
    there, other than fields, wherever the walk gets to its end. Members that no page knows, and null,
    show there: less fields are met than these objects hold members.
    """

    def __init__(self, plan: Plan, writer: Writer) -> None:
        self.plan = plan
        self.out = writer
        self.sizes: list[str] = []
        self.met = 0

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
        for field in placed:
            self._take(field, variable, field)
        rests = [f"({inner(name)} is not _NOTHING)" for name, child in node.members if child.form == "rest"]
        leaves = sum(child.form == "leaf" for _, child in node.members)
        others = len(node.members) - len(rests) - leaves + (not container)
        if placed or leaves:
            self.sizes.append(" - ".join([f"len({variable})", *rests]))
            self.met += others
        else:
            self._doubt(f"len({variable}) != {' + '.join([str(others), *rests])}")

    def _node(self, node: Node, parent: str, name: str) -> None:
        if node.form == "leaf":
            self._leaf(node, parent, name)
            return
        variable, absent = inner(name), ", _NOTHING" if node.form == "rest" else ""
        self.out.line(f"{variable} = {parent}.get({literal(name)}{absent})")
        if node.form == "constant":
            (rule,) = (rule for rule in node.rules if rule.kind == "one_of")
            self._doubt(f"not isinstance({variable}, str) or {variable} not in {constant(rule)}")
        elif node.form == "list":
            self._list(node, variable)
        elif node.form == "parts":
            self._parts(node, variable)
        else:
            self._doubt(f"not isinstance({variable}, dict)")
            inside = self._rest if node.form == "rest" else self._members
            inside(node, variable, name)

    def _take(self, field: str, parent: str, name: str) -> None:
        self.out.line(f"{local(field)} = {parent}.get({literal(name)})")

    def _leaf(self, node: Node, parent: str, name: str) -> None:
        self._take(node.field, parent, name)
        if node.only:
            field = local(node.field)
            self.out.line(f"{field} = None if {field} is None else [{field}]")

    def _rest(self, node: Node, variable: str, name: str) -> None:
        for field in self.plan.members(node, name):
            self._take(field, variable, field)
        self.sizes.append(f"len({variable})")

    def _list(self, node: Node, variable: str) -> None:
        (rule,) = (rule for rule in node.rules if rule.kind == "count")
        assert node.each is not None
        self._doubt(f"not isinstance({variable}, list) or len({variable}) != {constant(rule)}")
        item = f"{variable}0"
        self.out.line(f"{item} = {variable}[0]")
        self._doubt(f"not isinstance({item}, dict)")
        self._members(node.each, item, "each")

    def _parts(self, node: Node, variable: str) -> None:
        out = self.out
        self._doubt(f"not isinstance({variable}, list)")
        for _, field in node.parts:
            out.line(f"{self._gathered(field)} = []")
        with out.block(f"for _part in {variable}"):
            self._doubt("not isinstance(_part, dict) or len(_part) != 1")
            word = "if"
            for name, field in node.parts:
                with out.block(f"{word} {literal(name)} in _part"):
                    out.line(f"{self._gathered(field)}.append(_part[{literal(name)}])")
                word = "elif"
            with out.block("else"):
                out.line("return False")
        for name, field in node.parts:
            gathered = self._gathered(field)
            if rule := part_limit(node, name):
                self._doubt(f"len({gathered}) > {constant(rule)}")
            if gathered != local(field):
                out.line(f"{local(field)} = {gathered}[0] if {gathered} else None")

    def _gathered(self, field: str) -> str:
        """The list that takes a field's parts; where the field is no list, the first is its value."""
        return local(field) if self.plan.family.field(field).type == "list" else f"_each_{local(field)}"
