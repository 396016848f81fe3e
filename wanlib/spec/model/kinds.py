"""The closed set of kinds of rules: types, limits, and the direction in which they are tighter.

`KINDS` is the table; its order is the order in which the rules of one field are checked and reported.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from warnings import catch_warnings

from wanlib.base.values import MIB, Ratio
from wanlib.spec.model.modes import parse_condition

TYPES = ("text", "integer", "number", "boolean", "list", "object", "image", "size", "percent")
OUTCOMES = ("rejected", "truncated", "ignored", "unspecified")
_FORMATS = ("jpeg", "png", "bmp", "webp", "tiff", "gif")
_CORNERS = ("x1", "y1", "x2", "y2")
_SUFFIX = re.compile(r"[-.][a-z0-9-]+(?:\.[a-z0-9-]+)+")
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]+(?: \+ [A-Za-z0-9_-]+)?")
_MIME = re.compile(r"[a-z]+/[a-z0-9.+-]+")

PRESENCE, TYPE, BOUND, RELATION = range(4)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rule.

    Attributes:
        types: The types of fields that it may be stated on.
        parse: Converts the YAML value to the limit; the message of its ValueError states the expected form.
        stage: PRESENCE, TYPE, BOUND or RELATION: each is checked only if the one before is satisfied.
        tighter: `lower`, `higher` or `subset`: how a limit becomes narrower; None if limits are not ordered.
        outcome: What the service does with a violation, unless the rule states another.
        fixed: Whether the rule can't state another outcome.
        varies: Whether it may be stated under `when`.
    """

    types: tuple[str, ...]
    parse: Callable[[Any], Any]
    stage: int = BOUND
    tighter: str | None = None
    outcome: str = "rejected"
    fixed: bool = False
    varies: bool = True


def _integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("a whole number")
    return value


def _count(value: Any) -> int:
    if _integer(value) < 0:
        raise ValueError("a whole number from 0")
    return int(value)


def _number(value: Any) -> int | float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError("a number")
    return value


def _must_be_true(value: Any) -> bool:
    if value is not True:
        raise ValueError("true (leave the line out for false)")
    return True


