"""Values as messages, logs and reports may show them: short, and without secrets or image bytes."""

import hashlib
import re
from typing import Any

WIDTH = 80
_DIGESTED = 65536
_QUERY = re.compile(r"(?i)\b((?:https?|oss)://[^\s?#\"']*)[?#][^\s\"']*")
_DATA = re.compile(r"(?i)data:[^\s,\"']{0,80},[^\s\"']*")


def shown(value: object) -> str:
    """`value` through `repr`, at most 80 characters, URLs without their query, data URIs as a digest."""
    if isinstance(value, str):
        return repr(safe_text(value))
    if isinstance(value, list):
        return _cut(_list(value))
    if isinstance(value, dict):
        return _cut(_dict(value))
    try:
        return _cut(safe_text(repr(value)))
    except Exception:  # a foreign object's repr may raise anything; the message must still appear
        return f"<{type(value).__name__}>"


def safe_text(text: str) -> str:
    """`text` cut at 80 characters, with data URIs as a digest and URLs without their query."""
    if text[:5].lower() == "data:":
        return _digest(text)
    head = text[: WIDTH * 4]
    head = _DATA.sub(lambda found: _digest(found.group()), head)
    return _cut(_QUERY.sub(r"\1?…", head), len(text) > len(head))


def plain(value: Any) -> Any:
    """`value` as JSON that may be printed: numbers, words and short lists as they are, the rest shown."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else shown(value)
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, str):
        return safe_text(value)
    if type(value) is tuple or (isinstance(value, list) and len(value) <= 16 and all(map(_scalar, value))):
        return [plain(each) for each in value]
    if isinstance(value, (list, dict)):
        return shown(value)
    return str(value)


def _scalar(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float))


def _digest(text: str) -> str:
    head, _, _ = text[:WIDTH].partition(",")
    digest = hashlib.sha256(text[:_DIGESTED].encode("utf-8", "replace")).hexdigest()[:8]
    return f"{head[:40]},… ({len(text):,} characters, digest {digest})"


def _list(values: list[Any]) -> str:
    rest = ", …" if len(values) > 4 else ""
    return f"[{', '.join(_inner(each) for each in values[:4])}{rest}]"


def _dict(values: dict[Any, Any]) -> str:
    some = list(values.items())[:4]
    rest = ", …" if len(values) > 4 else ""
    return "{" + ", ".join(f"{shown(key)}: {_inner(each)}" for key, each in some) + rest + "}"


def _inner(value: object) -> str:
    """A value inside another: containers are not opened again, so depth costs nothing."""
    if isinstance(value, list):
        return "[…]" if value else "[]"
    if isinstance(value, dict):
        return "{…}" if value else "{}"
    return shown(value)


def _cut(text: str, more: bool = False) -> str:
    if len(text) > WIDTH:
        return text[: WIDTH - 1] + "…"
    return text + "…" if more else text
