"""Requests, recorded or read from source, that two specs judge, price or size differently."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from wanlib.base.violation import REJECTED, Violation
from wanlib.diff.side import Side
from wanlib.spec.interpreter.interpret import interpret
from wanlib.spec.interpreter.picture_count import bill, picture_size
from wanlib.validation.bill import Bill

RECORDED_AT = 0.0
"""The time by which signed URLs expire, in Unix seconds. None had expired when the request was recorded."""


class Request(NamedTuple):
    """A request that was recorded or read from source.

    Attributes:
        place: Its name in reports: `line 3`, or `app.py:7`.
        body: The body.
        call: How it is sent: `sync`, `async` or `stream`; None if it is not known.
        source: File and line of a call in source; None for a recorded request.
    """

    place: str
    body: Any
    call: str | None = None
    source: tuple[str, int] | None = None


class Treatment(NamedTuple):
    """The verdict and the cost of a request on one side.

    Attributes:
        refused: The violations for which it is refused or cut; empty if it is accepted.
        noted: The other violations.
        bill: Its cost.
        size: The value that determines the size of its pictures; empty if it is not known.
    """

    refused: tuple[Violation, ...]
    noted: tuple[Violation, ...]
    bill: Bill
    size: str

    @property
    def cost(self) -> tuple[object, ...]:
        """The number of pictures and the price."""
        return self.bill.pictures, self.bill.exact, self.bill.price

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values: verdict, rules, pictures, price and size."""
        rules = [violation.rule for violation in self.refused]
        return {
            "ok": not self.refused,
            "rules": rules,
            **self.bill.to_dict(),
            "picture_size": self.size or None,
        }


class RequestChange(NamedTuple):
    """A request that the two sides treat differently.

    Attributes:
        request: The request.
        old: The result on the old side.
        new: The result on the new side.
    """

    request: Request
    old: Treatment
    new: Treatment

    @property
    def is_breaking(self) -> bool:
        """Whether it was accepted and is now refused, or was cut and is now rejected."""
        if not self.old.refused:
            return bool(self.new.refused)
        old, new = ({violation.outcome for violation in side.refused} for side in (self.old, self.new))
        return REJECTED in new - old

    @property
    def effect(self) -> str:
        """The difference, such as `accepted, now refused: n is 5; at most 4`."""
        old, new = self.old, self.new
        if not old.refused and new.refused:
            return f"accepted, now refused: {_texts(new.refused)}"
        if old.refused and not new.refused:
            return f"refused, now accepted: {new.bill}"
        if self.is_breaking:
            return f"cut, now rejected: {_texts(new.refused)}"
        if old.refused:
            return f"refused for another reason: {_texts(new.refused)}"
        parts = [f"{new.bill} (was: {old.bill})"] if new.cost != old.cost else []
        parts += [f"pictures of {new.size} (was: {old.size})"] if new.size != old.size else []
        gone, added = (_outcomes(one) - _outcomes(other) for one, other in ((old, new), (new, old)))
        parts += [f"{outcome} now: {rule}" for rule, outcome in sorted(added)]
        parts += [f"no longer {outcome}: {rule}" for rule, outcome in sorted(gone)]
        return "; ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values: the place, and the result on each side."""
        return {"place": self.request.place, "old": self.old.to_dict(), "new": self.new.to_dict()}

    def __str__(self) -> str:
        """Return one line, such as `line 3: accepted, now refused: n is 5; at most 4`."""
        return f"{self.request.place}: {self.effect}"


def request_effects(old: Side, new: Side, requests: Iterable[Request]) -> Iterator[RequestChange]:
    """Yield the requests whose verdict, outcomes, number of pictures, price or size differs.

    Args:
        old: The old side, a whole spec.
        new: The new side, a whole spec.
        requests: The requests.
    """
    for request in requests:
        before, after = _treatment(old, request), _treatment(new, request)
        refusals = [
            [(violation.rule, violation.outcome) for violation in side.refused] for side in (before, after)
        ]
        is_sent = not before.refused and not after.refused
        differs = (before.cost, before.size, _outcomes(before)) != (after.cost, after.size, _outcomes(after))
        if refusals[0] != refusals[1] or (is_sent and differs):
            yield RequestChange(request, before, after)


def _treatment(side: Side, request: Request) -> Treatment:
    violations = interpret(side.spec, request.body, request.call, now=RECORDED_AT)
    refused = tuple(violation for violation in violations if violation.is_refused)
    noted = tuple(violation for violation in violations if not violation.is_refused)
    costs = bill(side.spec, request.body, request.call)
    size = "" if refused else picture_size(side.spec, request.body, request.call)
    return Treatment(refused, noted, costs, size)


def _outcomes(treatment: Treatment) -> frozenset[tuple[str, str]]:
    return frozenset((violation.rule, violation.outcome) for violation in treatment.noted)


def _texts(violations: Iterable[Violation]) -> str:
    return "; ".join(map(str, violations))
