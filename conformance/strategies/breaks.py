"""How a valid value comes to break one rule and no other, by kind: the least step over the limit first."""

import math
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from conformance.strategies.area import MOST, Area
from conformance.strategies.around import Around
from conformance.strategies.junk import PLAIN, mistyped, picked
from conformance.strategies.makers import maker
from conformance.strategies.octets import Octets
from conformance.strategies.scalars import area
from conformance.strategies.situations import Situation
from wanlib.base.missing import ABSENT
from wanlib.spec.model import Field, Rule

Break = Callable[[Any, Octets, Around], Any]
Factory = Callable[[Rule, Field, Situation], Break]

_STEPS = (1, 6, 987, 10**6, 10**12)
_PARTS = (0.0, 0.01, 0.5, 1.0, 987.0)
_MORE = (1, 2, 7, 30)
_SIZE = re.compile(r"[1-9][0-9]{0,5}\*[1-9][0-9]{0,5}", re.ASCII)
_NO_SIZES = (
    *("1k", "2k", "4k", "1K", "2K", "4K", "8K", "2K ", " 2K", "2K\n", "", "*", "1024", "1024*", "*1024", "auto"),
    *("1024x1024", "1024×1024", "1024 * 1024", "1024*1024\n", "01024*1024", "0*5", "-1024*1024", "1024*1024*1"),
    *("１０２４*1024", "1e3*1e3", "1000000*1", "1024.0*1024", "1:1", "720p"),
)


def _one_of(options: tuple[Any, ...]) -> Break:
    return lambda value, octets, around: picked(options, octets)


def _mistyped(rule: Rule, field: Field, situation: Situation) -> Break:
    return _one_of(mistyped(field.type))


def _unlisted(rule: Rule, field: Field, situation: Situation) -> Break:
    words = [str(word) for word in rule.limit]
    texts = ("", "another", *(word.upper() for word in words), *(f"{word} " for word in words))
    values = (False, True) if field.type == "boolean" else texts
    return _one_of(tuple(value for value in values if value not in rule.limit))


def _below(rule: Rule, field: Field, situation: Situation) -> Break:
    return _one_of(_numbers(field, rule.limit, -1))


def _above(rule: Rule, field: Field, situation: Situation) -> Break:
    return _one_of(_numbers(field, rule.limit, 1))


def _numbers(field: Field, limit: Any, sign: int) -> tuple[Any, ...]:
    if field.type == "integer":
        return (*(limit + sign * step for step in _STEPS), float(limit + sign))
    next_one = math.nextafter(limit, sign * math.inf)
    return (next_one, *(limit + sign * part for part in _PARTS[1:]), int(limit) + sign * 2)


def _too_long(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: Any, octets: Octets, around: Around) -> str:
        return octets.pick(("a", "花", "😀", "\n")) * (rule.limit + octets.pick(_MORE))

    return change


def _unlike(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: str, octets: Octets, around: Around) -> str:
        texts = (*rule.breaks, value[1:], value[:-1], value + value[-1], f"{value}\n", f" {value}", "")
        return octets.pick([text for text in texts if not re.fullmatch(rule.limit, text, re.ASCII)])

    return change


def _other_decimals(rule: Rule, field: Field, situation: Situation) -> Break:
    """Keeps the number, so that a total stays what it is."""

    def change(value: str, octets: Octets, around: Around) -> str:
        number = value.removesuffix("%")
        texts = [number + "0" * more for more in range(1, 5)]
        if rule.limit and number.endswith("0"):
            texts.append(number.rstrip("0").rstrip("."))
        return octets.pick(texts) + "%"

    return change


def _too_many(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: list[Any], octets: Octets, around: Around) -> list[Any]:
        missing = rule.limit - len(value) + octets.pick(_MORE)
        return value + [deepcopy(value[-1]) for _ in range(missing)]

    return change


def _too_few(rule: Rule, field: Field, situation: Situation) -> Break:
    return lambda value, octets, around: value[: rule.limit - 1 - octets.skewed(rule.limit)]


