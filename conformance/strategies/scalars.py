"""Valid values of every plain type: each a function of a few bytes and of what stands around."""

import re
import string
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from math import prod
from typing import Any, NamedTuple

from conformance.strategies.area import MOST, Area
from conformance.strategies.around import Around
from conformance.strategies.images import Images
from conformance.strategies.octets import Octets
from conformance.strategies.situations import Situation
from wanlib.base.ratio import Ratio
from wanlib.spec.model import Field

Make = Callable[[Octets, Around], Any]


class Maker(NamedTuple):
    """How a value is made. size: the bytes that it reads at most."""

    size: int
    make: Make


_WORDS = (
    *("Place", "the", "clock", "of", "image 1", "beside", "a", "vase", "at dusk", "2", "oil", "paint"),
    *("雨夜", "把图1的猫", "のように", "été", "naïve", "🎨", "👩\u200d🎨", "עברית", "\n", "\t", '"so"'),
    *("%s", "{x}", "null", "\u0000", "\u2028", "'", "\\", "</b>"),
)
_ALNUM = string.digits + string.ascii_letters
_FILLERS = ("a", "花", "😀")


def _text(field: Field, situation: Situation) -> Maker:
    words = situation.limit(field, "one_of")
    if words:
        return Maker(1, lambda octets, around: octets.pick(words))
    pattern = situation.active(field, "pattern")
    if pattern:
        return _patterned(pattern.limit, str(pattern.keeps[0]))
    longest, blank = situation.limit(field, "max_chars"), situation.active(field, "not_blank") is None
    return Maker(8, lambda octets, around: _written(_prose(octets, longest), blank))


def _prose(octets: Octets, longest: int | None) -> str:
    """Up to seven words; now and then a text of the greatest length, in one, two or four bytes of UTF-8."""
    byte = octets.byte()
    if byte >= 253 and longest:
        return _FILLERS[byte - 253] * longest
    text = " ".join([octets.pick(_WORDS) for _ in range(byte % 8)])
    return text if longest is None else text[:longest]


def _written(text: str, blank: bool) -> str:
    """Return the text, or a plain one for a text of white space that must not be blank."""
    return text if blank or text.strip() else _FILLERS[0]


def _patterned(pattern: str, example: str) -> Maker:
    """Texts like an example of the pattern, and the example where its places are not independent."""
    alphabets = _alphabets(pattern, example)

    combinations = prod(map(len, alphabets))
    length = -(-combinations.bit_length() // 8)

    def make(octets: Octets, around: Around) -> str:
        text = "".join(octets.spread(length, *alphabets))
        return text if re.fullmatch(pattern, text, re.ASCII) else example

    return Maker(length, make)


@cache
def _alphabets(pattern: str, example: str) -> list[str]:
    """For each place of an example every letter and digit with which it still matches the pattern."""
    alphabets = []
    for place, own in enumerate(example):
        before, after = example[:place], example[place + 1 :]
        fits = [one for one in _ALNUM if re.fullmatch(pattern, before + one + after, re.ASCII)]
        alphabets.append("".join(fits) or own)
    return alphabets


def _integer(field: Field, situation: Situation) -> Maker:
    low = situation.limit(field, "min", 0)
    span = situation.limit(field, "max", low + 2**31) - low + 1

    def few(octets: Octets, around: Around) -> int | float:
        value, as_float = low + octets.byte() % span, octets.byte() >= 248  # 4.0 is an integer too
        return float(value) if as_float else value

    def many(octets: Octets, around: Around) -> int:
        edge, value = octets.byte(), octets.number(4)
        return int(low + (value % span if edge < 224 else (span - 1) * (edge & 1)))

    return Maker(2, few) if span <= 64 else Maker(5, many)


def _number(field: Field, situation: Situation) -> Maker:
    low = Decimal(str(situation.limit(field, "min", 0)))
    span = Decimal(str(situation.limit(field, "max", low + 1000))) - low

    def make(octets: Octets, around: Around) -> int | float:
        value, whole = float(low + span * (octets.byte() % 101) / 100), octets.flag()
        return int(value) if whole and value.is_integer() else value

    return Maker(2, make)


def _boolean(field: Field, situation: Situation) -> Maker:
    values = situation.limit(field, "one_of", (False, True))
    return Maker(1, lambda octets, around: octets.pick(values))


def _percent(field: Field, situation: Situation) -> Maker:
    decimals = situation.limit(field, "decimals", 0)
    return Maker(2, lambda octets, around: percent(octets.number(2) % (100 * 10**decimals + 1), decimals))


def percent(units: int, decimals: int) -> str:
    """A number of units in the last decimal place as a percentage."""
    whole, rest = divmod(units, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}%" if decimals else f"{whole}%"


def area(field: Field, situation: Situation) -> Area:
    """The limits on a size in one situation."""
    return Area(
        situation.limit(field, "min_pixels", 1),
        situation.limit(field, "max_pixels", MOST),
        situation.limit(field, "min_ratio", Ratio(1, MOST)),
        situation.limit(field, "max_ratio", Ratio(MOST, 1)),
    )


def _size(field: Field, situation: Situation) -> Maker:
    open_to, excluded = area(field, situation), situation.limit(field, "excludes", ())
    keywords = tuple(word for word in situation.limit(field, "keywords", {}) if word not in excluded)

    def make(octets: Octets, around: Around) -> str:
        by_name = octets.byte() < 212 and keywords
        return octets.pick(keywords) if by_name else open_to.size(octets)

    return Maker(6, make)


def _image(field: Field, situation: Situation) -> Maker:
    images = Images(field, situation)
    return Maker(images.size, images.make)


SCALARS: Mapping[str, Callable[[Field, Situation], Maker]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "percent": _percent,
    "size": _size,
    "image": _image,
}
