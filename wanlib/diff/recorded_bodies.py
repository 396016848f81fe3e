"""Bodies of requests, recorded or read from source, that two specs judge or price differently."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from wanlib.base.violation import Violation
from wanlib.diff.side import Side
from wanlib.spec.interpreter.interpret import interpret
from wanlib.spec.interpreter.picture_count import bill
from wanlib.validation.bill import Bill

RECORDED_AT = 0.0
"""The time by which signed URLs expire, in Unix seconds. None had expired when the request was recorded."""


class BodyChange(NamedTuple):
    """A body that the two sides treat differently.

    Attributes:
        place: Where it comes from: `line 3`, or `app.py:7`.
        old: The violations with which the old side refuses it; empty if it is accepted.
        new: The same of the new side.
        old_bill: What it costs on the old side.
        new_bill: What it costs on the new side.
    """

    place: str
    old: tuple[Violation, ...]
    new: tuple[Violation, ...]
    old_bill: Bill
    new_bill: Bill

    @property
    def is_breaking(self) -> bool:
        """Whether it was accepted and is refused now."""
        return bool(self.new) and not self.old

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values: place, and verdict, pictures and price of each side."""
        return {
            "place": self.place,
            "old": {
                "ok": not self.old,
                "rules": [violation.rule for violation in self.old],
                **self.old_bill.to_dict(),
            },
            "new": {
                "ok": not self.new,
                "rules": [violation.rule for violation in self.new],
                **self.new_bill.to_dict(),
            },
        }

    def __str__(self) -> str:
        """Return one line, such as `line 3: accepted, now refused: n is 5; at most 4`."""
        if self.is_breaking:
            return f"{self.place}: accepted, now refused: {'; '.join(map(str, self.new))}"
        if self.old and not self.new:
            return f"{self.place}: refused, now accepted: {self.new_bill}"
        if self.old_bill != self.new_bill:
            return f"{self.place}: {self.new_bill} (was: {self.old_bill})"
        return f"{self.place}: refused for another reason: {'; '.join(map(str, self.new))}"


def body_changes(old: Side, new: Side, bodies: Iterable[tuple[str, Any]]) -> Iterator[BodyChange]:
    """Yield the bodies whose verdict, number of pictures or price differs between two specs.

    Args:
        old: The old side.
        new: The new side.
        bodies: Place and body of each request; an exception as a body stands for one that cannot be read,
            and is left out.
    """
    for place, body in bodies:
        if isinstance(body, Exception):
            continue
        change = BodyChange(
            place, _refused(old, body), _refused(new, body), bill(old.spec, body), bill(new.spec, body)
        )
        rules = [[violation.rule for violation in side] for side in (change.old, change.new)]
        is_sent = not change.old and not change.new
        if rules[0] != rules[1] or (is_sent and change.old_bill != change.new_bill):
            yield change


def _refused(side: Side, body: Any) -> tuple[Violation, ...]:
    violations = interpret(side.spec, body, now=RECORDED_AT)
    return tuple(violation for violation in violations if violation.is_refused)
