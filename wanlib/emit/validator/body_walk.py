"""Walk along a body form and write code for it; the fast path and the report path each decide what to write.

The body form of a family (`spec/wire.yaml`) is a tree of objects, lists, parts and constants whose leaves
are the fields. Both paths read a body in the order of this walk, and end with every field in a local.
"""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import ClassVar

from wanlib.emit.python_text import CodeWriter, constant_name, local_name, member_name, python_literal
from wanlib.emit.validator.plan import FamilyLayout
from wanlib.spec import Node, Rule

_PYTHON_TYPES = {"object": "dict", "list": "list", "text": "str"}


class BodyWalk(ABC):
    """A walk along the body form of a family.

    Subclasses write what happens if a node is missing, violates a rule, or has unknown members.
    """

    _absent: ClassVar[str]
    """The second argument of `dict.get` for a member, with its comma; empty for None."""
    _absent_rest: ClassVar[str]
    """The same for the object of all other fields, which may be left out."""

    def __init__(self, plan: FamilyLayout, writer: CodeWriter) -> None:
        self.plan = plan
        self.out = writer

    def walk(self) -> None:
        """Write the code for the whole form."""
        self._members(self.plan.form, "body", "", "")

    @abstractmethod
    def _required(self, node: Node, variable: str, path: str, name: str) -> AbstractContextManager[None]:
        """Return a context in which a node is present and of its type."""

    @abstractmethod
    def _valid(self, rule: Rule, test: str, path: str, value: str) -> AbstractContextManager[None]:
        """Return a context in which `test`, and so a rule of the form, is true."""

    @abstractmethod
    def _only_item(self, field: str) -> None:
        """Turn a member that holds the only item of a list into that list."""

    @abstractmethod
    def _parts(self, node: Node, variable: str, path: str) -> None:
        """Read the fields that are written as parts of a list."""

    @abstractmethod
    def _end_of_object(self, node: Node, variable: str, path: str, container: str) -> None:
        """Handle the unknown members of an object."""

    def _members(self, node: Node, variable: str, path: str, container: str) -> None:
        for name, child in node.members:
            if child.form == "leaf":
                self._take(child.field, variable, name)
                if child.only:
                    self._only_item(local_name(child.field))
            else:
                self._node(child, variable, name, f"{path}/{name}")
        for field in self.plan.placed:
            if field.place == container:
                self._take(field.name, variable, field.wire_name)
        self._end_of_object(node, variable, path, container)

    def _take(self, field: str, parent: str, name: str) -> None:
        self.out.line(f"{local_name(field)} = {parent}.get({python_literal(name)}{self._absent})")

    def _node(self, node: Node, parent: str, name: str, path: str) -> None:
        variable = member_name(name)
        absent = self._absent_rest if node.form == "rest" else self._absent
        self.out.line(f"{variable} = {parent}.get({python_literal(name)}{absent})")
        with self._required(node, variable, path, name):
            self._content(node, variable, path, name)

    def _content(self, node: Node, variable: str, path: str, name: str) -> None:
        if node.form == "rest":
            for field in self.plan.rest_members(name):
                self._take(field.name, variable, field.wire_name)
            self._end_of_object(node, variable, path, name)
        elif node.form == "constant":
            rule = _rule(node, "one_of")
            with self._valid(rule, f"{variable} in {constant_name(rule)}", path, variable):
                pass
        elif node.form == "list":
            self._single_item(node, variable, path)
        elif node.form == "parts":
            self._parts(node, variable, path)
        else:
            self._members(node, variable, path, name)

    def _single_item(self, node: Node, variable: str, path: str) -> None:
        rule = _rule(node, "count")
        assert node.each is not None
        length = f"len({variable})"
        with self._valid(rule, f"{length} == {constant_name(rule)}", path, length):
            item = f"{variable}0"
            self.out.line(f"{item} = {variable}[0]")
            with self._valid(_rule(node.each, "type"), type_test(node.each, item), f"{path}/0", item):
                self._members(node.each, item, f"{path}/0", "each")


def _rule(node: Node, kind: str) -> Rule:
    rule = node.rule(kind)
    assert rule is not None
    return rule


def type_test(node: Node, variable: str) -> str:
    """Return the test that a value has the type of a node."""
    return f"isinstance({variable}, {_PYTHON_TYPES[_rule(node, 'type').limit]})"


def negation(test: str) -> str:
    """Return the opposite of a test that the walk writes."""
    for operator, opposite in ((" == ", " != "), (" in ", " not in ")):
        if operator in test:
            return test.replace(operator, opposite)
    return f"not {test}"
