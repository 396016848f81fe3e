"""The body forms of wire.yaml: trees whose ends are fields, read both ways."""

from dataclasses import replace
from typing import Any

from wanlib.base.shown import shown
from wanlib.spec.complaints import Complaints
from wanlib.spec.kinds import KINDS
from wanlib.spec.model import Node, Rule
from wanlib.spec.reader import Map

_LISTS = ("count", "each")


class BodyBuilder:
    """Builds the tree of each body form; the types and the presence of its nodes are implied rules."""

    def __init__(self, source: str, complaints: Complaints) -> None:
        self.source = source
        self.complaints = complaints

    def body(self, name: str, raw: Map) -> Node:
        """A whole body form: an object that holds `model` beside its members."""
        node = self._object(name, raw, raw.line)
        rests = [each for each in node.walk() if each.form == "rest"]
        for rest in rests[1:]:
            self.complaints.add(rest.line, f'{rest.path} is another "*"', f"one, at {rests[0].path}")
        return Node("object", name, raw.line, (self._rule(name, "unknown", True, raw.line),), node.members)

    def _node(self, path: str, raw: Any, line: int) -> Node:
        if raw == "*":
            return Node("rest", path, line, (self._rule(path, "type", "object", line),))
        if isinstance(raw, str):
            return Node("leaf", path, line, field=raw)
        if not isinstance(raw, Map) or not raw:
            self.complaints.add(line, f"{path} is {shown(raw)}", 'a field, "*" or a mapping')
            return Node("leaf", path, line)
        if "only" in raw:
            return self._only(path, raw, line)
        if "one_of" in raw:
            return self._constant(path, raw, line)
        if "parts" in raw:
            return self._parts(path, raw, line)
        return self._list(path, raw, line) if "each" in raw else self._object(path, raw, line)

    def _alone(self, raw: Map, *known: str) -> None:
        for key in raw:
            if key not in known:
                self.complaints.unknown(raw.lines[key], "the member", key, known)

    def _only(self, path: str, raw: Map, line: int) -> Node:
        self._alone(raw, "only")
        return Node("leaf", path, line, field=self._name(path, raw["only"], raw.lines["only"]), only=True)

    def _name(self, path: str, raw: Any, line: int) -> str:
        if isinstance(raw, str):
            return raw
        self.complaints.add(line, f"{path} is {shown(raw)}", "the name of a field")
        return ""

    def _object(self, path: str, raw: Map, line: int) -> Node:
        members = tuple((name, self._node(f"{path}.{name}", raw[name], raw.lines[name])) for name in raw)
        rules = (*self._presence(path, "object", line), self._rule(path, "unknown", True, line))
        return Node("object", path, line, rules, members)

    def _list(self, path: str, raw: Map, line: int) -> Node:
        self._alone(raw, *_LISTS)
        at, count = raw.lines.get("count", line), raw.get("count")
        if count != 1:
            self.complaints.add(at, f"the count of {path} is {shown(count)}", "1: its fields are read once")
        rules = (*self._presence(path, "list", line), self._rule(path, "count", 1, at))
        each = self._node(f"{path}.each", raw["each"], raw.lines["each"])
        each = replace(each, rules=tuple(rule for rule in each.rules if rule.kind != "required"))
        return Node("list", path, line, rules, each=each)

    def _constant(self, path: str, raw: Map, line: int) -> Node:
        self._alone(raw, "one_of")
        rules = (*self._presence(path, "text", line), self._rule(path, "one_of", raw["one_of"], line))
        return Node("constant", path, line, rules)

    def _parts(self, path: str, raw: Map, line: int) -> Node:
        parts = raw["parts"]
        if not isinstance(parts, Map) or not parts:
            self.complaints.add(raw.lines["parts"], f"parts is {shown(parts)}", "a field for each part")
            return Node("leaf", path, line)
        fields = tuple((part, self._name(f"{path}.{part}", parts[part], parts.lines[part])) for part in parts)
        rules = (*self._presence(path, "list", line), self._rule(path, "parts", parts, raw.lines["parts"]))
        rules += (self._rule(f"{path}.each", "unknown", True, raw.lines["parts"]),)
        for part in raw:
            if part != "parts":
                rules += self._part_limit(path, part, raw, parts)
        return Node("parts", path, line, rules, parts=fields)

    def _part_limit(self, path: str, part: str, raw: Map, parts: Map) -> tuple[Rule, ...]:
        limits, line = raw[part], raw.lines[part]
        if part not in parts or not isinstance(limits, Map) or [*limits] != ["max_count"]:
            self.complaints.add(line, f"{part!r} beside parts", "a kind of part with its max_count")
            return ()
        return (self._rule(f"{path}.{part}", "max_count", limits["max_count"], line),)

    def _presence(self, path: str, kind: str, line: int) -> tuple[Rule, ...]:
        return (self._rule(path, "required", True, line), self._rule(path, "type", kind, line))

    def _rule(self, path: str, kind: str, limit: Any, line: int) -> Rule:
        if kind in ("max_count", "one_of"):
            try:
                limit = KINDS[kind].parse(limit)
            except ValueError as error:
                self.complaints.add(line, f"{kind} is {shown(limit)}", str(error))
        elif kind == "parts":
            limit = tuple(limit)
        return Rule(f"wire/{path}.{kind}", kind, limit, KINDS[kind].outcome, "wire.yaml", line, self.source)