def _word(*allowed: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in allowed:
            raise ValueError(" or ".join(allowed))
        return str(value)

    return parse


def _field(value: Any) -> str:
    if not isinstance(value, str) or not value.isidentifier():
        raise ValueError("the name of a field")
    return value


def _field_names(value: Any) -> tuple[str, ...]:
    is_right = isinstance(value, list) and value and all(isinstance(name, str) for name in value)
    if not is_right or len(set(value)) < len(value) or not all(map(str.isidentifier, value)):
        raise ValueError("a list of different names of fields")
    return tuple(value)


def _names(*allowed: str) -> Callable[[Any], tuple[str, ...]]:
    def parse(value: Any) -> tuple[str, ...]:
        is_right = isinstance(value, list) and value and all(isinstance(name, str) for name in value)
        if not is_right or len(set(value)) < len(value) or (allowed and not set(value) <= set(allowed)):
            raise ValueError(f"a list of {', '.join(allowed) or 'different names'}")
        return tuple(value)

    return parse


def _positive(value: Any) -> int | float:
    if _number(value) <= 0:
        raise ValueError("a number above 0")
    return _number(value)


def _literals(value: Any) -> tuple[Any, ...]:
    is_right = (
        isinstance(value, list) and value and all(isinstance(literal, str | int | float) for literal in value)
    )
    if not is_right or len(set(value)) < len(value):
        raise ValueError("a list of different words or numbers, or of true and false")
    return tuple(value)


def parse_pixels(value: Any) -> int:
    """Return `768*768` as a number of pixels.

    Raises:
        ValueError: The value is not such a text; the message states the expected form.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,5})\*([1-9][0-9]{0,5})", value) if isinstance(value, str) else None
    if not match:
        raise ValueError("width*height such as 768*768")
    return int(match[1]) * int(match[2])


def _ratio(value: Any) -> Ratio:
    match = re.fullmatch(r"([1-9][0-9]{0,5}):([1-9][0-9]{0,5})", value) if isinstance(value, str) else None
    if not match:
        raise ValueError("width:height such as 1:8")
    return Ratio(int(match[1]), int(match[2]))


def _megabytes(value: Any) -> int:
    """Return bytes of the decoded file; MB is 1,048,576 bytes."""
    match = re.fullmatch(r"([1-9][0-9]{0,5}) MB", value) if isinstance(value, str) else None
    if not match:
        raise ValueError("a size such as 20 MB")
    return int(match[1]) * MIB


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("a mapping")
    return value


def _keywords(value: Any) -> dict[str, int]:
    return {name: parse_pixels(pixels) for name, pixels in _mapping(value).items()}


def _mime(value: Any) -> dict[str, str]:
    if not _mapping(value) or not set(value) <= set(_FORMATS):
        raise ValueError(f"a mapping of MIME names by format ({', '.join(_FORMATS)})")
    if not all(isinstance(name, str) and _MIME.fullmatch(name) for name in value.values()):
        raise ValueError("MIME names in lower case such as image/png")
    return dict(value)


def _suffixes(value: Any) -> tuple[str, ...]:
    is_right = isinstance(value, list) and all(
        isinstance(suffix, str) and _SUFFIX.fullmatch(suffix) for suffix in value
    )
    if not is_right or len(set(value)) < len(value):
        raise ValueError("a list of different ends of host names such as -internal.example.com")
    return tuple(value)


def _signatures(value: Any) -> tuple[tuple[str, ...], ...]:
    is_right = (
        isinstance(value, list)
        and value
        and all(isinstance(form, str) and _SIGNATURE.fullmatch(form) for form in value)
    )
    if not is_right or len(set(value)) < len(value):
        raise ValueError(
            "a list of different parameters: Expires, or a date and its seconds: x-date + x-expires"
        )
    return tuple(tuple(form.split(" + ")) for form in value)


def _pattern(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a regular expression")
    try:
        with catch_warnings(action="error"):  # warnings about text that Python versions parse differently
            re.compile(value, re.ASCII)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        raise ValueError(f"a regular expression ({error})") from None
    return value


def _decimal(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        raise ValueError("an exact decimal in quotes")
    return value


def _box_corners(value: Any) -> tuple[str, ...]:
    if value != [*_CORNERS]:
        raise ValueError(f"[{', '.join(_CORNERS)}]")
    return _CORNERS


_ALL_TYPES = TYPES
_TYPES_OF_VALUES = ("text", "integer", "number", "boolean", "image", "size", "percent", "list", "object")

KINDS: Mapping[str, Kind] = {
    # on the whole body
    "model": Kind((), _word("listed"), PRESENCE),
    "endpoints": Kind((), _mapping, PRESENCE),
    "unknown": Kind((), _must_be_true, PRESENCE, outcome="unspecified", fixed=True),
    "only_for": Kind((), _mapping, PRESENCE, outcome="unspecified", fixed=True),
    "only_in": Kind((), parse_condition, PRESENCE),
    # on any field
    "place": Kind(_ALL_TYPES, _word("input", "parameters"), PRESENCE, varies=False),
    "required": Kind(_TYPES_OF_VALUES, _must_be_true, PRESENCE),
    "effective": Kind(_ALL_TYPES, parse_condition, PRESENCE, outcome="ignored", fixed=True, varies=False),
    "needs": Kind(_ALL_TYPES, parse_condition, PRESENCE, varies=False),
    "requires": Kind(_ALL_TYPES, _field, PRESENCE),
    "excludes": Kind(_ALL_TYPES, _field_names, PRESENCE),
    "type": Kind(_ALL_TYPES, _word(*TYPES), TYPE, varies=False),
    # on values
    "one_of": Kind(("text", "boolean", "integer", "number"), _literals, tighter="subset"),
    "not_blank": Kind(("text",), _must_be_true),
    "parts": Kind((), _mapping),
    "count": Kind(("list",), _count),
    "min_count": Kind(("list",), _count, tighter="higher"),
    "max_count": Kind(("list", "parts"), _count, tighter="lower"),
    "max_chars": Kind(("text",), _count, tighter="lower"),
    "pattern": Kind(("text",), _pattern),
    "decimals": Kind(("percent",), _count),
    "min": Kind(("integer", "number"), _number, tighter="higher"),
    "max": Kind(("integer", "number"), _number, tighter="lower"),
    "step": Kind(("integer", "number"), _positive),
    "schemes": Kind(("image",), _names("http", "https", "data", "oss"), tighter="subset"),
    "chars": Kind(("image",), _word("ascii")),
    "public": Kind(("image",), _suffixes),
    "unexpired": Kind(("image",), _signatures),
    "encoding": Kind(("image",), _word("base64")),
    "mime": Kind(("image",), _mime),
    "formats": Kind(("image",), _names(*_FORMATS), tighter="subset"),
    "min_side": Kind(("image", "size"), _count, tighter="higher"),
    "max_side": Kind(("image", "size"), _count, tighter="lower"),
    "keywords": Kind(("size",), _keywords, tighter="subset"),
    "none_of": Kind(("size",), _names()),
    "min_pixels": Kind(("size",), parse_pixels, tighter="higher"),
    "max_pixels": Kind(("size",), parse_pixels, tighter="lower"),
    "min_ratio": Kind(("size", "image"), _ratio, tighter="higher"),
    "max_ratio": Kind(("size", "image"), _ratio, tighter="lower"),
    "max_bytes": Kind(("image",), _megabytes, tighter="lower"),
    # between values
    "same_count_as": Kind(("list",), _field, RELATION),
    "same_pixels_as": Kind(("image",), _field, RELATION),
    "total": Kind(("list",), _decimal, RELATION),
    "ordered": Kind(("list",), _box_corners, RELATION),
    "inside": Kind(("list",), _field, RELATION, outcome="unspecified", fixed=True),
}


def limit_as_number(limit: Any) -> Fraction:
    """Return a limit of an ordered kind as a number, for exact comparison."""
    return Fraction(limit.width, limit.height) if isinstance(limit, Ratio) else Fraction(limit)
