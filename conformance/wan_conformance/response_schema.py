"""Answers of a server against `answers:` of wire.yaml, by the same types as the spec files have."""

from collections.abc import Iterator, Mapping
from typing import Any

from wanlib.base.redaction import safe_repr

_NAMES = {"text": "text", "integer": "a whole number", "boolean": "true or false", "list": "a list"}


def schema_problems(members: Mapping[str, Any], value: Any, path: str = "") -> Iterator[str]:
    """How a value differs from an object of these members; those that are not named are let pass."""
    if not isinstance(value, dict):
        yield f"{path or 'the answer'} is {safe_repr(value)}, expected an object"
        return
    for name, told in members.items():
        where, member = f"{path}/{name}", value.get(name)
        if member is not None:
            yield from _value_problems(told, member, where)
        elif told.get("required"):
            yield f"{where} is {'null' if name in value else 'missing'}"


def _value_problems(told: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    if "members" in told:
        yield from schema_problems(told["members"], value, path)
        return
    kind = told.get("type")
    if kind is not None and not _has_type(kind, value):
        yield f"{path} is {safe_repr(value)}, expected {_NAMES[kind]}"
    elif "one_of" in told and value not in told["one_of"]:
        yield f"{path} is {safe_repr(value)}, expected {' or '.join(map(str, told['one_of']))}"
    elif kind == "list":
        for index, item in enumerate(value):
            yield from _value_problems(told.get("each", {}), item, f"{path}/{index}")


def _has_type(kind: str, value: Any) -> bool:
    if kind == "integer":
        return isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    return isinstance(value, {"text": str, "boolean": bool, "list": list}[kind])
