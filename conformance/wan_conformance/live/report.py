"""The report of a run as text and as JSON: the plan, the changes, the open probes, and the patch."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wan_conformance.live.patching.spec_patch import SpecPatch
from wan_conformance.live.planning.plan import ProbePlan
from wan_conformance.live.session import LiveResult
from wanlib.base.redaction import redact_text

_MAX_LISTED = 10


@dataclass(frozen=True)
class LiveReport:
    """All results of a run.

    Attributes:
        base_url: The service.
        date: The date of the run.
        plan: What was planned.
        result: What was found.
        patch: The patch of the spec, and what it leaves out.
        spent: What the ledger counts as spent, by all runs under its budget.
        reserved: What stays reserved, since outcomes are not known.
        budget: The budget; None for a replay.
        currency: The currency of the amounts.
        disputed: What may be billed and is not in the ledger, a sentence each.
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
        open_probes = result.unanswered
        for exchange in open_probes[:_MAX_LISTED]:
            problem = exchange.answer.problem or f"status {exchange.answer.status}"
            yield f"no answer: {exchange.probe.id}: {redact_text(problem)}"
        if len(open_probes) > _MAX_LISTED:
            yield f"and {len(open_probes) - _MAX_LISTED:,} more without an answer"
        if result.hidden:
            rules = ", ".join(sorted({edge.rule.id for edge in result.hidden}))
            yield f"not tested, since a change refuses these requests too: {rules}"
        sent = len(result.exchanges)
        changes = "no change" if not result.findings else f"{len(result.findings)} changes"
        if len(result.findings) == 1:
            changes = "1 change"
        held = f", {self.reserved} stays reserved" if self.reserved else ""
        yield f"{sent:,} requests: {changes}; {self.spent} {self.currency} spent{held}"

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "base_url": self.base_url,
            "date": self.date,
            "planned": {"refused": len(self.plan.refused), "accepted": len(self.plan.packs)},
            "sent": len(self.result.exchanges),
            "spent": str(self.spent),
            "reserved": str(self.reserved),
            "budget": None if self.budget is None else str(self.budget),
            "currency": self.currency,
            "findings": [finding.as_json() for finding in self.result.findings],
            "unanswered": [
                {"probe": exchange.probe.id, "problem": redact_text(exchange.answer.problem)}
                for exchange in self.result.unanswered
            ],
            "hidden": sorted({edge.rule.id for edge in self.result.hidden}),
            "disputed": [*self.disputed],
            "patch": self.patch.text,
            "left_out": [{"rule": rule, "reason": reason} for rule, reason in self.patch.left_out],
        }


def plan_lines(plan: ProbePlan, price: Decimal | None, currency: str) -> Iterator[str]:
    """Yield a plan as text.

    Args:
        plan: The plan.
        price: What its accepted requests cost if none can be canceled; None if a price is not known.
        currency: The currency of the price.
    """
    rules = {edge.rule.id for edge in plan.refused} | {
        edge.rule.id for pack in plan.packs for edge in pack.edges
    }
    yield f"{plan.count:,} requests about {len(rules):,} rule{'s' if len(rules) > 1 else ''}:"
    yield f"  {len(plan.refused):,} that must be refused, which cost nothing"
    at_once = sum(pack.call != "async" for pack in plan.packs)
    waiting = len(plan.packs) - at_once
    yield f"  {waiting:,} that must be accepted, as tasks that are canceled while they wait"
    yield f"  {at_once:,} that must be accepted and cannot be canceled"
    amount = "a price is not documented" if price is None else f"at most {price} {currency}"
    yield f"price if nothing has changed and no task can be canceled: {amount}"
