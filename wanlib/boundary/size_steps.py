"""Sizes next to a limit, for each kind of rule on a width and height in one text.

`SIZE_STEPS` has the function of each kind, as `value_steps` for other values.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from wanlib.base.values import Ratio
from wanlib.boundary.body import RequestBuilder
from wanlib.boundary.value_steps import BoundaryValue, Steps
from wanlib.spec import Field, Rule

_WIDE_DIGITS = {ord("0") + digit: chr(0xFF10 + digit) for digit in range(10)}


def none_of(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield a size in pixels and the excluded keywords."""
    yield BoundaryValue("width-height", _any_size(body, field), True)
    for word in rule.limit:
        yield BoundaryValue(word, word, False)


def keywords(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield allowed keywords and sizes, keywords of other variants, and malformed sizes."""
    size = _any_size(body, field)
    excluded = body.mode_case.limit(field, "none_of", ())
    for word in (*rule.limit, size):
        if word not in excluded:
            yield BoundaryValue(word, word, True)
    width, _, height = size.partition("*")
    others = {word for other in field.rules_of_kind("keywords") for word in other.limit} - set(rule.limit)
    for word in sorted(others):
        yield BoundaryValue(word, word, False)
    first = next(iter(rule.limit), "2K")
    for label, text in (
        ("lower-case", first.lower()),
        ("x", f"{width}x{height}"),
        ("newline", size + "\n"),
        ("space", f"{width} * {height}"),
        ("zero", f"0*{height}"),
        ("leading-zero", f"0{width}*{height}"),
        ("three", f"{size}*1"),
        ("half", f"{width}*"),
        ("wide-digits", size.translate(_WIDE_DIGITS)),
        ("empty", ""),
    ):
        yield BoundaryValue(label, text, False)


class _SizeLimits(NamedTuple):
    """The limits on a size in one mode case; a side has at most six digits."""

    min_pixels: int
    max_pixels: int
    min_ratio: Ratio
    max_ratio: Ratio
    min_side: int
    max_side: int

    def fits(self, width: int, height: int) -> bool:
        """Return whether the sides satisfy the ratios and the limits on sides."""
        narrow, wide = self.min_ratio, self.max_ratio
        fits = width * narrow.height >= height * narrow.width and width * wide.height <= height * wide.width
        return fits and self.min_side <= min(width, height) and max(width, height) <= self.max_side


def _size_limits(body: RequestBuilder, field: Field) -> _SizeLimits:
    limit = body.mode_case.limit
    least, longest = limit(field, "min_side", 1), limit(field, "max_side", 999_999)
    return _SizeLimits(
        limit(field, "min_pixels", 1),
        limit(field, "max_pixels", 10**10),
        limit(field, "min_ratio", Ratio(1, 10**6)),
        limit(field, "max_ratio", Ratio(10**6, 1)),
        least,
        longest,
    )


def _nearest_size(body: RequestBuilder, field: Field, product: int, step: int) -> str | None:
    """Return the size of allowed sides with the first possible pixel count, in steps from `product`.

    None if no pixel count in this direction has one.
    """
    limits = _size_limits(body, field)
    product = product or max(limits.min_pixels, limits.min_side**2)
    while limits.min_side**2 <= product <= limits.max_side**2:
        for width in range(max(1, math.isqrt(product)), 0, -1):
            height, rest = divmod(product, width)
            if not limits.fits(width, height):
                break
            if not rest:
                return f"{width}*{height}"
        product += step
    return None


def _any_size(body: RequestBuilder, field: Field) -> str:
    """Return the smallest allowed size. Raise ValueError if there is none."""
    size = _nearest_size(body, field, 0, 1)
    if size is None:
        raise ValueError(f"no width and height satisfy the rules on {field.name}")
    return size


def min_pixels(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield the sizes with the nearest pixel counts around a minimum."""
    for start, step, keeps in ((rule.limit, 1, True), (rule.limit - 1, -1, False)):
        if size := _nearest_size(body, field, start, step):
            yield _pixels(size, keeps)


def max_pixels(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield the sizes with the nearest pixel counts around a maximum."""
    for start, step, keeps in ((rule.limit, -1, True), (rule.limit + 1, 1, False)):
        if size := _nearest_size(body, field, start, step):
            yield _pixels(size, keeps)


def _pixels(size: str, keeps: bool) -> BoundaryValue:
    width, _, height = size.partition("*")
    return BoundaryValue(size, size, keeps, int(width) * int(height))


def min_size_ratio(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield a size of exactly the minimum ratio, and one that is a pixel higher."""
    for width, height in _largest_size_of_ratio(body, field, rule.limit):
        yield BoundaryValue(f"{width}*{height}", f"{width}*{height}", True)
        yield BoundaryValue(f"{width}*{height + 1}", f"{width}*{height + 1}", False)


def max_size_ratio(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield a size of exactly the maximum ratio, and one that is a pixel wider."""
    for width, height in _largest_size_of_ratio(body, field, rule.limit):
        yield BoundaryValue(f"{width}*{height}", f"{width}*{height}", True)
        yield BoundaryValue(f"{width + 1}*{height}", f"{width + 1}*{height}", False)


def _largest_size_of_ratio(body: RequestBuilder, field: Field, ratio: Ratio) -> Iterator[tuple[int, int]]:
    """Yield the largest size of exactly this ratio within the other limits, if there is one."""
    limits = _size_limits(body, field)
    factor = math.isqrt(limits.max_pixels // (ratio.width * ratio.height))
    factor = min(factor, limits.max_side // max(ratio.width, ratio.height))
    while factor and not _is_below(ratio, factor, limits):
        factor -= 1
    if factor and min(ratio.width, ratio.height) * factor >= limits.min_side:
        yield ratio.width * factor, ratio.height * factor


def _is_below(ratio: Ratio, factor: int, limits: _SizeLimits) -> bool:
    """Return whether both sides can have one more pixel."""
    width, height = ratio.width * factor + 1, ratio.height * factor + 1
    return width * height <= limits.max_pixels and max(width, height) <= limits.max_side


def min_output_side(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield sizes with a side of the minimum, and of one pixel less."""
    yield from _sides(body, field, ((rule.limit, True), (rule.limit - 1, False)), min)


def max_output_side(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield sizes with a side of the maximum, and of one pixel more."""
    yield from _sides(body, field, ((rule.limit, True), (rule.limit + 1, False)), max)


def _sides(
    body: RequestBuilder,
    field: Field,
    sides: tuple[tuple[int, bool], ...],
    measure: Callable[[int, int], int],
) -> Iterator[BoundaryValue]:
    """Yield a size with each side as its width, and one with it as its height."""
    limits = _size_limits(body, field)
    for side, keeps in sides:
        widened = limits._replace(min_side=min(limits.min_side, side), max_side=max(limits.max_side, side))
        others = range(limits.min_side, limits.max_side + 1)
        ordered = others if measure is min else reversed(others)
        fitting = (
            other
            for other in ordered
            if limits.min_pixels <= side * other <= limits.max_pixels
            and widened.fits(side, other)
            and widened.fits(other, side)
        )
        for other in fitting:
            for width, height in dict.fromkeys(((side, other), (other, side))):
                yield BoundaryValue(f"{width}*{height}", f"{width}*{height}", keeps, side)
            break


SIZE_STEPS: dict[str, Steps] = {
    "none_of": none_of,
    "keywords": keywords,
    "min_pixels": min_pixels,
    "max_pixels": max_pixels,
    "min_ratio": min_size_ratio,
    "max_ratio": max_size_ratio,
    "min_side": min_output_side,
    "max_side": max_output_side,
}
