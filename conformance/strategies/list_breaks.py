"""How a list or an object comes to break a rule and no other, by kind."""

from copy import deepcopy
from typing import Any

from conformance.strategies.around import Around
from conformance.strategies.junk import PLAIN, picked
from conformance.strategies.makers import maker
from conformance.strategies.octets import Octets
from conformance.strategies.situations import Situation
from conformance.strategies.value_breaks import MORE, STEPS, Break, Factory
from wanlib.spec.model import Field, Rule


def _too_many(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: list[Any], octets: Octets, around: Around) -> list[Any]:
        missing = rule.limit - len(value) + octets.pick(MORE)
        return value + [deepcopy(value[-1]) for _ in range(missing)]

    return change


def _too_few(rule: Rule, field: Field, situation: Situation) -> Break:
    return lambda value, octets, around: value[: rule.limit - 1 - octets.skewed(rule.limit)]


def _other_count(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: list[Any], octets: Octets, around: Around) -> list[Any]:
        return (value * 2)[: octets.pick((rule.limit - 1, rule.limit + 1, 0, 2 * rule.limit))]

    return change


def _unequal_count(rule: Rule, field: Field, situation: Situation) -> Break:
    assert field.each is not None
    item = maker(field.each, situation)

    def change(value: list[Any], octets: Octets, around: Around) -> list[Any]:
        if value and octets.flag():
            return value[: octets.pick(range(len(value)))]
        around.at.append(len(value))
        return value + [item.make(octets, around) for _ in range(octets.pick(MORE))]

    return change


def _other_total(rule: Rule, field: Field, situation: Situation) -> Break:
    """Moves the share of one item, by one in its last place or by any amount."""

    def change(value: list[dict[str, Any]], octets: Octets, around: Around) -> list[dict[str, Any]]:
        item = octets.pick(value)
        whole, _, rest = item[rule.of].removesuffix("%").partition(".")
        units = (int(whole + rest) + 1 + octets.number(2)) % 10 ** (3 + len(rest))
        digits = str(units).zfill(len(rest) + 1)
        item[rule.of] = f"{digits[: len(digits) - len(rest)]}.{digits[len(digits) - len(rest) :]}%"
        return value

    return change


def _unordered(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: list[Any], octets: Octets, around: Around) -> list[Any]:
        axis = octets.byte() & 1
        value[axis] = value[axis + 2] + octets.pick((0, 1, 5000))
        return value

    return change


def _outside(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: list[Any], octets: Octets, around: Around) -> list[Any]:
        sides = around.sides_of(rule.limit, around.at[0])
        assert sides is not None
        axis = octets.byte() & 1
        value[axis + 2] = sides[axis] + octets.pick(STEPS)
        return value

    return change


def _stray(rule: Rule, field: Field, situation: Situation) -> Break:
    known = {member.name for member in field.members}
    names = tuple(name for name in ("alpha", "HEX", "name", "", "a/b~c") if name not in known)

    def change(value: dict[str, Any], octets: Octets, around: Around) -> dict[str, Any]:
        return {**value, octets.pick(names): picked(PLAIN, octets)}

    return change


LISTS: dict[str, Factory] = {
    "count": _other_count,
    "min_count": _too_few,
    "max_count": _too_many,
    "same_count_as": _unequal_count,
    "total": _other_total,
    "ordered": _unordered,
    "inside": _outside,
    "unknown": _stray,
}
