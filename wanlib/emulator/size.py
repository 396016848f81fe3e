"""How large the pictures will be: whole numbers throughout, by the `output` facts of a model file."""

import re
from collections.abc import Mapping
from math import isqrt
from typing import Any

from wanlib.emulator.order import Input
from wanlib.emulator.values import Values

Size = tuple[int, int]
_SIZE = re.compile(r"([0-9]+)\*([0-9]+)")
_SQUARE: Size = (1, 1)


def promised(values: Values, size_field: str, inputs: tuple[Input, ...], unseen: str) -> Size:
    """The size that the pages promise for accepted values.

    unseen: what an image that nobody sees is taken for.
    """
    given = values.given(size_field)
    words = None if given else _words(values, inputs)
    if words:
        size = _by_words(words, inputs, unseen)
    else:
        keywords = values.bound(size_field, "keywords")
        size = _by_value(given or values.get(size_field), keywords, inputs, unseen)
    return rounded(size, values.family.output.get("multiple_of", 1))


def fitted(pixels: int, ratio: Size) -> Size:
    """The largest size of a ratio, to the pixel below, that has at most so many pixels in all."""
    width, height = ratio
    return max(1, isqrt(pixels * width // height)), max(1, isqrt(pixels * height // width))


def rounded(size: Size, step: int) -> Size:
    """Each side at the nearest multiple of `step`, at least one; half of it goes up."""
    width, height = [max(step, (side + step // 2) // step * step) for side in size]
    return width, height


def _sides(inputs: tuple[Input, ...], unseen: str) -> Size:
    """The sides of the last of some inputs."""
    last = inputs[-1] if inputs else None
    return (last.width, last.height) if last and last.width else _read(unseen)


def _by_value(
    value: str | None, keywords: Mapping[str, int] | None, inputs: tuple[Input, ...], unseen: str
) -> Size:
    """`W*H` as it stands; a keyword's pixels in the last image's ratio, square without image."""
    if value and _SIZE.fullmatch(value):
        return _read(value)
    pixels = (keywords or {}).get(value or "")
    if pixels is None:
        return _sides(inputs, unseen)
    return fitted(pixels, _sides(inputs, unseen) if inputs else _SQUARE)


def _words(values: Values, inputs: tuple[Input, ...]) -> str | None:
    """What the pages say where no size is given: the sentence whose mode holds.

    `MODE_without_image` goes before its mode where there is no image.
    """
    told: Mapping[str, str] = values.family.output.get("without_size", {})
    for mode, words in told.items():
        bare = mode.removesuffix("_without_image")
        if bare != mode and not inputs and values.mode(bare):
            return words
    return next((words for mode, words in told.items() if mode == "always" or values.mode(mode)), None)


def _by_words(words: str, inputs: tuple[Input, ...], unseen: str) -> Size:
    """The size that a sentence of `without_size` stands for.

    `W*H` · `... about W*H`: in the last image's ratio · `... up to W*H`: as it is, or fitted · its own.
    """
    limit = _SIZE.search(words)
    own = _sides(inputs, unseen)
    if limit is None:
        return own
    if limit[0] == words:
        return _read(words)
    if "up to" in words and own[0] * own[1] <= _pixels(limit[0]):
        return own
    return fitted(_pixels(limit[0]), own)


def _read(text: str) -> Size:
    found: Any = _SIZE.fullmatch(text)
    return int(found[1]), int(found[2])


def _pixels(text: str) -> int:
    width, height = _read(text)
    return width * height
