"""Pieces of messages: values, lists and amounts in words."""

from collections.abc import Iterable
from typing import Any

from wanlib.base.shown import shown

_MEGABYTE = 1_048_576
_TYPES = {
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "str": "text",
    "list": "list",
    "dict": "object",
}


def json_type(value: object) -> str:
    """Return the name that JSON has for the type of a value; `null` for None."""
    return "null" if value is None else _TYPES.get(type(value).__name__, type(value).__name__)


def json_word(value: object) -> str:
    """Return a value as messages show it, with the words of JSON for null, true and false."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return shown(value)


def typed(value: object) -> str:
    """Return a value with its type, for messages on values of the wrong type."""
    return "null" if value is None else f"{json_type(value)} ({json_word(value)})"


def listed(names: Iterable[Any], word: str = "") -> str:
    """Return names as a list in words: `a, b, c`, or `a, b and c` with a word before the last."""
    texts = [str(each).lower() if isinstance(each, bool) else str(each) for each in names]
    if not word or len(texts) < 2:
        return ", ".join(texts) or "none"
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}"


def number_of_pixels(size: str) -> int:
    """Return the pixels of a `width*height`."""
    width, _, height = size.partition("*")
    return int(width) * int(height)


def allowed_pixels(count: int) -> str:
    """Return a limit in pixels; with the square of that many where there is one."""
    side = round(count**0.5)
    return f"{count:,} pixels" + (f" ({side}*{side})" if side * side == count else "")


def allowed_bytes(count: int) -> str:
    """Return a limit in bytes; as MB where it is a whole number of them."""
    whole, rest = divmod(count, _MEGABYTE)
    return f"{whole} MB" if not rest else f"{count:,} bytes"
