"""The body forms of wire.yaml: trees whose ends are fields, read both ways."""

from dataclasses import replace
from typing import Any
from wanlib.base.redaction import safe_repr
from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.model.model import Node, Rule
from wanlib.spec.source.yaml_reader import LineMap
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wanlib.spec.model.model import Field, Node


_LISTS = ("count", "each")


class BodyBuilder:
    """Builds the tree of each body form; the types and the presence of its nodes are implied rules."""

    def __init__(self, source: str, diagnostics: Diagnostics) -> None:
        self.source = source
        self.diagnostics = diagnostics

    def body(self, name: str, raw: LineMap) -> Node:
        """A whole body form: an object that holds `model` beside its members."""
        node = self._object(name, raw, raw.line)
        rests = [each for each in node.walk() if each.form == "rest"]
        for rest in rests[1:]:
            self.diagnostics.add(rest.line, f'{rest.path} is another "*"', f"one, at {rests[0].path}")
        return Node("object", name, raw.line, (self._rule(name, "unknown", True, raw.line),), node.members)

    def _node(self, path: str, raw: Any, line: int) -> Node:
        if raw == "*":
            return Node("rest", path, line, (self._rule(path, "type", "object", line),))
        if isinstance(raw, str):
            return Node("leaf", path, line, field=raw)
        if not isinstance(raw, LineMap) or not raw:
            self.diagnostics.add(line, f"{path} is {safe_repr(raw)}", 'a field, "*" or a mapping')
            return Node("leaf", path, line)
        if "only" in raw:
            return self._single_item_list(path, raw, line)
        if "one_of" in raw:
            return self._constant(path, raw, line)
        if "parts" in raw:
            return self._parts(path, raw, line)
        return self._list(path, raw, line) if "each" in raw else self._object(path, raw, line)

    def _leaf_node(self, raw: LineMap, *known: str) -> None:
        for key in raw:
            if key not in known:
                self.diagnostics.unknown_name(raw.lines[key], "the member", key, known)

    def _single_item_list(self, path: str, raw: LineMap, line: int) -> Node:
        self._leaf_node(raw, "only")
        return Node("leaf", path, line, field=self._name(path, raw["only"], raw.lines["only"]), only=True)

    def _name(self, path: str, raw: Any, line: int) -> str:
        if isinstance(raw, str):
            return raw
        self.diagnostics.add(line, f"{path} is {safe_repr(raw)}", "the name of a field")
        return ""

    def _object(self, path: str, raw: LineMap, line: int) -> Node:
        members = tuple((name, self._node(f"{path}.{name}", raw[name], raw.lines[name])) for name in raw)
        rules = (*self._required_rule(path, "object", line), self._rule(path, "unknown", True, line))
        return Node("object", path, line, rules, members)

    def _list(self, path: str, raw: LineMap, line: int) -> Node:
        self._leaf_node(raw, *_LISTS)
        at, count = raw.lines.get("count", line), raw.get("count")
        if count != 1:
            self.diagnostics.add(at, f"the count of {path} is {safe_repr(count)}", "1: its fields are read once")
        rules = (*self._required_rule(path, "list", line), self._rule(path, "count", 1, at))
        each = self._node(f"{path}.each", raw["each"], raw.lines["each"])
        each = replace(each, rules=tuple(rule for rule in each.rules if rule.kind != "required"))
        return Node("list", path, line, rules, each=each)

    def _constant(self, path: str, raw: LineMap, line: int) -> Node:
        self._leaf_node(raw, "one_of")
        rules = (*self._required_rule(path, "text", line), self._rule(path, "one_of", raw["one_of"], line))
        return Node("constant", path, line, rules)

    def _parts(self, path: str, raw: LineMap, line: int) -> Node:
        parts = raw["parts"]
        if not isinstance(parts, LineMap) or not parts:
            self.diagnostics.add(raw.lines["parts"], f"parts is {safe_repr(parts)}", "a field for each part")
            return Node("leaf", path, line)
        fields = tuple((part, self._name(f"{path}.{part}", parts[part], parts.lines[part])) for part in parts)
        rules = (*self._required_rule(path, "list", line), self._rule(path, "parts", parts, raw.lines["parts"]))
        rules += (self._rule(f"{path}.each", "unknown", True, raw.lines["parts"]),)
        for part in raw:
            if part != "parts":
                rules += self._part_limit(path, part, raw, parts)
        return Node("parts", path, line, rules, parts=fields)

    def _part_limit(self, path: str, part: str, raw: LineMap, parts: LineMap) -> tuple[Rule, ...]:
        limits, line = raw[part], raw.lines[part]
        if part not in parts or not isinstance(limits, LineMap) or [*limits] != ["max_count"]:
            self.diagnostics.add(line, f"{part!r} beside parts", "a kind of part with its max_count")
            return ()
        return (self._rule(f"{path}.{part}", "max_count", limits["max_count"], line),)

    def _required_rule(self, path: str, kind: str, line: int) -> tuple[Rule, ...]:
        return (self._rule(path, "required", True, line), self._rule(path, "type", kind, line))

    def _rule(self, path: str, kind: str, limit: Any, line: int) -> Rule:
        if kind in ("max_count", "one_of"):
            try:
                limit = KINDS[kind].parse(limit)
            except ValueError as error:
                self.diagnostics.add(line, f"{kind} is {safe_repr(limit)}", str(error))
        elif kind == "parts":
            limit = tuple(limit)
        return Rule(f"wire/{path}.{kind}", kind, limit, KINDS[kind].outcome, "wire.yaml", line, self.source)


_DEEPEST = 2
"""Steps of a path up to which a member counts as a name of the API: `input`, and what is in it."""


def homes_of(fields: "tuple[Field, ...]", form: "Node") -> dict[str, str]:
    """Return where each name belongs, in words: the fields, and the members of the body form.

    Members below the second level are left out: `role` and `content` are parts of a message.
    """
    used = {name for node in form.walk() for name in (node.field, *(part for _, part in node.parts))}
    rest = tuple(each.name for each in fields if each.name not in used and not each.place)
    homes = dict(_homes(form, "", rest))
    return homes | {each.name: f"/{each.place}/{each.name}" for each in fields if each.place}


def _homes(node: "Node", path: str, rest: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if node.form == "leaf":
        yield node.field, path
    elif node.form == "parts":
        for part, field in node.parts:
            yield field, f'{path} as {{"{part}": …}}'
    elif node.form == "rest":
        yield from ((name, f"{path}/{name}") for name in rest)
    for name, child in node.members:
        inner = f"{path}/{name}"
        if inner.count("/") <= _DEEPEST:
            yield name, inner
        yield from _homes(child, inner, rest)
    if node.each:
        yield from _homes(node.each, f"{path}/0", rest)
