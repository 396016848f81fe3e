"""A run: the refused edges first, then the packs, then the questions that name what changed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from wan_conformance.live.naming.findings import Finding, ProbeExchange
from wan_conformance.live.naming.knowledge import Knowledge
from wan_conformance.live.naming.loosened import LoosenedRules
from wan_conformance.live.naming.refused_packs import RefusedPacks
from wan_conformance.live.planning.edges import Edge, edges_of_rule
from wan_conformance.live.planning.plan import ProbePlan
from wan_conformance.live.probe import ProbeSender
from wanlib.spec import Spec

_MOST_ROUNDS = 2
"""How often edges are asked again because a change that was named stood before them."""


@dataclass(frozen=True)
class LiveResult:
    """What a run found.

    Attributes:
        findings: The changes, in the order in which they were named, each with all its models.
        exchanges: Every probe with its answer.
        beliefs: The spec with the changes, by model.
    """

    findings: tuple[Finding, ...]
    exchanges: tuple[ProbeExchange, ...]
    beliefs: Mapping[str, Spec]

    @property
    def unanswered(self) -> tuple[ProbeExchange, ...]:
        """The probes whose outcome is not known, or that the budget did not allow."""
        return tuple(one for one in self.exchanges if one.answer.accepted is None)

    @property
    def probed_models(self) -> Mapping[str, frozenset[str]]:
        """By rule, the models that were probed for it."""
        models: dict[str, set[str]] = {}
        for exchange in self.exchanges:
            for edge in exchange.edges:
                models.setdefault(edge.rule.id, set()).add(exchange.probe.model)
        return {rule: frozenset(names) for rule, names in models.items()}

    @property
    def spent(self) -> Decimal:
        """What all probes cost."""
        return sum((one.answer.spent for one in self.exchanges), Decimal(0))


def run_plan(
    spec: Spec,
    plan: ProbePlan,
    sender: ProbeSender,
    *,
    image_url: str | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> LiveResult:
    """Send the probes of a plan and name what changed.

    Args:
        spec: The spec that the service is compared with.
        plan: What to ask.
        sender: Sends the probes within the budget.
        image_url: A public image, or None, as for the plan.
        progress: Called with the number of probes that were answered.
    """
    known = Knowledge(spec, sender, image_url)
    loosened, packs = LoosenedRules(known), RefusedPacks(known)
    refused = []
    for edge in plan.refused:
        refused.append(known.ask_edge(edge))
        progress(len(known.exchanges))
    packs.probe(plan.packs, lambda: progress(len(known.exchanges)))
    loosened.name(refused)
    for _ in range(_MOST_ROUNDS):
        again = _probe_again(known, refused, image_url)
        if not again:
            break
        refused = again
        loosened.name(again)
    findings = tuple(_joined(known.findings))
    return LiveResult(findings, tuple(known.exchanges), known.beliefs)


def _joined(findings: list[Finding]) -> Iterator[Finding]:
    """Yield findings, with the same change of several models as one."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.change, repr(finding.new)), []).append(finding)
    for group in groups.values():
        models = tuple(dict.fromkeys(model for finding in group for model in finding.models))
        evidence = tuple(exchange for finding in group for exchange in finding.evidence)
        confirmed = all(finding.confirmed for finding in group)
        yield replace(group[0], models=models, evidence=evidence, confirmed=confirmed)


def _probe_again(
    known: Knowledge, refused: list[ProbeExchange], image_url: str | None
) -> list[ProbeExchange]:
    """Ask the edges again that another change refuses, so that their own rule was not tested."""
    edges: dict[str, Edge] = {}
    for exchange in refused:
        (edge,) = exchange.edges
        belief = known.beliefs[edge.model]
        rule = belief.rules.get(edge.rule.id)
        if rule is None or exchange.answer.accepted is not False or edge.model in known.gone:
            continue
        if rule.outcome == "rejected" and not known.refusing(exchange.probe) <= {rule.id}:
            again = edges_of_rule(belief, rule, (edge.model,), image_url)
            edges |= {other.id: other for other in again if other.side == "refused"}
    return [known.ask_edge(edge) for edge in edges.values() if known.refusing(edge) == {edge.rule.id}]
