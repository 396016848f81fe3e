"""Broken rules in the words of `wanlib check`."""

from collections import Counter
from collections.abc import Sequence

from wanlib.base.violation import Violation
from wanlib.cli.plainly import printable

_OTHER_MODEL = "another model"
# The heading of each group and its part of the summary, the gravest first.
_SAID = {
    _OTHER_MODEL: "of a model that this spec does not cover",
    "rejected": "would be rejected",
    "truncated": "would be truncated",
    "ignored": "ignored",
    "unspecified": "unspecified",
}


def _group(violation: Violation) -> str:
    """The group of a violation. What the service says to a model of another spec is not known here."""
    if violation.rule == "wire/model" and isinstance(violation.value, str):
        return _OTHER_MODEL
    return violation.outcome


def lines_of(found: Sequence[Violation]) -> list[str]:
    """The lines for people: the messages by outcome, then what they come to."""
    if not found:
        return ["ok"]
    counts = Counter(map(_group, found))
    lines = []
    for outcome in _SAID:
        if counts[outcome]:
            lines.append(outcome)
            lines += [f"  {printable(str(each))}" for each in found if _group(each) == outcome]
    said = ", ".join(f"{counts[outcome]} {_SAID[outcome]}" for outcome in _SAID if counts[outcome])
    return [*lines, f"{len(found)} violation{'s' if len(found) > 1 else ''}: {said}"]
