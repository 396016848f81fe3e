"""Read the fields of a wire body by its body form; report envelope violations.

A body form (`Node`, from `bodies` in `wire.yaml`) is a tree whose leaves are fields. `decode_body` walks it
in parallel with the JSON. The result has a value and a JSON Pointer for each field of the family, for any
body.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from wanlib.base.values import ABSENT, UNDETERMINED
from wanlib.base.violation import Violation
from wanlib.spec.model.hints import named
from wanlib.spec.model.model import Family, Field, Node
from wanlib.spec.model.modes import given_key
from wanlib.spec.model.predicates import TYPE_CHECKS, ParsedImage, read_image
from wanlib.validation.image_header import escape_json_pointer

_JSON_TYPES = {"object": dict, "list": list, "constant": str, "parts": list}
_TYPE_NAMES = {"constant": "text", "parts": "list"}
_NAMED_LEVELS = 2
"""Containers of fields are members of the first levels; deeper members are parts of a message."""


@dataclass
class DecodedBody:
    """The fields of a body.

    Attributes:
        values: The value of each field by name: ABSENT if the body has none, UNDETERMINED if it can't be
            read.
        paths: The JSON Pointer of each field: where it is, or where it belongs.
        item_paths: For a list that the body writes as parts, the JSON Pointer of each item.
        violations: The violations of the envelope, in the order of the walk.
    """

    values: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    item_paths: dict[str, list[str]] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    _images: dict[int, ParsedImage] = field(default_factory=dict)

    def image(self, text: str) -> ParsedImage:
        """Parse a text of this body as an image, once. The text must be from this body."""
        parsed = self._images.get(id(text))  # hashing a long text takes as long as parsing it
        if parsed is None:
            parsed = self._images[id(text)] = read_image(text)
        return parsed


def decode_body(family: Family, form: Node, body: dict[str, Any]) -> DecodedBody:
    """Read a body whose model is known.

    Args:
        family: The family of the model.
        form: Its body form.
        body: The parsed JSON.

    Returns:
        A value and a path for each field, and the violations of the envelope.
    """
    return _Decoder(family, form).decode(body)


def mode_inputs(family: Family, decoded: DecodedBody) -> dict[str, Any]:
    """Return the value that modes read of each field; None if it is unknown.

    For a list it is the number of items. An absent field has its default, an absent list no items. A value
    of the wrong type is unknown. If modes test the presence of a field, its `given_key` states whether the
    body has it.
    """
    inputs: dict[str, Any] = {}
    for mode_field in family.mode_fields:
        value, is_list = decoded.values[mode_field.name], mode_field.type == "list"
        if value is ABSENT:
            inputs[mode_field.name] = 0 if is_list else mode_field.plain_default
        elif value is UNDETERMINED or not TYPE_CHECKS[mode_field.type](value):
            inputs[mode_field.name] = None
        else:
            inputs[mode_field.name] = len(value) if is_list else value
        if mode_field.name in family.given_fields:
            is_known = value is ABSENT or inputs[mode_field.name] is not None
            inputs[given_key(mode_field.name)] = value is not ABSENT if is_known else None
    return inputs


class _FieldPositions(NamedTuple):
    """The positions of the fields that the form does not name.

    Attributes:
        placed: Fields that state their container, by name in the body.
        remaining: All others, which belong where the form has `"*"`, by name in the body.
        placed_in: Those of `placed` by container, by name in the body.
        all_in: Those of `placed` and `remaining` by container, for a container that is also `"*"`.
    """

    placed: Mapping[str, Field]
    remaining: Mapping[str, Field]
    placed_in: Mapping[str, Mapping[str, Field]]
    all_in: Mapping[str, Mapping[str, Field]]


@lru_cache(maxsize=64)
def _field_positions(family: Family, form: Node) -> _FieldPositions:
    fields = family.fields
    in_form = form.field_names
    placed = {field.wire_name: field for field in fields if field.place}
    remaining = {field.wire_name: field for field in fields if field.name not in in_form and not field.place}
    containers = dict.fromkeys(field.place for field in fields if field.place)
    return _FieldPositions(
        placed,
        remaining,
        {place: {field.wire_name: field for field in fields if field.place == place} for place in containers},
        {
            place: {
                field.wire_name: field
                for field in fields
                if field.place == place or remaining.get(field.wire_name) is field
            }
            for place in containers
        },
    )


class _Decoder:
    """Walks a body form and a body in parallel; `path` is the JSON Pointer of the value."""

    def __init__(self, family: Family, form: Node) -> None:
        self._family = family
        self._form = form
        self._decoded = DecodedBody()
        self._positions = _field_positions(family, form)

    def decode(self, body: dict[str, Any]) -> DecodedBody:
        self._members(self._form, body, "", ("model",))
        return self._decoded

    def _members(self, node: Node, value: dict[str, Any], path: str, also_known: tuple[str, ...]) -> None:
        for name, child in node.members:
            self._node(child, value.get(name, ABSENT), f"{path}/{name}")
        placed: Mapping[str, Field] = self._positions.placed_in.get(path[1:], {})
        for name, member in placed.items():
            self._store(member.name, value.get(name, ABSENT), f"{path}/{name}")
        known = (*also_known, *node.member_names, *placed)
        for key in value:
            if key not in known:
                self._unknown_member(node, key, value[key], path, known)

    def _node(self, node: Node, value: Any, path: str) -> None:
        if node.form == "leaf":
            self._leaf(node, value, path)
        elif node.form == "rest":
            self._remaining_fields(node, value, path)
        elif value is ABSENT or (value is None and node.rule("required")):
            self._report(node, "required", path, True, None)
            self._mark_undetermined(node, path)
        elif not isinstance(value, _JSON_TYPES[node.form]):
            self._report(node, "type", path, _TYPE_NAMES.get(node.form, node.form), value)
            self._mark_undetermined(node, path)
        else:
            _READ_INSIDE[node.form](self, node, value, path)

    # The content of a node whose value has the right type, by form.

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
        kinds = tuple(name for name, _ in node.parts)
        parts: dict[str, list[tuple[Any, str]]] = {name: [] for name in kinds}
        for index, part in enumerate(value):
            name = _part_kind(part, kinds)
            if name is None:
                self._report(node, "parts", f"{path}/{index}", kinds, part)
                continue
            part_path = f"{path}/{index}/{name}"
            parts[name].append((part[name], part_path))
            self._check_part_limits(node, name, len(parts[name]), part_path)
            for key in part:
                if key != name:
                    self._report(node, "unknown", f"{path}/{index}/{escape_json_pointer(key)}", kinds, key)
        for name, field_name in node.parts:
            if self._family.field(field_name).type == "list":
                self._store(field_name, [item for item, _ in parts[name]], path)
                self._decoded.item_paths[field_name] = [item_path for _, item_path in parts[name]]
            else:
                self._store(field_name, *(parts[name][0] if parts[name] else (ABSENT, f"{path}/-/{name}")))

    def _check_part_limits(self, node: Node, name: str, count: int, path: str) -> None:
        """Report the first part beyond the limit."""
        for rule in node.part_limits[name]:
            if count == rule.limit + 1:
                self._decoded.violations.append(Violation(rule.id, rule.outcome, path, rule.limit, count))

    # Leaves.

    def _leaf(self, node: Node, value: Any, path: str) -> None:
        if node.only and value is not ABSENT and value is not None:
            self._store(node.field, [value], path)
            self._decoded.item_paths[node.field] = [path]
        else:
            self._store(node.field, value, path)

    def _remaining_fields(self, node: Node, value: Any, path: str) -> None:
        if value is not ABSENT and not isinstance(value, dict):
            self._report(node, "type", path, "object", value)
            self._mark_undetermined(node, path)
            return
        members = {} if value is ABSENT else value
        known = self._positions.all_in.get(path[1:], self._positions.remaining)
        for name, member in known.items():
            self._store(member.name, members.get(name, ABSENT), f"{path}/{name}")
        for key in members:
            if key not in known:
                self._unknown_member(node, key, members[key], path, tuple(known))

    def _store(self, name: str, value: Any, path: str) -> None:
        self._decoded.values[name] = value
        self._decoded.paths[name] = path

    def _mark_undetermined(self, node: Node, path: str) -> None:
        """Mark all fields below a broken node: they are neither checked nor counted."""
        names = {*node.field_names}
        if node.form == "rest":
            names |= {field.name for field in self._positions.remaining.values()}
        names |= {field.name for field in self._positions.placed_in.get(path[1:], {}).values()}
        for name in names:
            self._store(name, UNDETERMINED, path)

    # Violations.

    def _unknown_member(self, node: Node, key: Any, value: Any, path: str, known: tuple[str, ...]) -> None:
        """Report a member that is misplaced, of another model, or not documented."""
        member_path = f"{path}/{escape_json_pointer(key)}"
        only_for, unknown = self._family.only_for, self._family.unknown
        is_named_level = path.count("/") < _NAMED_LEVELS
        if is_named_level and key in self._positions.placed:
            rule = self._positions.placed[key].rules_of_kind("place")[0]
            self._decoded.violations.append(Violation(rule.id, rule.outcome, member_path, rule.limit, value))
        elif is_named_level and only_for and key in only_for.limit:
            violation = Violation(
                named(self._family, only_for), only_for.outcome, member_path, only_for.limit[key], key
            )
            self._decoded.violations.append(violation)
        elif node.form != "rest":
            self._report(node, "unknown", member_path, known, key)
        elif unknown:  # a mutated family may lack the rule
            violation = Violation(named(self._family, unknown), unknown.outcome, member_path, known, key)
            self._decoded.violations.append(violation)

    def _report(self, node: Node, kind: str, path: str, limit: Any, value: Any) -> None:
        rule = node.rule(kind)
        if rule is None:  # a mutated form may lack the rule
            return
        # A null that is neither required nor an item is an optional member, which the pages do not specify.
        is_optional_null = kind == "type" and value is None and node.form == "rest"
        outcome = "unspecified" if is_optional_null else rule.outcome
        self._decoded.violations.append(Violation(named(self._family, rule), outcome, path, limit, value))


def _part_kind(part: Any, kinds: tuple[str, ...]) -> str | None:
    """Return the only known member name in a part; None if there are none or several."""
    present = [name for name in kinds if name in part] if isinstance(part, dict) else []
    return present[0] if len(present) == 1 else None


_READ_INSIDE: Mapping[str, Callable[[_Decoder, Node, Any, str], None]] = {
    "object": _Decoder._object,
    "list": _Decoder._list,
    "constant": _Decoder._constant,
    "parts": _Decoder._parts,
}
