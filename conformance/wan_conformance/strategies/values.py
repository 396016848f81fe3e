"""Valid values of every plain type: each a function of a few bytes and of what stands around."""

import re
import string
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from math import prod
from typing import Any, NamedTuple

from wan_conformance.strategies.byte_source import ByteSource
from wan_conformance.strategies.images import Images
from wan_conformance.strategies.partial_request import PartialRequest
from wanlib.base.values import Ratio
from wanlib.boundary.mode_cases import ModeCase
from wanlib.spec.model.model import Field

MOST = 999_999
"""The longest side that the grammar of sizes can write."""

_FIRST, _LAST = 1, 16_384  # widths beyond these add nothing but time


class Area(NamedTuple):
    """Limits, all inclusive, on width*height and width:height.

    shape: `within` the ratios, or `tall` or `wide` beyond the lower or the upper one.
    """

    min_pixels: int
    max_pixels: int
    min_ratio: Ratio
    max_ratio: Ratio
    shape: str = "within"

    def heights(self, width: int) -> tuple[int, int]:
        """The least and the greatest height for a width; the least is the greater where there is none."""
        tallest = width * self.min_ratio.height // self.min_ratio.width
        flattest = -(-width * self.max_ratio.height // self.max_ratio.width)
        low, high = {
            "within": (flattest, tallest),
            "tall": (tallest + 1, MOST),
            "wide": (1, flattest - 1),
        }[self.shape]
        return max(low, 1, -(-self.min_pixels // width)), min(high, MOST, self.max_pixels // width)

    def size(self, octets: ByteSource) -> str:
        """One of them: of five bytes, often at the least or the greatest height."""
        widths = _widths(self)
        width = widths[octets.number(2) % len(widths)]
        low, high = self.heights(width)
        edge, between = octets.byte(), octets.number(2)
        if edge < 64:
            return f"{width}*{low}"
        return f"{width}*{high if edge < 128 else low + between % (high - low + 1)}"


@lru_cache(maxsize=256)
def _widths(area: Area) -> tuple[int, ...]:
    found = tuple(width for width in range(_FIRST, _LAST + 1) if _is_open(area, width))
    if not found:
        raise ValueError(f"no size keeps {area}")
    return found


def _is_open(area: Area, width: int) -> bool:
    low, high = area.heights(width)
    return low <= high


Make = Callable[[ByteSource, PartialRequest], Any]


class Generator(NamedTuple):
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


def _text(field: Field, situation: ModeCase) -> Generator:
    words = situation.limit(field, "one_of")
    if words:
        return Generator(1, lambda octets, around: octets.choose(words))
    pattern = situation.active_rule(field, "pattern")
    if pattern:
        return _patterned(pattern.limit, str(pattern.keeps[0]))
    longest, blank = situation.limit(field, "max_chars"), situation.active_rule(field, "not_blank") is None
    return Generator(8, lambda octets, around: _written(_random_words(octets, longest), blank))


def _random_words(octets: ByteSource, longest: int | None) -> str:
    """Up to seven words; now and then a text of the greatest length, in one, two or four bytes of UTF-8."""
    byte = octets.byte()
    if byte >= 253 and longest:
        return _FILLERS[byte - 253] * longest
    text = " ".join([octets.choose(_WORDS) for _ in range(byte % 8)])
    return text if longest is None else text[:longest]


def _written(text: str, blank: bool) -> str:
    """Return the text, or a plain one for a text of white space that must not be blank."""
    return text if blank or text.strip() else _FILLERS[0]


def _patterned(pattern: str, example: str) -> Generator:
    """Texts like an example of the pattern, and the example where its places are not independent."""
    alphabets = _position_alphabets(pattern, example)

    combinations = prod(map(len, alphabets))
    length = -(-combinations.bit_length() // 8)

    def make(octets: ByteSource, around: PartialRequest) -> str:
        text = "".join(octets.choose_each(length, *alphabets))
        return text if re.fullmatch(pattern, text, re.ASCII) else example

    return Generator(length, make)


@cache
def _position_alphabets(pattern: str, example: str) -> list[str]:
    """For each place of an example every letter and digit with which it still matches the pattern."""
    alphabets = []
    for place, own in enumerate(example):
        before, after = example[:place], example[place + 1 :]
        fits = [one for one in _ALNUM if re.fullmatch(pattern, before + one + after, re.ASCII)]
        alphabets.append("".join(fits) or own)
    return alphabets


def _integer(field: Field, situation: ModeCase) -> Generator:
    low = situation.limit(field, "min", 0)
    span = situation.limit(field, "max", low + 2**31) - low + 1

    def few(octets: ByteSource, around: PartialRequest) -> int | float:
        value, as_float = low + octets.byte() % span, octets.byte() >= 248  # 4.0 is an integer too
        return float(value) if as_float else value

    def many(octets: ByteSource, around: PartialRequest) -> int:
        edge, value = octets.byte(), octets.number(4)
        return int(low + (value % span if edge < 224 else (span - 1) * (edge & 1)))

    return Generator(2, few) if span <= 64 else Generator(5, many)


def _number(field: Field, situation: ModeCase) -> Generator:
    low = Decimal(str(situation.limit(field, "min", 0)))
    span = Decimal(str(situation.limit(field, "max", low + 1000))) - low

    def make(octets: ByteSource, around: PartialRequest) -> int | float:
        value, whole = float(low + span * (octets.byte() % 101) / 100), octets.flag()
        return int(value) if whole and value.is_integer() else value

    return Generator(2, make)


def _boolean(field: Field, situation: ModeCase) -> Generator:
    values = situation.limit(field, "one_of", (False, True))
    return Generator(1, lambda octets, around: octets.choose(values))


def _percent(field: Field, situation: ModeCase) -> Generator:
    decimals = situation.limit(field, "decimals", 0)
    return Generator(2, lambda octets, around: percent(octets.number(2) % (100 * 10**decimals + 1), decimals))


def percent(units: int, decimals: int) -> str:
    """A number of units in the last decimal place as a percentage."""
    whole, rest = divmod(units, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}%" if decimals else f"{whole}%"


def area(field: Field, situation: ModeCase) -> Area:
    """The limits on a size in one situation."""
    return Area(
        situation.limit(field, "min_pixels", 1),
        situation.limit(field, "max_pixels", MOST),
        situation.limit(field, "min_ratio", Ratio(1, MOST)),
        situation.limit(field, "max_ratio", Ratio(MOST, 1)),
    )


def _size(field: Field, situation: ModeCase) -> Generator:
    open_to, excluded = area(field, situation), situation.limit(field, "excludes", ())
    keywords = tuple(word for word in situation.limit(field, "keywords", {}) if word not in excluded)

    def make(octets: ByteSource, around: PartialRequest) -> str:
        by_name = octets.byte() < 212 and keywords
        return octets.choose(keywords) if by_name else open_to.size(octets)

    return Generator(6, make)


def _image(field: Field, situation: ModeCase) -> Generator:
    images = Images(field, situation)
    return Generator(images.size, images.make)


SCALARS: Mapping[str, Callable[[Field, ModeCase], Generator]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "percent": _percent,
    "size": _size,
    "image": _image,
}
