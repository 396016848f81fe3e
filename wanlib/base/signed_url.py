"""Signed URLs: when the signature in the query of a URL expires.

A form of signature is a tuple of parameter names: one name, whose value is the end in Unix seconds
(`Expires`), or two names: the begin as `YYYYMMDDThhmmssZ` and the seconds from it (`x-oss-date` and
`x-oss-expires`). Which forms exist is stated in the spec.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

Form = tuple[str, ...]

_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")
_SECONDS = re.compile(r"[0-9]{1,11}")


def expiry_of(url: str, forms: Sequence[Form]) -> int | None:
    """Return when the signature of a URL expires, in Unix seconds.

    Where several forms give a time, the earliest counts. None where the query has no such time.
    """
    query = url.partition("#")[0].partition("?")[2]
    if not query:
        return None
    from urllib.parse import unquote

    values: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        values.setdefault(unquote(name), unquote(value))
    ends = [end for form in forms if (end := _end(form, values)) is not None]
    return min(ends, default=None)


def unix_seconds(now: float | datetime) -> float:
    """Return a time as Unix seconds. Raise ValueError for a datetime without a time zone."""
    if not isinstance(now, datetime):
        return now
    if now.tzinfo is None:
        raise ValueError(f"now is {now!r}, which has no time zone; pass Unix seconds or an aware datetime")
    return now.timestamp()


def iso_time(seconds: int) -> str:
    """Return Unix seconds as `2026-01-01T00:00:00Z`; beyond the year 9999, as a number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _end(form: Form, values: dict[str, str]) -> int | None:
    last = values.get(form[-1], "")
    if not _SECONDS.fullmatch(last):
        return None
    if len(form) == 1:
        return int(last)
    begin = _DATE.fullmatch(values.get(form[0], ""))
    if begin is None:
        return None
    try:
        return int(datetime(*map(int, begin.groups()), tzinfo=UTC).timestamp()) + int(last)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
