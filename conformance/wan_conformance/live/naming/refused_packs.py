"""Packs that were refused: name the rules that refuse more than the spec states.

The message suggests the most likely change. The pack is sent again with the values that this change allows.
If it is accepted, the change is named and every other edge of the pack is shown to hold, in one request. If
no message helps, the pack is split into halves.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from wan_conformance.live.naming.alternatives import is_looser, is_ordered, other_limits, step_bound
from wan_conformance.live.naming.findings import ChangeName, ProbeExchange
from wan_conformance.live.naming.knowledge import Knowledge, agrees, predicts
from wan_conformance.live.naming.statements import message_fit, stated_limits
from wan_conformance.live.planning.edges import Edge, edges_of_rule, label_of
from wan_conformance.live.planning.packing import (
    Pack,
    can_be_called,
    has_every_constant,
    is_accepted,
    pack_edges,
    smallest_pack,
)
from wanlib.spec import Rule, Spec
from wanlib.spec.model.kinds import KINDS, limit_as_number

_MAX_SUSPECTS = 4
_EXPLAINING = 6
_NO_MODEL = "not_found"


class RefusedPacks:
    """Sends packs, and names the rules that refuse them."""

    def __init__(self, known: Knowledge) -> None:
        """Use the knowledge of a run."""
        self._known = known
        self._queue: deque[Pack] = deque()

    def probe(self, packs: Iterable[Pack], count: int, progress: Callable[[], object]) -> list[Pack]:
        """Send packs, and name every change that refuses one; return those that are left over.

        After a change, the remaining edges are packed again in their current form. That can give
        more packs than before.

        Args:
            packs: The packs.
            count: The maximum number of packs to send, without those that name a change.
            progress: Called after each.
        """
        self._queue = deque(packs)
        for _ in range(count):
            if not self._queue:
                break
            pack = self._queue.popleft()
            known = len(self._known.findings)
            self._settle(pack, self._known.ask_pack(pack))
            progress()
            if len(self._known.findings) > known:
                self._pack_again(pack.model)
        return list(self._queue)

    def _pack_again(self, model: str) -> None:
        """Pack the remaining edges of a model in their current form; none if the model is gone."""
        others = [other for other in self._queue if other.model != model]
        if model not in self._known.gone:
            rest = [edge for other in self._queue if other.model == model for edge in other.edges]
            others += self._packed_again(rest, self._known.beliefs[model])
        self._queue = deque(others)

    def _settle(self, pack: Pack, exchange: ProbeExchange) -> None:
        """Name the changes that refuse a pack, one after another, until it is accepted."""
        while exchange.answer.accepted is False:
            if exchange.answer.error_class == _NO_MODEL:
                self._known.commit_gone(pack.model, exchange)
                return
            following = self._blame(pack, exchange)
            if following is None:
                self._blame_by_halves(pack, exchange)
                return
            rest, exchange = following
            if rest is None:
                return
            pack = rest

    def _blame(self, pack: Pack, refused: ProbeExchange) -> tuple[Pack | None, ProbeExchange] | None:
        """Find the changed rule by the message; return the repaired pack with its answer, or None."""
        message = refused.answer.message or ""
        final: list[Rule] = []
        suspects = self._suspects(pack, refused)
        for changed in suspects:
            packs = self._renewed(pack, self._known.with_rule(changed, pack.model))
            if not packs:
                final.append(changed)
                continue
            first = self._known.ask_pack(packs[0])
            if first.answer.accepted is False and first.answer.message == message:
                self._known.searched += 1
                continue
            known = [refused, first]
            changed = self._distinguished(changed, suspects, pack, known)
            rule = self._known.beliefs[pack.model].rules[changed.id]
            self.commit_narrower(rule, changed, pack, known)
            self._queue.extend(packs[1:])
            return packs[0], first
        for changed in final:  # no request would be accepted, so only the message shows the change
            belief = self._known.beliefs[pack.model]
            if message_fit(belief, pack.model, belief.rules[changed.id], message):
                rule = belief.rules[changed.id]
                self._known.commit(rule, changed, _way(rule, changed), [refused])
                if not can_be_called(self._known.beliefs[pack.model], pack.model):
                    self._known.gone.add(pack.model)
                return None, refused
        return None

    def _distinguished(
        self, changed: Rule, suspects: list[Rule], pack: Pack, known: list[ProbeExchange]
    ) -> Rule:
        """Return the changed rule, or another one that the message fits as well and a probe shows instead."""
        model, message = pack.model, known[0].answer.message or ""
        belief, spec = self._known.beliefs[model], self._known.with_rule(changed, model)
        for rival in suspects:
            is_equal = message_fit(belief, model, rival, message) >= message_fit(
                belief, model, changed, message
            )
            if rival.id == changed.id or not is_equal or not self._known.is_consistent(rival, *known):
                continue
            other = self._known.with_rule(rival, model)
            for edge in edges_of_rule(other, rival, (model,), self._known.image_url):
                if edge.side == "refused" and predicts(spec, edge.body, edge.call):
                    self._known.searched += 1
                    known.append(self._known.ask_edge(edge))
                    return rival if known[-1].answer.accepted is False else changed
        return changed

    def _suspects(self, pack: Pack, refused: ProbeExchange) -> list[Rule]:
        """Return changed rules that explain a refusal and contradict no answer, likely ones first."""
        message, belief = refused.answer.message or "", self._known.beliefs[pack.model]
        probed = {edge.rule.id for edge in pack.edges}
        ranked: list[tuple[int, int, Rule]] = []
        for rule in self._rules_on(pack):
            fit = message_fit(belief, pack.model, rule, message)
            for is_stated, changed in self._tighter(rule, pack, message):
                score = 2 * fit + 3 * (is_stated and fit > 0) + (rule.id in probed)
                score += _EXPLAINING * self._explained(changed, pack.model)
                ranked.append((-score, len(ranked), changed))
        ranked.sort(key=lambda entry: entry[:2])
        consistent = (changed for _, _, changed in ranked if self._known.is_consistent(changed, refused))
        return [changed for _, changed in zip(range(_MAX_SUSPECTS), consistent, strict=False)]

    def _explained(self, changed: Rule, model: str) -> int:
        """Return the number of answers that a changed rule explains and the belief does not."""
        spec = self._known.with_rule(changed, model)
        open_exchanges = (
            exchange
            for exchange in self._known.exchanges
            if exchange.probe.model == model
            and exchange.answer.accepted
            and changed.id in exchange.probe.rules
            and not self._known.is_explained(exchange)
        )
        return sum(agrees(spec, exchange) for exchange in open_exchanges)

    def _rules_on(self, pack: Pack) -> Iterator[Rule]:
        """Yield the rules that a pack can violate."""
        belief = self._known.beliefs[pack.model]
        family = belief.family(pack.model)
        for edge in pack.edges:
            if not edge.rule.field:
                yield belief.rules[edge.rule.id]
        yield belief.rules["wire/endpoints"]
        for node in belief.form(family).walk():
            yield from node.rules
        for field in family.walk():
            if field.path.partition(".")[0] in pack.values or field.rules_of_kind("required"):
                yield from field.rules

    def _tighter(self, rule: Rule, pack: Pack, message: str) -> Iterator[tuple[bool, Rule]]:
        """Yield changed rules that refuse a pack, with whether the message states their limit."""
        if is_ordered(rule) and rule.outcome == "rejected":
            limits = [limit for limit in stated_limits(rule, message) if is_looser(rule, rule.limit, limit)]
            limits.sort(key=limit_as_number, reverse=KINDS[rule.kind].tighter == "lower")
            candidates = [(True, replace(rule, limit=limit)) for limit in limits]
            step = step_bound(rule, rule.limit, 1, looser=False)
            if step is not None and step not in limits:
                candidates.append((False, replace(rule, limit=step)))
        elif rule.kind == "endpoints":
            calls = tuple(call for call in rule.limit[pack.model] if call != pack.call)
            candidates = [(False, replace(rule, limit={**rule.limit, pack.model: calls}))] if calls else []
        elif rule.outcome != "rejected":
            candidates = [(False, replace(rule, outcome="rejected"))]
        else:
            candidates = [(False, changed) for changed in other_limits(self._known.beliefs[pack.model], rule)]
        for is_stated, changed in candidates:
            if predicts(self._known.with_rule(changed, pack.model), pack.body, pack.call) is False:
                yield is_stated, changed

    def _renewed(self, pack: Pack, spec: Spec) -> list[Pack]:
        """Return the edges of a pack as they are in another spec, or its smallest request."""
        if not has_every_constant(spec):
            return []
        return self._packed_again(pack.edges, spec) or smallest_pack(spec, pack)

    def _packed_again(self, old: Iterable[Edge], spec: Spec) -> list[Pack]:
        """Return edges as they are in another spec, in requests that it accepts."""
        edges: list[Edge] = []
        for edge in old:
            rule = spec.rules.get(edge.rule.id)
            if rule is None:
                continue
            if rule.limit == edge.rule.limit and is_accepted(spec, edge):
                edges.append(edge)
                continue
            renewed = [
                other
                for other in edges_of_rule(spec, rule, (edge.model,), self._known.image_url)
                if other.side == "accepted"
                and (other.call, other.modes) == (edge.call, edge.modes)
                and is_accepted(spec, other)
            ]
            same = [other for other in renewed if label_of(other.id) == label_of(edge.id)]
            edges += same or renewed
        unique = {edge.id: edge for edge in edges}
        return pack_edges(spec, unique.values())

    def commit_narrower(self, rule: Rule, changed: Rule, pack: Pack, known: list[ProbeExchange]) -> None:
        """Confirm that the first value beyond a stated bound is refused, unless that is known."""
        edge = next((edge for edge in pack.edges if edge.rule.id == rule.id), None)
        if edge is not None and is_ordered(rule) and changed.outcome == rule.outcome:
            beyond = self._known.edge_at(rule, changed.limit, edge, "refused")
            if beyond is not None and beyond.values != edge.values:
                known.append(self._known.ask_edge(beyond))
                if known[-1].answer.accepted:
                    limit = self._known.search_bound(changed, edge, changed.limit, known, looser=True)
                    changed = replace(changed, limit=limit)
        self._known.commit(rule, changed, _way(rule, changed), known)

    def _blame_by_halves(self, pack: Pack, refused: ProbeExchange) -> None:
        """Find the edge that is refused by splitting the pack, then search its bound."""
        edges, known = list(pack.edges), [refused]
        while len(edges) > 1:
            half = edges[: len(edges) // 2]
            packs = pack_edges(self._known.beliefs[pack.model], half)
            answers = [self._known.ask_pack(one) for one in packs]
            self._known.searched += len(answers)
            known += answers
            is_refused = any(answer.answer.accepted is False for answer in answers)
            edges = half if is_refused else edges[len(half) :]
        rule = self._known.beliefs[pack.model].rules.get(edges[0].rule.id) if edges else None
        if rule is None or not is_ordered(rule) or rule.outcome != "rejected":
            self._give_up(pack, edges, known)
            return
        start = step_bound(rule, rule.limit, 1, looser=False)
        limit = (
            None if start is None else self._known.search_bound(rule, edges[0], start, known, looser=False)
        )
        if limit is None or not known[-1].answer.accepted:
            self._give_up(pack, edges, known)
            return
        self._known.commit(rule, replace(rule, limit=limit), "narrower", known)

    def _give_up(self, pack: Pack, edges: list[Edge], known: list[ProbeExchange]) -> None:
        """Record a refusal without explanation; send no more to a model that refuses its smallest request."""
        for smallest in smallest_pack(self._known.beliefs[pack.model], pack):
            self._known.searched += 1
            known.append(self._known.ask_pack(smallest))
            if known[-1].answer.accepted is False:
                self._known.gone.add(pack.model)
        self._known.commit_unexplained(pack, edges, known)


def _way(rule: Rule, changed: Rule) -> ChangeName:
    if changed.outcome != rule.outcome:
        return "refused"
    if is_ordered(rule):
        return "wider" if is_looser(rule, changed.limit, rule.limit) else "narrower"
    if isinstance(rule.limit, tuple | dict) and isinstance(changed.limit, tuple | dict):
        return "narrower" if len(changed.limit) <= len(rule.limit) else "wider"
    return "moved"
