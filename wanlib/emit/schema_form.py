"""The body form in JSON Schema: the structure in which the fields stand."""

from wanlib.emit.schema_kinds import NOT_NULL, TYPES
from wanlib.emit.schema_places import OBJECT, Place, Schema, Steps, counted, other_parts
from wanlib.emit.schema_put import put
from wanlib.spec import Family, Node


def put_form(root: Schema, family: Family, form: Node) -> None:
    """Writes the rules of a body form, and those on members that have no place in it, into a schema."""
    _object(root, family, form, ())
    inner = [("properties", name) for name, node in form.members if node.form in ("object", "rest")]
    if only_for := family.only_for:
        for name in only_for.limit:
            for steps in ((), *inner):
                put(root, (*steps, "properties", name), {"not": {}}, only_for.id)
    for field in family.fields:
        for rule in field.of_kind("place"):
            for steps in ((), *inner):
                if steps != ("properties", rule.limit):
                    put(root, (*steps, "properties", field.name), {"not": {}}, rule.id)


def _object(root: Schema, family: Family, node: Node, steps: Steps) -> None:
    if unknown := node.rule("unknown") or (family.unknown if node.form == "rest" else None):
        put(root, steps, {"additionalProperties": False}, unknown.id)
    for name, child in node.members:
        if required := child.rule("required"):
            put(root, steps, {"required": [name]}, required.id)
            put(root, (*steps, "properties", name), NOT_NULL, required.id)
        _node(root, family, child, (*steps, "properties", name))


def _node(root: Schema, family: Family, node: Node, steps: Steps) -> None:
    for rule in node.rules:
        if rule.kind == "type":
            put(root, steps, TYPES[rule.limit], rule.id)
        elif rule.kind == "count":
            put(root, steps, counted(Place(steps), rule.limit, rule.limit), rule.id)
        elif rule.kind == "one_of":
            put(root, steps, {"enum": list(rule.limit)}, rule.id)
        elif rule.kind == "parts":
            one = [{"required": [name]} for name, _ in node.parts]
            put(root, (*steps, "items"), {"type": OBJECT, "oneOf": one}, rule.id)
        elif rule.kind == "unknown" and node.form == "parts":
            put(root, (*steps, "items"), {"additionalProperties": False}, rule.id)
        elif rule.kind == "max_count":
            part = rule.id.removesuffix(".max_count").rpartition(".")[2]
            place = Place(steps, part, "parts", others=other_parts(node, part))
            put(root, steps, counted(place, 0, rule.limit), rule.id)
    if node.form in ("object", "rest"):
        _object(root, family, node, steps)
    if node.each:
        _node(root, family, node.each, (*steps, "items"))
