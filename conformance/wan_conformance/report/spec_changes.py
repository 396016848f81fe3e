"""The changes of the spec between two runs: limits, outcomes, defaults, prices and other facts.

The first line of a log has the limits of the rules and the facts. A change of them explains why cases are new
or gone, which distinguishes a limit that moved on purpose from a regression.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wan_conformance.report.text import short_value
from wanlib.base.identifiers import parse_rule_id
from wanlib.base.text import format_limit
from wanlib.spec import Rule, Spec
from wanlib.spec.model.kinds import KINDS, limit_as_number

_EDITORIAL = ("source", "notes")
"""Members of a fact about its source."""
_LISTED = 3
"""Maximum number of values that are listed one by one; more are shown as a range."""
_BODIES = {
    "max": "with {field} {values}",
    "min": "with {field} {values}",
    "count": "with {values} items in {field}",
    "max_count": "with {values} items in {field}",
    "min_count": "with {values} items in {field}",
    "max_chars": "with {values} characters in {field}",
    "max_side": "with a side of {values} pixels in {field}",
    "min_side": "with a side of {values} pixels in {field}",
}
"""The bodies between two limits, for the kinds whose limits are whole numbers."""


def spec_header(spec: Spec, rules: list[Rule]) -> dict[str, Any]:
    """Return the data about a spec for the first line of a log: the limits of the rules, and all facts.

    Args:
        spec: The spec of the run.
        rules: The rules that the run covers.
    """
    return {
        "rules": {rule.id: _entry(rule) for rule in rules},
        "facts": {name: _without_sources(fact.value) for name, fact in spec.facts.items()},
    }


def _entry(rule: Rule) -> dict[str, Any]:
    entry: dict[str, Any] = {"limit": format_limit(rule.limit, rule.kind), "outcome": rule.outcome}
    if KINDS[rule.kind].tighter in ("lower", "higher"):
        number = limit_as_number(rule.limit)
        entry["number"] = int(number) if number.denominator == 1 else float(number)
    return entry


def _without_sources(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_sources(inner) for key, inner in value.items() if key not in _EDITORIAL}
    return [*map(_without_sources, value)] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class SpecChange:
    """A rule or fact that changed.

    Attributes:
        id: The id of the rule or fact; for a member of a table, followed by its keys.
        old: The limit or value before, as text; None if there was none.
        new: The limit or value now; None if there is none.
        effect: The effect on requests; empty for facts.
    """

    id: str
    old: str | None
    new: str | None
    effect: str = ""

    def explains(self, rule: str) -> int:
        """Return how closely it is related to a rule: 3 the rule itself, 2 its field, 1 its file, 0 none."""
        if rule == self.id:
            return 3
        return 2 if _field(rule) == _field(self.id) else int(_file(rule) == _file(self.id))

    def __str__(self) -> str:
        old, new = self.old or "none", self.new or "none"
        change = f"{old} → {new}" if old != new else old
        return f"{self.id} {change}{': ' if self.effect else ''}{self.effect}"


def _field(name: str) -> str:
    return name.partition(":")[0].rpartition(".")[0]


def _file(name: str) -> str:
    return name.partition("/")[0]


def spec_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], covered: Callable[[str], bool] = lambda rule: True
) -> list[SpecChange]:
    """Return the rules and facts that differ, rules first, each in the order of the spec.

    Args:
        old: The first line of the earlier log.
        new: The first line of the later log.
        covered: Whether both runs cover a rule.
    """
    before, after = (
        {rule: entry for rule, entry in run["rules"].items() if covered(rule)} for run in (old, new)
    )
    return [*_rule_changes(before, after), *_fact_changes("", old["facts"], new["facts"])]


def _rule_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[SpecChange]:
    for rule in {**old, **new}:
        if rule not in old:
            yield SpecChange(rule, None, new[rule]["limit"], f"a violation is {new[rule]['outcome']}")
        elif rule not in new:
            yield SpecChange(rule, old[rule]["limit"], None, "violations are no longer found")
        elif old[rule] != new[rule]:
            effects = "; ".join(_effects(rule, old[rule], new[rule]))
            yield SpecChange(rule, old[rule]["limit"], new[rule]["limit"], effects)


def _effects(rule: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    kind, outcome = parse_rule_id(rule).kind, new["outcome"]
    if old["limit"] != new["limit"]:
        yield from _limit_effects(rule, kind, old, new)
    if old["outcome"] != outcome:
        yield f"a violation is now {outcome}, not {old['outcome']}"


def _limit_effects(rule: str, kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    tighter = KINDS[kind].tighter if kind in KINDS else None
    if tighter == "subset":
        words = old["limit"].split(), new["limit"].split()
        added = [word for word in words[1] if word not in words[0]]
        removed = [word for word in words[0] if word not in words[1]]
        field = _field(rule).partition("/")[2]
        if added:
            yield f"bodies with {field} {_enumerated(added)} are {_allowed(old)}"
        if removed:
            yield f"bodies with {field} {_enumerated(removed)} are now {new['outcome']}"
    elif tighter and "number" in old and "number" in new:
        is_wider = (new["number"] > old["number"]) == (tighter == "lower")
        outcome = _allowed(old) if is_wider else f"now {new['outcome']}"
        yield f"bodies {_between(rule, kind, old, new)} are {outcome}"


def _allowed(old: Mapping[str, Any]) -> str:
    return "now accepted" if old["outcome"] == "rejected" else f"no longer {old['outcome']}"


def _between(rule: str, kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return the bodies that are valid under only one of two limits."""
    field = _field(rule).partition("/")[2]
    low, high = sorted((old["number"], new["number"]))
    template = _BODIES.get(kind)
    if template is None or not isinstance(low, int) or not isinstance(high, int):
        return f"with {field} between the old and the new limit"
    first, last = (low + 1, high) if KINDS[kind].tighter == "lower" else (low, high - 1)
    values = [f"{value:,}" for value in range(first, last + 1)[: _LISTED + 1]]
    text = _enumerated(values) if last - first < _LISTED else f"{first:,} to {last:,}"
    return template.format(field=field, values=text)


def _enumerated(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _fact_changes(name: str, old: Any, new: Any) -> Iterator[SpecChange]:
    """Yield the values that differ, with their keys."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _fact_changes(f"{name}.{key}" if name else key, old.get(key), new.get(key))
    elif old != new:
        yield SpecChange(name, short_value(old), short_value(new))
