"""Generators of plain types: each a function of a few bytes and of the partial request."""

import re
import string
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from math import prod
from typing import Any, NamedTuple

from wan_conformance.strategies.byte_source import ByteSource
from wan_conformance.strategies.images import ImageGenerator
from wan_conformance.strategies.partial_request import PartialRequest
from wanlib.base.values import Ratio
from wanlib.boundary.mode_cases import ModeCase
from wanlib.spec.model.model import Field

MAX_SIDE = 999_999
"""The longest side that the grammar of sizes can write."""

_MIN_WIDTH, _MAX_WIDTH = 1, 16_384  # further widths only take time


class SizeRegion(NamedTuple):
    """Inclusive limits on width*height and width:height.

    Attributes:
        min_pixels: The least product.
        max_pixels: The greatest product.
        min_ratio: The least ratio of width to height.
        max_ratio: The greatest ratio of width to height.
        min_side: The least width and height.
        max_side: The greatest width and height.
        shape: `within` the ratios, or `tall` or `wide` beyond the lower or the upper one.
        widths: The least and the greatest width, where they differ from those of the sides; None else.
    """

    min_pixels: int
    max_pixels: int
    min_ratio: Ratio
    max_ratio: Ratio
    min_side: int = 1
    max_side: int = MAX_SIDE
    shape: str = "within"
    widths: tuple[int, int] | None = None

    def heights(self, width: int) -> tuple[int, int]:
        """Return the least and the greatest height for a width; the former is greater if none fits."""
        tallest = width * self.min_ratio.height // self.min_ratio.width
        flattest = -(-width * self.max_ratio.height // self.max_ratio.width)
        low, high = {
            "within": (flattest, tallest),
            "tall": (tallest + 1, MAX_SIDE),
            "wide": (1, flattest - 1),
        }[self.shape]
        low = max(low, self.min_side, -(-self.min_pixels // width))
        return low, min(high, self.max_side, self.max_pixels // width)

    def size(self, source: ByteSource) -> str:
        """Return a size in the region, from five bytes, often with the least or the greatest height."""
        widths = _widths(self)
        width = widths[source.number(2) % len(widths)]
        low, high = self.heights(width)
        choice, offset = source.byte(), source.number(2)
        if choice < 64:
            return f"{width}*{low}"
        return f"{width}*{high if choice < 128 else low + offset % (high - low + 1)}"


@lru_cache(maxsize=256)
def _widths(region: SizeRegion) -> tuple[int, ...]:
    least, greatest = region.widths or (region.min_side, region.max_side)
    first, last = max(_MIN_WIDTH, least), min(max(_MAX_WIDTH, least + _MIN_WIDTH), greatest)
    widths = tuple(width for width in range(first, last + 1) if _is_open(region, width))
    if not widths:
        raise ValueError(f"no size satisfies {region}")
    return widths


def _is_open(region: SizeRegion, width: int) -> bool:
    low, high = region.heights(width)
    return low <= high


MakeValue = Callable[[ByteSource, PartialRequest], Any]


class Generator(NamedTuple):
    """How a value is made.

    Attributes:
        size: The bytes that it reads at most.
        make: Makes the value.
    """

    size: int
    make: MakeValue


_WORDS = (
    *("Place", "the", "clock", "of", "image 1", "beside", "a", "vase", "at dusk", "2", "oil", "paint"),
    *("雨夜", "把图1的猫", "のように", "été", "naïve", "🎨", "👩\u200d🎨", "עברית", "\n", "\t", '"so"'),
    *("%s", "{x}", "null", "\u0000", "\u2028", "'", "\\", "</b>"),
)
_ALNUM = string.digits + string.ascii_letters
_FILLERS = ("a", "花", "😀")


def _text(field: Field, mode_case: ModeCase) -> Generator:
    words = mode_case.limit(field, "one_of")
    if words:
        return Generator(1, lambda source, partial: source.choose(words))
    pattern = mode_case.active_rule(field, "pattern")
    if pattern:
        return _patterned(pattern.limit, str(pattern.keeps[0]))
    max_length, may_be_blank = (
        mode_case.limit(field, "max_chars"),
        mode_case.active_rule(field, "not_blank") is None,
    )
    return Generator(
        8, lambda source, partial: _not_blank_text(_random_words(source, max_length), may_be_blank)
    )


def _random_words(source: ByteSource, max_length: int | None) -> str:
    """Return up to seven words; sometimes a text of the greatest length, in 1, 2 or 4-byte UTF-8."""
    byte = source.byte()
    if byte >= 253 and max_length:
        return _FILLERS[byte - 253] * max_length
    text = " ".join([source.choose(_WORDS) for _ in range(byte % 8)])
    return text if max_length is None else text[:max_length]


def _not_blank_text(text: str, may_be_blank: bool) -> str:
    """Return the text, or a plain one for a text of white space that must not be blank."""
    return text if may_be_blank or text.strip() else _FILLERS[0]


def _patterned(pattern: str, example: str) -> Generator:
    """Generate texts like an example of the pattern, and the example if its positions are not independent."""
    alphabets = _position_alphabets(pattern, example)

    combinations = prod(map(len, alphabets))
    length = -(-combinations.bit_length() // 8)

    def make(source: ByteSource, partial: PartialRequest) -> str:
        text = "".join(source.choose_each(length, *alphabets))
        return text if re.fullmatch(pattern, text, re.ASCII) else example

    return Generator(length, make)


@cache
def _position_alphabets(pattern: str, example: str) -> list[str]:
    """Return, for each position of an example, the letters and digits with which it still matches."""
    alphabets = []
    for position, character in enumerate(example):
        before, after = example[:position], example[position + 1 :]
        matching = [
            candidate for candidate in _ALNUM if re.fullmatch(pattern, before + candidate + after, re.ASCII)
        ]
        alphabets.append("".join(matching) or character)
    return alphabets


def _integer(field: Field, mode_case: ModeCase) -> Generator:
    if words := mode_case.limit(field, "one_of"):
        return Generator(1, lambda source, partial: source.choose(words))
    low, step = mode_case.limit(field, "min", 0), mode_case.limit(field, "step", 1)
    span = (mode_case.limit(field, "max", low + 2**31) - low) // step + 1

    def from_small_range(source: ByteSource, partial: PartialRequest) -> int | float:
        value, as_float = low + source.byte() % span * step, source.byte() >= 248  # 4.0 is an integer too
        return float(value) if as_float else value

    def from_large_range(source: ByteSource, partial: PartialRequest) -> int:
        choice, value = source.byte(), source.number(4)
        return int(low + (value % span if choice < 224 else (span - 1) * (choice & 1)) * step)

    return Generator(2, from_small_range) if span <= 64 else Generator(5, from_large_range)


def _number(field: Field, mode_case: ModeCase) -> Generator:
    if words := mode_case.limit(field, "one_of"):
        return Generator(1, lambda source, partial: source.choose(words))
    low = Decimal(str(mode_case.limit(field, "min", 0)))
    span = Decimal(str(mode_case.limit(field, "max", low + 1000))) - low
    step = Decimal(str(mode_case.limit(field, "step", span / 100 or 1)))
    count = int(span / step) + 1

    def make(source: ByteSource, partial: PartialRequest) -> int | float:
        value, as_integer = float(low + step * (source.byte() % count)), source.flag()
        return int(value) if as_integer and value.is_integer() else value

    return Generator(2, make)


def _boolean(field: Field, mode_case: ModeCase) -> Generator:
    values = mode_case.limit(field, "one_of", (False, True))
    return Generator(1, lambda source, partial: source.choose(values))


def _percent(field: Field, mode_case: ModeCase) -> Generator:
    decimals = mode_case.limit(field, "decimals", 0)
    return Generator(
        2, lambda source, partial: percent(source.number(2) % (100 * 10**decimals + 1), decimals)
    )


def percent(units: int, decimals: int) -> str:
    """Return a number of units in the last decimal place as a percentage."""
    integer, decimals_part = divmod(units, 10**decimals)
    return f"{integer}.{decimals_part:0{decimals}d}%" if decimals else f"{integer}%"


def size_region(field: Field, mode_case: ModeCase) -> SizeRegion:
    """Return the limits on a size in one mode case."""
    return SizeRegion(
        mode_case.limit(field, "min_pixels", 1),
        mode_case.limit(field, "max_pixels", MAX_SIDE * MAX_SIDE),
        mode_case.limit(field, "min_ratio", Ratio(1, MAX_SIDE)),
        mode_case.limit(field, "max_ratio", Ratio(MAX_SIDE, 1)),
        mode_case.limit(field, "min_side", 1),
        mode_case.limit(field, "max_side", MAX_SIDE),
    )


def _size(field: Field, mode_case: ModeCase) -> Generator:
    region, excluded = size_region(field, mode_case), mode_case.limit(field, "none_of", ())
    keywords = tuple(word for word in mode_case.limit(field, "keywords", {}) if word not in excluded)

    def make(source: ByteSource, partial: PartialRequest) -> str:
        use_keyword = source.byte() < 212 and keywords
        return source.choose(keywords) if use_keyword else region.size(source)

    return Generator(6, make)


def _image(field: Field, mode_case: ModeCase) -> Generator:
    images = ImageGenerator(field, mode_case)
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
