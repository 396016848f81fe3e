"""Write the body form into a JSON Schema: the structure that contains the fields."""

from wanlib.emit.schema.keywords import NOT_NULL, TYPES
from wanlib.emit.schema.locations import OBJECT, Schema, SchemaLocation, Steps, count_keywords, other_parts
from wanlib.spec import Family, Node

RULES = "x-wan-rules"
ABOUT = "x-wan-about"
"""The path of the value that a keyword constrains, if the keyword has to be at a container of it."""


def write_rule(root: Schema, steps: Steps, keywords: Schema, rule: str) -> None:
    """Add the keywords of a rule at some steps of a schema.

    If one of the keywords is taken, they go into a separate schema under `allOf`.
    """
    node = schema_at(root, steps)
    if "required" in keywords and _require(node, keywords["required"][0], rule):
        return
    if keywords.keys() & node.get(RULES, {}).keys():
        node.setdefault("allOf", []).append(node := {})
    for keyword, value in keywords.items():
        node[keyword] = value
        node.setdefault(RULES, {})[keyword] = {value[0]: rule} if keyword == "required" else rule


def schema_at(root: Schema, steps: Steps) -> Schema:
    """Return the schema at some steps, and create it if it is missing."""
    for step in steps:
        root = root.setdefault(step, {})
    return root


def _require(node: Schema, name: str, rule: str) -> bool:
    """Add a required member and its rule to a schema; return False if the member has a rule already."""
    rules = node.setdefault(RULES, {}).setdefault("required", {})
    if name in rules:
        return False
    rules[name] = rule
    node["required"] = list(rules)
    return True


def write_body_form(root: Schema, family: Family, form: Node) -> None:
    """Write the rules of a body form, and those on members without a place in it, into a schema."""
    _object(root, family, form, ())
    inner = [("properties", name) for name, node in form.members if node.form in ("object", "rest")]
    if only_for := family.only_for:
        for name in only_for.limit:
            for steps in ((), *inner):
                write_rule(root, (*steps, "properties", name), {"not": {}}, only_for.id)
    for field in family.fields:
        for rule in field.rules_of_kind("place"):
            for steps in ((), *inner):
                if steps != ("properties", rule.limit):
                    write_rule(root, (*steps, "properties", field.wire_name), {"not": {}}, rule.id)


def _object(root: Schema, family: Family, node: Node, steps: Steps) -> None:
    if unknown := node.rule("unknown") or (family.unknown if node.form == "rest" else None):
        write_rule(root, steps, {"additionalProperties": False}, unknown.id)
    for name, child in node.members:
        if required := child.rule("required"):
            write_rule(root, steps, {"required": [name]}, required.id)
            write_rule(root, (*steps, "properties", name), NOT_NULL, required.id)
        _node(root, family, child, (*steps, "properties", name))


def _node(root: Schema, family: Family, node: Node, steps: Steps) -> None:
    for rule in node.rules:
        if rule.kind == "type":
            write_rule(root, steps, TYPES[rule.limit], rule.id)
        elif rule.kind == "count":
            write_rule(root, steps, count_keywords(SchemaLocation(steps), rule.limit, rule.limit), rule.id)
        elif rule.kind == "one_of":
            write_rule(root, steps, {"enum": list(rule.limit)}, rule.id)
        elif rule.kind == "parts":
            one = [{"required": [name]} for name, _ in node.parts]
            write_rule(root, (*steps, "items"), {"type": OBJECT, "oneOf": one}, rule.id)
        elif rule.kind == "unknown" and node.form == "parts":
            write_rule(root, (*steps, "items"), {"additionalProperties": False}, rule.id)
        elif rule.kind == "max_count":
            part = rule.id.removesuffix(".max_count").rpartition(".")[2]
            place = SchemaLocation(steps, part, "parts", others=other_parts(node, part))
            write_rule(root, steps, count_keywords(place, 0, rule.limit), rule.id)
    if node.form in ("object", "rest"):
        _object(root, family, node, steps)
    if node.each:
        _node(root, family, node.each, (*steps, "items"))
