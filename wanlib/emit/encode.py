"""The body form read the other way: fields to a wire body."""

from wanlib.emit.names import constant, inner, literal
from wanlib.emit.plan import Plan, names_constant
from wanlib.emit.writer import Writer
from wanlib.spec import Node


class Encoding:
    """Writes `encode`: a walk along the form, inner objects first."""

    def __init__(self, plan: Plan, writer: Writer) -> None:
        self.plan = plan
        self.out = writer

    def write(self) -> None:
        """The whole function."""
        with self.out.block("def encode(model: str, fields: Mapping[str, Any]) -> dict[str, Any]"):
            self.out.line('"""The wire body of fields; what stands for an image is put in place as it is."""')
            self.out.line(f"return {self._object(self.plan.form, '')}")

    def _object(self, node: Node, container: str) -> str:
        """The expression of an object: a literal, or the variable that it was gathered in."""
        whole = {
            name: self._value(child, name)
            for name, child in node.members
            if child.form not in ("leaf", "rest")
        }
        items = [] if container else [f"{literal('model')}: model"]
        items += [f"{literal(name)}: {value}" for name, value in whole.items()]
        made = f"{{{', '.join(items)}}}"
        fields = [(name, child.field, child.only) for name, child in node.members if child.form == "leaf"]
        fields += [(field.name, field.name, False) for field in self.plan.placed if field.place == container]
        rests = [(name, child) for name, child in node.members if child.form == "rest"]
        if not fields and not rests:
            return made
        variable = inner(container) if container else "body"
        self.out.line(f"{variable}: dict[str, Any] = {made}")
        for name, field, only in fields:
            self._member(variable, name, field, only)
        for name, child in rests:
            self._rest(variable, name, child)
        return variable

    def _member(self, variable: str, name: str, field: str, only: bool) -> None:
        """A field that may be absent. A list of one is written as its element; no other is cut to fit."""
        value = f"fields[{literal(field)}]"
        if only:
            value = f"{value}[0] if len({value}) == 1 else {value}"
        with self.out.block(f"if {literal(field)} in fields"):
            self.out.line(f"{variable}[{literal(name)}] = {value}")

    def _rest(self, variable: str, name: str, node: Node) -> None:
        """The object of all other fields, left out where there are none."""
        rest, known = inner(name), names_constant(node)
        self.out.line(f"{rest} = {{name: fields[name] for name in {known} if name in fields}}")
        with self.out.block(f"if {rest}"):
            self.out.line(f"{variable}[{literal(name)}] = {rest}")

    def _value(self, node: Node, name: str) -> str:
        if node.form == "constant":
            rule = node.rule("one_of")
            assert rule is not None
            return f"{constant(rule)}[0]"
        if node.form == "list":
            assert node.each is not None
            return f"[{self._object(node.each, 'each')}]"
        return self._parts(node, name) if node.form == "parts" else self._object(node, name)

    def _parts(self, node: Node, name: str) -> str:
        """Lists first: the core takes their items for the first parts."""
        variable = inner(name)
        parts = [(part, field, self.plan.family.field(field).type == "list") for part, field in node.parts]
        lists = [
            f"*({{{literal(part)}: each}} for each in fields.get({literal(field)}, ()))"
            for part, field, many in parts
            if many
        ]
        self.out.line(f"{variable}: list[Any] = [{', '.join(lists)}]")
        for part, field, many in parts:
            if not many:
                with self.out.block(f"if {literal(field)} in fields"):
                    self.out.line(f"{variable}.append({{{literal(part)}: fields[{literal(field)}]}})")
        return variable
