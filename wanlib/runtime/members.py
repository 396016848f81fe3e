"""Members of an answer, read leniently: what is missing or of another type is None or empty.

An answer is a stranger's text. What of it goes into messages comes from here: one line, short, without
the queries of URLs and without image bytes.
"""

import math
import re
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from wanlib.base.shown import safe_text

_LONGEST = 400  # a vendor's sentence and the help link behind it
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_PLAIN = re.compile(r"[\w.-]{1,63}", re.ASCII).fullmatch  # an id or a code: safe as it is
_HTTP = re.compile(r"(?i)(https?://)(?:[^/?#]*@)?([^?#]*)")


def text(node: object, name: str) -> str | None:
    """The text under `name`, None where there is none or an empty one."""
    value = node.get(name) if isinstance(node, dict) else None
    return value if isinstance(value, str) and value else None


def number(node: object, name: str) -> float | None:
    """The finite number under `name`; `true` is none."""
    value = node.get(name) if isinstance(node, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:  # an int beyond every float
        return None


def mapping(node: object, name: str) -> dict[str, Any]:
    """The object under `name`, else an empty one."""
    value = node.get(name) if isinstance(node, dict) else None
    return value if isinstance(value, dict) else {}


def items(node: object, name: str) -> list[Any] | None:
    """The list under `name`, None where there is none."""
    value = node.get(name) if isinstance(node, dict) else None
    return value if isinstance(value, list) else None


def clean(value: str) -> str:
    """A stranger's text for a message: one line of at most 400 characters, each word made safe."""
    if _PLAIN(value):  # as nearly all that is asked for
        return value
    words = _ODD.sub(" ", value[: _LONGEST * 4]).split()
    line = " ".join(safe_text(word) for word in words)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def cleaned(node: object, name: str) -> str | None:
    """The text under `name` as a message may hold it."""
    value = text(node, name)
    return clean(value) or None if value else None


def bare_url(url: str) -> str:
    """A URL without user, query and fragment: with them a link of the vendor is a key to the picture."""
    found = _HTTP.match(url)
    return quote(f"{found[1]}{found[2]}", safe="/:%[]", errors="replace")[:500] if found else clean(url)


def moment(value: str | None, zone: int) -> float | None:
    """Seconds since the epoch of a time as text in a form of ISO 8601; None where it is no time.

    zone: its offset from UTC in seconds, where the text names none.
    """
    try:
        told = datetime.fromisoformat(value or "")
        if told.tzinfo is None:
            told = told.replace(tzinfo=timezone(timedelta(seconds=zone)))
        return told.timestamp()
    except (ValueError, OverflowError):
        return None
