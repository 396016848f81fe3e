"""Bodies as a log may hold them: no image bytes, no signed URL, no long text, no endless depth."""

from typing import Any

from wanlib.base.redaction import redact_text, safe_repr, to_safe_json

DEPTH = 12
ITEMS = 20


def redacted(value: Any, depth: int = 0) -> Any:
    """`value` as JSON of the same form; strings cut at 80 characters, data URIs as a digest."""
    if isinstance(value, str):
        return escape_surrogates(redact_text(value))
    if isinstance(value, list | dict) and depth >= DEPTH:
        return escape_surrogates(safe_repr(value))
    if isinstance(value, list):
        return _items([redacted(each, depth + 1) for each in value[:ITEMS]], len(value) - ITEMS)
    if isinstance(value, dict):
        return _members(value, depth)
    return to_safe_json(value)


def escape_surrogates(text: str) -> str:
    """`text` with lone surrogates, which no file can hold, written out as `\\udXXX`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _items(some: list[Any], left: int) -> list[Any]:
    return [*some, f"… and {left} more"] if left > 0 else some


def _members(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    some = list(value.items())[:ITEMS]
    members = {escape_surrogates(redact_text(str(key))): redacted(each, depth + 1) for key, each in some}
    return {**members, "…": f"and {len(value) - ITEMS} more"} if len(value) > ITEMS else members
