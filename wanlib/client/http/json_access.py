"""Lenient access to members of a response body: a missing member or one of another type is None or empty.

The body is untrusted text. All of its text that enters messages passes through here: one short line, without
the queries of URLs and without image bytes.
"""

import math
import re
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from wanlib.base.redaction import hide_keys_within, redact_text

_MAX_LENGTH = 400  # a vendor's sentence and the help link after it
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_is_plain = re.compile(r"[\w.-]{1,63}", re.ASCII).fullmatch  # an id or a code: safe unchanged
_HTTP = re.compile(r"(?i)(https?://)(?:[^/?#]*@)?([^?#]*)")


def get_text(node: object, name: str) -> str | None:
    """Return the text under a name; None for an empty one or another type."""
    value = node.get(name) if isinstance(node, dict) else None
    return value if isinstance(value, str) and value else None


def get_number(node: object, name: str) -> float | None:
    """Return the finite number under a name; None for anything else, `true` included."""
    value = node.get(name) if isinstance(node, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:  # an int that is larger than every float
        return None


def get_object(node: object, name: str) -> dict[str, Any]:
    """Return the object under a name, else an empty one."""
    value = node.get(name) if isinstance(node, dict) else None
    return value if isinstance(value, dict) else {}


def get_list(node: object, name: str) -> list[Any] | None:
    """Return the list under a name; None for anything else."""
    value = node.get(name) if isinstance(node, dict) else None
    return value if isinstance(value, list) else None


def sanitize(value: str) -> str:
    """Return untrusted text for a message: one line of at most 400 characters, without secrets."""
    value = hide_keys_within(value, _MAX_LENGTH * 4)
    if _is_plain(value):  # which nearly all values are
        return value
    words = _CONTROL.sub(" ", value).split()
    line = " ".join(redact_text(word) for word in words)
    return line if len(line) <= _MAX_LENGTH else f"{line[: _MAX_LENGTH - 1]}…"


def get_sanitized(node: object, name: str) -> str | None:
    """Return the text under a name, sanitized for a message; None if there is none."""
    value = get_text(node, name)
    return sanitize(value) or None if value else None


def strip_url(url: str) -> str:
    """Return a URL without user, query and fragment, which in a link of the vendor are a key."""
    match = _HTTP.match(url)
    return quote(f"{match[1]}{match[2]}", safe="/:%[]", errors="replace")[:500] if match else sanitize(url)


def parse_time(value: str | None, zone: int) -> float | None:
    """Parse a time in a form of ISO 8601.

    Args:
        value: The text; None is allowed.
        zone: Offset from UTC in seconds, for a text that names no time zone.

    Returns:
        Seconds since 1970; None if it is not a time.
    """
    try:
        time = datetime.fromisoformat(value or "")
        if time.tzinfo is None:
            time = time.replace(tzinfo=timezone(timedelta(seconds=zone)))
        return time.timestamp()
    except (ValueError, OverflowError):
        return None
