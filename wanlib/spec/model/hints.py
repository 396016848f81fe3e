"""Hints in messages of rules: conditions as text, other variants, remedies.

`named` is the entry point: it returns a rule id that carries the hints of the rule, as `Violation` needs it.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from wanlib.base.identifiers import Hints, RuleName
from wanlib.spec.model.mode_values import value_combinations
from wanlib.spec.model.model import Family, Field, Rule
from wanlib.spec.model.modes import (
    BoolOp,
    Comparison,
    Condition,
    Expression,
    Given,
    ItemCount,
    Name,
    Not,
    holds,
)

_OPPOSITE_OPERATOR = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "in": "not in",
    "not in": "in",
}
_OPPOSITE_WORD = {"and": "or", "or": "and"}
_BOUND_TEXT = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least"}
_KINDS_WITHOUT_VARIANTS = ("required",)
"""Kinds whose messages do not name the conditions of the other variants: they would not help."""


def named(family: Family, rule: Rule) -> str:
    """Return the id of a rule with the hints that its message needs."""
    if rule.kind in ("unknown", "only_for") and not rule.field:
        return RuleName(rule.id, unknown_member_hints(family))
    return _rule_names(family).get(rule.id, rule.id)


@lru_cache(maxsize=64)
def unknown_member_hints(family: Family) -> Hints:
    """Return the hints for the message on an unknown member of the family's bodies."""
    sizes = tuple(field.name for field in family.fields if field.type == "size")
    return Hints(positions=family.positions, sizes=sizes, instead=family.instead)


@lru_cache(maxsize=256)
def describe(family: Family, condition: Condition) -> str:
    """Return a condition as text, such as `no input image and enable_sequential off`."""
    return _ConditionText(family).text(family.modes[condition.mode], condition.wanted)


def describe_others(family: Family, conditions: Sequence[Condition]) -> str:
    """Return text which states that none of the conditions holds."""
    opposites: list[Expression] = [
        Not(Name(condition.mode)) if condition.wanted else Name(condition.mode) for condition in conditions
    ]
    expression = opposites[0] if len(opposites) == 1 else BoolOp("and", tuple(opposites))
    return _ConditionText(family).text(expression, True)


@lru_cache(maxsize=64)
def _rule_names(family: Family) -> dict[str, RuleName]:
    return {name: name for field in family.walk() for name in _field_rule_names(family, field)}


def _field_rule_names(family: Family, field: Field) -> Iterator[RuleName]:
    """Yield the ids of rules with variants, each with the conditions of the others."""
    for kind, rules in field.rules_by_kind.items():
        conditions = [rule.condition for rule in rules if rule.condition]
        if not conditions:
            continue
        otherwise = describe_others(family, conditions)
        texts = {rule: describe(family, rule.condition) if rule.condition else otherwise for rule in rules}
        has_base = any(rule.condition is None for rule in rules)
        is_unlimited = not has_base and _can_fail_together(family, conditions)
        unlimited: list[tuple[Any, str]] = [(None, otherwise)] if is_unlimited else []
        for rule in rules:
            variants = [(_plain_limit(other), texts[other]) for other in rules if other is not rule]
            shown = () if kind in _KINDS_WITHOUT_VARIANTS else (*variants, *unlimited)
            yield RuleName(rule.id, Hints(texts[rule] if rule.condition else "", shown))


def _can_fail_together(family: Family, conditions: list[Condition]) -> bool:
    """Return whether some request satisfies none of the conditions."""
    modes = tuple(dict.fromkeys(condition.mode for condition in conditions))
    return any(
        all(holds(family.modes, condition.mode, values) is not condition.wanted for condition in conditions)
        for values in value_combinations(family, modes)
    )


def _plain_limit(rule: Rule) -> Any:
    return tuple(rule.limit) if isinstance(rule.limit, dict) else rule.limit


