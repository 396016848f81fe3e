"""The answers and errors of wire.yaml as components of an OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from wanlib.emit.schema_kinds import TYPES
from wanlib.emit.schema_places import Schema
from wanlib.spec import Spec

JSON = "application/json"


def answer_schemas(spec: Spec) -> dict[str, Schema]:
    """Each shape of answer by its name; members that are not named are let pass, as the vendor adds some."""
    return {name: _object(members) for name, members in spec.wire["answers"].items()}


def error_responses(spec: Spec) -> dict[str, Schema]:
    """A response for each HTTP status of an error, named `error-STATUS`, with its codes by class."""
    by_status: dict[int, dict[str, Any]] = {}
    for code, what in spec.wire["errors"].items():
        by_status.setdefault(what["status"], {})[code] = what
    return {f"error-{status}": _response(codes) for status, codes in sorted(by_status.items())}


def _response(codes: Mapping[str, Any]) -> Schema:
    classes: dict[str, list[str]] = {}
    for code, what in codes.items():
        classes.setdefault(what["class"], []).append(code)
    words = [f"{name}: {', '.join(members)}" for name, members in classes.items()]
    again = [code for code, what in codes.items() if what.get("retry")]
    words += [f"may be tried again: {', '.join(again)}"] if again else []
    seen = {"properties": {"code": {"examples": list(codes)}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/error"}, seen]}
    return {"description": "; ".join(words) + ".", "content": {JSON: {"schema": schema}}}


def _object(members: Mapping[str, Any]) -> Schema:
    required = [name for name, value in members.items() if value.get("required")]
    properties = {name: _value(value) for name, value in members.items()}
    return {"type": "object"} | ({"required": required} if required else {}) | {"properties": properties}


def _value(value: Mapping[str, Any]) -> Schema:
    schema: Schema = {"description": value["notes"]} if "notes" in value else {}
    if "members" in value:
        return schema | _object(value["members"])
    schema |= TYPES[value["type"]]
    if "each" in value:
        schema["items"] = _value(value["each"])
    if "one_of" in value:
        schema["enum"] = list(value["one_of"])
    return schema
