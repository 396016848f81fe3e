"""How one plain value comes to break a rule and no other, by kind: the least step over the limit first."""

import math
import re
from collections.abc import Callable
from typing import Any

from conformance.strategies.area import MOST, Area
from conformance.strategies.around import Around
from conformance.strategies.junk import PLAIN, mistyped, picked
from conformance.strategies.octets import Octets
from conformance.strategies.scalars import area
from conformance.strategies.situations import Situation
from wanlib.base.missing import ABSENT
from wanlib.spec.model import Field, Rule

Break = Callable[[Any, Octets, Around], Any]
Factory = Callable[[Rule, Field, Situation], Break]

STEPS = (1, 6, 987, 10**6, 10**12)
MORE = (1, 2, 7, 30)
_PARTS = (0.01, 0.5, 1.0, 987.0)
_SIZE = re.compile(r"[1-9][0-9]{0,5}\*[1-9][0-9]{0,5}", re.ASCII)
_BLANKS = ("", " ", "\n", "\t \r\n", "\u3000", "\xa0\u2003", " " * 600)
_NO_SIZES = (
    *("1k", "2k", "4k", "1K", "2K", "4K", "8K", "2K ", " 2K", "2K\n", "", "auto", "1:1", "720p"),
    *("*", "1024", "1024*", "*1024", "1024x1024", "1024\u00d71024", "1024 * 1024", "1024*1024*1"),
    *("1024*1024\n", "01024*1024", "0*5", "-1024*1024", "1e3*1e3", "1000000*1", "1024.0*1024"),
    "\uff11\uff10\uff12\uff14*1024",
)


def _one_of(options: tuple[Any, ...]) -> Break:
    return lambda value, octets, around: picked(options, octets)


def _mistyped(rule: Rule, field: Field, situation: Situation) -> Break:
    values = mistyped(field.type)
    return _one_of(tuple(value for value in values if value is not None or _may_be_null(field, situation)))


def _may_be_null(field: Field, situation: Situation) -> bool:
    """Return whether null surely breaks the type: in a required member it counts as absent.

    A list without a type of its own may be written as its one item.
    """
    top = situation.family.field(field.path.partition(".")[0])
    written_as_item = field.path == f"{top.name}.each" and not top.of_kind("type")
    return not situation.active(top if written_as_item else field, "required")


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
        return (*(limit + sign * step for step in STEPS), float(limit + sign))
    next_one = math.nextafter(limit, sign * math.inf)
    return (next_one, *(limit + sign * part for part in _PARTS), int(limit) + sign * 2)


def _too_long(rule: Rule, field: Field, situation: Situation) -> Break:
    limit: int = rule.limit
    fillers = ("a", "花", "😀", *(() if situation.active(field, "not_blank") else ("\n",)))
    return lambda value, octets, around: octets.pick(fillers) * (limit + octets.pick(MORE))


def _unlike(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: str, octets: Octets, around: Around) -> str:
        near = (value[1:], value[:-1], value + value[-1], f"{value}\n", f" {value}", "")
        texts = [str(text) for text in (*rule.breaks, *near)]
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


def _blank(rule: Rule, field: Field, situation: Situation) -> Break:
    return _one_of(_BLANKS)


def _excluded(rule: Rule, field: Field, situation: Situation) -> Break:
    return _one_of(rule.limit)


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


VALUES: dict[str, Factory] = {
    "required": lambda rule, field, situation: lambda value, octets, around: ABSENT,
    "effective": _no_effect,
    "needs": lambda rule, field, situation: lambda value, octets, around: value,
    "type": _mistyped,
    "one_of": _unlisted,
    "min": _below,
    "max": _above,
    "max_chars": _too_long,
    "not_blank": _blank,
    "pattern": _unlike,
    "decimals": _other_decimals,
    "keywords": _no_size,
    "excludes": _excluded,
    "min_pixels": _sized,
    "max_pixels": _sized,
    "min_ratio": _sized,
    "max_ratio": _sized,
}
