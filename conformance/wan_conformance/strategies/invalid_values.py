"""Values that violate one rule and no other, by kind; the smallest step over the limit comes first."""

import math
import re
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

from wan_conformance.strategies.byte_source import ByteSource
from wan_conformance.strategies.containers import generator_for
from wan_conformance.strategies.partial_request import PartialRequest
from wan_conformance.strategies.values import MAX_SIDE, SizeRegion, size_region
from wanlib.base.values import ABSENT
from wanlib.boundary.mode_cases import ModeCase
from wanlib.spec.model.model import Field, Rule


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


PLAIN: tuple[Any, ...] = (
    *(None, True, False, 0, 7, -1, 4.0, 1.5, 10**30),
    *("", "7", "true", [], ["x"], [[1]], {}, {"a": 1}),
)
"""One or more of each JSON type."""

WILD: tuple[Any, ...] = (
    *PLAIN,
    *(-0.0, 1e308, -5e-324, 2**53 + 1, -(2**63), 2**64, 10**400),
    *("\n", "\ud800", "x\udfff", "\x00", "\u202e", "\uff19", "a" * 6000, "😀" * 900, "user"),
    *("2K", "2K\n", "1024*1024", "1024*1024\n", "300*300", "5000*5000", "700*6000", "6000*700", "0*0"),
    *("data:", "data:image/png;base64,", "data:image/png;base64,AAAA", "data:image/png;base64,A=A="),
    *("http://", "https://example.com/\u732b", "33.34%", "33.3%", "33.34%\n", "#C2D1E6"),
    *({"image": 1}, {"text": None}, {"": {}}, {"$ref": "#"}, [None] * 40, [0, 0, 1, 1], [[[0, 0, 1, 1]]]),
    *(_nested(60), {"a": {"b": {"c": _nested(9)}}}),
)
"""Extreme JSON values, and texts that resemble values of this API."""

_MALFORMED_PERCENTS = (
    *("33.34", "33,34%", "033.34%", "1000.00%", "-5.00%", "+5.00%", " 5.00%", "5.00 %", "5.00%\n"),
    *("\uff15.00%", ".50%", "5.%", "1e1%", "%", "%5.00", ""),
)


def wrong_type_values(kind: str) -> tuple[Any, ...]:
    """Return values that do not have a type of the spec language."""
    values = tuple(value for value in PLAIN if not _fits(kind, value))
    return values + _MALFORMED_PERCENTS if kind == "percent" else values


def choose(values: tuple[Any, ...], source: ByteSource) -> Any:
    """Return a copy of one of the values."""
    return deepcopy(source.choose(values))


def _fits(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int | float):
        return kind == "number" or (kind == "integer" and value == int(value))
    if isinstance(value, list | dict):
        return kind == {list: "list", dict: "object"}[type(value)]
    return isinstance(value, str) and kind in ("text", "image", "size", "percent")


Break = Callable[[Any, ByteSource, PartialRequest], Any]
Factory = Callable[[Rule, Field, ModeCase], Break]

STEPS = (1, 6, 987, 10**6, 10**12)
MORE = (1, 2, 7, 30)
_PARTS = (0.01, 0.5, 1.0, 987.0)
_SIZE = re.compile(r"[1-9][0-9]{0,5}\*[1-9][0-9]{0,5}", re.ASCII)
_BLANKS = ("", " ", "\n", "\t \r\n", "\u3000", "\xa0\u2003", " " * 600)
_MALFORMED_SIZES = (
    *("1k", "2k", "4k", "1K", "2K", "4K", "8K", "2K ", " 2K", "2K\n", "", "auto", "1:1", "720p"),
    *("*", "1024", "1024*", "*1024", "1024x1024", "1024\u00d71024", "1024 * 1024", "1024*1024*1"),
    *("1024*1024\n", "01024*1024", "0*5", "-1024*1024", "1e3*1e3", "1000000*1", "1024.0*1024"),
    "\uff11\uff10\uff12\uff14*1024",
)


def _one_of(options: tuple[Any, ...]) -> Break:
    return lambda value, source, partial: choose(options, source)


