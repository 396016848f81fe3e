"""Describe the rules of a field in plain words, for the descriptions of exported schemas."""

from collections.abc import Callable, Mapping
from typing import Any

from wanlib.base.text import quantity
from wanlib.base.values import MIB
from wanlib.spec import Condition, Field, Rule
from wanlib.spec.model.kinds import KINDS

_TYPES = {
    "size": "text",
    "image": "a URL or a data URI",
    "percent": 'text such as "25.00%"',
    "boolean": "true or false",
}
_CONSEQUENCES = {
    "truncated": "the rest is cut off",
    "unspecified": "the outcome of a violation is not documented",
}


def _listed(limit: Any) -> str:
    return ", ".join(str(value).lower() if isinstance(value, bool) else str(value) for value in limit)


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "required": lambda limit: "required",
    "effective": lambda limit: f"has an effect only if {limit}",
    "needs": lambda limit: f"only if {limit}",
    "requires": lambda limit: f"only with {limit}",
    "excludes": lambda limit: f"not with {_listed(limit)}",
    "one_of": lambda limit: f"one of {_listed(limit)}" if len(limit) > 1 else _listed(limit),
    "not_blank": lambda limit: "not blank",
    "none_of": lambda limit: f"without {_listed(limit)}",
    "count": lambda limit: f"exactly {quantity(limit, 'item')}",
    "min_count": lambda limit: f"at least {quantity(limit, 'item')}",
    "max_count": lambda limit: f"at most {quantity(limit, 'item')}",
    "max_chars": lambda limit: f"at most {quantity(limit, 'character')}",
    "pattern": lambda limit: f"of the form {limit}",
    "decimals": lambda limit: f"with {quantity(limit, 'decimal')}",
    "min": lambda limit: f"at least {limit}",
    "max": lambda limit: f"at most {limit}",
    "step": lambda limit: f"a multiple of {limit}",
    "schemes": lambda limit: f"by {_listed(limit)}",
    "chars": lambda limit: f"a URL in {limit}",
    "public": lambda limit: "a URL that is public on the internet",
    "unexpired": lambda limit: "with a signature that has not expired",
    "encoding": lambda limit: f"data in {limit}",
    "mime": lambda limit: f"with the MIME type of its bytes: {_listed(limit.values())}",
    "formats": lambda limit: f"holding {_listed(limit)}",
    "min_side": lambda limit: f"each side at least {limit:,} pixels",
    "max_side": lambda limit: f"each side at most {limit:,} pixels",
    "keywords": lambda limit: f"{_listed(limit)} or width*height" if limit else "width*height",
    "min_pixels": lambda limit: f"at least {limit:,} pixels",
    "max_pixels": lambda limit: f"at most {limit:,} pixels",
    "min_ratio": lambda limit: f"width:height at least {limit}",
    "max_ratio": lambda limit: f"width:height at most {limit}",
    "max_bytes": lambda limit: f"at most {limit // MIB} MB",
    "same_count_as": lambda limit: f"as many items as {limit}",
    "same_pixels_as": lambda limit: f"as wide and high as {limit}",
    "total": lambda limit: f"adding up to {limit}%",
    "ordered": lambda limit: f"{_listed(limit)}, the second corner right of and below the first",
    "inside": lambda limit: f"inside the item of {limit} in the same place",
}


def field_description(field: Field) -> str:
    """Return the type and every limit of a field in one sentence, with the modes of each limit."""
    parts = [_TYPES.get(field.type, field.type)]
    for kind in dict.fromkeys(rule.kind for rule in field.rules if rule.kind in _WORDS):
        parts += [_limit(rule) for rule in field.rules_of_kind(kind)]
    parts += [
        f"default {str(value).lower() if isinstance(value, bool) else value}{_where(condition)}"
        for condition, value in field.default.items()
        if condition or value == "derived"
    ]
    text = "; ".join(parts)
    return text[0].upper() + text[1:] + "."


def _limit(rule: Rule) -> str:
    words = _WORDS[rule.kind](rule.limit) + _where(rule.condition)
    usual = KINDS[rule.kind].outcome
    return words if rule.outcome == usual else f"{words} ({_CONSEQUENCES.get(rule.outcome, rule.outcome)})"


def _where(condition: Condition | None) -> str:
    return f" if {condition}" if condition else ""
