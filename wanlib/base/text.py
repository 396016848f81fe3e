"""Pieces of messages: values, lists and amounts in words."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.base.values import MIB

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


def to_json_text(value: object) -> str:
    """Return a value as messages show it, with the words of JSON for null, true and false."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return safe_repr(value)


def with_json_type(value: object) -> str:
    """Return a value with its type, for messages on values of the wrong type."""
    return "null" if value is None else f"{json_type(value)} ({to_json_text(value)})"


def join_names(names: Iterable[Any], word: str = "") -> str:
    """Return names as a list in words: `a, b, c`, or `a, b and c` with a word before the last."""
    texts = [str(name).lower() if isinstance(name, bool) else str(name) for name in names]
    if not word or len(texts) < 2:
        return ", ".join(texts) or "none"
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}"


def quantity(count: int, noun: str) -> str:
    """Return a number with its noun, such as `1 case` or `1,234 cases`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def count_pixels(size: str) -> int:
    """Return the pixels of a `width*height`."""
    width, _, height = size.partition("*")
    return int(width) * int(height)


def format_pixels(count: int) -> str:
    """Return a limit in pixels; with the equivalent square if there is one."""
    side = round(count**0.5)
    return f"{count:,} pixels" + (f" ({side}*{side})" if side * side == count else "")


def format_bytes(count: int) -> str:
    """Return a limit in bytes; as MB where it is a whole number of them."""
    megabytes, rest = divmod(count, MIB)
    return f"{megabytes} MB" if not rest else f"{count:,} bytes"


def format_limit(value: Any, kind: str) -> str:
    """Return a rule's limit for a table: `9`, `2048*2048`, `20 MB`, `jpeg png`; empty for True.

    Args:
        value: The limit.
        kind: The kind of the rule, which gives the unit.
    """
    if value is True:
        return ""
    if kind == "max_bytes":
        return f"{value // MIB} MB"
    if kind.endswith("_pixels") and isinstance(value, int):
        side = round(value**0.5)
        return f"{side}*{side}" if side * side == value else f"{value:,}"
    if type(value) in (dict, tuple):  # a Ratio is a tuple as well, but formats itself
        words = [str(item).lower() if isinstance(item, bool) else str(item) for item in value]
        return " ".join(words) or "none"
    return str(value)


MAX_NAME_LENGTH = 80
"""Characters of a name that are compared; nothing known is longer."""
_CUTOFF = 0.6
_STRICT = 0.9
_BEGINNING = 6  # a shorter prefix is not significant


def suggest(name: object, known: Iterable[object], count: int = 1, *, strict: bool = False) -> list[str]:
    """Return the known names most similar to a name, the best first.

    Case and punctuation do not count: `Wan27-Image` means `wan2.7-image`.

    Args:
        name: The name that was passed; a value that is not text has no suggestions.
        known: The names to choose from.
        count: The maximum number of names to return.
        strict: Propose slips of the keyboard only. For names of which similar ones exist elsewhere, such as
            models of the same vendor.

    Returns:
        At most `count` names; empty if none is near.
    """
    if not isinstance(name, str) or not name:
        return []
    return list(_nearest(name[:MAX_NAME_LENGTH], tuple(dict.fromkeys(map(str, known))), count, strict))


@lru_cache(maxsize=1024)
def _nearest(name: str, names: tuple[str, ...], count: int, strict: bool) -> Sequence[str]:
    """Implement `suggest`, cached: the same mistake is often in many bodies of a file."""
    from difflib import get_close_matches  # loaded only by the first mistake

    folded = {known_name: _fold(known_name) for known_name in names}
    meant = _fold(name)
    same = [known_name for known_name in names if folded[known_name] == meant and meant]
    if same or not meant:
        return same[:count]
    begun = [
        known_name
        for known_name in names
        if len(meant) >= _BEGINNING and folded[known_name].startswith(meant)
    ]
    if len(begun) == 1:
        return begun
    near = get_close_matches(meant, list(folded.values()), count, _STRICT if strict else _CUTOFF)
    return [
        next(known_name for known_name in names if folded[known_name] == fold) for fold in dict.fromkeys(near)
    ]


def did_you_mean(name: object, known: Iterable[object], *, strict: bool = False) -> str:
    """Return `; did you mean 'x'?` for the nearest known name, or an empty string if none is near."""
    near = suggest(name, known, strict=strict)
    return f"; did you mean {near[0]!r}?" if near else ""


def unknown_model_message(name: object, known: Iterable[str]) -> str:
    """Return the error for an argument that names no known model."""
    names = list(known)
    near = did_you_mean(name, names, strict=True)
    return f"no model {safe_repr(name)}{near}{' Known' if near else '; known'}: {', '.join(names)}"


def _fold(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
