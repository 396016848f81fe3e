"""The schema that somebody would write by hand for wan2.7-image-pro, in keywords of draft 7 and of 2020-12.

It says what such a schema says without being unfair to its validators: every field, and the rules
between fields that one `if` can express. It can't say the others: pixels, ratios, sums, boxes in order
and within their image, as many lists of boxes as images.
"""

from typing import Any

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_URL: Schema = {"type": "string", "pattern": "^(https?|oss)://|^data:[a-z]+/[a-z]+;base64,"}
_SIZE: Schema = {"type": "string", "pattern": r"^(?:[124]K|[1-9][0-9]{0,5}\*[1-9][0-9]{0,5})$"}
_BOX: Schema = {"type": "array", "minItems": 4, "maxItems": 4, "items": {"type": "integer", "minimum": 0}}
_BOXES: Schema = {"type": "array", "maxItems": 9, "items": {"type": "array", "maxItems": 2, "items": _BOX}}
_COLOUR: Schema = {
    "type": "object",
    "required": ["hex", "ratio"],
    "additionalProperties": False,
    "properties": {
        "hex": {"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"},
        "ratio": {"type": "string", "pattern": r"^(?:0|[1-9][0-9]{0,2})\.[0-9]{2}%$"},
    },
}
_PARAMETERS: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "size": _SIZE,
        "n": {"type": "integer", "minimum": 1, "maximum": 12},
        "enable_sequential": {"type": "boolean"},
        "thinking_mode": {"type": "boolean"},
        "bbox_list": _BOXES,
        "color_palette": {"type": "array", "minItems": 3, "maxItems": 10, "items": _COLOUR},
        "watermark": {"type": "boolean"},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2147483647},
    },
}
_PARTS: Schema = {
    "type": "array",
    "maxItems": 10,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {"image": _URL, "text": {"type": "string", "maxLength": 5000}},
    },
}


def _body(parts: Schema) -> Schema:
    message = {
        "type": "object",
        "required": ["role", "content"],
        "additionalProperties": False,
        "properties": {"role": {"const": "user"}, "content": parts},
    }
    messages = {"type": "array", "minItems": 1, "maxItems": 1, "items": message}
    return {
        "type": "object",
        "required": ["model", "input"],
        "additionalProperties": False,
        "properties": {
            "model": {"enum": ["wan2.7-image-pro"]},
            "input": {
                "type": "object",
                "required": ["messages"],
                "additionalProperties": False,
                "properties": {"messages": messages},
            },
            "parameters": _PARAMETERS,
        },
    }


def _inside(*path: str, **schema: Any) -> Schema:
    """A schema for the value at a path, which must exist."""
    for name in reversed(path):
        schema = {"required": [name], "properties": {name: schema}}
    return schema


def _no_member(name: str) -> Schema:
    return {"properties": {"parameters": {"properties": {name: False}}}}


_SEQUENTIAL = _inside("parameters", "enable_sequential", const=True)
_WITH_IMAGES = _inside("input", "messages", items=_inside("content", contains={"required": ["image"]}))
_MODES: list[Schema] = [
    {
        "if": _SEQUENTIAL,
        "then": {"allOf": [_no_member("color_palette"), _no_member("thinking_mode")]},
        "else": {"properties": {"parameters": {"properties": {"n": {"maximum": 4}}}}},
    },
    {
        "if": {"anyOf": [_SEQUENTIAL, _WITH_IMAGES]},
        "then": {
            "allOf": [
                _no_member("thinking_mode"),
                {"properties": {"parameters": {"properties": {"size": {"not": {"const": "4K"}}}}}},
            ]
        },
    },
]


def hand_schema(draft: str, ties: bool = True) -> Schema:
    """The schema under a draft's name; without `ties`, each field separately, with no relations."""
    if not ties:
        return {"$schema": draft, **_body(_PARTS)}
    return {"$schema": draft, **_body(_PARTS | {"contains": {"required": ["text"]}}), "allOf": _MODES}
