"""What the messages of a family's rules say beyond limit and value."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from wanlib.spec.model.modes import Comparison, Condition, ItemCount, Expression, BoolOp, Name, Not
from wanlib.spec.model.model import Family, Field
from collections.abc import Iterator
from wanlib.base.rule_id import Hints, RuleName
from wanlib.spec.model.modes import holds
from wanlib.spec.build.exclusivity import value_combinations
from wanlib.spec.model.modes import Condition
from wanlib.spec.model.model import Family, Field, Rule


_OPPOSITE = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "in": "not in",
    "not in": "in",
}
_BOUND = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least"}
_TURNED = {"and": "or", "or": "and"}


@lru_cache(maxsize=256)
def describe(family: Family, condition: Condition) -> str:
    """Return a condition of a family in words."""
    return _Describer(family).text(family.modes[condition.mode], condition.wanted)


def describe_others(family: Family, conditions: Sequence[Condition]) -> str:
    """Return in words that none of some conditions holds."""
    opposites: list[Expression] = [
        Not(Name(each.mode)) if each.wanted else Name(each.mode) for each in conditions
    ]
    tree = opposites[0] if len(opposites) == 1 else BoolOp("and", tuple(opposites))
    return _Describer(family).text(tree, True)


class _Describer:
    """Walks an expression and the modes that it names. wanted: False for its opposite."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.fields = {each.name: each for each in family.fields}

    def text(self, expression: Expression, wanted: bool, outer: str = "") -> str:
        """The words for an expression. outer: the word of the group in which it stands."""
        if isinstance(expression, Not):
            return self.text(expression.inner, not wanted, outer)
        if isinstance(expression, Name):
            if expression.name in self.family.modes:
                return self.text(self.family.modes[expression.name], wanted, outer)
            return f"{expression.name} {'on' if wanted else 'off'}"
        if isinstance(expression, BoolOp):
            return self._join(expression, wanted, outer)
        return self._compare(expression, expression.operator if wanted else _OPPOSITE[expression.operator])

    def _join(self, join: BoolOp, wanted: bool, outer: str) -> str:
        word = join.word if wanted else _TURNED[join.word]
        parts = sorted(self._parts(join, wanted, word), key=lambda text: text not in self.family.models)
        joined = ", ".join(parts[:-1]) + f" {word} {parts[-1]}" if len(parts) > 1 else parts[0]
        return f"({joined})" if outer and outer != word and len(parts) > 1 else joined

    def _parts(self, expression: Expression, wanted: bool, word: str) -> list[str]:
        """The parts of a group; a group of the same word in it is no group of its own."""
        inner, positive = expression, wanted
        while True:
            if isinstance(inner, Not):
                inner, positive = inner.inner, not positive
            elif isinstance(inner, Name) and inner.name in self.family.modes:
                inner = self.family.modes[inner.name]
            else:
                break
        if isinstance(inner, BoolOp) and (inner.word if positive else _TURNED[inner.word]) == word:
            return [text for part in inner.parts for text in self._parts(part, positive, word)]
        return [self.text(inner, positive, word)]

    def _compare(self, compare: Comparison, operator: str) -> str:
        name, literal = compare.left.name, compare.literal
        if isinstance(compare.left, ItemCount):
            return _count(self.fields[name], operator, literal)
        if name == "model":
            return _choice("", "a model other than ", operator, literal)
        if name == "call":
            text = _choice("", "", operator, literal)
            return f"a call other than {text}" if operator in ("!=", "not in") else f"a {text} call"
        if operator in _BOUND:
            return f"{name} {_BOUND[operator]} {_plain(literal)}"
        return _choice(f"{name} ", f"{name} other than ", operator, literal)


def _choice(among: str, other: str, operator: str, literal: Any) -> str:
    values = [_plain(each) for each in (literal if isinstance(literal, tuple) else (literal,))]
    listed = " or ".join(filter(None, (", ".join(values[:-1]), values[-1])))
    return (other if operator in ("!=", "not in") else among) + listed


def _count(field: Field, operator: str, literal: Any) -> str:
    image = field.each is not None and field.each.type == "image"
    thing, things = (
        ("input image", "input images") if image else (f"item in {field.name}", f"items in {field.name}")
    )
    lowest, highest = _range(operator, literal)
    if highest == 0:
        return f"no {thing}"
    if lowest and highest is None:
        return f"at least {lowest} {thing if lowest == 1 else things}"
    if lowest == highest and lowest is not None:
        return f"exactly {lowest} {thing if lowest == 1 else things}"
    if highest is not None:
        return f"at most {highest} {thing if highest == 1 else things}"
    return f"a number of {things} {operator} {_plain(literal)}"


def _range(operator: str, literal: Any) -> tuple[int | None, int | None]:
    """The least and the greatest count that a comparison lets pass; None where it sets no end."""
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


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_WITHOUT_OTHERS = ("required",)
"""Kinds of which it helps nobody to learn under what condition the rule would not hold."""


def named(family: Family, rule: Rule) -> str:
    """Return the id of a rule on a family's bodies, with the hints that its message needs."""
    if rule.kind in ("unknown", "only_for") and not rule.field:
        return RuleName(rule.id, stray_hints(family))
    return _rule_names(family).get(rule.id, rule.id)


@lru_cache(maxsize=64)  # as of `prepared`
def _rule_names(family: Family) -> dict[str, RuleName]:
    return {name: name for field in family.walk() for name in _names(family, field)}


@lru_cache(maxsize=64)
def stray_hints(family: Family) -> Hints:
    """Return what the message on an unknown member of the family's bodies says."""
    sizes = tuple(each.name for each in family.fields if each.type == "size")
    return Hints(homes=family.homes, sizes=sizes, instead=family.instead)


def _names(family: Family, field: Field) -> Iterator[RuleName]:
    for kind in dict.fromkeys(rule.kind for rule in field.rules):
        rules = field.rules_of_kind(kind)
        conditions = [rule.condition for rule in rules if rule.condition]
        if not conditions:
            continue
        otherwise = describe_others(family, conditions)
        said = {rule: describe(family, rule.condition) if rule.condition else otherwise for rule in rules}
        bound = any(rule.condition is None for rule in rules) or not _can_fail_together(family, conditions)
        none: list[tuple[Any, str]] = [] if bound else [(None, otherwise)]
        for rule in rules:
            others = [(_limit(other), said[other]) for other in rules if other is not rule] + none
            yield RuleName(
                rule.id,
                Hints(said[rule] if rule.condition else "", () if kind in _WITHOUT_OTHERS else tuple(others)),
            )


def _can_fail_together(family: Family, conditions: list[Condition]) -> bool:
    """Whether some request meets none of the conditions."""
    modes = tuple(dict.fromkeys(each.mode for each in conditions))
    return any(
        all(holds(family.modes, each.mode, values) is not each.wanted for each in conditions)
        for values in value_combinations(family, modes)
    )


def _limit(rule: Rule) -> Any:
    return tuple(rule.limit) if isinstance(rule.limit, dict) else rule.limit
