"""`Violation`: one rule that a request violates at one location."""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from wanlib.base.values import Ratio

REJECTED = "rejected"
"""The outcome of a request that the service refuses."""
REFUSED = frozenset({REJECTED, "truncated"})


class Violation(NamedTuple):
    """A violated rule.

    ``str()`` gives the message. ``repr()``, ``str()`` and ``to_dict()`` never show a complete data URI, the
    query of a URL or more than 80 characters of anything.

    Attributes:
        rule: The rule's id, such as ``wan2.7/n.max:sequential``; text that also carries hints for the
            message.
        outcome: What the service does with it: ``rejected``, ``truncated``, ``ignored`` or ``unspecified``.
        path: JSON Pointer (RFC 6901) into the body; for a missing member, where it belongs.
        limit: What the rule allows, in the unit of its kind (pixels, bytes, characters, names).
        value: What was sent: the value itself, or its count of items, characters or bytes.
    """

    rule: str
    outcome: str
    path: str
    limit: Any
    value: Any

    @property
    def is_refused(self) -> bool:
        """Whether ``check`` and the client count it as a refusal: rejected or truncated."""
        return self.outcome in REFUSED

    # The messages are loaded when the first one is formatted: a valid body needs none.

    def to_dict(self) -> dict[str, Any]:
        """Return the shape that ``wanlib check --json`` prints: JSON values only."""
        from wanlib.base.redaction import to_safe_json

        return {
            "rule": self.rule,
            "outcome": self.outcome,
            "path": to_safe_json(self.path),
            "message": str(self),
            "limit": to_safe_json(self.limit),
            "value": to_safe_json(self.value),
        }

    def __str__(self) -> str:
        from wanlib.base.messages import format_violation

        return format_violation(self.rule, self.path, self.limit, self.value)

    def __repr__(self) -> str:
        from wanlib.base.redaction import safe_repr

        limit = str(self.limit) if isinstance(self.limit, Ratio) else repr(self.limit)
        details = f"at {safe_repr(self.path)}: {safe_repr(self.value)}, limit {limit}"
        return f"<Violation {self.rule} {self.outcome} {details}>"


# Skips a named tuple's own constructor, which is written in Python: a body with a dozen mistakes is
# judged twice as fast. Called as make(Violation, (rule, outcome, path, limit, value)).
fast_violation = cast("Callable[[type[Violation], tuple[str, str, str, Any, Any]], Violation]", tuple.__new__)
