"""A wire body read by its form: each field's value and path, and what the envelope breaks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from wanlib.base.values import ABSENT, UNDETERMINED
from wanlib.base.violation import Violation
from wanlib.spec.build.hints import named
from wanlib.spec.model.model import Family, Field, Node
from wanlib.spec.model.predicates import ParsedImage, read_image
from wanlib.validation.image_header import escape_json_pointer

TYPES = {"object": dict, "list": list, "constant": str, "parts": list}
_WRITTEN = {"constant": "text", "parts": "list"}


@dataclass
class DecodedBody:
    """The fields of a body.

    values: by name; ABSENT or LOST where there is none. paths: where each stands, or should stand.
    item_paths: for a list that is written as parts, where each of its items stands.
    """

    values: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    item_paths: dict[str, list[str]] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    _images: dict[int, ParsedImage] = field(default_factory=dict)

    def image(self, text: str) -> ParsedImage:
        """A text of this body where an image is due, looked into once."""
        found = self._images.get(id(text))  # to hash a text takes as long as to read it
        if found is None:
            found = self._images[id(text)] = read_image(text)
        return found


class FieldPositions(NamedTuple):
    """The fields that a form itself gives no place. placed: those that state one; rest: the others.

    stated: the names of `placed` by their place. beside: likewise, where the form puts the rest there too.
    """

    placed: Mapping[str, Field]
    rest: tuple[str, ...]
    stated: Mapping[str, tuple[str, ...]]
    beside: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=64)
def field_positions(family: Family, form: Node) -> FieldPositions:
    """Those of a family in the form that it is written in."""
    used = {name for node in form.walk() for name in (node.field, *(part for _, part in node.parts))}
    placed = {each.name: each for each in family.fields if each.place}
    rest = tuple(each.name for each in family.fields if each.name not in used and not each.place)
    places = dict.fromkeys(each.place for each in placed.values() if each.place)
    stated = {place: tuple(name for name, each in placed.items() if each.place == place) for place in places}
    beside = {
        place: tuple(each.name for each in family.fields if each.name in rest or each.place == place)
        for place in places
    }
    return FieldPositions(placed, rest, stated, beside)


class Decoder:
    """Walks a body form beside a body."""

    def __init__(self, family: Family, form: Node) -> None:
        self.family = family
        self.form = form
        self.reading = DecodedBody()
        self.placed, self.rest, self.stated, self.beside = field_positions(family, form)

    def decode(self, body: dict[str, Any]) -> DecodedBody:
        """The reading of a body whose model is known."""
        self._members(self.form, body, "", ("model",))
        return self.reading

    def _report(self, node: Node, kind: str, path: str, limit: Any, value: Any) -> None:
        rule = node.rule(kind)
        if rule is None:  # a form with a planted fault
            return
        # A null that is neither required nor an item is an optional member: the pages leave it open.
        null = kind == "type" and value is None and node.form == "rest"
        outcome = "unspecified" if null else rule.outcome
        self.reading.violations.append(Violation(named(self.family, rule), outcome, path, limit, value))

    def _members(self, node: Node, value: dict[str, Any], path: str, also: tuple[str, ...]) -> None:
        for name, child in node.members:
            self._node(child, value.get(name, ABSENT), f"{path}/{name}")
        known = (*also, *node.names, *self._take_placed(value, path))
        for key in value:
            if key not in known:
                self._unknown_member(node, key, value[key], path, known)

    def _take_placed(self, value: dict[str, Any], path: str) -> tuple[str, ...]:
        """The fields whose stated place is here, read."""
        names = self.stated.get(path[1:], ())
        for name in names:
            self._store(name, value.get(name, ABSENT), f"{path}/{name}")
        return names

    def _unknown_member(self, node: Node, key: Any, value: Any, path: str, known: tuple[str, ...]) -> None:
        where = f"{path}/{escape_json_pointer(key)}"
        if path.count("/") < 2 and key in self.placed:
            rule = self.placed[key].rules_of_kind("place")[0]
            self.reading.violations.append(Violation(rule.id, rule.outcome, where, rule.limit, value))
        elif path.count("/") < 2 and (other := self.family.only_for) and key in other.limit:
            name = named(self.family, other)
            self.reading.violations.append(Violation(name, other.outcome, where, other.limit[key], key))
        elif node.form == "rest":
            unknown = self.family.unknown
            if unknown is None:  # a family with a planted fault
                return
            self.reading.violations.append(
                Violation(named(self.family, unknown), unknown.outcome, where, known, key)
            )
        else:
            self._report(node, "unknown", where, known, key)

    def _node(self, node: Node, value: Any, path: str) -> None:
        if node.form == "leaf":
            self._leaf(node, value, path)
        elif node.form == "rest":
            self._remaining_fields(node, value, path)
        elif value is ABSENT or (value is None and node.rule("required")):
            self._report(node, "required", path, True, None)
            self._mark_undetermined(node, path)
        elif not isinstance(value, TYPES[node.form]):
            self._report(node, "type", path, _WRITTEN.get(node.form, node.form), value)
            self._mark_undetermined(node, path)
        else:
            _INNER[node.form](self, node, value, path)

    def _object(self, node: Node, value: dict[str, Any], path: str) -> None:
        self._members(node, value, path, ())

    def _constant(self, node: Node, value: Any, path: str) -> None:
        rule = node.rule("one_of")
        if rule and value not in rule.limit:
            self._report(node, "one_of", path, rule.limit, value)

    def _list(self, node: Node, value: list[Any], path: str) -> None:
        rule = node.rule("count")
        assert node.each is not None
        if rule and len(value) != rule.limit:
            self._report(node, "count", path, rule.limit, len(value))
            self._mark_undetermined(node, path)
            return
        for index, item in enumerate(value):
            self._node(node.each, item, f"{path}/{index}")
        if not value:
            self._mark_undetermined(node, path)

    def _parts(self, node: Node, value: list[Any], path: str) -> None:
        met: dict[str, list[tuple[Any, str]]] = {name: [] for name, _ in node.parts}
        names = tuple(met)
        for index, part in enumerate(value):
            name = _part_name(part, names)
            if name is None:
                self._report(node, "parts", f"{path}/{index}", names, part)
                continue
            where = f"{path}/{index}/{name}"
            met[name].append((part[name], where))
            if node.part_limits[name]:
                self._duplicate_part(node, name, len(met[name]), where)
            for key in part:
                if key != name:
                    self._report(node, "unknown", f"{path}/{index}/{escape_json_pointer(key)}", names, key)
        for name, field_name in node.parts:
            if self.family.field(field_name).type == "list":
                self._store(field_name, [inner for inner, _ in met[name]], path)
                self.reading.item_paths[field_name] = [where for _, where in met[name]]
            else:
                self._store(field_name, *(met[name][0] if met[name] else (ABSENT, f"{path}/-/{name}")))

    def _duplicate_part(self, node: Node, name: str, count: int, path: str) -> None:
        for rule in node.part_limits[name]:
            if count == rule.limit + 1:
                self.reading.violations.append(Violation(rule.id, rule.outcome, path, rule.limit, count))

    def _leaf(self, node: Node, value: Any, path: str) -> None:
        if node.only and value is not ABSENT and value is not None:
            self._store(node.field, [value], path)
            self.reading.item_paths[node.field] = [path]
        else:
            self._store(node.field, value, path)

    def _remaining_fields(self, node: Node, value: Any, path: str) -> None:
        if value is not ABSENT and not isinstance(value, dict):
            self._report(node, "type", path, "object", value)
            self._mark_undetermined(node, path)
            return
        members = {} if value is ABSENT else value
        known = self.beside.get(path[1:], self.rest)
        values, paths = self.reading.values, self.reading.paths
        for name in known:
            values[name], paths[name] = members.get(name, ABSENT), f"{path}/{name}"
        for key in members:
            if key not in known:
                self._unknown_member(node, key, members[key], path, known)

    def _mark_undetermined(self, node: Node, path: str) -> None:
        """All that stands under a broken node is lost: neither judged nor counted."""
        for each in node.walk():
            for name in (each.field, *(part for _, part in each.parts)):
                if name:
                    self._store(name, UNDETERMINED, path)
        if node.form == "rest":
            for lost in self.rest:
                self._store(lost, UNDETERMINED, path)
        for name, each_field in self.placed.items():
            if path == f"/{each_field.place}":
                self._store(name, UNDETERMINED, path)

    def _store(self, name: str, value: Any, path: str) -> None:
        self.reading.values[name] = value
        self.reading.paths[name] = path


def _part_name(part: Any, names: tuple[str, ...]) -> str | None:
    """Return the one name by which a part is of a kind; None where it has none of them, or several."""
    found = [name for name in names if name in part] if isinstance(part, dict) else []
    return found[0] if len(found) == 1 else None


# What reads the inside of a node whose value is of its type, by its form.
_INNER: Mapping[str, Callable[[Decoder, Node, Any, str], None]] = {
    "object": Decoder._object,
    "list": Decoder._list,
    "constant": Decoder._constant,
    "parts": Decoder._parts,
}
