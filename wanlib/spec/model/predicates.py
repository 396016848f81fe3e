"""What keeps each kind, as a predicate: the reading that shares no line with the emitter.

A predicate answers None where the rule is kept (or can't be judged), else the limit and the value
that the violation tells. The rules on images take an `ImageText`, all others the value itself.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from wanlib.base.urls import LOCAL_NAMES, Form, address_scope, expiry_of, is_under, iso_time, public_form
from wanlib.base.values import Ratio
from wanlib.validation.data_uri import DataUri, parse_data_uri
from wanlib.validation.image_header import ImageInfo, describe_format, describe_size

Broken = tuple[Any, Any] | None

SIZE = re.compile(r"([1-9][0-9]{0,5})\*([1-9][0-9]{0,5})", re.ASCII)
PERCENT = re.compile(r"((?:0|[1-9][0-9]{0,2})(?:\.([0-9]{1,9}))?)%", re.ASCII)
# The white space of Unicode, which is not what Python's `\s` matches.
_WHITE_SPACE = re.compile(r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")
_SCHEME = re.compile(r"data(?=:)|[a-z]+(?=://)", re.ASCII | re.IGNORECASE)


class BodyContext(Protocol):
    """What relations ask of the body around a value."""

    def count(self, name: str) -> int | None: ...

    def facts(self, name: str, index: int) -> ImageInfo | None: ...

    def index(self) -> int: ...

    def now(self) -> float: ...

    @property
    def local(self) -> bool: ...


class ParsedImage(NamedTuple):
    """A text where an image is due, looked into once for all the rules that ask of it.

    scheme: as of `scheme_of`. uri, facts: None for a URL and for what is no data URI.
    """

    text: str
    scheme: str
    uri: DataUri | None
    facts: ImageInfo | None


def read_image(text: str) -> ParsedImage:
    """A text as the rules on images see it."""
    scheme = scheme_of(text)
    uri = parse_data_uri(text) if scheme == "data" else None
    return ParsedImage(text, scheme, uri, uri.facts if uri else None)


def scheme_of(value: str) -> str:
    """`http`, `https`, `oss`, any other before `://`, `data` before a colon; nothing where there is none."""
    found = _SCHEME.match(value)
    return found[0].lower() if found else ""


def _image_check(value: str) -> tuple[int, int] | None:
    found = SIZE.fullmatch(value)
    return (int(found[1]), int(found[2])) if found else None


@lru_cache(maxsize=256)  # re keeps its own, but takes twice as long to look there as the match takes
def _pattern_check(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _keywords(limit: Mapping[str, int], value: str) -> Broken:
    return None if _image_check(value) or value in limit else (tuple(limit), value)


def _pixels(limit: int, value: str, low: bool) -> Broken:
    size = _image_check(value)
    if size is None:
        return None
    product = size[0] * size[1]
    return (limit, value) if (product < limit if low else product > limit) else None


def _ratio(limit: Ratio, sides: tuple[int, int] | None, low: bool) -> Broken:
    if sides is None:
        return None
    met, due = sides[0] * limit.height, sides[1] * limit.width
    return (limit, f"{sides[0]}*{sides[1]}") if (met < due if low else met > due) else None


def _sides(value: ParsedImage) -> tuple[int, int] | None:
    facts = value.facts
    if facts is None or facts.width is None or facts.height is None:
        return None
    return facts.width, facts.height


def _schemes(limit: tuple[str, ...], value: ParsedImage) -> Broken:
    return None if value.scheme in limit else (limit, value.text)


def _chars(limit: str, value: ParsedImage) -> Broken:
    return None if value.scheme == "data" or value.text.isascii() else (limit, value.text)


def _public(limit: tuple[str, ...], value: ParsedImage, around: BodyContext) -> Broken:
    if around.local or value.scheme not in ("http", "https", "oss"):
        return None
    return None if _is_fetched(value, limit) else (limit, value.text)


def _is_fetched(value: ParsedImage, suffixes: tuple[str, ...]) -> bool:
    """Whether somebody on the internet may fetch what an image string leads to."""
    if _BLANK.search(value.text):
        return False
    if value.scheme == "oss":
        return value.text[len("oss://") :].strip("/") != ""
    host = public_form(value.text)
    if host is None or address_scope(host):
        return False
    return not is_under(host, LOCAL_NAMES) and not any(host.endswith(suffix) for suffix in suffixes)


def _unexpired(limit: tuple[Form, ...], value: ParsedImage, around: BodyContext) -> Broken:
    end = expiry_of(value.text, limit) if value.scheme in ("http", "https") else None
    return (limit, iso_time(end)) if end is not None and around.now() > end else None


def _encoding(limit: str, value: ParsedImage) -> Broken:
    uri = value.uri
    return (limit, uri.problem) if uri and uri.problem else None


def _mime(limit: Mapping[str, str], value: ParsedImage) -> Broken:
    uri = value.uri
    if uri is None or uri.facts is None:
        return None
    if uri.mime not in limit.values():
        return tuple(limit.values()), uri.mime
    due = limit.get(uri.facts.format or "", uri.mime)
    return None if uri.mime == due else ((due,), uri.mime)


def _formats(limit: tuple[str, ...], value: ParsedImage) -> Broken:
    facts = value.facts
    if facts is None or (facts.is_known and facts.format in limit):
        return None
    return limit, describe_format(facts)


def _side(limit: int, value: ParsedImage, low: bool) -> Broken:
    facts = value.facts
    if facts is None or facts.width is None or facts.height is None:
        return None
    broken = min(facts.width, facts.height) < limit if low else max(facts.width, facts.height) > limit
    return (limit, describe_size(facts)) if broken else None


def _bytes(limit: int, value: ParsedImage) -> Broken:
    facts = value.facts
    return (limit, facts.bytes) if facts and facts.bytes > limit else None


def _decimals(limit: int, value: str) -> Broken:
    found = PERCENT.fullmatch(value)
    return (limit, value) if found and len(found[2] or "") != limit else None


def _same_count(limit: str, value: list[Any], around: BodyContext) -> Broken:
    count = around.count(limit)
    return None if count is None or count == len(value) else (limit, (len(value), count))


def _same_pixels(limit: str, value: ParsedImage, around: BodyContext) -> Broken:
    own, other = value.facts, around.facts(limit, 0)
    if own is None or other is None or not own.is_known or not other.is_known:
        return None
    return None if own[1:3] == other[1:3] else (limit, (describe_size(own), describe_size(other)))


def _total(limit: tuple[str, str], value: list[Any], around: BodyContext) -> Broken:
    due, member = limit
    total = Decimal()
    for each in value:
        ratio = each.get(member) if isinstance(each, dict) else None
        found = PERCENT.fullmatch(ratio) if isinstance(ratio, str) else None
        if found is None:
            return None
        total += Decimal(found[1])
    return None if not value or total == Decimal(due) else (due, str(total))


def _whole(value: Any) -> bool:
    return type(value) is int or (_finite(value) and value == value // 1)


def _box(value: list[Any]) -> bool:
    return len(value) == 4 and all(map(_whole, value))


def _ordered(limit: tuple[str, ...], value: list[Any], around: BodyContext) -> Broken:
    if not _box(value) or (value[0] < value[2] and value[1] < value[3]):
        return None
    return limit, value


def _inside(limit: str, value: list[Any], around: BodyContext) -> Broken:
    facts = around.facts(limit, around.index())
    if facts is None or facts.width is None or facts.height is None or not _box(value):
        return None
    left, top, right, bottom = value
    if not (0 <= left < right and 0 <= top < bottom) or (right <= facts.width and bottom <= facts.height):
        return None
    return limit, (value, describe_size(facts))


def _finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or value - value == 0


def _of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kind)


# Whether a value is of a field's type, by the type's name.
TYPE_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "integer": _whole,
    "number": _finite,
    "percent": lambda value: isinstance(value, str) and PERCENT.fullmatch(value) is not None,
    "boolean": _of(bool),
    "list": _of(list),
    "object": _of(dict),
    "text": _of(str),
    "image": _of(str),
    "size": _of(str),
}
# Kinds judged on one value alone. Presence, `type` and the envelope's kinds belong to the walk itself.
VALUE_CHECKS: Mapping[str, Callable[[Any, Any], Broken]] = {
    "one_of": lambda limit, value: None if value in limit else (limit, value),
    "not_blank": lambda limit, value: (limit, value) if _WHITE_SPACE.fullmatch(value) else None,
    "excludes": lambda limit, value: (limit, value) if value in limit else None,
    "count": lambda limit, value: None if len(value) == limit else (limit, len(value)),
    "min_count": lambda limit, value: None if len(value) >= limit else (limit, len(value)),
    "max_count": lambda limit, value: None if len(value) <= limit else (limit, len(value)),
    "max_chars": lambda limit, value: None if len(value) <= limit else (limit, len(value)),
    "pattern": lambda limit, value: None if _pattern_check(limit).fullmatch(value) else (limit, value),
    "decimals": _decimals,
    "min": lambda limit, value: None if value >= limit else (limit, value),
    "max": lambda limit, value: None if value <= limit else (limit, value),
    "schemes": _schemes,
    "chars": _chars,
    "encoding": _encoding,
    "mime": _mime,
    "formats": _formats,
    "min_side": lambda limit, value: _side(limit, value, low=True),
    "max_side": lambda limit, value: _side(limit, value, low=False),
    "keywords": _keywords,
    "min_pixels": lambda limit, value: _pixels(limit, value, low=True),
    "max_pixels": lambda limit, value: _pixels(limit, value, low=False),
    "max_bytes": _bytes,
}
# Rules on images that are kept where a text is no data URI: nothing is known of what it leads to.
INSIDE = frozenset(
    {"encoding", "mime", "formats", "min_side", "max_side", "min_ratio", "max_ratio", "max_bytes"}
)
# Kinds that stand on two types and read each its own way.
CHECKS_BY_TYPE: Mapping[tuple[str, str], Callable[[Any, Any], Broken]] = {
    ("size", "min_ratio"): lambda limit, value: _ratio(limit, _image_check(value), low=True),
    ("size", "max_ratio"): lambda limit, value: _ratio(limit, _image_check(value), low=False),
    ("image", "min_ratio"): lambda limit, value: _ratio(limit, _sides(value), low=True),
    ("image", "max_ratio"): lambda limit, value: _ratio(limit, _sides(value), low=False),
}
# Kinds judged on one value, by how the body is judged: whether private URLs pass, and at what time.
IN_CONTEXT: Mapping[str, Callable[[Any, Any, BodyContext], Broken]] = {
    "public": _public,
    "unexpired": _unexpired,
}
# Kinds that look at the body around a value.
RELATION_CHECKS: Mapping[str, Callable[[Any, Any, BodyContext], Broken]] = {
    "same_count_as": _same_count,
    "same_pixels_as": _same_pixels,
    "total": _total,
    "ordered": _ordered,
    "inside": _inside,
}
