"""Find the known name that a misspelled one most likely means."""

from collections.abc import Iterable

from wanlib.base.shown import shown

LONGEST = 80
"""Characters of a name that are compared; nothing known is longer."""
_CUTOFF = 0.6
_STRICT = 0.9
_BEGINNING = 6  # a shorter beginning says too little


def suggest(name: object, known: Iterable[object], count: int = 1, *, strict: bool = False) -> list[str]:
    """Return the known names most like a name, the best first.

    Case and punctuation do not count: `Wan27-Image` means `wan2.7-image`.

    Args:
        name: What was given; anything that is not text has no near miss.
        known: The names to choose from.
        count: The most names to return.
        strict: Propose slips of the keyboard only. For names of which similar ones exist elsewhere, such as
            models of the same vendor.

    Returns:
        At most `count` names; empty if none is near.
    """
    if not isinstance(name, str) or not name:
        return []
    from difflib import get_close_matches  # loaded by the first mistake only

    names = list(dict.fromkeys(map(str, known)))
    folded = {each: _fold(each) for each in names}
    meant = _fold(name[:LONGEST])
    same = [each for each in names if folded[each] == meant and meant]
    if same or not meant:
        return same[:count]
    begun = [each for each in names if len(meant) >= _BEGINNING and folded[each].startswith(meant)]
    if len(begun) == 1:
        return begun
    near = get_close_matches(meant, list(folded.values()), count, _STRICT if strict else _CUTOFF)
    return [next(each for each in names if folded[each] == fold) for fold in dict.fromkeys(near)]


def did_you_mean(name: object, known: Iterable[object], *, strict: bool = False) -> str:
    """Return `; did you mean 'x'?` for the nearest known name, or an empty string if none is near."""
    near = suggest(name, known, strict=strict)
    return f"; did you mean {near[0]!r}?" if near else ""


def unknown_model(name: object, known: Iterable[str]) -> str:
    """Return the error for an argument that names no known model."""
    names = list(known)
    near = did_you_mean(name, names, strict=True)
    return f"no model {shown(name)}{near}{' Known' if near else '; known'}: {', '.join(names)}"


def _fold(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
