"""What breaking a rule does, for cases that name the rule alone."""

from collections.abc import Mapping
from typing import Any

from wanlib.spec import Rule


def outcome(rule: str, rules: Mapping[str, Rule], body: Any) -> str:
    """Return the rule's outcome in this body; `rejected` for a rule that the spec lacks.

    The pages leave open what null does in an optional member.
    """
    if rule not in rules:
        return "rejected"
    null = rules[rule].kind == "type" and _is_optional(rule, rules) and _holds_null(body)
    return "unspecified" if null else rules[rule].outcome


def _is_optional(rule: str, rules: Mapping[str, Rule]) -> bool:
    """Whether a type rule is about a member that may be absent: no list item, never required."""
    path = rule.removesuffix(".type")
    return not path.endswith(".each") and f"{path}.required" not in rules


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_holds_null, value.values() if isinstance(value, dict) else value))
    return value is None