class _ConditionText:
    """Writes an expression, or its opposite, with the modes that it names expanded."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self._fields = {field.name: field for field in family.fields}

    def text(self, expression: Expression, wanted: bool, outer_word: str = "") -> str:
        """Return an expression as text.

        Args:
            expression: The expression.
            wanted: False for its opposite.
            outer_word: `and` or `or` of the group around it; empty for none.
        """
        if isinstance(expression, Not):
            return self.text(expression.inner, not wanted, outer_word)
        if isinstance(expression, Name):
            if expression.name in self._family.modes:
                return self.text(self._family.modes[expression.name], wanted, outer_word)
            return f"{expression.name} {'on' if wanted else 'off'}"
        if isinstance(expression, Given):
            return f"{expression.name} {'given' if wanted else 'absent'}"
        if isinstance(expression, BoolOp):
            return self._group(expression, wanted, outer_word)
        operator = expression.operator if wanted else _OPPOSITE_OPERATOR[expression.operator]
        return self._comparison(expression, operator)

    def _group(self, group: BoolOp, wanted: bool, outer_word: str) -> str:
        word = group.word if wanted else _OPPOSITE_WORD[group.word]
        parts = sorted(self._parts(group, wanted, word), key=lambda text: text not in self._family.models)
        joined = ", ".join(parts[:-1]) + f" {word} {parts[-1]}" if len(parts) > 1 else parts[0]
        return f"({joined})" if outer_word and outer_word != word and len(parts) > 1 else joined

    def _parts(self, expression: Expression, wanted: bool, word: str) -> list[str]:
        """Return the parts of a group; an inner group of the same word is merged into it."""
        inner, is_positive = expression, wanted
        while True:
            if isinstance(inner, Not):
                inner, is_positive = inner.inner, not is_positive
            elif isinstance(inner, Name) and inner.name in self._family.modes:
                inner = self._family.modes[inner.name]
            else:
                break
        if isinstance(inner, BoolOp) and (inner.word if is_positive else _OPPOSITE_WORD[inner.word]) == word:
            return [text for part in inner.parts for text in self._parts(part, is_positive, word)]
        return [self.text(inner, is_positive, word)]

    def _comparison(self, comparison: Comparison, operator: str) -> str:
        name, literal = comparison.left.name, comparison.literal
        if isinstance(comparison.left, ItemCount):
            return _count_text(self._fields[name], operator, literal)
        if name == "model":
            return _choice_text("", "a model other than ", operator, literal)
        if name == "call":
            text = _choice_text("", "", operator, literal)
            return f"a call other than {text}" if operator in ("!=", "not in") else f"a {text} call"
        if operator in _BOUND_TEXT:
            return f"{name} {_BOUND_TEXT[operator]} {_literal_text(literal)}"
        return _choice_text(f"{name} ", f"{name} other than ", operator, literal)


def _choice_text(prefix: str, negative_prefix: str, operator: str, literal: Any) -> str:
    values = [_literal_text(value) for value in (literal if isinstance(literal, tuple) else (literal,))]
    listed = " or ".join(filter(None, (", ".join(values[:-1]), values[-1])))
    return (negative_prefix if operator in ("!=", "not in") else prefix) + listed


def _count_text(field: Field, operator: str, literal: Any) -> str:
    is_image = field.each is not None and field.each.type == "image"
    singular, plural = (
        ("input image", "input images") if is_image else (f"item in {field.name}", f"items in {field.name}")
    )
    low, high = _count_range(operator, literal)
    if high == 0:
        return f"no {singular}"
    if low and high is None:
        return f"at least {low} {singular if low == 1 else plural}"
    if low == high and low is not None:
        return f"exactly {low} {singular if low == 1 else plural}"
    if high is not None:
        return f"at most {high} {singular if high == 1 else plural}"
    return f"a number of {plural} {operator} {_literal_text(literal)}"


def _count_range(operator: str, literal: Any) -> tuple[int | None, int | None]:
    """Return the minimum and maximum count that satisfy it; None for no bound."""
    if not isinstance(literal, int):
        return None, None
    if operator == "!=":
        return (1, None) if literal == 0 else (None, None)
    return {
        "==": (literal, literal),
        "<": (None, literal - 1),
        "<=": (None, literal),
        ">": (literal + 1, None),
        ">=": (literal, None),
    }.get(operator, (None, None))


def _literal_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
