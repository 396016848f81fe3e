"""The nightly variant of a run: few requests, about the rules that changed most often in the past.

The past changes are those of the dated revisions in `spec/revisions/` and of earlier runs
(`naming/history.py`). Among rules that changed equally often, bounds come first, since they change more often
than forms. The choice depends only on the spec and that history, so every night sends the same requests until
a run finds a change.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from wan_conformance.live.planning.edges import Edge
from wan_conformance.live.planning.packing import Pack
from wan_conformance.live.planning.plan import ProbePlan
from wanlib.spec import Spec
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.revisions import load_revision, revision_dates

MAX_REFUSED = 12
"""Requests that must be refused; there is one more, which must be accepted."""


def past_changes() -> Mapping[str, int]:
    """Return the number of changes of each rule between the dated revisions, by rule id.

    A changed default counts for all rules on its field.
    """
    counts: Counter[str] = Counter()
    for older, newer in pairwise(load_revision(date) for date in revision_dates()):
        counts.update(_changed_rules(older, newer))
    return counts


def _changed_rules(older: Spec, newer: Spec) -> set[str]:
    changed = {
        rule.id
        for rule in newer.rules.values()
        if (before := older.rules.get(rule.id)) is None
        or (before.limit, before.outcome) != (rule.limit, rule.outcome)
    }
    fields = {
        fact.partition(".default")[0]
        for fact, stated in newer.facts.items()
        if ".default" in fact and fact in older.facts and older.facts[fact].value != stated.value
    }
    return changed | {rule for rule in newer.rules if rule.rpartition(".")[0] in fields}


def sentinel_plan(plan: ProbePlan, changes: Mapping[str, int]) -> ProbePlan:
    """Return the part of a plan for nightly runs.

    Args:
        plan: The whole plan.
        changes: The number of changes of each rule, by rule id.
    """

    def rank(edge: Edge) -> tuple[int, bool]:
        return -changes.get(edge.rule.id, 0), KINDS[edge.rule.kind].tighter is None

    def worth(pack: Pack) -> tuple[bool, int, int]:
        past = sum(changes.get(edge.rule.id, 0) for edge in pack.edges)
        return pack.call == "async", past, len(pack.edges)

    first_of_rule = {edge.rule.id: edge for edge in reversed(plan.refused)}
    refused = sorted(first_of_rule.values(), key=rank)[:MAX_REFUSED]
    return ProbePlan(tuple(refused), tuple(sorted(plan.packs, key=worth)[-1:]))
