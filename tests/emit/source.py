"""Generated source, compared without regard to layout."""

import re


def compact(text: str) -> str:
    """Return Python text without white space, with double quotes, and without trailing commas."""
    return re.sub(r",(?=[)\]}])", "", re.sub(r"\s+", "", text.replace("'", '"')))
