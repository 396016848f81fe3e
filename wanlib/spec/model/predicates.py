"""The predicates of the interpreter: the condition of each kind of rule.

A predicate takes a limit and a value of the right type. It returns None if the rule is satisfied or can't be
judged, else the limit and the value for the violation. Predicates on images take a `ParsedImage`, all others
the value itself. The emitter has its own version of each (`wanlib.emit.validator.violation_tests`) and
neither imports the other: their agreement is a test.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from wanlib.base.urls import (
    LOCAL_NAMES,
    SignatureParameters,
    address_scope,
    is_under,
    iso_time,
    parse_public_host,
    signature_expiry,
)
from wanlib.base.values import Ratio
from wanlib.spec.model.model import Rule
from wanlib.validation.data_uri import DataUri, parse_data_uri
from wanlib.validation.image_header import ImageInfo, describe_format, describe_size

ViolatedLimit = tuple[Any, Any] | None
"""The limit and the value of a violation; None if there is none."""

SIZE = re.compile(r"([1-9][0-9]{0,5})\*([1-9][0-9]{0,5})", re.ASCII)
PERCENT = re.compile(r"((?:0|[1-9][0-9]{0,2})(?:\.([0-9]{1,9}))?)%", re.ASCII)
# The white space of Unicode, which is not the set that Python's `\s` matches.
_WHITE_SPACE = re.compile(r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*")
_BLANK_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")
_SCHEME = re.compile(r"data(?=:)|[a-z]+(?=://)", re.ASCII | re.IGNORECASE)


class BodyContext(Protocol):
    """The data that predicates need about the rest of the body and the kind of check."""

    def count(self, name: str) -> int | None:
        """Return the number of items of a list, 0 if it is absent; None if unknown."""

    def facts(self, name: str, index: int) -> ImageInfo | None:
        """Return the known properties of an image in a list field; None if there are none."""

    def index(self) -> int:
        """Return the index of the current item in the outermost list."""

    def now(self) -> float:
        """Return the time by which signatures expire, in Unix seconds."""

    @property
    def local(self) -> bool:
        """Whether private image URLs are accepted."""


class ParsedImage(NamedTuple):
    """An image string, parsed once for all rules on it.

    Attributes:
        text: The string.
        scheme: As `scheme_of` returns it.
        uri: The data URI; None if the string is not one.
        facts: The properties in the header of the image; None if unknown.
    """

    text: str
    scheme: str
    uri: DataUri | None
    facts: ImageInfo | None


def read_image(text: str) -> ParsedImage:
    """Parse an image string."""
    scheme = scheme_of(text)
    uri = parse_data_uri(text) if scheme == "data" else None
    return ParsedImage(text, scheme, uri, uri.facts if uri else None)


def scheme_of(value: str) -> str:
    """Return the scheme in lower case, `data` before a colon; empty if there is none."""
    match = _SCHEME.match(value)
    return match[0].lower() if match else ""


def violated_limit(rule: Rule, type_name: str, value: Any, context: BodyContext) -> ViolatedLimit:
    """Apply a rule on values to a value.

    Args:
        rule: The rule.
        type_name: The type of its field; two kinds depend on the type.
        value: A value of that type; a `ParsedImage` for an image.
        context: The rest of the body.

    Returns:
        The limit and the value for the violation; None if the rule is satisfied or can't be judged.
    """
    limit = (rule.limit, rule.of) if rule.of else rule.limit
    if check := CHECKS_BY_TYPE.get((type_name, rule.kind)) or VALUE_CHECKS.get(rule.kind):
        return check(limit, value)
    return (CONTEXT_CHECKS.get(rule.kind) or RELATION_CHECKS[rule.kind])(limit, value, context)


# Sizes.


def _parse_size(value: str) -> tuple[int, int] | None:
    match = SIZE.fullmatch(value)
    return (int(match[1]), int(match[2])) if match else None


def _keywords(limit: Mapping[str, int], value: str) -> ViolatedLimit:
    return None if _parse_size(value) or value in limit else (tuple(limit), value)


def _pixels(limit: int, value: str, is_min: bool) -> ViolatedLimit:
    size = _parse_size(value)
    if size is None:
        return None
    pixels = size[0] * size[1]
    return (limit, value) if (pixels < limit if is_min else pixels > limit) else None


def _ratio(limit: Ratio, sides: tuple[int, int] | None, is_min: bool) -> ViolatedLimit:
    if sides is None:
        return None
    width, height = sides
    actual, bound = width * limit.height, height * limit.width
    return (limit, f"{width}*{height}") if (actual < bound if is_min else actual > bound) else None


def _output_side(limit: int, value: str, is_min: bool) -> ViolatedLimit:
    size = _parse_size(value)
    if size is None:
        return None
    return (limit, value) if (min(size) < limit if is_min else max(size) > limit) else None


# Images.


def _image_sides(image: ParsedImage) -> tuple[int, int] | None:
    facts = image.facts
    if facts is None or facts.width is None or facts.height is None:
        return None
    return facts.width, facts.height


def _schemes(limit: tuple[str, ...], image: ParsedImage) -> ViolatedLimit:
    return None if image.scheme in limit else (limit, image.text)


def _chars(limit: str, image: ParsedImage) -> ViolatedLimit:
    return None if image.scheme == "data" or image.text.isascii() else (limit, image.text)


def _public(limit: tuple[str, ...], image: ParsedImage, context: BodyContext) -> ViolatedLimit:
    if context.local or image.scheme not in ("http", "https", "oss"):
        return None
    return None if _is_public(image, limit) else (limit, image.text)


def _is_public(image: ParsedImage, private_suffixes: tuple[str, ...]) -> bool:
    """Return whether a service on the internet can fetch an image URL."""
    if _BLANK_OR_CONTROL.search(image.text):
        return False
    if image.scheme == "oss":
        return image.text[len("oss://") :].strip("/") != ""
    host = parse_public_host(image.text)
    if host is None or address_scope(host):
        return False
    return not is_under(host, LOCAL_NAMES) and not any(host.endswith(suffix) for suffix in private_suffixes)


def _unexpired(
    limit: tuple[SignatureParameters, ...], image: ParsedImage, context: BodyContext
) -> ViolatedLimit:
    expiry = signature_expiry(image.text, limit) if image.scheme in ("http", "https") else None
    return (limit, iso_time(expiry)) if expiry is not None and context.now() > expiry else None


def _encoding(limit: str, image: ParsedImage) -> ViolatedLimit:
    uri = image.uri
    return (limit, uri.problem) if uri and uri.problem else None


def _mime(limit: Mapping[str, str], image: ParsedImage) -> ViolatedLimit:
    uri = image.uri
    if uri is None or uri.facts is None:
        return None
    if uri.mime not in limit.values():
        return tuple(limit.values()), uri.mime
    expected = limit.get(uri.facts.format or "", uri.mime)
    return None if uri.mime == expected else ((expected,), uri.mime)


def _formats(limit: tuple[str, ...], image: ParsedImage) -> ViolatedLimit:
    facts = image.facts
    if facts is None or (facts.is_known and facts.format in limit):
        return None
    return limit, describe_format(facts)


def _side(limit: int, image: ParsedImage, is_min: bool) -> ViolatedLimit:
    facts = image.facts
    if facts is None or facts.width is None or facts.height is None:
        return None
    is_violated = min(facts.width, facts.height) < limit if is_min else max(facts.width, facts.height) > limit
    return (limit, describe_size(facts)) if is_violated else None


def _max_bytes(limit: int, image: ParsedImage) -> ViolatedLimit:
    facts = image.facts
    return (limit, facts.bytes) if facts and facts.bytes > limit else None


# Numbers.


def _exact(value: float) -> Fraction:
    """Return the decimal value of a number: 0.3 is three tenths. A whole float is already exact."""
    return Fraction(value) if isinstance(value, int) or value.is_integer() else Fraction(repr(value))


# Texts.


@lru_cache(maxsize=256)  # twice as fast as the cache of `re` for a short match
def _compile_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _decimals(limit: int, value: str) -> ViolatedLimit:
    match = PERCENT.fullmatch(value)
    return (limit, value) if match and len(match[2] or "") != limit else None


# Relations.


def _same_count(limit: str, value: list[Any], context: BodyContext) -> ViolatedLimit:
    count = context.count(limit)
    return None if count is None or count == len(value) else (limit, (len(value), count))


def _same_pixels(limit: str, image: ParsedImage, context: BodyContext) -> ViolatedLimit:
    own, other = image.facts, context.facts(limit, 0)
    if own is None or other is None or not own.is_known or not other.is_known:
        return None
    return None if own[1:3] == other[1:3] else (limit, (describe_size(own), describe_size(other)))


def _total(limit: tuple[str, str], value: list[Any], context: BodyContext) -> ViolatedLimit:
    expected, member = limit
    total = Decimal()
    for item in value:
        ratio = item.get(member) if isinstance(item, dict) else None
        match = PERCENT.fullmatch(ratio) if isinstance(ratio, str) else None
        if match is None:
            return None
        total += Decimal(match[1])
    return None if not value or total == Decimal(expected) else (expected, str(total))


def _is_box(value: list[Any]) -> bool:
    return len(value) == 4 and all(map(_is_integer, value))


def _ordered(limit: tuple[str, ...], value: list[Any], context: BodyContext) -> ViolatedLimit:
    if not _is_box(value) or (value[0] < value[2] and value[1] < value[3]):
        return None
    return limit, value


def _inside(limit: str, value: list[Any], context: BodyContext) -> ViolatedLimit:
    facts = context.facts(limit, context.index())
    if facts is None or facts.width is None or facts.height is None or not _is_box(value):
        return None
    left, top, right, bottom = value
    if not (0 <= left < right and 0 <= top < bottom) or (right <= facts.width and bottom <= facts.height):
        return None
    return limit, (value, describe_size(facts))


# Types.


def _is_integer(value: Any) -> bool:
    return type(value) is int or (_is_finite(value) and value == value // 1)


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or value - value == 0


def _is_instance(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kind)


TYPE_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "integer": _is_integer,
    "number": _is_finite,
    "percent": lambda value: isinstance(value, str) and PERCENT.fullmatch(value) is not None,
    "boolean": _is_instance(bool),
    "list": _is_instance(list),
    "object": _is_instance(dict),
    "text": _is_instance(str),
    "image": _is_instance(str),
    "size": _is_instance(str),
}
"""Whether a value has the type of a field, by the name of the type."""

VALUE_CHECKS: Mapping[str, Callable[[Any, Any], ViolatedLimit]] = {
    "one_of": lambda limit, value: None if value in limit else (limit, value),
    "not_blank": lambda limit, value: (limit, value) if _WHITE_SPACE.fullmatch(value) else None,
    "none_of": lambda limit, value: (limit, value) if value in limit else None,
    "count": lambda limit, value: None if len(value) == limit else (limit, len(value)),
    "min_count": lambda limit, value: None if len(value) >= limit else (limit, len(value)),
    "max_count": lambda limit, value: None if len(value) <= limit else (limit, len(value)),
    "max_chars": lambda limit, value: None if len(value) <= limit else (limit, len(value)),
    "pattern": lambda limit, value: None if _compile_pattern(limit).fullmatch(value) else (limit, value),
    "decimals": _decimals,
    "min": lambda limit, value: None if value >= limit else (limit, value),
    "max": lambda limit, value: None if value <= limit else (limit, value),
    "step": lambda limit, value: None if _exact(value) % _exact(limit) == 0 else (limit, value),
    "schemes": _schemes,
    "chars": _chars,
    "encoding": _encoding,
    "mime": _mime,
    "formats": _formats,
    "keywords": _keywords,
    "min_pixels": lambda limit, value: _pixels(limit, value, is_min=True),
    "max_pixels": lambda limit, value: _pixels(limit, value, is_min=False),
    "max_bytes": _max_bytes,
}
"""Kinds that need only the value. The interpreter checks presence, type and the envelope itself."""

CHECKS_BY_TYPE: Mapping[tuple[str, str], Callable[[Any, Any], ViolatedLimit]] = {
    ("size", "min_side"): lambda limit, value: _output_side(limit, value, is_min=True),
    ("size", "max_side"): lambda limit, value: _output_side(limit, value, is_min=False),
    ("image", "min_side"): lambda limit, value: _side(limit, value, is_min=True),
    ("image", "max_side"): lambda limit, value: _side(limit, value, is_min=False),
    ("size", "min_ratio"): lambda limit, value: _ratio(limit, _parse_size(value), is_min=True),
    ("size", "max_ratio"): lambda limit, value: _ratio(limit, _parse_size(value), is_min=False),
    ("image", "min_ratio"): lambda limit, value: _ratio(limit, _image_sides(value), is_min=True),
    ("image", "max_ratio"): lambda limit, value: _ratio(limit, _image_sides(value), is_min=False),
}
"""Kinds that need only the value and depend on its type, by type and kind."""

CONTEXT_CHECKS: Mapping[str, Callable[[Any, Any, BodyContext], ViolatedLimit]] = {
    "public": _public,
    "unexpired": _unexpired,
}
"""Kinds on one value that also depend on how the body is checked: `local` and the time."""

RELATION_CHECKS: Mapping[str, Callable[[Any, Any, BodyContext], ViolatedLimit]] = {
    "same_count_as": _same_count,
    "same_pixels_as": _same_pixels,
    "total": _total,
    "ordered": _ordered,
    "inside": _inside,
}
"""Kinds that compare the value with others in the body."""
