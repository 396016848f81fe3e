"""Broken rules in the words of `wanlib check`."""

from collections import Counter
from collections.abc import Sequence

from wanlib.base.violation import Violation
from wanlib.cli.plainly import printable

# What a reader is told of each outcome, the gravest first.
_SAID = {
    "rejected": "would be rejected",
    "truncated": "would be truncated",
    "ignored": "ignored",
    "unspecified": "unspecified",
}


def lines_of(found: Sequence[Violation]) -> list[str]:
    """The lines for people: the messages by outcome, then what they come to."""
    if not found:
        return ["ok"]
    counts = Counter(each.outcome for each in found)
    lines = []
    for outcome in _SAID:
        if counts[outcome]:
            lines.append(outcome)
            lines += [f"  {printable(str(each))}" for each in found if each.outcome == outcome]
    said = ", ".join(f"{counts[outcome]} {_SAID[outcome]}" for outcome in _SAID if counts[outcome])
    return [*lines, f"{len(found)} violation{'s' if len(found) > 1 else ''}: {said}"]
