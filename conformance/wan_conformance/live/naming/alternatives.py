"""Other limits that a rule may have now, from which the next probe of an investigation is made."""

import math
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from wanlib.base.values import Ratio
from wanlib.spec import Rule, Spec
from wanlib.spec.model.kinds import KINDS, limit_as_number
from wanlib.spec.mutations import mutated_limits

_RATIO_STEPS = 100
_FAR_BYTES = 1 << 20
_TIMES = 2


def is_ordered(rule: Rule) -> bool:
    """Return whether limits of the rule are bounds."""
    return KINDS[rule.kind].tighter in ("lower", "higher")


def is_looser(rule: Rule, limit: Any, than: Any) -> bool:
    """Return whether a bound allows more than another one."""
    first, second = limit_as_number(limit), limit_as_number(than)
    return first > second if KINDS[rule.kind].tighter == "lower" else first < second


def step_bound(rule: Rule, limit: Any, steps: int, *, looser: bool) -> Any:
    """Return the bound at a distance of a number of smallest steps; None if there is none.

    Args:
        rule: A rule with a bound.
        limit: The bound from which to count.
        steps: The number of steps.
        looser: Whether the bound should allow more.
    """
    up = (KINDS[rule.kind].tighter == "lower") is looser
    sign = 1 if up else -1
    if isinstance(limit, Ratio):
        width = limit.width * _RATIO_STEPS + sign * steps
        return Ratio(width, limit.height * _RATIO_STEPS) if width > 0 else None
    if isinstance(limit, float):
        if steps == 1:
            return math.nextafter(limit, sign * math.inf)
        return float(Decimal(str(limit)) + sign * Decimal(steps - 1) / 100)
    if rule.kind in ("min_pixels", "max_pixels"):
        steps *= math.isqrt(limit) + 1
    moved = limit + sign * steps
    return moved if moved >= 0 or rule.kind == "min" else None


def far_bound(rule: Rule, limit: Any) -> Any:
    """Return a bound far beyond this one, whose violation the service refuses unless it has no bound."""
    up = KINDS[rule.kind].tighter == "lower"
    if isinstance(limit, Ratio):
        return Ratio(limit.width * _TIMES, limit.height) if up else Ratio(limit.width, limit.height * _TIMES)
    if isinstance(limit, float):
        return limit * _TIMES + 1 if up else -limit - 1
    if rule.kind == "max_bytes":
        return limit + _FAR_BYTES
    if rule.kind == "max_side":
        return limit + limit // 10
    if rule.kind == "min":
        return limit - 10
    return limit + max(10, limit) if up else limit // _TIMES


def middle_bound(first: Any, second: Any) -> Any:
    """Return a bound between two others; None if there is none."""
    if isinstance(first, Ratio):
        low, high = sorted((Fraction(first.width, first.height), Fraction(second.width, second.height)))
        middle = ((low + high) / 2).limit_denominator(10_000)
        return Ratio(middle.numerator, middle.denominator) if low < middle < high else None
    if isinstance(first, float):
        half = float((Decimal(str(first)) + Decimal(str(second))) / 2)
        return half if abs(first - second) > 1e-3 else None
    rounded = (first + second) // 2
    return rounded if rounded not in (first, second) else None


def other_limits(spec: Spec, rule: Rule, accepted: tuple[Any, ...] = ()) -> Iterator[Rule]:
    """Yield changed rules for a kind without bounds, likely ones first.

    Args:
        spec: The spec that has the rule.
        rule: The rule.
        accepted: Values that the rule refuses and the service accepted.
    """
    if isinstance(rule.limit, tuple):
        added = tuple(dict.fromkeys(value for value in accepted if value not in rule.limit))
        if added and rule.kind in ("one_of", "schemes", "formats"):
            yield replace(rule, limit=(*rule.limit, *added))
        for value in rule.limit:
            rest = tuple(other for other in rule.limit if other != value)
            if rest or rule.kind in ("public", "one_of"):
                yield replace(rule, limit=rest)
    elif isinstance(rule.limit, dict) and rule.kind in ("keywords", "mime"):
        known = _all_keywords(spec)
        added_words = {word: known[word] for word in accepted if isinstance(word, str) and word in known}
        if added_words and rule.kind == "keywords":
            yield replace(rule, limit={**rule.limit, **added_words})
        for word in rule.limit:
            yield replace(rule, limit={key: value for key, value in rule.limit.items() if key != word})
    siblings = tuple(
        other
        for other in spec.rules.values()
        if (other.file, other.field, other.kind) == (rule.file, rule.field, rule.kind) and other is not rule
    )
    for _, limit in mutated_limits(rule, siblings) if rule.kind in _OTHERS else ():
        yield replace(rule, limit=limit)
    if rule.kind == "count":
        yield replace(rule, limit=rule.limit - 1)


_OTHERS = ("count", "total", "decimals", "effective", "needs", "only_in", "step", "pattern")


def _all_keywords(spec: Spec) -> dict[str, int]:
    return {
        word: pixels
        for rule in spec.rules.values()
        if rule.kind == "keywords"
        for word, pixels in rule.limit.items()
    }
