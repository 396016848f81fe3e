"""Messages of violations: the value sent, the allowed values, the rule, and what to do.

One function for each kind, fed with limit, value and hints alone, so that every reading of the spec
gives the same message, and generated code holds no sentence.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from wanlib.base.identifiers import Hints, RuleId, hints_of, parse_rule_id
from wanlib.base.redaction import safe_repr
from wanlib.base.text import (
    count_pixels,
    did_you_mean,
    format_bytes,
    format_pixels,
    join_names,
    to_json_text,
    with_json_type,
)
from wanlib.base.urls import private_url_reason

MessageParts = Callable[[Any, Any, Hints], tuple[str, ...]]
"""From limit, value and hints to the problem, the advice, and the suggestion if there is one."""

_ANY_SIZE = re.compile(r"\s*([1-9][0-9]{0,5})\s*[xX*\u00d7\uff0a\u2715]\s*([1-9][0-9]{0,5})\s*")
_SIZE_WORDS = ("width", "height", "resolution", "aspect_ratio", "image_size")
_UNDOCUMENTED = "It is not documented for this model. Remove it"
_EXPECTED = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
    "object": "an object",
    "size": "text: a keyword or width*height",
    "image": "text: a URL or a data URI",
    "percent": 'text such as "25.00%"',
}


def format_violation(rule: str, path: str, limit: Any, value: Any) -> str:
    """Return the sentences for a violation: the problem, the rule id in parentheses, and what to do.

    Args:
        rule: The rule id; as a `RuleName` it carries hints from the spec.
        path: JSON Pointer into the body.
        limit: What the rule allows.
        value: What was sent.
    """
    parts, hints = parse_rule_id(rule), hints_of(rule)
    words = _unknown_parameter if _is_parameter(parts) else MESSAGE_BY_KIND[parts.kind]
    problem, advice, *near = words(limit, value, hints)
    if parts.kind == "one_of" and tuple(limit) == (False,) and value is True:
        problem, advice, near = f"is true, which {parts.file} does not offer", "Leave it out", []
    sentence = problem + (f" with {hints.when}" if hints.when else "") + "".join(near)
    return (
        f"{_subject(parts, path, value)}{sentence} ({rule}){'' if sentence.endswith('?') else '.'} {advice}."
    )


def _subject(parts: RuleId, path: str, value: Any) -> str:
    if parts.kind == "unknown":
        parent = path.rpartition("/")[0]
        name = "parameter" if _is_parameter(parts) else "member"
        return f"Unknown {name} {safe_repr(value)} at {_place(parent) or 'the top level'}"
    name = "model" if parts.kind in ("endpoints", "only_in") else parts.field_name or parts.kind
    if parts.kind == "only_for":
        name = path.rpartition("/")[2]
    return f"{_place(name)} at {_place(path)} " if path else f"{name} "


def _is_parameter(parts: RuleId) -> bool:
    """Whether a rule is about the names of parameters, rather than of members elsewhere."""
    return parts.kind == "unknown" and not parts.path


def _place(text: str) -> str:
    return safe_repr(text)[1:-1]


def _one_of(names: Iterable[Any]) -> str:
    return join_names(names, "or")


# What to do.


def _condition_hint(what: str, others: Iterable[tuple[Any, str]], fits: Callable[[Any], bool]) -> str:
    """Return the other condition under which a value is allowed, as a sentence that begins with `what`."""
    condition = next((words for limit, words in others if limit is None or fits(limit)), None)
    return f". {what} {condition}" if condition else ""


def _model_text(limit: Any, value: Any, hints: Hints) -> tuple[str, ...]:
    if not isinstance(value, str):
        problem = "is missing" if value is None else f"is {with_json_type(value)}"
        return f"{problem}; expected the name of a model", f"Name one of: {join_names(limit)}"
    return (
        f"is {to_json_text(value)}, which is not a model of this spec",
        f"This spec covers {join_names(limit, 'and')}",
        did_you_mean(value, limit, strict=True),
    )


def _type_text(limit: Any, value: Any, hints: Hints) -> tuple[str, ...]:
    expected = _EXPECTED.get(limit, limit)
    problem = f"is {with_json_type(value)}; expected {expected}"
    if value is None:
        return problem, "Remove it: null is not a value"
    return problem, _unquoted(limit, value) or f"Send {expected}"


def _unquoted(limit: Any, value: Any) -> str:
    """Return the advice for a value that is right but for its quotes."""
    text = value.strip() if isinstance(value, str) and len(value) < 40 else ""
    if limit == "boolean" and text.lower() in ("true", "false"):
        return f"Send {text.lower()} without quotes"
    if limit in ("integer", "number") and re.fullmatch(r"-?(?:0|[1-9][0-9]*)", text):
        return f"Send {text} without quotes"
    return ""


def _unknown_member_text(limit: Any, value: Any, hints: Hints) -> tuple[str, ...]:
    if position := hints.positions.get(value) if isinstance(value, str) else None:
        return f"; it belongs at {position}", "Move it there"
    if hints.sizes and isinstance(value, str) and value.lower() in _SIZE_WORDS:
        size = hints.sizes[0]
        return (
            "",
            f"Write width and height as one text at {hints.positions.get(size, size)}, such as 1280*1280",
            f"; did you mean {size!r}?",
        )
    return (
        "",
        _UNDOCUMENTED,
        did_you_mean(value, [*limit, *hints.positions]),
    )


def _unknown_parameter(limit: Any, value: Any, hints: Hints) -> tuple[str, ...]:
    problem, advice, *near = _unknown_member_text(limit, value, hints)
    return (
        problem,
        advice + (", or send it with extra= of the client" if advice == _UNDOCUMENTED else ""),
        *near,
    )


def _only_for_text(limit: Any, value: Any, hints: Hints) -> tuple[str, ...]:
    return f"is only for {join_names(limit, 'and')}", hints.instead.get(value, "Remove it")


def _one_of_text(limit: Any, value: Any, hints: Hints) -> tuple[str, ...]:
    word = to_json_text(value)
    return (
        f"is {word}; allowed: {join_names(limit)}",
        ("Use one of these" if len(limit) > 1 else f"Use {join_names(limit)}")
        + _condition_hint(f"{word} needs", hints.others, lambda limit: value in limit),
        did_you_mean(value, limit),
    )


def _keywords_text(limit: Any, value: Any, hints: Hints) -> tuple[str, ...]:
    allowed = f"{join_names(limit)}, or width*height" if limit else "width*height"
    meant = _meant_size(limit, value, hints)
    advice = f"Write a size such as 1280*1280{' or a keyword' if limit else ''}"
    return (
        f"is {to_json_text(value)}; allowed: {allowed}",
        advice
        + _condition_hint(f"{safe_repr(meant)[1:-1]} needs", hints.others, lambda limit: meant in limit),
        f"; did you mean {meant!r}?" if meant != value else "",
    )


def _meant_size(limit: Any, value: Any, hints: Hints) -> Any:
    """Return the size or keyword that a text means; the text itself if it is not near one."""
    if not isinstance(value, str):
        return value
    if match := _ANY_SIZE.fullmatch(value[:40]):
        return f"{match[1]}*{match[2]}"
    words = [*limit, *(word for keywords, _ in hints.others for word in keywords or ())]
    return next((word for word in words if word.lower() == value[:40].strip().lower()), value)


def _count_text(fits: Callable[[Any, Any], bool], bound_words: str, advice: str) -> MessageParts:
    def words(limit: Any, value: Any, hints: Hints) -> tuple[str, str]:
        what = f"{_items(value)} need{'s' if value == 1 else ''}" if value else "A request without them needs"
        return (
            f"has {_items(value)}; {bound_words} {limit}",
            advice.format(limit) + _condition_hint(what, hints.others, lambda bound: fits(value, bound)),
        )

    return words


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"


def _bound_text(fits: Callable[[Any, Any], bool], bound_words: str, more: str) -> MessageParts:
    def words(limit: Any, value: Any, hints: Hints) -> tuple[str, str]:
        return (
            f"is {to_json_text(value)}; {bound_words} {limit}",
            f"Send {limit} or {more}"
            + _condition_hint(f"{safe_repr(value)} needs", hints.others, lambda bound: fits(value, bound)),
        )

    return words


def _pixels_text(fits: Callable[[Any, Any], bool], bound_words: str, other: str) -> MessageParts:
    def words(limit: Any, value: Any, hints: Hints) -> tuple[str, str]:
        count = count_pixels(value)
        return (
            f"is {value} ({count:,} pixels); {bound_words} {format_pixels(limit)}",
            f"Ask for a {other} size"
            + _condition_hint(f"{value} needs", hints.others, lambda bound: fits(count, bound)),
        )

    return words


def _at_least(value: Any, limit: Any) -> bool:
    return bool(value >= limit)


def _at_most(value: Any, limit: Any) -> bool:
    return bool(value <= limit)


MESSAGE_BY_KIND: dict[str, MessageParts] = {
    "model": _model_text,
    "endpoints": lambda limit, value, hints: (
        f"does not offer {safe_repr(value)} calls; it offers: {join_names(limit)}",
        f"Make a call of the kind {_one_of(limit)}",
    ),
    "only_in": lambda limit, value, hints: (
        f"offers {safe_repr(value)} calls only with {limit}",
        "Change the request, or make a call of another kind",
    ),
    "type": _type_text,
    "required": lambda limit, value, hints: (
        "is missing or null; it is required",
        "Give it a value: null is not one",
    ),
    "unknown": _unknown_member_text,
    "only_for": _only_for_text,
    "place": lambda limit, value, hints: (
        f"is in the wrong place; it belongs in {limit}",
        f"Move it to {limit}",
    ),
    "effective": lambda limit, value, hints: (
        f"is {to_json_text(value)}; it has an effect only with {limit}",
        "Leave it out",
    ),
    "needs": lambda limit, value, hints: (
        f"is {to_json_text(value)}; it is only for requests with {limit}",
        "Leave it out",
    ),
    "requires": lambda limit, value, hints: (
        f"is {to_json_text(value)}; it requires {limit}, which is missing",
        f"Send {limit} too, or leave it out",
    ),
    "excludes": lambda limit, value, hints: (
        f"excludes {join_names(value, 'and')}, which {'is' if len(value) == 1 else 'are'} given too",
        "Send one of them only",
    ),
    "parts": lambda limit, value, hints: (
        f"is {to_json_text(value)}; expected an object with one member: {_one_of(limit)}",
        "Write " + join_names((f'{{"{name}": …}}' for name in limit), "or"),
    ),
    "one_of": _one_of_text,
    "not_blank": lambda limit, value, hints: (
        f"is {to_json_text(value)}; expected more than white space",
        "Describe what to draw or to change",
    ),
    "none_of": lambda limit, value, hints: (
        f"is {to_json_text(value)}; {join_names(limit, 'and')} are not offered",
        "Give width*height, or leave it out",
    ),
    "count": lambda limit, value, hints: (f"has {_items(value)}; expected exactly {limit}", f"Send {limit}"),
    "min_count": _count_text(_at_least, "at least", "Send {} or more"),
    "max_count": _count_text(_at_most, "at most", "Send {} or fewer"),
    "max_chars": lambda limit, value, hints: (
        f"has {value:,} characters; at most {limit:,}",
        "Shorten it: the service may cut off the rest without notice",
    ),
    "pattern": lambda limit, value, hints: (
        f"is {to_json_text(value)}; expected the form {limit}",
        "Write it in this form",
    ),
    "decimals": lambda limit, value, hints: (
        f"is {to_json_text(value)}; expected {limit} decimals",
        f"Write {limit} decimals",
    ),
    "min": _bound_text(_at_least, "at least", "more"),
    "max": _bound_text(_at_most, "at most", "less"),
    "step": lambda limit, value, hints: (
        f"is {to_json_text(value)}; expected a multiple of {limit}",
        f"Round it to a multiple of {limit}",
    ),
    "keywords": _keywords_text,
    "min_pixels": _pixels_text(_at_least, "at least", "larger"),
    "max_pixels": _pixels_text(_at_most, "at most", "smaller"),
    "min_ratio": lambda limit, value, hints: (
        f"is {value}; width:height must be at least {limit}",
        "Make it wider or less tall",
    ),
    "max_ratio": lambda limit, value, hints: (
        f"is {value}; width:height must be at most {limit}",
        "Make it taller or less wide",
    ),
    "schemes": lambda limit, value, hints: (
        f"is {to_json_text(value)}; it must begin with {_one_of(f'{scheme}:' for scheme in limit)}",
        "Send a URL, or the file as a data URI",
    ),
    "chars": lambda limit, value, hints: (
        f"is {to_json_text(value)}; a URL may hold {limit} characters only",
        "Percent-encode the others",
    ),
    "public": lambda limit, value, hints: (
        f"is {safe_repr(value)}, which the service cannot download: "
        f"{private_url_reason(str(value), limit) or 'not public'}; "
        "allowed: a URL that is open to the internet",
        "Put the image on a public host, upload it for an oss:// URL, or send it as a data URI",
    ),
    "unexpired": lambda limit, value, hints: (
        f"is signed until {value}, which has passed; allowed: a URL whose signature is valid",
        "Sign the URL again, for longer than the task can wait",
    ),
    "encoding": lambda limit, value, hints: (
        f"is not a data URI in {limit}: {value}",
        "Write data:{MIME};base64,{data} with complete, padded base64",
    ),
    "mime": lambda limit, value, hints: (
        f"is labeled {safe_repr(value)}; expected {_one_of(limit)}",
        "Use the MIME type of the bytes",
    ),
    "formats": lambda limit, value, hints: (
        f"holds {value}; allowed: {join_names(limit)}",
        "Send a complete file in one of these formats",
    ),
    "min_side": lambda limit, value, hints: (
        f"is {value} pixels; each side must have at least {limit}",
        "Use a larger one",
    ),
    "max_side": lambda limit, value, hints: (
        f"is {value} pixels; each side may have at most {limit}",
        "Use a smaller one",
    ),
    "max_bytes": lambda limit, value, hints: (
        f"has {value:,} bytes; at most {format_bytes(limit)}",
        "Compress or scale the image",
    ),
    "same_count_as": lambda limit, value, hints: (
        f"has {_items(value[0])}, {limit} has {value[1]}; expected the same number",
        f"Give one item for each of {limit}; [] where it needs none",
    ),
    "same_pixels_as": lambda limit, value, hints: (
        f"is {value[0]}, {limit} is {value[1]}; expected the same size",
        "Scale one to the other",
    ),
    "total": lambda limit, value, hints: (
        f"adds up to {value}%; expected exactly {limit}%",
        "Change a ratio by the difference",
    ),
    "ordered": lambda limit, value, hints: (
        f"is {to_json_text(value)}; expected {join_names(limit)} with x1 < x2 and y1 < y2",
        "Give the top-left corner first",
    ),
    "inside": lambda limit, value, hints: (
        f"is {safe_repr(value[0])}, which is beyond its image ({value[1]})",
        "Give pixels of the image as stored",
    ),
}
