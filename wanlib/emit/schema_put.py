"""Rules written into a schema, each keyword with the id of its rule beside it."""

from wanlib.emit.schema_places import Schema, Steps

RULES = "x-wan-rules"
ABOUT = "x-wan-about"
"""The path of the value that a keyword is about, where it has to stand further up."""


def put(root: Schema, steps: Steps, said: Schema, rule: str) -> None:
    """Adds the keywords that say a rule at some steps: beside what stands there or, where one of them is
    taken, in a schema of their own under `allOf`.
    """
    node = at(root, steps)
    if "required" in said and _require(node, said["required"][0], rule):
        return
    if said.keys() & node.get(RULES, {}).keys():
        node.setdefault("allOf", []).append(node := {})
    for keyword, value in said.items():
        node[keyword] = value
        node.setdefault(RULES, {})[keyword] = {value[0]: rule} if keyword == "required" else rule


def at(root: Schema, steps: Steps) -> Schema:
    """The schema at some steps, made where there is none."""
    for step in steps:
        root = root.setdefault(step, {})
    return root


def _require(node: Schema, name: str, rule: str) -> bool:
    """Joins a schema's required members, each with its own rule; False where this one has one already."""
    rules = node.setdefault(RULES, {}).setdefault("required", {})
    if name in rules:
        return False
    rules[name] = rule
    node["required"] = list(rules)
    return True
