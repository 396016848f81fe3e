"""The possible cost of a run on a server that bills: every case that the spec accepts, at its prices."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from wan_conformance.model import Observation, TaskCheck
from wan_conformance.targets.server.task_checks import billed_request
from wanlib.base.text import quantity
from wanlib.boundary.case import Question
from wanlib.spec import Spec, interpret
from wanlib.spec.interpreter.picture_count import bill


class CostTarget:
    """A target that sends nothing, and adds up the possible cost of the accepted cases.

    Args:
        spec: The spec.
    """

    name = "cost"
    refuses = frozenset({"rejected"})
    leaves_out: frozenset[str] = frozenset()
    is_remote = False

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._calls = {"async": 0, "sync": 0, "stream": 0}
        self._pictures = 0
        self._unpriced = 0
        self._amounts: dict[str, Decimal] = defaultdict(Decimal)

    def claims(self, kind: str) -> bool:
        """Return True: every case is counted."""
        return True

    def observe(self, question: Question) -> Observation:
        """Count a case unless the spec refuses it."""
        violations = interpret(self._spec, question.body, question.call)
        if not any(violation.outcome == "rejected" for violation in violations):
            calls = self._spec.calls(question.body["model"])
            self._count(question.body, question.call or ("async" if "async" in calls else calls[0]))
        return Observation(None, (), skipped="only counted")

    def perform(self, check: TaskCheck) -> Observation:
        """Count the request of a check."""
        request = billed_request(self._spec, check)
        if request is not None:
            self._count(request.body, "sync" if check.name == "synchronous" else "async")
        return Observation(None, (), skipped="only counted")

    def lines(self) -> Iterator[str]:
        """Yield sentences on the possible cost of the counted cases."""
        if not any(self._calls.values()):
            yield (
                "every request of the run should be refused, which costs nothing; a server that accepts one"
                " can bill it"
            )
            return
        amounts = " and ".join(
            f"{amount:.2f} {currency}" for currency, amount in sorted(self._amounts.items())
        )
        waiting = self._calls["sync"] + self._calls["stream"]
        yield (
            f"the run creates up to {quantity(self._calls['async'], 'task')} and makes"
            f" {quantity(waiting, 'synchronous call')}, {quantity(self._pictures, 'picture')} in total: "
            "at most"
            f" {amounts or 'an unknown amount'}"
        )
        if self._unpriced:
            yield f"no page states a price for {self._unpriced:,} of them"
        yield (
            "most tasks are canceled while they wait, which costs nothing; a server that accepts what it"
            " should refuse can bill more"
        )

    def _count(self, body: object, call: str) -> None:
        self._calls[call] += 1
        cost = bill(self._spec, body, call)
        self._pictures += cost.pictures or 0
        if cost.price is None:
            self._unpriced += 1
        else:
            self._amounts[cost.price.currency] += cost.price.amount