def _wrong_type(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    values = wrong_type_values(field.type)
    return _one_of(tuple(value for value in values if value is not None or _may_be_null(field, mode_case)))


def _may_be_null(field: Field, mode_case: ModeCase) -> bool:
    """Return whether null surely violates the type: in a required member it counts as absent.

    A list without its own type rule may be written as its single item.
    """
    top = mode_case.family.field(field.path.partition(".")[0])
    written_as_item = field.path == f"{top.name}.each" and not top.rules_of_kind("type")
    return not mode_case.active_rule(top if written_as_item else field, "required")


def _not_listed(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    words = [str(word) for word in rule.limit]
    texts = ("", "another", *(word.upper() for word in words), *(f"{word} " for word in words))
    values: tuple[Any, ...] = (False, True) if field.type == "boolean" else texts
    if field.type in ("integer", "number"):
        values = tuple(value + step for value in rule.limit for step in (-1, 1, 987))
    return _one_of(tuple(value for value in values if value not in rule.limit))


def _below(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    return _one_of(_numbers(field, rule.limit, -1, mode_case.limit(field, "step")))


def _above(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    return _one_of(_numbers(field, rule.limit, 1, mode_case.limit(field, "step")))


def _numbers(field: Field, limit: Any, sign: int, step: int | float | None) -> tuple[Any, ...]:
    if step is not None:
        beyond = (Decimal(str(limit)) + sign * count * Decimal(str(step)) for count in STEPS[:3])
        return tuple(int(value) if value == int(value) else float(value) for value in beyond)
    if field.type == "integer":
        return (*(limit + sign * step for step in STEPS), float(limit + sign))
    next_one = math.nextafter(limit, sign * math.inf)
    return (next_one, *(limit + sign * part for part in _PARTS), int(limit) + sign * 2)


def _between_steps(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    """Return numbers within the bounds that are not multiples of the step."""
    low = mode_case.limit(field, "min", 0)
    high = mode_case.limit(field, "max", low + 10 * rule.limit)
    part = rule.limit / 2 if field.type == "number" else 1
    near = [low + part, high - part, (low + high) / 2] if field.type == "number" else range(low, high + 1)
    return _one_of(tuple(value for value in near if Decimal(str(value)) % Decimal(str(rule.limit)))[:99])


def _too_long(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    limit: int = rule.limit
    fillers = ("a", "花", "😀", *(() if mode_case.active_rule(field, "not_blank") else ("\n",)))
    return lambda value, source, partial: source.choose(fillers) * (limit + source.choose(MORE))


def _pattern_mismatch(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    def change(value: str, source: ByteSource, partial: PartialRequest) -> str:
        near = (value[1:], value[:-1], value + value[-1], f"{value}\n", f" {value}", "")
        texts = [str(text) for text in (*rule.breaks, *near)]
        return source.choose([text for text in texts if not re.fullmatch(rule.limit, text, re.ASCII)])

    return change


def _other_decimals(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    """Keep the number, so that a total stays what it is."""

    def change(value: str, source: ByteSource, partial: PartialRequest) -> str:
        number = value.removesuffix("%")
        texts = [number + "0" * zeros for zeros in range(1, 5)]
        if rule.limit and number.endswith("0"):
            texts.append(number.rstrip("0").rstrip("."))
        return source.choose(texts) + "%"

    return change


def _blank(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    limit = mode_case.limit(field, "max_chars", max(map(len, _BLANKS)))
    return _one_of(tuple(dict.fromkeys(blank[:limit] for blank in _BLANKS)))


def _excluded(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    return _one_of(rule.limit)


def _no_effect(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    """Return any value: if a field has no effect, nothing else about it is judged."""
    return lambda value, source, partial: choose(PLAIN, source) if source.flag() else value


def _malformed_size(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    return _one_of(
        tuple(text for text in _MALFORMED_SIZES if text not in rule.limit and not _SIZE.fullmatch(text))
    )


def _wrong_size(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    """Return width and height beyond one limit and within the others."""
    allowed = size_region(field, mode_case)
    beyond: SizeRegion = {
        "min_pixels": allowed._replace(min_pixels=1, max_pixels=allowed.min_pixels - 1),
        "max_pixels": allowed._replace(min_pixels=allowed.max_pixels + 1, max_pixels=MAX_SIDE * MAX_SIDE),
        "min_ratio": allowed._replace(shape="tall"),
        "max_ratio": allowed._replace(shape="wide"),
        "min_side": allowed._replace(widths=(1, allowed.min_side - 1)),
        "max_side": allowed._replace(widths=(allowed.max_side + 1, MAX_SIDE)),
    }[rule.kind]
    return lambda value, source, partial: beyond.size(source)


VALUES: dict[str, Factory] = {
    "required": lambda rule, field, mode_case: lambda value, source, partial: ABSENT,
    "effective": _no_effect,
    "needs": lambda rule, field, mode_case: lambda value, source, partial: value,
    "type": _wrong_type,
    "one_of": _not_listed,
    "min": _below,
    "max": _above,
    "step": _between_steps,
    "max_chars": _too_long,
    "not_blank": _blank,
    "pattern": _pattern_mismatch,
    "decimals": _other_decimals,
    "keywords": _malformed_size,
    "none_of": _excluded,
    "min_pixels": _wrong_size,
    "max_pixels": _wrong_size,
    "min_ratio": _wrong_size,
    "max_ratio": _wrong_size,
    "min_side": _wrong_size,
    "max_side": _wrong_size,
}


def _too_many(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    def change(value: list[Any], source: ByteSource, partial: PartialRequest) -> list[Any]:
        missing = rule.limit - len(value) + source.choose(MORE)
        return value + [deepcopy(value[-1]) for _ in range(missing)]

    return change


def _too_few(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    return lambda value, source, partial: value[: rule.limit - 1 - source.skewed_int(rule.limit)]


def _other_count(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    def change(value: list[Any], source: ByteSource, partial: PartialRequest) -> list[Any]:
        return (value * 2)[: source.choose((rule.limit - 1, rule.limit + 1, 0, 2 * rule.limit))]

    return change


def _unequal_count(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    assert field.each is not None
    item = generator_for(field.each, mode_case)

    def change(value: list[Any], source: ByteSource, partial: PartialRequest) -> list[Any]:
        if value and source.flag():
            return value[: source.choose(range(len(value)))]
        partial.indices.append(len(value))
        return value + [item.make(source, partial) for _ in range(source.choose(MORE))]

    return change


def _other_total(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    """Change the share of one item, by one in its last digit or by any amount."""

    def change(
        value: list[dict[str, Any]], source: ByteSource, partial: PartialRequest
    ) -> list[dict[str, Any]]:
        item = source.choose(value)
        integer, _, decimals = item[rule.of].removesuffix("%").partition(".")
        units = (int(integer + decimals) + 1 + source.number(2)) % 10 ** (3 + len(decimals))
        digits = str(units).zfill(len(decimals) + 1)
        item[rule.of] = f"{digits[: len(digits) - len(decimals)]}.{digits[len(digits) - len(decimals) :]}%"
        return value

    return change


def _unordered(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    def change(value: list[Any], source: ByteSource, partial: PartialRequest) -> list[Any]:
        axis = source.byte() & 1
        value[axis] = value[axis + 2] + source.choose((0, 1, 5000))
        return value

    return change


def _outside(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    def change(value: list[Any], source: ByteSource, partial: PartialRequest) -> list[Any]:
        sides = partial.sides_of(rule.limit, partial.indices[0])
        assert sides is not None
        axis = source.byte() & 1
        value[axis + 2] = sides[axis] + source.choose(STEPS)
        return value

    return change


def _unknown_member(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    documented = {member.name for member in field.members}
    names = tuple(name for name in ("alpha", "HEX", "name", "", "a/b~c") if name not in documented)

    def change(value: dict[str, Any], source: ByteSource, partial: PartialRequest) -> dict[str, Any]:
        return {**value, source.choose(names): choose(PLAIN, source)}

    return change


LISTS: dict[str, Factory] = {
    "count": _other_count,
    "min_count": _too_few,
    "max_count": _too_many,
    "same_count_as": _unequal_count,
    "total": _other_total,
    "ordered": _unordered,
    "inside": _outside,
    "unknown": _unknown_member,
}
