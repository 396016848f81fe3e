"""The body forms of wire.yaml: trees whose ends are fields, read both ways."""

from typing import Any

from wanlib.spec.complaints import Complaints
from wanlib.spec.kinds import KINDS
from wanlib.spec.model import Node, Rule
from wanlib.spec.reader import Map, Seq

_LIST = ("count", "each")


class BodyBuilder:
    """Builds the tree of each body form; the types and the presence of its nodes are implied rules."""

    def __init__(self, source: str, complaints: Complaints) -> None:
        self.source = source
        self.complaints = complaints

    def body(self, name: str, raw: Map) -> Node:
        """A whole body form: an object that holds `model` beside its members."""
        node = self._object(name, raw, raw.line)
        return Node("object", name, raw.line, (self._rule(name, "unknown", True, raw.line),), node.members)

    def _node(self, path: str, raw: Any, line: int) -> Node:
        if raw == "*":
            return Node("rest", path, line, (self._rule(path, "type", "object", line),))
        if isinstance(raw, str):
            return Node("leaf", path, line, field=raw)
        if not isinstance(raw, Map) or not raw:
            self.complaints.add(line, f"{path} is {raw!r}", 'a field, "*" or a mapping')
            return Node("leaf", path, line)
        if "only" in raw:
            return Node("leaf", path, line, field=str(raw["only"]), only=True)
        if "one_of" in raw:
            return self._constant(path, raw, line)
        if "parts" in raw:
            return self._parts(path, raw, line)
        return self._list(path, raw, line) if "each" in raw else self._object(path, raw, line)

    def _object(self, path: str, raw: Map, line: int) -> Node:
        members = tuple((name, self._node(f"{path}.{name}", raw[name], raw.lines[name])) for name in raw)
        rules = (*self._presence(path, "object", line), self._rule(path, "unknown", True, line))
        return Node("object", path, line, rules, members)

    def _list(self, path: str, raw: Map, line: int) -> Node:
        for key in raw:
            if key not in _LIST:
                self.complaints.unknown(raw.lines[key], "the member", key, _LIST)
        rules = self._presence(path, "list", line)
        if "count" in raw:
            rules += (self._rule(path, "count", raw["count"], raw.lines["count"]),)
        each = self._node(f"{path}.each", raw["each"], raw.lines["each"])
        each = Node(
            each.form,
            each.path,
            each.line,
            tuple(r for r in each.rules if r.kind != "required"),
            each.members,
        )
        return Node("list", path, line, rules, each=each)

    def _constant(self, path: str, raw: Map, line: int) -> Node:
        return Node(
            "constant",
            path,
            line,
            (*self._presence(path, "text", line), self._rule(path, "one_of", raw["one_of"], line)),
        )

    def _parts(self, path: str, raw: Map, line: int) -> Node:
        parts = raw["parts"]
        rules = (*self._presence(path, "list", line), self._rule(path, "parts", parts, raw.lines["parts"]))
        for part in raw:
            if part == "parts":
                continue
            if part not in parts or set(raw[part]) != {"max_count"}:
                self.complaints.add(
                    raw.lines[part], f"{part!r} beside parts", "a kind of part with its max_count"
                )
                continue
            rules += (self._rule(f"{path}.{part}", "max_count", raw[part]["max_count"], raw.lines[part]),)
        return Node("parts", path, line, rules, parts=tuple(parts.items()))

    def _presence(self, path: str, kind: str, line: int) -> tuple[Rule, ...]:
        return (self._rule(path, "required", True, line), self._rule(path, "type", kind, line))

    def _rule(self, path: str, kind: str, limit: Any, line: int) -> Rule:
        if kind in ("count", "max_count", "one_of"):
            try:
                limit = KINDS[kind].parse(limit)
            except ValueError as error:
                self.complaints.add(line, f"{kind} is {limit!r}", str(error))
        elif kind == "parts":
            limit = tuple(limit) if isinstance(limit, Map | Seq) else ()
        return Rule(f"wire/{path}.{kind}", kind, limit, KINDS[kind].outcome, "wire.yaml", line, self.source)
