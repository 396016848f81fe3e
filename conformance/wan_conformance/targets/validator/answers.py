"""Read the answer of a validator: rule ids, violations, a list of messages, or a truth value."""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from wan_conformance.model import Observation, expected_outcome
from wanlib.base.redaction import safe_repr
from wanlib.base.text import did_you_mean
from wanlib.base.violation import REFUSED
from wanlib.spec import Rule

_RULE_ID = re.compile(r"[a-z][a-z0-9._-]*/[A-Za-z0-9_.]+(:(not-)?[a-z0-9_]+)?")
_MAX_ITEMS = 10_000
_OBJECT = "an object with one of violations, refused, error, skip"
_EXPECTED = f"rule ids, violations, a list of messages, true if the body is refused, or {_OBJECT}"


class AnswerError(ValueError):
    """A validator gave an answer that cannot be read, or reports that it failed."""


class ValidatorAnswerReader:
    """Read the answers of one validator.

    Attributes:
        named: The ids of all rules that it has named.
    """

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        """Create a reader.

        Args:
            rules: The rules of the spec, by id.
        """
        self._rules = rules
        self.named: set[str] = set()

    @property
    def names_rules(self) -> bool:
        """Whether it has named a rule so far.

        Only then does an empty list mean that the body violates no rule; before, it means that the body is
        accepted.
        """
        return bool(self.named)

    def read(self, answer: object, body: Any) -> Observation:
        """Return the observation that an answer states.

        Args:
            answer: The answer.
            body: The body that it is about.

        Raises:
            AnswerError: The answer has another form, or names a rule that does not exist.
        """
        if isinstance(answer, Mapping):
            return self._object(answer, body)
        if isinstance(answer, bool):
            return Observation(not answer, (), unnamed=True)
        if isinstance(answer, str | bytes) or not isinstance(answer, Iterable):
            raise AnswerError(f"returned {safe_repr(answer)}, expected {_EXPECTED}")
        return self._items(list(islice(answer, _MAX_ITEMS + 1)), body)

    def _object(self, answer: Mapping[Any, Any], body: Any) -> Observation:
        match answer:
            case {"violations": list() | tuple() as violations}:
                return self._items([*violations], body)
            case {"refused": bool(refused)}:
                return Observation(not refused, (), unnamed=True)
            case {"error": str(text)}:
                raise AnswerError(f"reports an error: {text}")
            case {"skip": str(text)}:
                return Observation(None, (), skipped=text)
        raise AnswerError(f"returned {safe_repr(dict(answer))}, expected {_EXPECTED}")

    def _items(self, items: list[Any], body: Any) -> Observation:
        if len(items) > _MAX_ITEMS:
            raise AnswerError(f"returned more than {_MAX_ITEMS:,} violations of one body")
        ids = [_rule_id(item) for item in items]
        if not any(ids) and not (self.names_rules and not items):
            return Observation(not items, (), unnamed=True)
        for item, rule in zip(items, ids, strict=True):
            if rule is None:
                raise AnswerError(f"returned rule ids and {safe_repr(item)}, which is not one")
            if rule not in self._rules:
                near = did_you_mean(rule, self._rules)
                raise AnswerError(f"names {rule!r}, which is not a rule of this spec{near}")
        named = sorted({rule for rule in ids if rule})
        self.named.update(named)
        outcomes = {expected_outcome(rule, self._rules, body) for rule in named}
        return Observation(not outcomes & REFUSED, tuple(named))


def _rule_id(item: Any) -> str | None:
    """Return the rule id that an item is or contains; None if it has none, such as a message."""
    value = item.get("rule") if isinstance(item, Mapping) else getattr(item, "rule", item)
    return str(value) if isinstance(value, str) and _RULE_ID.fullmatch(value) else None
