"""What a broken rule says: what was met, what is allowed, by which rule, what to do.

One function for each kind, fed with the violation's limit and value alone; so the same words come
from every reading of the spec, and generated code holds no sentence.
"""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from wanlib.base.hosts import not_public
from wanlib.base.rule_id import RuleId, parse_rule_id
from wanlib.base.shown import shown

Words = Callable[[Any, Any], tuple[str, str]]  # (limit, value) -> what was met and is allowed; what to do

_MEGABYTE = 1_048_576
_TYPES = {
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "str": "text",
    "list": "list",
    "dict": "object",
}
_SUBJECTS = {"unknown": "member", "endpoints": "model"}
_ALLOWED = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
    "object": "an object",
    "size": "text: a keyword or width*height",
    "image": "text: a URL or a data URI",
    "percent": 'text such as "25.00%"',
}


def message(rule: str, path: str, limit: Any, value: Any) -> str:
    """The sentence for a broken rule, ending with its id and what to do about it."""
    parts = parse_rule_id(rule)
    met, advice = WORDING[parts.kind](limit, value)
    return f"{_subject(parts, path)} {met}{_where(parts.mode)} ({rule}). {advice}."


def _subject(parts: RuleId, path: str) -> str:
    name = _SUBJECTS.get(parts.kind) or parts.field or parts.kind
    return f"{name} at {shown(path)[1:-1]}" if path else name


def _where(mode: str) -> str:
    if mode.startswith("not-"):
        return f" unless {mode[4:]}"
    return f" when {mode}" if mode else ""


def json_type(value: object) -> str:
    """The name that JSON has for the type of a value; `null` for None."""
    return "null" if value is None else _TYPES.get(type(value).__name__, type(value).__name__)


def _typed(value: object) -> str:
    return "null" if value is None else f"{json_type(value)} ({shown(value)})"


def _names(limit: Any) -> str:
    names = [str(each).lower() if isinstance(each, bool) else str(each) for each in limit]
    return ", ".join(names) or "none"


def _pixels(count: int) -> str:
    side = round(count**0.5)
    return f"{count:,} pixels" + (f" ({side}*{side})" if side * side == count else "")


def _bytes(count: int) -> str:
    whole, rest = divmod(count, _MEGABYTE)
    return f"{whole} MB" if not rest else f"{count:,} bytes"


def _near(limit: Any, value: Any) -> str:
    near = get_close_matches(str(value)[:40], [str(each) for each in limit], 1)
    return f"; did you mean {near[0]}?" if near else ""


def _unknown(limit: Any, value: Any) -> tuple[str, str]:
    return (
        f"is {shown(value)}, which no page on this model knows here{_near(limit, value)}",
        "Leave it out, or send it knowingly",
    )


def _listed(limit: Any, value: Any) -> tuple[str, str]:
    return f"is {shown(value)}; allowed: {_names(limit)}", "Use one of these"


def _keywords(limit: Any, value: Any) -> tuple[str, str]:
    words = f"{_names(limit)}, or width*height" if limit else "width*height"
    return f"is {shown(value)}; allowed: {words}", "Write a size such as 1280*1280" + (
        "" if not limit else " or a keyword"
    )


