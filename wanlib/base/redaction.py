"""Values as messages, logs and reports may show them: short, and without secrets or image bytes."""

import re
from collections.abc import Sequence
from typing import Any

from wanlib.base.secret import hide_keys, hide_keys_within
from wanlib.base.values import Ratio

WIDTH = 80
_READ = WIDTH * 4  # nothing behind it can come into what is shown
_DIGESTED = 65536
_DATA = re.compile(r"(?is)data:(?:[^,]{0,80};base64,.*|[^\s,]{0,80},\S*|\S{24,})")
_MIME = re.compile(r"(?i)data:[a-z]{1,12}/[a-z0-9.+-]{1,12}(?:;base64)?,")
# A file in bare base64; without the three classes of characters it may be a long word.
_BASE64 = re.compile(r"(?=.{0,63}[A-Z])(?=.{0,63}[a-z])(?=.{0,63}[0-9])[A-Za-z0-9+/]{64,}=*")
_URL = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:/[^?#]*[?#]")
_QUERY = re.compile(r"(//[^\s?#]*)[?#]\S*|\?[^\s=?]{1,64}=\S*")
_BARE = 64  # characters; a shorter text holds no such file
_MARKS = re.compile(r"(?i)[?#@]|data:")  # without one of them nothing of a text is left out
_USER = re.compile(r"(?<=/)[^\s/?#@]+@")


def safe_repr(value: object) -> str:
    """Return a value as `repr` does, at most 80 characters, URLs without query, data URIs as a digest."""
    if isinstance(value, str):
        return _quoted(redact_text(value))
    if isinstance(value, dict):
        return _truncate(_dict(value))
    if isinstance(value, (bytes, bytearray)):
        return f"<{len(value):,} bytes>"
    if isinstance(value, (list, tuple)):
        return _truncate(_list(value))
    try:
        return _truncate(redact_text(repr(value)))
    except Exception:  # a foreign object's repr may raise anything; the message must still appear
        bits = f" of {value.bit_length():,} bits" if isinstance(value, int) else ""
        return _truncate(f"<{type(value).__name__}{bits}>")


def redact_text(text: str) -> str:
    """Return a text cut at 80 characters, without keys, data URIs as a digest, URLs without query."""
    if len(text) < _BARE and not _MARKS.search(text):
        return hide_keys(text)
    if text[:5].lower() == "data:" or _BASE64.match(text):
        return _data_uri_digest(text)
    head = _DATA.sub(lambda found: f"{_data_uri_header(found.group())}…", hide_keys_within(text, _READ))
    if url := _URL.match(head):
        head = f"{url.group()[:-1]}?…"
    else:
        head = _QUERY.sub(lambda found: f"{found[1] or ''}?…", head)
    head = _BASE64.sub("…", _USER.sub("…@", head))
    return _truncate(head, len(text) > _READ and head[-1] != "…")


def without_queries(text: str) -> str:
    """Return a text of any length without keys, and its URLs without user, query and fragment."""
    return _USER.sub("…@", _QUERY.sub(lambda found: f"{found[1] or ''}?…", hide_keys(text)))


def to_safe_json(value: Any) -> Any:
    """Return a value as JSON that may be printed: numbers, words, short lists; the rest redacted."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else safe_repr(value)
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, str):
        return _truncate(redact_text(value).encode("utf-8", "backslashreplace").decode("utf-8"))
    if isinstance(value, Ratio):
        return str(value)
    if isinstance(value, tuple) or _is_small_list(value):
        return [to_safe_json(item) for item in value]
    return safe_repr(value)


_MAX_DEPTH = 12
_MAX_ITEMS = 20


def redact_json(value: Any, depth: int = 0) -> Any:
    """Return a JSON value of the same shape without secrets, for logs and examples.

    Strings are cut at 80 characters, data URIs become a digest, and containers are cut at 12 levels and at
    20 items.

    Args:
        value: Any JSON value.
        depth: The level at which it stands.
    """
    if isinstance(value, str):
        return escape_surrogates(redact_text(value))
    if isinstance(value, list | dict) and depth >= _MAX_DEPTH:
        return escape_surrogates(safe_repr(value))
    if isinstance(value, list):
        items = [redact_json(item, depth + 1) for item in value[:_MAX_ITEMS]]
        return [*items, f"… and {len(value) - _MAX_ITEMS} more"] if len(value) > _MAX_ITEMS else items
    if isinstance(value, dict):
        members = {
            escape_surrogates(redact_text(str(key))): redact_json(member, depth + 1)
            for key, member in list(value.items())[:_MAX_ITEMS]
        }
        return {**members, "…": f"and {len(value) - _MAX_ITEMS} more"} if len(value) > _MAX_ITEMS else members
    return to_safe_json(value)


def escape_surrogates(text: str) -> str:
    r"""Return `text` with lone surrogates, which UTF-8 cannot encode, written as `\udXXX`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def printable(text: str) -> str:
    """Return `text` with every character escaped that could move the cursor or colour a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _is_small_list(value: object) -> bool:
    """Return whether it is a list that is shown completely: few items, none of them a list or object."""
    if not isinstance(value, list) or len(value) > 16:
        return False
    return all(item is None or isinstance(item, (str, int, float)) for item in value)


def _data_uri_digest(text: str) -> str:
    import hashlib  # costs more time to import than everything else here

    digest = hashlib.sha256(text[:_DIGESTED].encode("utf-8", "replace")).hexdigest()[:8]
    return f"{_data_uri_header(text)}… ({len(text):,} characters, digest {digest})"


def _data_uri_header(text: str) -> str:
    """Return the media type of a data URI, if that is all that stands before its data."""
    mime = _MIME.match(text)
    return mime.group() if mime else "data:" if text[:5].lower() == "data:" else ""


def _list(values: Sequence[Any]) -> str:
    rest = ", …" if len(values) > 4 else ""
    return f"[{', '.join(_nested_repr(value) for value in values[:4])}{rest}]"


def _dict(values: dict[Any, Any]) -> str:
    some = list(values.items())[:4]
    rest = ", …" if len(values) > 4 else ""
    return "{" + ", ".join(f"{safe_repr(key)}: {_nested_repr(value)}" for key, value in some) + rest + "}"


def _nested_repr(value: object) -> str:
    """Return a value inside another: containers are not opened again, so depth costs nothing."""
    if isinstance(value, list):
        return "[…]" if value else "[]"
    if isinstance(value, dict):
        return "{…}" if value else "{}"
    return safe_repr(value)


def _quoted(text: str) -> str:
    """Return the `repr` of a text; its quotes are kept where it is cut."""
    quoted = repr(text)
    return quoted if len(quoted) <= WIDTH else f"{quoted[: WIDTH - 2]}…{quoted[0]}"


def _truncate(text: str, more: bool = False) -> str:
    return text[: WIDTH - 1] + "…" if more or len(text) > WIDTH else text