def _other_count(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: list[Any], octets: Octets, around: Around) -> list[Any]:
        return (value * 2)[: octets.pick((rule.limit - 1, rule.limit + 1, 0, 2 * rule.limit))]

    return change


def _unequal_count(rule: Rule, field: Field, situation: Situation) -> Break:
    assert field.each is not None
    item = maker(field.each, situation)

    def change(value: list[Any], octets: Octets, around: Around) -> list[Any]:
        if value and octets.flag():
            return value[: octets.pick(range(len(value)))]
        around.at.append(len(value))
        return value + [item.make(octets, around) for _ in range(octets.pick(_MORE))]

    return change


def _other_total(rule: Rule, field: Field, situation: Situation) -> Break:
    """Moves the share of one item, by one in its last place or by any amount."""

    def change(value: list[dict[str, Any]], octets: Octets, around: Around) -> list[dict[str, Any]]:
        item = octets.pick(value)
        whole, _, rest = item[rule.of].removesuffix("%").partition(".")
        units = (int(whole + rest) + 1 + octets.number(2)) % 10 ** (3 + len(rest))
        digits = str(units).zfill(len(rest) + 1)
        item[rule.of] = f"{digits[: len(digits) - len(rest)]}.{digits[len(digits) - len(rest) :]}%"
        return value

    return change


def _unordered(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: list[Any], octets: Octets, around: Around) -> list[Any]:
        axis = octets.byte() & 1
        value[axis] = value[axis + 2] + octets.pick((0, 1, 5000))
        return value

    return change


def _outside(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: list[Any], octets: Octets, around: Around) -> list[Any]:
        sides = around.sides_of(rule.limit, around.at[0])
        assert sides is not None
        axis = octets.byte() & 1
        value[axis + 2] = sides[axis] + octets.pick(_STEPS)
        return value

    return change


def _stray(rule: Rule, field: Field, situation: Situation) -> Break:
    known = {member.name for member in field.members}
    names = tuple(name for name in ("alpha", "HEX", "name", "", "a/b~c") if name not in known)

    def change(value: dict[str, Any], octets: Octets, around: Around) -> dict[str, Any]:
        return {**value, octets.pick(names): picked(PLAIN, octets)}

    return change


def _no_effect(rule: Rule, field: Field, situation: Situation) -> Break:
    """Where a field has no effect, nothing else about it is judged: any value will do."""
    return lambda value, octets, around: picked(PLAIN, octets) if octets.flag() else value


def _no_size(rule: Rule, field: Field, situation: Situation) -> Break:
    return _one_of(tuple(text for text in _NO_SIZES if text not in rule.limit and not _SIZE.fullmatch(text)))


def _sized(rule: Rule, field: Field, situation: Situation) -> Break:
    """Width and height beyond one limit and within the others."""
    open_to = area(field, situation)
    beyond: Area = {
        "min_pixels": open_to._replace(min_pixels=1, max_pixels=open_to.min_pixels - 1),
        "max_pixels": open_to._replace(min_pixels=open_to.max_pixels + 1, max_pixels=MOST * MOST),
        "min_ratio": open_to._replace(shape="tall"),
        "max_ratio": open_to._replace(shape="wide"),
    }[rule.kind]
    return lambda value, octets, around: beyond.size(octets)


VALUES: Mapping[str, Factory] = {
    "required": lambda rule, field, situation: lambda value, octets, around: ABSENT,
    "effective": _no_effect,
    "needs": lambda rule, field, situation: lambda value, octets, around: value,
    "type": _mistyped,
    "one_of": _unlisted,
    "min": _below,
    "max": _above,
    "max_chars": _too_long,
    "pattern": _unlike,
    "decimals": _other_decimals,
    "count": _other_count,
    "min_count": _too_few,
    "max_count": _too_many,
    "same_count_as": _unequal_count,
    "total": _other_total,
    "ordered": _unordered,
    "inside": _outside,
    "unknown": _stray,
    "keywords": _no_size,
    "min_pixels": _sized,
    "max_pixels": _sized,
    "min_ratio": _sized,
    "max_ratio": _sized,
}
"""How each kind on a value is broken; kinds on images stand in `image_breaks`."""
