"""API keys that no text shows: `Secret` holds one, `hide_keys` removes every key that is in use.

A server or proxy that echoes a key may write it in another form: with the escapes of JSON, URLs or HTML, in
hexadecimal or base64, in another case, or with line ends in it. `hide_keys` finds all of these. Every text
that comes from outside passes it before it reaches a message, a log record or the journal (`redact_text`,
`sanitize`, `parse_json_object`).
"""

import re
from typing import Any, ClassVar, NoReturn, Self
from weakref import WeakValueDictionary

MASK = "***"
"""What stands in place of a key."""

_MIN_LENGTH = 8
"""Characters that a key has at least to be looked for; a shorter one may be part of any word."""
_LONGEST_FORM = 40
"""Characters that one character of a key takes at most, with what may stand between two of them."""
_GAP = r"(?:[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]|\\+[nrt]){0,32}"


class Secret:
    """An API key. Only `reveal` returns it; `repr`, `str` and `vars` do not, and it cannot be pickled.

    There is one object for each key, so that the same key is looked for once.
    """

    __slots__ = ("__weakref__", "_pattern", "_text")

    _known: ClassVar[WeakValueDictionary[str, "Secret"]] = WeakValueDictionary()

    def __init__(self, text: str) -> None:
        """Hold a key; `of` is the way to make a Secret."""
        self._text = text
        self._pattern = _pattern(text) if len(text) >= _MIN_LENGTH else None

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
        """Whether there is no key."""
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
        """Return a text with the key masked, in whatever form it occurs."""
        return self._pattern.sub(MASK, text) if self._pattern else text

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
        raise TypeError("an API key is not pickled; create the client anew in the other process")


def hide_keys(text: str) -> str:
    """Return a text with every key masked that is in use in this process."""
    for reference in Secret._known.valuerefs():
        if secret := reference():
            text = secret.hide_in(text)
    return text


def hide_keys_within(text: str, length: int) -> str:
    """Return the beginning of a text with the keys masked.

    Args:
        text: A text of any length.
        length: Characters that are of interest. A key that begins there is masked although it ends later.
    """
    if len(text) <= length:
        return hide_keys(text)
    return hide_keys(text[: length + 64 * _LONGEST_FORM])[:length]


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


def _forms(char: str) -> str:
    """Return the pattern of one character: itself in either case, escaped, or in hexadecimal."""
    forms = []
    for each in dict.fromkeys((char, char.lower(), char.upper())):
        code = "".join(f"[{digit.lower()}{digit.upper()}]" for digit in f"{ord(each):02x}")
        forms += [
            re.escape(each),
            rf"\\+(?:u00|x){code}",
            rf"%(?:25)*{code}",
            rf"&#(?:0*{ord(each)}|[xX]0*{code});",
            code,
        ]
    return f"(?:{'|'.join(forms)})"


def _base64_pattern(key: str, offset: int) -> str:
    """Return the pattern of a key in base64, so many bytes behind a group of three."""
    from binascii import b2a_base64  # for a client alone: the import of `check` stays short

    encoded = b2a_base64(b"\0" * offset + key.encode(), newline=False).decode()
    whole = encoded[-(-offset * 8 // 6) : (offset + len(key.encode())) * 8 // 6]
    other = {"+": r"(?:[+-]|%2[bB])", "/": r"(?:[/_]|%2[fF])"}
    return _GAP.join(other.get(char, char) for char in whole)
