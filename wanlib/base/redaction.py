"""Redact values for messages, logs and reports: short, and without secrets or image bytes.

`Secret` holds an API key, and `hide_keys` removes every key that is in use. A server or proxy that echoes a
key may write it in another form: with the escapes of JSON, URLs or HTML, in hexadecimal or base64, in another
case, or with line ends in it. Every text that comes from outside passes `hide_keys` before it reaches a
message, a log record or the journal.
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn, Self
from weakref import WeakValueDictionary

from wanlib.base.values import Ratio

WIDTH = 80
_READ = WIDTH * 4  # nothing after it can appear in the output
_DIGESTED = 65536
_DATA = re.compile(r"(?is)data:(?:[^,]{0,80};base64,.*|[^\s,]{0,80},\S*|\S{24,})")
_MIME = re.compile(r"(?i)data:[a-z]{1,12}/[a-z0-9.+-]{1,12}(?:;base64)?,")
# A file in bare base64; without the three classes of characters it may be a long word.
_BASE64 = re.compile(r"(?=.{0,63}[A-Z])(?=.{0,63}[a-z])(?=.{0,63}[0-9])[A-Za-z0-9+/]{64,}=*")
_URL = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:/[^?#]*[?#]")
_QUERY = re.compile(r"(//[^\s?#]*)[?#]\S*|\?[^\s=?]{1,64}=\S*")
_BARE = 64  # characters; a shorter text holds no such file
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
    if len(text) < _BARE and _is_plain(text.lower()):
        return hide_keys(text)
    if text[:5].lower() == "data:" or _BASE64.match(text):
        return _data_uri_digest(text)
    head = _DATA.sub(lambda match: f"{_data_uri_header(match.group())}…", hide_keys_within(text, _READ))
    if url := _URL.match(head):
        head = f"{url.group()[:-1]}?…"
    else:
        head = _QUERY.sub(lambda match: f"{match[1] or ''}?…", head)
    head = _BASE64.sub("…", _USER.sub("…@", head))
    return _truncate(head, len(text) > _READ and head[-1] != "…")


def _is_plain(text: str) -> bool:
    """Return True if a short lower-case text needs no redaction: it has no query, user or data URI."""
    return not ("?" in text or "#" in text or "@" in text or "data:" in text)


def without_queries(text: str) -> str:
    """Return a text of any length without keys, and its URLs without user, query and fragment."""
    return _USER.sub("…@", _QUERY.sub(lambda match: f"{match[1] or ''}?…", hide_keys(text)))


def without_secrets(text: str) -> str:
    """Return a text of any length without keys, image data, and the queries of its URLs."""
    text = _DATA.sub(lambda match: f"{_data_uri_header(match.group())}…", hide_keys(text))
    return _BASE64.sub("…", without_queries(text))


def to_safe_json(value: Any) -> Any:
    """Return a value as JSON that may be printed: numbers, words, short lists; the rest redacted."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else safe_repr(value)
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, str):
        return _truncate(escape_surrogates(redact_text(value)))
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
        depth: The level of the value in the containers around it, from 0.
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
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def printable(text: str) -> str:
    """Return an untrusted text as one line for a terminal: without keys, control characters escaped."""
    text = hide_keys(text)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def printable_json(value: object, indent: int | None = None) -> str:
    """Return a value as JSON for a terminal: other scripts unchanged, control characters escaped."""
    import json  # for commands alone

    text = json.dumps(value, indent=indent, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def _is_small_list(value: object) -> bool:
    """Return whether it is a list that is shown completely: few items, none of them a list or object."""
    if not isinstance(value, list) or len(value) > 16:
        return False
    return all(item is None or isinstance(item, (str, int, float)) for item in value)


def _data_uri_digest(text: str) -> str:
    import hashlib  # slower to import than everything else here

    digest = hashlib.sha256(text[:_DIGESTED].encode("utf-8", "replace")).hexdigest()[:8]
    return f"{_data_uri_header(text)}… ({len(text):,} characters, digest {digest})"


def _data_uri_header(text: str) -> str:
    """Return the head of a data URI, if it has a media type and no other parameter than `base64`."""
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


MASK = "***"
"""The replacement of a key."""

_MIN_KEY = 8
"""Minimum length of a key that is searched for; a shorter one may be part of any word."""
_LONGEST_FORM = 40
"""The maximum number of characters for one character of a key, including any separators."""
_GAP = r"(?:[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]|\\{1,4}[nrt]){0,32}"
_ESCAPE = re.compile(
    r"\\{1,4}(?:u00([0-9a-fA-F]{2})|x([0-9a-fA-F]{2})|[nrt])"
    r"|%(?:25){0,4}([0-9a-fA-F]{2})|&#(?:0{0,4}([0-9]{2,3})|[xX]0{0,4}([0-9a-fA-F]{2}));"
)
_MAX_NESTED_ESCAPES = 3
_NOT_VISIBLE = re.compile(r"[^!-~]+")  # no key has such characters


class Secret:
    """An API key. Only `reveal` returns it; `repr`, `str` and `vars` do not, and it cannot be pickled.

    There is one object per key, so that each key is searched for only once.
    """

    __slots__ = ("__weakref__", "_base64", "_pattern", "_plain", "_shortest", "_text")

    _known: ClassVar[WeakValueDictionary[str, "Secret"]] = WeakValueDictionary()

    def __init__(self, text: str) -> None:
        """Hold a key; use `of` to create a Secret."""
        self._text = text
        self._base64 = [_in_base64(text, offset) for offset in range(3)]
        self._plain = (text.lower(), text.encode().hex())
        self._shortest = max(_MIN_KEY, min(map(len, (text, *self._base64))))  # characters of any form
        self._pattern: re.Pattern[str] | None = None  # created on demand, because it takes milliseconds

    @classmethod
    def of(cls, value: object) -> "Secret":
        """Return the secret of a key without surrounding spaces; an empty one for anything but text."""
        text = value.strip(" ") if isinstance(value, str) else ""
        secret = cls._known.get(text)
        if secret is None:
            secret = cls._known[text] = cls(text)
        return secret

    @property
    def is_empty(self) -> bool:
        """Whether the key is missing or blank."""
        return not self._text.strip()

    @property
    def is_well_formed(self) -> bool:
        """Whether it has only characters that a key may have: printable ASCII without blanks."""
        return self._text.isascii() and self._text.isprintable() and " " not in self._text

    def starts_with(self, prefix: str) -> bool:
        """Return whether the key begins with a prefix."""
        return self._text.startswith(prefix)

    def reveal(self) -> str:
        """Return the key itself. Do not keep it in a variable: error trackers collect those of each frame."""
        return self._text

    def hide_in(self, text: str) -> str:
        """Return a text with the key masked, in each form that it can take."""
        if len(text) < self._shortest or len(self._text) < _MIN_KEY or not self._occurs_in(text):
            return text
        if self._pattern is None:
            self._pattern = _pattern(self._text)
        return self._pattern.sub(MASK, text)

    def _occurs_in(self, text: str) -> bool:
        """Return whether a text contains the key, which is much cheaper than the pattern."""
        visible = "".join(text.split())
        if not (visible.isascii() and visible.isprintable()):
            visible = _NOT_VISIBLE.sub("", visible)
        standard = visible.replace("-", "+").replace("_", "/")
        if any(form in standard for form in self._base64):
            return True
        for _ in range(_MAX_NESTED_ESCAPES):
            lower = visible.lower()
            if any(form in lower for form in self._plain):
                return True
            if "\\" not in visible and "%" not in visible and "&#" not in visible:
                return False
            visible = _ESCAPE.sub(_unescaped, visible)
        return False

    def __repr__(self) -> str:
        """Return a text without the key."""
        return "<Secret>"

    def __copy__(self) -> Self:
        """Return the secret itself."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Return the secret itself."""
        return self

    def __reduce__(self) -> NoReturn:
        """Refuse to pickle."""
        raise TypeError("an API key can't be pickled; create a new client in the other process")


def hide_keys(text: str) -> str:
    """Return a text with every key masked that is in use in this process."""
    if len(text) < _MIN_KEY:
        return text
    for reference in Secret._known.valuerefs():
        if secret := reference():
            text = secret.hide_in(text)
    return text


def hide_keys_within(text: str, length: int) -> str:
    """Return the beginning of a text with the keys masked.

    Args:
        text: A text of any length.
        length: Number of characters of interest. A key that begins there is masked even if it ends later.
    """
    if len(text) <= length:
        return hide_keys(text)
    return hide_keys(text[: length + 64 * _LONGEST_FORM])[:length]


def hide_keys_in_bytes(data: bytes) -> bytes:
    """Return the bytes of a text in an encoding that extends ASCII, with every key masked."""
    text = data.decode("latin-1")
    hidden = hide_keys(text)
    return data if hidden == text else hidden.encode("latin-1")


def hide_keys_in_json(value: Any) -> Any:
    """Return a JSON value with every key masked, also in the names of members."""
    if isinstance(value, str):
        return hide_keys(value)
    if isinstance(value, list):
        return [hide_keys_in_json(item) for item in value]
    if isinstance(value, dict):
        return {hide_keys(name): hide_keys_in_json(member) for name, member in value.items()}
    return value


def _pattern(key: str) -> re.Pattern[str]:
    """Return the pattern of a key in any form."""
    plain = _GAP.join(map(_forms, key))
    return re.compile("|".join([plain, *(_base64_pattern(key, offset) for offset in range(3))]))


def _unescaped(escape: re.Match[str]) -> str:
    """Return the character that an escape represents, nothing for a line end."""
    hexadecimal = escape[1] or escape[2] or escape[3] or escape[5]
    if hexadecimal:
        return chr(int(hexadecimal, 16))
    return chr(int(escape[4])) if escape[4] else ""


def _forms(char: str) -> str:
    """Return the pattern of one character: itself in either case, escaped, or in hexadecimal."""
    forms = []
    for form in dict.fromkeys((char, char.lower(), char.upper())):
        code = "".join(f"[{digit.lower()}{digit.upper()}]" for digit in f"{ord(form):02x}")
        forms += [
            re.escape(form),
            rf"\\{{1,4}}(?:u00|x){code}",
            rf"%(?:25){{0,4}}{code}",
            rf"&#(?:0{{0,4}}{ord(form)}|[xX]0{{0,4}}{code});",
            code,
        ]
    return f"(?:{'|'.join(forms)})"


def _base64_pattern(key: str, offset: int) -> str:
    """Return the pattern of a key in base64, offset by this number of bytes from a group of three."""
    other = {"+": r"(?:[+-]|%2[bB])", "/": r"(?:[/_]|%2[fF])"}
    return _GAP.join(other.get(char, char) for char in _in_base64(key, offset))


def _in_base64(key: str, offset: int) -> str:
    """Return the invariant part of a key in base64, offset by this number of bytes from a group of three."""
    from binascii import b2a_base64  # only for a client, so that importing `check` stays fast

    raw = key.encode()
    encoded = b2a_base64(b"\0" * offset + raw, newline=False).decode()
    return encoded[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]
