"""Build the body forms of `wire.yaml`: trees whose leaves are fields.

They guide the decoders and encoders of bodies.
"""

from dataclasses import replace
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.spec.model.errors import Diagnostics, check_member_name
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.model.model import Node, Rule
from wanlib.spec.source.yaml_reader import LineMap

_LIST_MEMBERS = ("count", "each")


class BodyFormBuilder:
    """Builds the tree of each body form, with rules on its nodes."""

    def __init__(self, source: str, diagnostics: Diagnostics) -> None:
        """Prepare to build. source: the page and section of the rules."""
        self._source = source
        self._diagnostics = diagnostics

    def body(self, name: str, raw: LineMap) -> Node:
        """Return a complete body form: an object with `model` and the members of the form."""
        node = self._object(name, raw, raw.line)
        rests = [inner for inner in node.walk() if inner.form == "rest"]
        for rest in rests[1:]:
            self._diagnostics.add(rest.line, f'{rest.path} is another "*"', f"one, at {rests[0].path}")
        return Node("object", name, raw.line, (self._rule(name, "unknown", True, raw.line),), node.members)

    def _node(self, path: str, raw: Any, line: int) -> Node:
        if raw == "*":
            return Node("rest", path, line, (self._rule(path, "type", "object", line),))
        if isinstance(raw, str):
            name, optional = _optional(raw)
            return Node("leaf", path, line, field=name, optional=optional)
        if not isinstance(raw, LineMap) or not raw:
            self._diagnostics.add(line, f"{path} is {safe_repr(raw)}", 'a field, "*" or a mapping')
            return Node("leaf", path, line)
        if "only" in raw:
            return self._single_item_list(path, raw, line)
        if "one_of" in raw:
            return self._constant(path, raw, line)
        if "parts" in raw:
            return self._parts(path, raw, line)
        return self._list(path, raw, line) if "each" in raw else self._object(path, raw, line)

    def _check_members(self, raw: LineMap, *known: str) -> None:
        for key in raw:
            if key not in known:
                self._diagnostics.unknown_name(raw.lines[key], "the member", key, known)

    def _field_name(self, path: str, raw: Any, line: int) -> str:
        if isinstance(raw, str):
            return raw
        self._diagnostics.add(line, f"{path} is {safe_repr(raw)}", "the name of a field")
        return ""

    def _single_item_list(self, path: str, raw: LineMap, line: int) -> Node:
        self._check_members(raw, "only")
        name, optional = _optional(self._field_name(path, raw["only"], raw.lines["only"]))
        return Node("leaf", path, line, field=name, only=True, optional=optional)

    def _object(self, path: str, raw: LineMap, line: int) -> Node:
        for name in raw:
            check_member_name(path, name, raw.lines[name], self._diagnostics)
        members = tuple((name, self._node(f"{path}.{name}", raw[name], raw.lines[name])) for name in raw)
        rules = (*self._presence_rules(path, "object", line), self._rule(path, "unknown", True, line))
        return Node("object", path, line, rules, members)

    def _list(self, path: str, raw: LineMap, line: int) -> Node:
        self._check_members(raw, *_LIST_MEMBERS)
        count_line, count = raw.lines.get("count", line), raw.get("count")
        if count != 1:
            problem = f"the count of {path} is {safe_repr(count)}"
            self._diagnostics.add(count_line, problem, "1: its fields are read once")
        rules = (*self._presence_rules(path, "list", line), self._rule(path, "count", 1, count_line))
        item = self._node(f"{path}.each", raw["each"], raw.lines["each"])
        item = replace(item, rules=tuple(rule for rule in item.rules if rule.kind != "required"))
        return Node("list", path, line, rules, each=item)

    def _constant(self, path: str, raw: LineMap, line: int) -> Node:
        self._check_members(raw, "one_of")
        rules = (*self._presence_rules(path, "text", line), self._rule(path, "one_of", raw["one_of"], line))
        return Node("constant", path, line, rules)

    def _parts(self, path: str, raw: LineMap, line: int) -> Node:
        parts, parts_line = raw["parts"], raw.lines["parts"]
        if not isinstance(parts, LineMap) or not parts:
            self._diagnostics.add(parts_line, f"parts is {safe_repr(parts)}", "a field for each part")
            return Node("leaf", path, line)
        for part in parts:
            check_member_name(path, part, parts.lines[part], self._diagnostics)
        stated = {
            part: _optional(self._field_name(f"{path}.{part}", parts[part], parts.lines[part]))
            for part in parts
        }
        fields = tuple((part, name) for part, (name, _) in stated.items())
        optional = frozenset[str]().union(*(names for _, names in stated.values()))
        rules = (*self._presence_rules(path, "list", line), self._rule(path, "parts", parts, parts_line))
        rules += (self._rule(f"{path}.each", "unknown", True, parts_line),)
        for part in raw:
            if part != "parts":
                rules += self._part_limit(path, part, raw, parts)
        return Node("parts", path, line, rules, parts=fields, optional=optional)

    def _part_limit(self, path: str, part: str, raw: LineMap, parts: LineMap) -> tuple[Rule, ...]:
        limits, line = raw[part], raw.lines[part]
        if part not in parts or not isinstance(limits, LineMap) or [*limits] != ["max_count"]:
            self._diagnostics.add(line, f"{part!r} beside parts", "a kind of part with its max_count")
            return ()
        return (self._rule(f"{path}.{part}", "max_count", limits["max_count"], line),)

    def _presence_rules(self, path: str, type_name: str, line: int) -> tuple[Rule, ...]:
        return (self._rule(path, "required", True, line), self._rule(path, "type", type_name, line))

    def _rule(self, path: str, kind: str, limit: Any, line: int) -> Rule:
        if kind in ("max_count", "one_of"):
            try:
                limit = KINDS[kind].parse(limit)
            except ValueError as error:
                self._diagnostics.add(line, f"{kind} is {safe_repr(limit)}", str(error))
        elif kind == "parts":
            limit = tuple(limit)
        return Rule(f"wire/{path}.{kind}", kind, limit, KINDS[kind].outcome, "wire.yaml", line, self._source)


def _optional(text: str) -> tuple[str, frozenset[str]]:
    """Return the field of a leaf or part, and again as optional if a family may lack it: `images?`."""
    name = text.removesuffix("?")
    return name, frozenset({name} if name != text else ())
