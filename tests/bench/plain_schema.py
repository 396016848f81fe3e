"""The schema that somebody would write by hand for wan2.7: the fields without the rules between them.

It holds no `if`, which draft-07 validators and readers alike find slow, and nothing that ties two
fields; so its peers do less than `wanlib.check` and are not held up by how ours is exported.
"""

from typing import Any

_URL = {"type": "string", "pattern": "^(https?|oss)://|^data:[a-z]+/[a-z]+;base64,"}
_SIZE = {"type": "string", "pattern": r"^(?:[124]K|[1-9][0-9]{0,5}\*[1-9][0-9]{0,5})$"}
_BOX = {"type": "array", "minItems": 4, "maxItems": 4, "items": {"type": "integer", "minimum": 0}}
_COLOUR = {
    "type": "object",
    "required": ["hex", "ratio"],
    "additionalProperties": False,
    "properties": {
        "hex": {"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"},
        "ratio": {"type": "string", "pattern": r"^[0-9]{1,3}\.[0-9]{2}%$"},
    },
}
_PART = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {"image": _URL, "text": {"type": "string", "maxLength": 5000}},
}
_MESSAGE = {
    "type": "object",
    "required": ["role", "content"],
    "additionalProperties": False,
    "properties": {
        "role": {"const": "user"},
        "content": {"type": "array", "minItems": 1, "maxItems": 10, "items": _PART},
    },
}
_PARAMETERS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "size": _SIZE,
        "n": {"type": "integer", "minimum": 1, "maximum": 12},
        "enable_sequential": {"type": "boolean"},
        "thinking_mode": {"type": "boolean"},
        "bbox_list": {
            "type": "array",
            "maxItems": 9,
            "items": {"type": "array", "maxItems": 2, "items": _BOX},
        },
        "color_palette": {"type": "array", "minItems": 3, "maxItems": 10, "items": _COLOUR},
        "watermark": {"type": "boolean"},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2147483647},
    },
}


def plain_schema(draft: str = "https://json-schema.org/draft/2020-12/schema") -> dict[str, Any]:
    """The schema under a draft's name: it uses only keywords that draft-07 has too."""
    return {
        "$schema": draft,
        "type": "object",
        "required": ["model", "input"],
        "additionalProperties": False,
        "properties": {
            "model": {"enum": ["wan2.7-image-pro", "wan2.7-image"]},
            "input": {
                "type": "object",
                "required": ["messages"],
                "additionalProperties": False,
                "properties": {
                    "messages": {"type": "array", "minItems": 1, "maxItems": 1, "items": _MESSAGE}
                },
            },
            "parameters": _PARAMETERS,
        },
    }
