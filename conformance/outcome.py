"""What breaking a rule does, for cases that name the rule alone."""

from collections.abc import Mapping
from typing import Any

from wanlib.spec import Rule


def outcome(rule: str, rules: Mapping[str, Rule], body: Any) -> str:
    """The rule's outcome in this body; `rejected` for a rule that the spec lacks.

    The pages leave open what null does, which is of no type.
    """
    if rule not in rules:
        return "rejected"
    return "unspecified" if rules[rule].kind == "type" and _holds_null(body) else rules[rule].outcome


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_holds_null, value.values() if isinstance(value, dict) else value))
    return value is None
