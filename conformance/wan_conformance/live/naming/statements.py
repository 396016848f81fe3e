"""Limits that a message of the service states, and how well a message fits a rule.

A message is evidence, not proof: some wordings of the service are known to state wrong bounds, so a probe
confirms each limit.
"""

import re
from collections.abc import Iterator
from typing import Any

from wanlib.base.identifiers import parse_rule_id
from wanlib.base.values import Ratio
from wanlib.spec import Rule, Spec

# Digits are bounded: a longer number is not a limit, and Python refuses to convert thousands of digits.
_COUNT = r"(?<![\d,])(\d[\d,]{0,18})"
_PIXELS = re.compile(_COUNT + r" pixels|(\d{1,6})\*(\d{1,6})")
_RATIO = re.compile(r"(?<![\d:])(\d{1,6}):(\d{1,6})(?![\d:])")
_BYTES = re.compile(_COUNT + r" bytes|(?<!\d)(\d{1,9}) ?MB")
_NUMBER = re.compile(
    r"(?<![\w.*:/])(?<!\d,)-?\d[\d,]{0,18}(?:\.\d{1,18})?(?:[eE][-+]?\d{1,2})?(?![\w*:/]|[,.]\d)"
)
_PLACEHOLDER = re.compile(r"\{[a-z]+\}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_CALL_ERRORS = ("needs_async", "no_async", "not_streamed")
_MEGABYTE = 1_048_576
_UP = ("most", "maximum", "max", "exceed", "exceeds", "fewer", "less", "large", "long", "smaller", "upper")
_DOWN = ("least", "minimum", "min", "more", "small", "short", "larger", "lower")


def stated_limits(rule: Rule, message: str) -> list[Any]:
    """Return the limits of a rule's kind that a message could state, each once, in the order of the message.

    Args:
        rule: The rule; its kind and current limit determine the form of a limit.
        message: The message of the service.
    """
    return list(dict.fromkeys(_limits(rule, message)))


def _limits(rule: Rule, message: str) -> Iterator[Any]:
    if rule.kind in ("min_pixels", "max_pixels"):
        for count, width, height in _PIXELS.findall(message):
            yield int(count.replace(",", "")) if count else int(width) * int(height)
    elif rule.kind in ("min_ratio", "max_ratio"):
        for width, height in _RATIO.findall(message):
            if int(width) and int(height):
                yield Ratio(int(width), int(height))
    elif rule.kind == "max_bytes":
        for count, megabytes in _BYTES.findall(message):
            yield int(count.replace(",", "")) if count else int(megabytes) * _MEGABYTE
    elif rule.kind == "total":
        yield from re.findall(r"\d{1,9}\.\d{1,9}", message)
    elif isinstance(rule.limit, int | float) and not isinstance(rule.limit, bool):
        for text in _NUMBER.findall(message):
            number = text.replace(",", "").rstrip(".")
            if isinstance(rule.limit, float):
                yield float(number)
            elif number.lstrip("-").isdecimal():
                yield int(number)


def message_fit(spec: Spec, model: str, rule: Rule, message: str) -> int:
    """Return how well a message fits a violation of a rule; 0 if nothing points to it.

    Args:
        spec: The spec, whose `service.yaml` has wordings of the vendor by kind and field.
        model: The model, whose bodies name the field.
        rule: The rule.
        message: The message of the service.
    """
    words = {word.lower() for word in _WORD.findall(message)}
    steps = [step for step in rule.field.split(".") if step != "each"]
    if not rule.field:  # of the envelope, whose outer names are common words
        steps = [parse_rule_id(rule.id).path.rpartition(".")[2]]
    matched = sum(step.lower() in words for step in steps)
    named = 3 + matched if steps and steps[-1].lower() in words else 0
    wire_name = _wire_name(spec, model, rule)
    if not named and (matched or (wire_name and wire_name.lower() in words)):
        named = 3
    wording = 3 if _has_wording(spec, rule, message) or _is_about_call(spec, rule, message) else 0
    ways = {"max": _UP, "min": _DOWN}.get(rule.kind[:3], ())
    return 2 * named + 2 * wording + (1 if words & {*ways} else 0) if named or wording else 0


def _wire_name(spec: Spec, model: str, rule: Rule) -> str:
    """Return the name that the outermost field of a rule has in a body."""
    top = rule.field.partition(".")[0]
    family = spec.family(model)
    return family.field(top).wire_name if top in family.field_names else top


def _is_about_call(spec: Spec, rule: Rule, message: str) -> bool:
    """Return whether a message is one of those about the kind of call."""
    rows = (spec.service["errors"][name]["message"] for name in _CALL_ERRORS)
    pieces = (_PLACEHOLDER.split(row)[0].strip() for row in rows)
    return rule.kind in ("endpoints", "only_in") and any(piece in message for piece in pieces)


def _has_wording(spec: Spec, rule: Rule, message: str) -> bool:
    name = rule.field.replace(".each", "").rpartition(".")[2]
    for row in spec.service["refusals"]:
        pieces = [piece.strip() for piece in _PLACEHOLDER.split(row["message"]) if piece.strip()]
        if not pieces or rule.kind not in row["kinds"] or row.get("field", name) != name:
            continue
        if all(piece in message for piece in pieces):
            return "{field}" not in row["message"] or name in message
    return False
