"""Find the base of a fine-tuned model by its id."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

LONGEST = 200
"""Characters of an id that are looked at; a longer one names no model."""


def base_of(model: object, models: Sequence[str], ending: str) -> str | None:
    """Return the listed model that an id names: the id itself, or the base of a fine-tuned model.

    Args:
        model: What was given as the id.
        models: The listed models.
        ending: Regular expression for what follows the base in the id of a fine-tuned model; empty if there
            are none.

    Returns:
        The longest base that fits, or None if the id names no model of these.
    """
    if not isinstance(model, str) or len(model) > LONGEST:
        return None
    if model in models:
        return model
    found = _matcher(tuple(models), ending)(model) if ending else None
    return found[1] if found else None


@lru_cache(maxsize=16)
def _matcher(models: tuple[str, ...], ending: str) -> Callable[[str], re.Match[str] | None]:
    longest_first = sorted(models, key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, longest_first))}){ending}", re.ASCII).fullmatch