WORDING: dict[str, Words] = {
    "model": lambda limit, value: (
        f"is {shown(value)}; known: {_names(limit)}",
        "Name one of these in model",
    ),
    "endpoints": lambda limit, value: (
        f"takes no {shown(value)} call; it has: {_names(limit)}",
        "Make one of these calls",
    ),
    "type": lambda limit, value: (
        f"is {_typed(value)}; due is {_ALLOWED.get(limit, limit)}",
        "Remove it: null is not a value" if value is None else f"Send {_ALLOWED.get(limit, limit)}",
    ),
    "required": lambda limit, value: (
        "is missing or null; it is required",
        "Give it a value: null is not one",
    ),
    "unknown": _unknown,
    "place": lambda limit, value: (f"stands in the wrong place; its place is {limit}", f"Move it to {limit}"),
    "effective": lambda limit, value: (
        f"is {shown(value)} and has no effect here; it acts only where {limit}",
        "Leave it out, or change the mode",
    ),
    "needs": lambda limit, value: (
        f"is {shown(value)}; it is only for calls where {limit}",
        "Leave it out, or change the mode",
    ),
    "parts": lambda limit, value: (
        f"is {shown(value)}; due is an object with one member: {_names(limit)}",
        "Write {" + '"image": …} or {"text": …}',
    ),
    "one_of": _listed,
    "count": lambda limit, value: (f"has {value} items; due are exactly {limit}", f"Send {limit}"),
    "min_count": lambda limit, value: (f"has {value} items; at least {limit}", "Add items"),
    "max_count": lambda limit, value: (f"has {value} items; at most {limit}", "Send fewer"),
    "max_chars": lambda limit, value: (
        f"has {value:,} characters; at most {limit:,}",
        "Shorten it: what is over may be cut without a sign",
    ),
    "pattern": lambda limit, value: (f"is {shown(value)}; the form is {limit}", "Write it in this form"),
    "decimals": lambda limit, value: (
        f"is {shown(value)}; due are {limit} decimals",
        f"Write {limit} decimals",
    ),
    "min": lambda limit, value: (f"is {shown(value)}; at least {limit}", f"Send {limit} or more"),
    "max": lambda limit, value: (f"is {shown(value)}; at most {limit}", f"Send {limit} or less"),
    "keywords": _keywords,
    "min_pixels": lambda limit, value: (
        f"has {_pixels(value)}; at least {_pixels(limit)}",
        "Ask for a larger size",
    ),
    "max_pixels": lambda limit, value: (
        f"has {_pixels(value)}; at most {_pixels(limit)}",
        "Ask for a smaller size",
    ),
    "min_ratio": lambda limit, value: (
        f"is {value}; width:height at least {limit}",
        "Make it wider or less high",
    ),
    "max_ratio": lambda limit, value: (
        f"is {value}; width:height at most {limit}",
        "Make it higher or less wide",
    ),
    "schemes": lambda limit, value: (
        f"is {shown(value)}; it must begin with one of: {_names(limit)}",
        "Send a URL, or the file as a data URI",
    ),
    "chars": lambda limit, value: (
        f"is {shown(value)}; a URL holds {limit} characters only",
        "Percent-encode the rest",
    ),
    "public": lambda limit, value: (
        f"is {shown(value)}, which the service can't download: "
        f"{not_public(str(value), limit) or 'not public'}; allowed: a URL that is open to the internet",
        "Put the image on a public host, upload it for an oss:// URL, or send it as a data URI",
    ),
    "unexpired": lambda limit, value: (
        f"is signed until {value}, which has passed; allowed: a URL whose signature is valid",
        "Sign the URL again, for longer than the task can wait",
    ),
    "encoding": lambda limit, value: (
        f"is no data URI in {limit}: {value}",
        "Write data:{MIME};base64,{data} with whole, padded base64",
    ),
    "mime": lambda limit, value: (
        f"is named {shown(value)}; due is {_names(limit)}",
        "Name the type that the bytes are",
    ),
    "formats": lambda limit, value: (
        f"holds {value}; allowed: {_names(limit)}",
        "Send a whole file in one of these formats",
    ),
    "min_side": lambda limit, value: (f"is {value} pixels; each side at least {limit}", "Enlarge the image"),
    "max_side": lambda limit, value: (
        f"is {value} pixels; each side at most {limit}",
        "Scale the image down",
    ),
    "max_bytes": lambda limit, value: (
        f"has {value:,} bytes; at most {_bytes(limit)}",
        "Compress or scale the image",
    ),
    "same_count_as": lambda limit, value: (
        f"has {value[0]} items where {limit} has {value[1]}; due are as many",
        f"Give one item for each of {limit}, [] where there is nothing to say",
    ),
    "same_pixels_as": lambda limit, value: (
        f"is {value[0]} where {limit} is {value[1]}; due is the same size",
        "Scale one to the other",
    ),
    "total": lambda limit, value: (
        f"adds up to {value}%; due is exactly {limit}%",
        "Change a ratio by the difference",
    ),
    "ordered": lambda limit, value: (
        f"is {shown(value)}; due is {_names(limit)} with x1 < x2 and y1 < y2",
        "Give the top-left corner first",
    ),
    "inside": lambda limit, value: (
        f"is {shown(value[0])}, outside of its image ({value[1]})",
        "Give pixels of the image as stored",
    ),
}
