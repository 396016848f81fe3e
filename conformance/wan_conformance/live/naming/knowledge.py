"""`Knowledge`: the probes of a run, the belief about each model, and the changes that were named.

A run starts with the spec as its belief. If the belief does not predict an answer, a rule is changed so that
it does, and the belief about that model gets the changed rule. A bound that no message states is searched
for: in steps that double, then by halves, with at most `MAX_STEPS` requests.
"""

from dataclasses import replace
from typing import Any

from wan_conformance.live.naming.alternatives import middle_bound, step_bound
from wan_conformance.live.naming.findings import ChangeName, Finding, ProbeExchange
from wan_conformance.live.naming.statements import message_fit
from wan_conformance.live.planning.edges import Edge, edges_of_rule
from wan_conformance.live.planning.packing import Pack, is_large
from wan_conformance.live.probe import Probe, ProbeAnswer, ProbeSender
from wanlib.errors import BudgetExceededError
from wanlib.spec import Rule, Spec, interpret
from wanlib.spec.mutations import replace_rule

MAX_STEPS = 64
"""Maximum number of requests of one search for a bound that no message states."""


class Knowledge:
    """The state of a run.

    Attributes:
        beliefs: For each model, the spec that explains all its answers so far.
        exchanges: Every probe with its answer.
        findings: The changes that were named.
        gone: Models that are not offered any more.
        searched: The number of requests in search of a bound, or an edge in a pack, that no message states.
        image_url: A public image, for edges that need one; None if there is none.
    """

    def __init__(self, spec: Spec, sender: ProbeSender, image_url: str | None = None) -> None:
        """Start with a spec as the belief; the other arguments send probes and name a public image."""
        self.beliefs = dict.fromkeys(spec.models, spec)
        self.exchanges: list[ProbeExchange] = []
        self.findings: list[Finding] = []
        self.gone: set[str] = set()
        self.searched = 0
        self.image_url = image_url
        self._sender = sender
        self._ids: set[str] = set()

    # Asking.

    def ask_edge(self, edge: Edge) -> ProbeExchange:
        """Send the request of one edge."""
        breaks = (edge.rule.id,) if edge.side == "refused" else ()
        probe = Probe(
            self._new_id(f"{edge.side}:{edge.id.removeprefix('edge:')}"),
            edge.model,
            edge.body,
            edge.call,
            (edge.rule.id,),
            edge.side,
            breaks,
        )
        return self._ask(probe, (edge,))

    def ask_pack(self, pack: Pack) -> ProbeExchange:
        """Send the request of a pack."""
        rules = tuple(sorted({edge.rule.id for edge in pack.edges}))
        probe = Probe(
            self._new_id(f"accepted:{pack.model}/{pack.call}"),
            pack.model,
            pack.body,
            pack.call,
            rules,
            "accepted",
        )
        return self._ask(probe, pack.edges)

    def _new_id(self, name: str) -> str:
        number = 1
        while (unique := f"{name}#{number}" if number > 1 else name) in self._ids:
            number += 1
        self._ids.add(unique)
        return unique

    def _ask(self, probe: Probe, edges: tuple[Edge, ...]) -> ProbeExchange:
        try:
            answer = self._sender.send(probe)
        except BudgetExceededError as error:
            answer = ProbeAnswer(probe.id, None, attempts=0, problem=str(error))
        exchange = ProbeExchange(probe, answer, edges)
        self.exchanges.append(exchange)
        return exchange

    # Comparing.

    def refusing(self, request: Edge | Probe) -> set[str]:
        """Return the rules that refuse a request if the belief is right."""
        violations = interpret(self.beliefs[request.model], request.body, request.call)
        return {str(violation.rule) for violation in violations if violation.outcome == "rejected"}

    def is_explained(self, exchange: ProbeExchange) -> bool:
        """Return whether the belief predicts an answer; True without an answer."""
        return agrees(self.beliefs[exchange.probe.model], exchange)

    def is_shown(self, exchange: ProbeExchange, rule: Rule) -> bool:
        """Return whether this rule refused a request: it is the only one, or the message fits it best."""
        if exchange.answer.accepted is not False:
            return False
        belief, message = self.beliefs[exchange.probe.model], exchange.answer.message or ""
        fits = {
            other: message_fit(belief, exchange.probe.model, belief.rules[other], message)
            for other in self.refusing(exchange.probe) | {rule.id}
        }
        own = fits.pop(rule.id)
        return all(own > fit for fit in fits.values())

    def with_rule(self, rule: Rule, model: str) -> Spec:
        """Return the belief about a model with a changed rule."""
        belief = self.beliefs[model]
        return replace_rule(belief, belief.rules[rule.id], rule)

    def is_consistent(self, rule: Rule, *exchanges: ProbeExchange) -> bool:
        """Return whether a changed rule explains some answers of a model, and contradicts no other."""
        model = exchanges[0].probe.model
        spec = self.with_rule(rule, model)
        top = rule.field.partition(".")[0]
        others = (
            exchange
            for exchange in self.exchanges
            if exchange.probe.model == model
            and exchange not in exchanges
            and _is_about(exchange, rule, top)
            and self.is_explained(exchange)
        )
        return all(agrees(spec, exchange) for exchange in (*exchanges, *others))

    # Bounds.

    def search_bound(
        self, rule: Rule, edge: Edge, holds: Any, known: list[ProbeExchange], *, looser: bool
    ) -> Any:
        """Return the last bound whose edge gets the answer of a bound: double the steps, then halve them."""
        fails, steps = None, 1
        for _ in range(MAX_STEPS):
            if fails is None:
                limit = step_bound(rule, holds, steps, looser=looser)
            else:
                limit = middle_bound(holds, fails)
            if limit is None:
                break
            probe = self.edge_at_limit(rule, limit, edge)
            if probe is None:
                break
            self.searched += 1
            exchange = self.ask_edge(probe)
            known.append(exchange)
            if exchange.answer.accepted is looser:
                holds, steps = limit, steps * 2
            else:
                fails = limit
                if steps == 1:
                    break
        return holds if looser else fails if fails is not None else holds

    def edge_at(self, rule: Rule, limit: Any, like: Edge, side: str) -> Edge | None:
        """Return the edge of a rule with another limit, on one side, in the modes of an edge."""
        spec = self.with_rule(replace(rule, limit=limit), like.model)
        edges = edges_of_rule(spec, spec.rules[rule.id], (like.model,), self.image_url)
        fitting = [edge for edge in edges if edge.side == side]
        alike = [edge for edge in fitting if (edge.modes, edge.call) == (like.modes, like.call)]
        return next(iter(alike or fitting), None)

    def edge_at_limit(self, rule: Rule, limit: Any, like: Edge) -> Edge | None:
        """Return the request whose value is a limit, in the modes of an edge; None if none can be sent."""
        keeps = self.edge_at(rule, limit, like, "accepted")
        before = step_bound(rule, limit, 1, looser=False)
        return self.edge_at(rule, before, like, "refused") if keeps is None and before is not None else keeps

    # Committing.

    def commit(
        self,
        rule: Rule,
        changed: Rule,
        change: ChangeName,
        evidence: list[ProbeExchange],
        *,
        confirmed: bool = True,
    ) -> None:
        """Record a change, and add it to the belief about the probed model.

        Args:
            rule: The rule as it was believed.
            changed: The rule as it is now.
            change: The kind of change.
            evidence: The exchanges that show it.
            confirmed: Whether a probe confirmed the limit.
        """
        model = evidence[0].probe.model
        self.beliefs[model] = self.with_rule(changed, model)
        is_outcome = changed.outcome != rule.outcome
        old, new = (rule.outcome, changed.outcome) if is_outcome else (rule.limit, changed.limit)
        self.findings.append(
            Finding(rule.id, (model,), change, old, new, tuple(evidence), changed, confirmed)
        )

    def commit_not_refused(self, rule: Rule, evidence: list[ProbeExchange]) -> None:
        """Record that the violations of a rule are accepted."""
        self.commit(rule, replace(rule, outcome="unspecified"), "not refused", evidence)

    def commit_gone(self, model: str, exchange: ProbeExchange) -> None:
        """Record that a model is not offered any more."""
        self.gone.add(model)
        self.findings.append(Finding("wire/model", (model,), "gone", model, None, (exchange,)))

    def commit_unexplained(self, pack: Pack, edges: list[Edge], known: list[ProbeExchange]) -> None:
        """Record a refusal that no change of one rule explains."""
        rule = edges[0].rule.id if edges else "wire/model"
        self.findings.append(Finding(rule, (pack.model,), "unexplained", None, None, tuple(known)))


def predicts(spec: Spec, body: Any, call: str) -> bool | None:
    """Return whether a spec expects a request to be accepted; None if it leaves that open."""
    outcomes = {violation.outcome for violation in interpret(spec, body, call)}
    if "rejected" in outcomes:
        return False
    return None if "unspecified" in outcomes else True


def agrees(spec: Spec, exchange: ProbeExchange) -> bool:
    """Return whether a spec predicts an answer; True without an answer."""
    expected = predicts(spec, exchange.probe.body, exchange.probe.call)
    return expected is None or exchange.answer.accepted is None or expected is exchange.answer.accepted


def _is_about(exchange: ProbeExchange, rule: Rule, top: str) -> bool:
    """Return whether an answer can contradict a change of a rule."""
    if any(edge.rule.id == rule.id for edge in exchange.edges):
        return True
    if any(map(is_large, exchange.edges)) and rule.kind != "max_bytes":
        return False
    same_file = any(edge.rule.file == rule.file for edge in exchange.edges)
    return same_file and any(
        top and edge.values is not None and top in edge.values for edge in exchange.edges
    )
