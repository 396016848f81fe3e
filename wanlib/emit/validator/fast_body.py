"""Emit the fast path's reading of a body: every field, None where it is absent or null."""

from collections.abc import Iterator
from contextlib import contextmanager

from wanlib.emit.python_text import CodeWriter, constant_name, local_name, member_name, python_literal
from wanlib.emit.validator.body_walk import BodyWalk, negation, type_test
from wanlib.emit.validator.plan import FamilyLayout, part_limit
from wanlib.spec import Node, Rule


class FastBody(BodyWalk):
    """Write what `accept` does with the body form.

    Unknown members and null are found by counting: fewer fields are present than the objects have members.

    Attributes:
        sizes: The lengths, as Python, of the objects that have fields.
        other_members: The number of their members that are not fields, in a body that passes the walk.
        members: The number of members of all objects in such a body, without the counted fields, as
            Python numbers to add up.
    """

    _absent = ""
    _absent_rest = ", _NOTHING"

    def __init__(self, plan: FamilyLayout, writer: CodeWriter) -> None:
        super().__init__(plan, writer)
        self.sizes: list[str] = []
        self.other_members = 0
        self.members: list[str] = []

    def _reject_if(self, test: str) -> None:
        with self.out.block(f"if {test}"):
            self.out.line("return None")

    @contextmanager
    def _required(self, node: Node, variable: str, path: str, name: str) -> Iterator[None]:
        self._reject_if(f"not {type_test(node, variable)}")
        yield

    @contextmanager
    def _valid(self, rule: Rule, test: str, path: str, value: str) -> Iterator[None]:
        self._reject_if(negation(test))
        yield

    def _only_item(self, field: str) -> None:
        self.out.line(f"{field} = None if {field} is None else [{field}]")

    def _end_of_object(self, node: Node, variable: str, path: str, container: str) -> None:
        if node.form == "rest":
            self.sizes.append(f"len({variable})")
            return
        has_placed = any(field.place == container for field in self.plan.placed)
        rests = [
            f"({member_name(name)} is not _NOTHING)" for name, child in node.members if child.form == "rest"
        ]
        leaves = sum(child.form == "leaf" for _, child in node.members)
        others = len(node.members) - len(rests) - leaves + (not container)
        self.members += rests
        if has_placed or leaves:
            self.sizes.append(" - ".join([f"len({variable})", *rests]))
            self.other_members += others
        else:
            self.members.append(str(others))
            self._reject_if(f"len({variable}) != {' + '.join([str(others), *rests])}")

    def _parts(self, node: Node, variable: str, path: str) -> None:
        out = self.out
        for _, field in node.parts:
            out.line(f"{self._gathered(field)} = []")
        with out.block(f"for _part in {variable}"):
            self._reject_if("not isinstance(_part, dict) or len(_part) != 1")
            self.members.append(f"len({variable})")
            word = "if"
            for name, field in node.parts:
                with out.block(f"{word} {python_literal(name)} in _part"):
                    out.line(f"{self._gathered(field)}.append(_part[{python_literal(name)}])")
                word = "elif"
            with out.block("else"):
                out.line("return None")
        for name, field in node.parts:
            gathered = self._gathered(field)
            if rule := part_limit(node, name):
                self._reject_if(f"len({gathered}) > {constant_name(rule)}")
            if gathered != local_name(field):
                out.line(f"{local_name(field)} = {gathered}[0] if {gathered} else None")

    def _gathered(self, field: str) -> str:
        """Return the list that collects a field's parts, of which a single field takes the first."""
        return (
            local_name(field)
            if self.plan.family.field(field).type == "list"
            else f"_each_{local_name(field)}"
        )
