"""The report of a run as text and as JSON: the plan, the changes, the open probes, and the patch."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wan_conformance.live.naming.findings import ProbeExchange
from wan_conformance.live.patching.spec_patch import SpecPatch
from wan_conformance.live.planning.plan import ProbePlan
from wan_conformance.live.session import LiveResult
from wanlib.base.redaction import without_secrets

_MAX_LISTED = 10


@dataclass(frozen=True)
class LiveReport:
    """All results of a run.

    Attributes:
        base_url: The service.
        date: The date of the run.
        plan: The plan.
        result: The results of the session.
        patch: The patch of the spec, and the findings that it leaves out.
        spent: The amount that all runs under the budget of the ledger have spent.
        reserved: The amount that stays reserved, since outcomes are not known.
        budget: The budget; None for a replay.
        currency: The currency of the amounts.
        not_judged: The rules that the plan does not judge, or not completely, by the reason.
        disputed: A sentence for each thing that may be billed and is not in the ledger.
    """

    base_url: str
    date: str
    plan: ProbePlan
    result: LiveResult
    patch: SpecPatch
    spent: Decimal
    reserved: Decimal
    budget: Decimal | None
    currency: str
    not_judged: Mapping[str, Sequence[str]]
    disputed: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield the report as text."""
        result = self.result
        for finding in result.findings:
            yield f"CHANGED {finding.text}"
            ids = ", ".join(finding.request_ids) or "without ids"
            yield f"  for {', '.join(finding.models)}; requests {ids}"
            if finding.quoted:
                yield f"  the service: {finding.quoted}"
        for rule, reason in self.patch.left_out:
            yield f"not in the patch: {rule}: {reason}"
        yield from (f"in dispute: {line}" for line in self.disputed)
        unsent, lost = self._unsent, self._lost
        for exchange in lost[:_MAX_LISTED]:
            problem = without_secrets(exchange.answer.problem) or f"status {exchange.answer.status}"
            yield f"no answer: {exchange.probe.id}: {problem}"
        if len(lost) > _MAX_LISTED:
            yield f"and {len(lost) - _MAX_LISTED:,} more without an answer"
        for problem, count in Counter(exchange.answer.problem for exchange in unsent).most_common(1):
            yield f"not sent: {len(unsent):,} requests, {count:,} of them since {problem}"
        if result.hidden:
            rules = ", ".join(sorted({edge.rule.id for edge in result.hidden}))
            yield f"not tested, since a change refuses these requests too: {rules}"
        yield from not_judged_lines(self.not_judged)
        changes = "no change" if not result.findings else f"{len(result.findings)} changes"
        if len(result.findings) == 1:
            changes = "1 change"
        held = f", {self.reserved} stays reserved" if self.reserved else ""
        sent = len(result.exchanges) - len(unsent)
        yield f"{sent:,} requests: {changes}; {self.spent} {self.currency} spent{held}"
        if not self.is_complete:
            unanswered = f"{len(result.unanswered):,} of {len(result.exchanges):,}"
            yield f"INCOMPLETE: {unanswered} requests have no answer"

    @property
    def is_complete(self) -> bool:
        """Whether every request has an answer."""
        return not self.result.unanswered

    @property
    def _unsent(self) -> Sequence[ProbeExchange]:
        """The probes that the budget did not allow."""
        return [exchange for exchange in self.result.unanswered if not exchange.answer.attempts]

    @property
    def _lost(self) -> Sequence[ProbeExchange]:
        """The probes that were sent and have no clear answer."""
        return [exchange for exchange in self.result.unanswered if exchange.answer.attempts]

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "base_url": self.base_url,
            "date": self.date,
            "planned": {"refused": len(self.plan.refused), "accepted": len(self.plan.packs)},
            "sent": len(self.result.exchanges) - len(self._unsent),
            "complete": self.is_complete,
            "spent": str(self.spent),
            "reserved": str(self.reserved),
            "budget": None if self.budget is None else str(self.budget),
            "currency": self.currency,
            "findings": [finding.as_json() for finding in self.result.findings],
            "unanswered": [
                {"probe": exchange.probe.id, "problem": without_secrets(exchange.answer.problem)}
                for exchange in self.result.unanswered
            ],
            "hidden": sorted({edge.rule.id for edge in self.result.hidden}),
            "not_judged": {reason: [*rules] for reason, rules in self.not_judged.items()},
            "disputed": [*self.disputed],
            "patch": self.patch.text,
            "left_out": [{"rule": rule, "reason": reason} for rule, reason in self.patch.left_out],
        }


def not_judged_lines(reasons: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield a line for each reason why rules are not judged, or not completely."""
    for reason, rules in reasons.items():
        yield f"not judged: {len(rules):,} rule{'s' if len(rules) > 1 else ''}: {reason}"


def plan_json(plan: ProbePlan, price: Decimal | None, currency: str) -> dict[str, Any]:
    """Return a plan as JSON values; the arguments are those of `plan_lines`."""
    at_once = sum(pack.call != "async" for pack in plan.packs)
    return {
        "requests": plan.count,
        "rules": _count_rules(plan),
        "refused": len(plan.refused),
        "canceled": len(plan.packs) - at_once,
        "not_canceled": at_once,
        "price": None if price is None else {"amount": str(price), "currency": currency},
    }


def _count_rules(plan: ProbePlan) -> int:
    packed = {edge.rule.id for pack in plan.packs for edge in pack.edges}
    return len(packed | {edge.rule.id for edge in plan.refused})


def plan_lines(plan: ProbePlan, price: Decimal | None, currency: str) -> Iterator[str]:
    """Yield a plan as text.

    Args:
        plan: The plan.
        price: The cost of its accepted requests if none can be canceled; None if a price is not known.
        currency: The currency of the price.
    """
    rules = _count_rules(plan)
    yield f"{plan.count:,} requests about {rules:,} rule{'s' if rules > 1 else ''}:"
    yield f"  {len(plan.refused):,} that must be refused, which cost nothing"
    at_once = sum(pack.call != "async" for pack in plan.packs)
    waiting = len(plan.packs) - at_once
    yield f"  {waiting:,} that must be accepted, as tasks that are canceled while they wait"
    yield f"  {at_once:,} that must be accepted and cannot be canceled"
    amount = "a price is not documented" if price is None else f"at most {price} {currency}"
    yield f"price if nothing has changed and no task can be canceled: {amount}"
