"""Fields put into the wire form of their body."""

from collections.abc import Mapping
from typing import Any

from conformance.strategies.octets import Octets
from wanlib.spec.model import Family, Node


class Envelope:
    """One body form for one family."""

    def __init__(self, form: Node, family: Family) -> None:
        self.form = form
        nodes = tuple(form.walk())
        self.parts = tuple(name for node in nodes for _, name in node.parts)
        self.single = tuple(node.field for node in nodes if node.only)
        used = {*self.parts, *(node.field for node in nodes)}
        self._lists = tuple(each.name for each in family.fields if each.type == "list")
        self._placed: dict[str, list[str]] = {}
        for each in family.fields:
            if each.place:
                self._placed.setdefault(each.place, []).append(each.name)
        self.rest = tuple(each.name for each in family.fields if each.name not in used and not each.place)

    def body(self, model: str, values: Mapping[str, Any], octets: Octets) -> dict[str, Any]:
        """The body of a request; two bytes decide where a text stands and how nothing is written."""
        return {"model": model, **self._members(self.form, values, octets)}

    def placed(self, container: str) -> list[str]:
        """The fields that state this container as their place."""
        return self._placed.get(container, [])

    def _members(self, node: Node, values: Mapping[str, Any], octets: Octets) -> dict[str, Any]:
        body = {}
        for name, child in node.members:
            if child.form == "leaf":
                if child.field in values:
                    body[name] = values[child.field][0] if child.only else values[child.field]
            elif child.form == "rest":
                self._rest(body, name, values, octets)
            else:
                body[name] = self._node(child, values, octets)
        container = node.path.partition(".")[2]
        return body | {name: values[name] for name in self.placed(container) if name in values}

    def _node(self, node: Node, values: Mapping[str, Any], octets: Octets) -> Any:
        if node.form == "object":
            return self._members(node, values, octets)
        if node.form == "parts":
            return self._parts(node, values, octets)
        if node.form == "constant":
            rule = node.rule("one_of")
            return rule.limit[0] if rule else ""
        count = node.rule("count")
        assert node.each is not None
        return [self._node(node.each, values, octets) for _ in range(count.limit if count else 1)]

    def _parts(self, node: Node, values: Mapping[str, Any], octets: Octets) -> list[dict[str, Any]]:
        """Lists keep their order; what is no list stands before, between or behind their items."""
        parts = []
        for part, name in node.parts:
            if name in self._lists:
                parts += [{part: item} for item in values.get(name, ())]
        for part, name in node.parts:
            if name not in self._lists and name in values:
                parts.insert(octets.byte() % (len(parts) + 1), {part: values[name]})
        return parts

    def _rest(self, body: dict[str, Any], name: str, values: Mapping[str, Any], octets: Octets) -> None:
        members = {each: values[each] for each in (*self.rest, *self.placed(name)) if each in values}
        if octets.flag() or members:
            body[name] = members
