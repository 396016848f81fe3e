"""A rule with a planted fault: its limit moved, its outcome changed, or nothing left of it."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from wanlib.base.ratio import Ratio
from wanlib.spec.kinds import KINDS
from wanlib.spec.mode import Condition
from wanlib.spec.model import Rule

WAYS = ("wider", "moved", "dropped", "outcome", "tighter")
"""The faults that there are: the limit a step too wide or too tight, moved where a kind has no order, the
rule gone, its breach with another outcome. A rule's first is the one that is planted unless told."""

_FINER = 100
_OUTCOMES = {"rejected": "unspecified", "truncated": "rejected", "ignored": "rejected"}
_MORE = {
    "schemes": ("ftp",),
    "formats": ("gif",),
    "one_of": (True, False),
    "public": (".example.com",),
}


def limits(rule: Rule, others: tuple[Rule, ...]) -> Iterator[tuple[str, Any]]:
    """Other limits for a rule, each by its way. others: the rules of its kind on its field."""
    make = _BY_KIND.get(rule.kind)
    if make:
        yield from make(rule)
    elif rule.kind == "keywords":
        more = {word: pixels for each in others for word, pixels in each.limit.items()}
        yield from _tables(rule.limit, more | rule.limit)
    elif KINDS[rule.kind].tighter in ("lower", "higher"):
        for way, up in (("wider", True), ("tighter", False)):
            yield way, _stepped(rule.limit, up is (KINDS[rule.kind].tighter == "lower"))


def with_outcome(rule: Rule) -> Rule | None:
    """The rule with another outcome; None where its own is left open, so that any other would do as well."""
    other = _OUTCOMES.get(rule.outcome)
    return replace(rule, outcome=other) if other else None


def _stepped(limit: Any, up: bool) -> Any:
    """The least step that a request can show."""
    if isinstance(limit, Ratio):
        return Ratio(limit.width * _FINER + (1 if up else -1), limit.height * _FINER)
    if isinstance(limit, float):
        return math.nextafter(limit, math.inf if up else -math.inf)
    return limit + (1 if up else -1)


def _pixels(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Not every number is a product of two sides, so the wider step is that of one side."""
    side = math.isqrt(rule.limit) + 1
    sign = 1 if rule.kind == "max_pixels" else -1
    yield "wider", rule.limit + sign * side
    yield "tighter", rule.limit - sign


def _words(rule: Rule) -> Iterator[tuple[str, Any]]:
    more = tuple(word for word in _MORE[rule.kind] if word not in rule.limit)
    if more and type(more[0]) is type(rule.limit[0]):
        yield "wider", (*rule.limit, more[0])
    yield "tighter", rule.limit[1:]


def _private(rule: Rule) -> Iterator[tuple[str, Any]]:
    """One end of host names less that is private, or one more."""
    if rule.limit:
        yield "wider", rule.limit[:-1]
    yield "tighter", (*rule.limit, *_MORE[rule.kind])


def _signatures(rule: Rule) -> Iterator[tuple[str, Any]]:
    """The last form of signature is not read."""
    yield "wider", rule.limit[:-1]


def _tables(limit: dict[str, Any], more: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if len(more) > len(limit):
        yield "wider", more
    if limit:
        yield "tighter", dict([*limit.items()][:-1])


def _fewer(rule: Rule) -> Iterator[tuple[str, Any]]:
    if len(rule.limit) > 1:
        yield "wider", rule.limit[1:]


def _mime(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield from _tables(rule.limit, rule.limit)


def _pattern(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Lets pass the first text that it should not, or the other way round."""
    if rule.breaks:
        yield "wider", f"(?:{rule.limit})|(?:{re.escape(rule.breaks[0])})"
    if rule.keeps:
        yield "tighter", rf"(?!(?:{re.escape(rule.keeps[0])})\Z)(?:{rule.limit})"


def _number(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield "moved", rule.limit + 1


def _sum(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield "moved", str(Decimal(rule.limit) + Decimal("0.01"))


def _condition(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield "moved", Condition(rule.limit.mode, not rule.limit.wanted)


def _place(rule: Rule) -> Iterator[tuple[str, Any]]:
    yield "moved", {"input": "parameters", "parameters": "input"}[rule.limit]


_BY_KIND: dict[str, Callable[[Rule], Iterator[tuple[str, Any]]]] = {
    "min_pixels": _pixels,
    "max_pixels": _pixels,
    "one_of": _words,
    "schemes": _words,
    "formats": _words,
    "excludes": _fewer,
    "public": _private,
    "unexpired": _signatures,
    "mime": _mime,
    "pattern": _pattern,
    "count": _number,
    "decimals": _number,
    "total": _sum,
    "effective": _condition,
    "needs": _condition,
    "place": _place,
}
