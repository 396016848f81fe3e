"""The JSON Schema keywords of each kind of rule.

Patterns mean the same in ECMA 262 and Python: no class escapes, no flags, and an end that no newline
can pass (`$` lets one pass in Python).
"""

import re
from collections.abc import Callable, Mapping

from wanlib.emit.schema.locations import Schema, SchemaLocation, contains_part, count_keywords
from wanlib.spec import Rule, SpecError

END = r"(?![\s\S])"
SIZE = rf"^[1-9][0-9]{{0,5}}\*[1-9][0-9]{{0,5}}{END}"
PERCENT = rf"^(?:0|[1-9][0-9]{{0,2}})(?:\.[0-9]{{1,9}})?%{END}"
ASCII = r"[\x00-\x7F]*"
WHITE_SPACE = r"\x09-\x0D\x20\x85\xA0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000"

TYPES: Mapping[str, Schema] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "list": {"type": "array"},
    "object": {"type": "object"},
    "image": {"type": "string"},
    "size": {"type": "string"},
    "percent": {"type": "string", "pattern": PERCENT},
}
NOT_NULL: Schema = {"not": {"type": "null"}}
"""The condition of `required` on a member that is present: null counts as absent."""

# Syntax with the same meaning in Python and ECMA 262: no escaped letters or digits, only (?: groups
_UNPORTABLE = re.compile(r"\\[A-Za-z0-9]|\(\?(?!:)|[*+?}]\+|\{,")

Say = Callable[[Rule, SchemaLocation], Schema]


def _any_case(word: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" for letter in word)


def _scheme(name: str) -> str:
    return _any_case(name) + (":" if name == "data" else "://")


def _schemes(rule: Rule, place: SchemaLocation) -> Schema:
    return {"pattern": f"^(?:{'|'.join(map(_scheme, rule.limit))})"}


def _chars(rule: Rule, place: SchemaLocation) -> Schema:
    """Restrict URLs to ASCII; `encoding` covers the content of a data URI."""
    return {"pattern": f"^(?:{_scheme('data')}|{ASCII}{END})"}


def _keywords(rule: Rule, place: SchemaLocation) -> Schema:
    if not rule.limit:
        return {"pattern": SIZE}
    return {"anyOf": [{"enum": list(rule.limit)}, {"pattern": SIZE}]}


def _decimals(rule: Rule, place: SchemaLocation) -> Schema:
    places = rf"\.[0-9]{{{rule.limit}}}" if rule.limit else ""
    return {"pattern": f"^[0-9]+{places}%{END}"}


def _pattern(rule: Rule, place: SchemaLocation) -> Schema:
    if match := _UNPORTABLE.search(rule.limit):
        raise SpecError(
            f"{rule.file}:{rule.line}: pattern {rule.limit!r} has {match[0]!r}, "
            r"expected what Python and ECMA 262 read alike ([0-9] for \d, (?: for other groups)"
        )
    return {"pattern": f"^(?:{rule.limit}){END}"}


def _none_of(rule: Rule, place: SchemaLocation) -> Schema:
    return {"not": {"enum": list(rule.limit)}}


def _required(rule: Rule, place: SchemaLocation) -> Schema:
    return {"contains": contains_part(place)} if place.form == "part" else {"required": [place.member]}


# Kinds expressed by keywords at the value itself, or (required) at its container.
KEYWORDS: Mapping[str, Say] = {
    "required": _required,
    "type": lambda rule, place: dict(TYPES[rule.limit]),
    "effective": lambda rule, place: {"not": {}},
    "needs": lambda rule, place: {"not": {}},
    "one_of": lambda rule, place: {"enum": list(rule.limit)},
    "not_blank": lambda rule, place: {"pattern": f"[^{WHITE_SPACE}]"},
    "none_of": _none_of,
    "count": lambda rule, place: count_keywords(place, rule.limit, rule.limit),
    "min_count": lambda rule, place: count_keywords(place, rule.limit, None),
    "max_count": lambda rule, place: count_keywords(place, 0, rule.limit),
    "max_chars": lambda rule, place: {"maxLength": rule.limit},
    "pattern": _pattern,
    "decimals": _decimals,
    "min": lambda rule, place: {"minimum": rule.limit},
    "max": lambda rule, place: {"maximum": rule.limit},
    "step": lambda rule, place: {"multipleOf": rule.limit},
    "schemes": _schemes,
    "chars": _chars,
    "keywords": _keywords,
    "unknown": lambda rule, place: {"additionalProperties": False},
    "only_for": lambda rule, place: {"not": {}},
}
