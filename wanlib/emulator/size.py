"""How large the pictures are, by the `output` facts of a model file; all arithmetic is exact."""

import re
from collections.abc import Iterable
from fractions import Fraction
from math import floor, isqrt
from typing import Any

from wanlib.emulator.order import Input
from wanlib.emulator.values import Values
from wanlib.spec.picture_size import KEYWORD, SQUARE, PictureSize

Size = tuple[int, int]
_SIZE = re.compile(r"([0-9]+)\*([0-9]+)")
_ONE_TO_ONE: Size = (1, 1)


def promised(values: Values, size_field: str, inputs: tuple[Input, ...], unseen: str) -> Size:
    """Return the size that the pages promise for accepted values.

    Args:
        values: The values of the request.
        size_field: The name of the field that can state a size.
        inputs: The images of the request.
        unseen: `W*H`, assumed for an image whose sides are unknown.
    """
    size = _read(values.given(size_field))
    how = values.under(values.family.picture_size)
    if size is None and how is not None:
        size = _by_ratio(how, values, size_field, inputs, unseen) if how.ratio else None
        size = size or _by_sides(how, values, inputs, unseen)
    step = values.family.output["multiple_of"]
    return rounded(size or _sides(inputs, unseen), step)


def fitted(pixels: int, ratio: Size) -> Size:
    """The largest size of a ratio, to the pixel below, that has at most so many pixels in all."""
    width, height = ratio
    return max(1, isqrt(pixels * width // height)), max(1, isqrt(pixels * height // width))


def rounded(size: Size, step: int) -> Size:
    """Each side at the nearest multiple of `step`, at least one; half of it goes up."""
    width, height = [max(step, (side + step // 2) // step * step) for side in size]
    return width, height


def _by_ratio(
    how: PictureSize, values: Values, size_field: str, inputs: tuple[Input, ...], unseen: str
) -> Size | None:
    """A budget of pixels in a ratio; None for a keyword whose pixels no page states."""
    pixels = how.pixels
    if pixels == KEYWORD:
        word = values.get(size_field)
        if (stated := _read(word)) is not None:
            return stated
        pixels = (values.bound(size_field, "keywords") or {}).get(word)
    if not isinstance(pixels, int):
        return None
    square = how.ratio == SQUARE or not inputs
    return fitted(pixels, _ONE_TO_ONE if square else _sides(inputs, unseen))


def _by_sides(how: PictureSize, values: Values, inputs: tuple[Input, ...], unseen: str) -> Size:
    """The sides of the last image, scaled down, multiplied or extended."""
    if not inputs and how.max_pixels:
        return fitted(how.max_pixels, _ONE_TO_ONE)
    width, height = _sides(inputs, unseen)
    if how.max_pixels and width * height > how.max_pixels:
        return fitted(how.max_pixels, (width, height))
    if how.scaled_by:
        factor = _number(values.get(how.scaled_by))
        return _times(width, factor), _times(height, factor)
    return (
        _times(width, _extension(values, how.width_by)),
        _times(height, _extension(values, how.height_by)),
    )


def _extension(values: Values, fields: Iterable[str]) -> Fraction:
    """By what a side is multiplied that each of some fields extends at one end; 1 without fields."""
    return 1 + sum((_number(values.get(field)) - 1 for field in fields), Fraction(0))


def _number(value: Any) -> Fraction:
    """A number as it was written in the request; 1 for what is no number."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return Fraction(str(value)) if known else Fraction(1)


def _times(side: int, factor: Fraction) -> int:
    """A side multiplied, at the nearest whole number; half goes up."""
    return max(1, floor(side * factor + Fraction(1, 2)))


def _sides(inputs: tuple[Input, ...], unseen: str) -> Size:
    """The sides of the last of some inputs."""
    last = inputs[-1] if inputs else None
    return (last.width, last.height) if last and last.width else _read(unseen) or _ONE_TO_ONE


def _read(text: Any) -> Size | None:
    """`W*H` as numbers; None for anything else."""
    found = _SIZE.fullmatch(text) if isinstance(text, str) else None
    return (int(found[1]), int(found[2])) if found else None
