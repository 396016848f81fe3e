"""Check response bodies against the tables under `answers:` in `wire.yaml`.

The tables use the types of the spec language: `type`, `required`, `members`, `each`, `one_of`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from wanlib.base.redaction import safe_repr

_NAMES = {"text": "text", "integer": "a whole number", "boolean": "true or false", "list": "a list"}


def schema_problems(members: Mapping[str, Any], value: Any, path: str = "") -> Iterator[str]:
    """Yield how a value differs from an object with these members.

    Args:
        members: The documented members, by name. Members that are not documented are allowed.
        value: The value, any JSON.
        path: The JSON pointer to the value; empty for the whole response.
    """
    if not isinstance(value, dict):
        yield f"{path or 'the answer'} is {safe_repr(value)}, expected an object"
        return
    for name, schema in members.items():
        member_path, member = f"{path}/{name}", value.get(name)
        if member is not None:
            yield from _value_problems(schema, member, member_path)
        elif schema.get("required"):
            yield f"{member_path} is {'null' if name in value else 'missing'}"


def _value_problems(schema: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    if "members" in schema:
        yield from schema_problems(schema["members"], value, path)
        return
    kind = schema.get("type")
    if kind is not None and not _has_type(kind, value):
        yield f"{path} is {safe_repr(value)}, expected {_NAMES[kind]}"
    elif "one_of" in schema and value not in schema["one_of"]:
        yield f"{path} is {safe_repr(value)}, expected {' or '.join(map(str, schema['one_of']))}"
    elif kind == "list":
        for index, item in enumerate(value):
            yield from _value_problems(schema.get("each", {}), item, f"{path}/{index}")


def _has_type(kind: str, value: Any) -> bool:
    if kind == "integer":
        return isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    return isinstance(value, {"text": str, "boolean": bool, "list": list}[kind])
