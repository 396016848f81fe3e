"""The forms in which a server may echo a key."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

ECHOES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in words": lambda key: f"the key '{key}' is wrong",
    "upper case": str.upper,
    "lower case": str.lower,
    "escapes of JSON": lambda key: "".join(f"\\u{ord(char):04x}" for char in key),
    "one escape of JSON": lambda key: f"\\u{ord(key[0]):04X}{key[1:]}",
    "escapes in escapes": lambda key: "".join(f"\\\\u{ord(char):04x}" for char in key),
    "hexadecimal escapes": lambda key: "".join(f"\\x{ord(char):02x}" for char in key),
    "in hexadecimal": lambda key: key.encode().hex(),
    "escaped for a URL": lambda key: "".join(f"%{ord(char):02X}" for char in key),
    "escaped twice": lambda key: quote(quote(f"%{ord(key[0]):02x}{key[1:]}")),
    "entities": lambda key: "".join(f"&#{ord(char)};" for char in key),
    "hexadecimal entities": lambda key: "".join(f"&#x{ord(char):X};" for char in key),
    "over lines": lambda key: f"{key[:9]}\n{key[9:15]}\r\n  {key[15:]}",
    "over other lines": lambda key: f"{key[:9]}\u2028{key[9:15]}\x0b{key[15:]}",
    "over lines of JSON": lambda key: json.dumps(f"{key[:9]}\n{key[9:]}"),
    "with what can't be seen": lambda key: "\u200b".join(key),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 with a user": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "base64 of a header": lambda key: base64.b64encode(f"Authorization: Bearer {key}\n".encode()).decode(),
    "base64 for a URL": lambda key: base64.urlsafe_b64encode(f"a{key}b".encode()).decode(),
    "base64 over lines": lambda key: base64.encodebytes(f"{'x' * 40}{key}".encode()).decode(),
    "after many blanks": lambda key: f"{' ' * 1590}{key}",
    "after many words": lambda key: f"{'x' * 390} {key}",
    "in a page": lambda key: f"<html><body>{html.escape(key)}</body></html>",
}


def shows_key(text: str, key: str) -> bool:
    """Return whether a text shows half of a key or more, in any of these forms."""
    half = len(key) // 2
    for piece in (key[:half], key[half:]):
        plain = "".join(text.split()).replace("\u200b", "").lower()
        if piece.lower() in plain or piece.encode().hex() in plain:
            return True
        for offset in range(3):
            encoded = base64.b64encode(b"\0" * offset + piece.encode()).decode()[4:-4]
            if encoded in text or encoded in "".join(text.split()):
                return True
    code = ord(key[-1])
    return (
        any(f"{mark}{code:02x}" in text.lower() for mark in ("\\u00", "\\x", "%", "&#x"))
        or f"&#{code};" in text
    )
