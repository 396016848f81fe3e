"""Recorded request bodies that two specs judge or price differently."""

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
    """A recorded body that the two sides treat differently.

    Attributes:
        line: Its line in the file, from 1.
        old: The violations with which the old side refuses it; empty if it is accepted.
        new: The same of the new side.
        old_bill: What it costs on the old side.
        new_bill: What it costs on the new side.
    """

    line: int
    old: tuple[Violation, ...]
    new: tuple[Violation, ...]
    old_bill: Bill
    new_bill: Bill

    @property
    def is_breaking(self) -> bool:
        """Whether it was accepted and is refused now."""
        return bool(self.new) and not self.old

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values: line, and verdict, pictures and price of each side."""
        return {
            "line": self.line,
            "old": {"ok": not self.old, "rules": [each.rule for each in self.old], **self.old_bill.to_dict()},
            "new": {"ok": not self.new, "rules": [each.rule for each in self.new], **self.new_bill.to_dict()},
        }

    def __str__(self) -> str:
        """Return one line, such as `line 3: accepted, now refused: n is 5; at most 4`."""
        if self.is_breaking:
            return f"line {self.line}: accepted, now refused: {'; '.join(map(str, self.new))}"
        if self.old and not self.new:
            return f"line {self.line}: refused, now accepted: {self.new_bill}"
        if self.old_bill != self.new_bill:
            return f"line {self.line}: {self.new_bill} (was: {self.old_bill})"
        return f"line {self.line}: refused for another reason: {'; '.join(map(str, self.new))}"


def body_changes(old: Side, new: Side, bodies: Iterable[Any]) -> Iterator[BodyChange]:
    """Yield the bodies whose verdict, number of pictures or price differs between two specs.

    Args:
        old: The old side.
        new: The new side.
        bodies: The parsed bodies, one for each line; an exception stands for a line that is not JSON, and is
            left out.
    """
    for number, body in enumerate(bodies, 1):
        if isinstance(body, Exception):
            continue
        change = BodyChange(
            number, _refused(old, body), _refused(new, body), bill(old.spec, body), bill(new.spec, body)
        )
        rules = [[violation.rule for violation in side] for side in (change.old, change.new)]
        is_sent = not change.old and not change.new
        if rules[0] != rules[1] or (is_sent and change.old_bill != change.new_bill):
            yield change


def _refused(side: Side, body: Any) -> tuple[Violation, ...]:
    violations = interpret(side.spec, body, now=RECORDED_AT)
    return tuple(violation for violation in violations if violation.is_refused)
