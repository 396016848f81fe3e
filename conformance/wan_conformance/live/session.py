"""A run: the refused edges first, then the packs, then the probes that name the changes.

Naming k changes takes at most R + P + 2k requests: R edges that must be refused, P packs, and two requests
for each change of a rule for a model, one to read or to try the limit and one to confirm it. A limit that no
message states is searched for, as is the rule that refuses a pack if the message fits several or none.
These requests are counted separately (`LiveResult.searched`). An edge that a change hides, since the change
would refuse the request too, was tested if the message shows that its own rule refused it. Otherwise it is
sent again with the rest of the 2k requests, one edge of each rule first; the remaining ones are reported
(`LiveResult.hidden`), and the next run with the patched spec sends them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import zip_longest

from wan_conformance.live.naming.findings import Finding, ProbeExchange
from wan_conformance.live.naming.knowledge import Knowledge
from wan_conformance.live.naming.loosened import LoosenedRules
from wan_conformance.live.naming.refused_packs import RefusedPacks
from wan_conformance.live.planning.edges import Edge, edges_of_rule
from wan_conformance.live.planning.plan import ProbePlan
from wan_conformance.live.probe import ProbeSender
from wanlib.spec import Spec

_MAX_ROUNDS = 4
"""Maximum number of times that edges are sent again because a named change had hidden them."""


@dataclass(frozen=True)
class LiveResult:
    """The results of a run.

    Attributes:
        findings: The changes, in the order in which they were named, each with all its models.
        exchanges: Every probe with its answer.
        beliefs: The spec with the changes, by model.
        searched: The number of probes that searched for a limit or rule that no message stated.
        hidden: Edges that a change hides, so that their own rule was not tested.
    """

    findings: tuple[Finding, ...]
    exchanges: tuple[ProbeExchange, ...]
    beliefs: Mapping[str, Spec]
    searched: int
    hidden: tuple[Edge, ...]

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
        """The cost of all probes."""
        return sum((one.answer.spent for one in self.exchanges), Decimal(0))


def run_plan(
    spec: Spec,
    plan: ProbePlan,
    sender: ProbeSender,
    *,
    image_url: str | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> LiveResult:
    """Send the probes of a plan and name the changes.

    Args:
        spec: The spec that the service is compared with.
        plan: The requests.
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

    def left() -> int:
        """Return the number of requests that the bound leaves."""
        changes = len(known.findings)
        return max(0, plan.count + 2 * changes + known.searched - len(known.exchanges))

    def report() -> None:
        progress(len(known.exchanges))

    rest = packs.probe(plan.packs, len(plan.packs), report)
    loosened.name(refused)
    rest = packs.probe(rest, left(), report)
    hidden = _hidden_edges(known, refused)
    for _ in range(_MAX_ROUNDS):
        again = [known.ask_edge(edge) for edge in hidden[: left()]]
        if not again:
            break
        loosened.name(again)
        changed = {finding.rule for finding in known.findings}
        hidden = [*hidden[len(again) :], *_hidden_edges(known, again)]
        hidden.sort(key=lambda edge: edge.rule.id not in changed)
    hidden += [edge for pack in rest for edge in pack.edges]
    findings = tuple(_joined(known.findings))
    return LiveResult(findings, tuple(known.exchanges), known.beliefs, known.searched, tuple(hidden))


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


def _hidden_edges(known: Knowledge, refused: list[ProbeExchange]) -> list[Edge]:
    """Return the edges that another change refuses too, as they are now: one of each rule first."""
    by_rule: dict[str, dict[str, Edge]] = {}
    for exchange in refused:
        (edge,) = exchange.edges
        belief = known.beliefs[edge.model]
        rule = belief.rules.get(edge.rule.id)
        if rule is None or exchange.answer.accepted is not False or edge.model in known.gone:
            continue
        if rule.outcome == "rejected" and not known.is_shown(exchange, rule):
            for other in edges_of_rule(belief, rule, (edge.model,), known.image_url):
                if other.side == "refused" and known.refusing(other) == {rule.id}:
                    by_rule.setdefault(rule.id, {})[other.id] = other
    rounds = zip_longest(*(edges.values() for edges in by_rule.values()))
    return [edge for edges in rounds for edge in edges if edge is not None]
