"""Rules whose violations were accepted: name the looser limit, or state that none is left.

A bound that a message states costs one request to read, unless the message on another limit of the field
states it too, and one to confirm.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from wan_conformance.live.naming.alternatives import (
    far_bound,
    is_looser,
    is_ordered,
    other_limits,
    step_bound,
)
from wan_conformance.live.naming.findings import ProbeExchange
from wan_conformance.live.naming.knowledge import Knowledge, agrees
from wan_conformance.live.naming.statements import stated_limits
from wan_conformance.live.planning.edges import Edge, label_of
from wanlib.spec import Rule
from wanlib.spec.model.model import CALLS


class LoosenedRules:
    """Names rules that refuse less than the spec states."""

    def __init__(self, known: Knowledge) -> None:
        """Use the knowledge of a run."""
        self._known = known

    def name(self, exchanges: Iterable[ProbeExchange]) -> None:
        """Name the rules whose violations were accepted, unless the belief explains that."""
        groups: dict[tuple[str, str], list[ProbeExchange]] = {}
        for exchange in exchanges:
            if exchange.answer.accepted and not self._known.is_explained(exchange):
                groups.setdefault((exchange.edges[0].rule.id, exchange.probe.model), []).append(exchange)
        for (rule_id, model), accepted in groups.items():
            rule = self._known.beliefs[model].rules.get(rule_id)
            if rule is None or all(map(self._known.is_explained, accepted)):
                continue
            if not self._name_as_elsewhere(rule, accepted):
                (self._name_wider if is_ordered(rule) else self._name_other)(rule, accepted)

    def _name_as_elsewhere(self, rule: Rule, accepted: list[ProbeExchange]) -> bool:
        """Take the change that another model of the file has, if it explains the answers."""
        for finding in self._known.findings:
            if (
                finding.rule == rule.id
                and finding.after
                and self._known.is_consistent(finding.after, *accepted)
            ):
                self._known.commit(rule, finding.after, finding.change, accepted)
                return True
        return False

    def _name_other(self, rule: Rule, accepted: list[ProbeExchange]) -> None:
        """Name a change of a rule without bounds."""
        if rule.kind == "endpoints":
            model = accepted[0].probe.model
            added = {exchange.probe.call for exchange in accepted}
            calls = tuple(call for call in CALLS if call in {*rule.limit[model], *added})
            self._known.commit(rule, replace(rule, limit={**rule.limit, model: calls}), "wider", accepted)
            return
        if len(accepted) > 1 and len(accepted) == self._count_refused_edges(rule, accepted[0].probe.model):
            self._known.commit_not_refused(rule, accepted)
            return
        values = tuple(_value_of(exchange.edges[0]) for exchange in accepted)
        for changed in other_limits(self._known.beliefs[accepted[0].probe.model], rule, values):
            if self._known.is_consistent(changed, *accepted):
                is_added = isinstance(rule.limit, tuple | dict) and len(changed.limit) > len(rule.limit)
                self._known.commit(rule, changed, "wider" if is_added else "moved", accepted)
                return
        self._known.commit_not_refused(rule, accepted)

    def _count_refused_edges(self, rule: Rule, model: str) -> int:
        """Return the number of sent edges that a rule of a model refuses."""
        return sum(
            exchange.probe.model == model and exchange.probe.breaks == (rule.id,)
            for exchange in self._known.exchanges
        )

    def _name_wider(self, rule: Rule, accepted: list[ProbeExchange]) -> None:
        edge, known = accepted[0].edges[0], list(accepted)
        stated = self._stated_by_others(rule, edge, accepted)
        if stated is None:
            far = self._known.edge_at(rule, far_bound(rule, rule.limit), edge, "refused")
            if far is not None:
                exchange = self._known.ask_edge(far)
                known.append(exchange)
                if exchange.answer.accepted:
                    self._known.commit_not_refused(rule, known)
                    return
                stated = self._stated(rule, exchange.answer.message or "", accepted)
        if stated is not None and self._confirm(rule, stated, edge, known):
            return
        self.search_bound_wider(rule, edge, known)

    def _stated_by_others(self, rule: Rule, edge: Edge, accepted: list[ProbeExchange]) -> Any:
        """Return the bound that the message on another limit of the field states; None if none does."""
        for exchange in self._known.exchanges:
            about = exchange.edges[0] if len(exchange.edges) == 1 else None
            if about is None or exchange.answer.accepted is not False or about.model != edge.model:
                continue
            is_other_bound = {about.rule.kind[:3], rule.kind[:3]} == {"min", "max"}
            is_pair = is_other_bound and about.rule.kind[3:] == rule.kind[3:]
            if about.rule.field == rule.field and is_pair and about.modes == edge.modes:
                limit = self._stated(rule, exchange.answer.message or "", accepted)
                if limit is not None:
                    return limit
        return None

    def _stated(self, rule: Rule, message: str, accepted: list[ProbeExchange]) -> Any:
        for limit in reversed(stated_limits(rule, message)):  # a message states the bound after the value
            if is_looser(rule, limit, rule.limit) and self._known.is_consistent(
                replace(rule, limit=limit), *accepted
            ):
                return limit
        return None

    def _confirm(self, rule: Rule, limit: Any, edge: Edge, known: list[ProbeExchange]) -> bool:
        """Probe the side of a stated bound that is not known yet; return whether the bound holds."""
        keeps = self._known.edge_at_limit(rule, limit, edge)
        is_known = keeps is None or keeps.body == edge.body
        probe = self._known.edge_at(rule, limit, edge, "refused") if is_known else keeps
        if probe is None:
            return False
        exchange = self._known.ask_edge(probe)
        known.append(exchange)
        changed = replace(rule, limit=limit)
        if exchange.answer.accepted is (not is_known):
            self._known.commit(rule, changed, "wider", known)
            return True
        return False

    def search_bound_wider(self, rule: Rule, edge: Edge, known: list[ProbeExchange]) -> None:
        """Search the loosest bound that holds, from the present one outwards."""
        holds = self._least_bound(rule, known)
        limit = self._known.search_bound(rule, edge, holds, known, looser=True)
        self._known.commit(rule, replace(rule, limit=limit), "wider", known)

    def _least_bound(self, rule: Rule, known: list[ProbeExchange]) -> Any:
        """Return the tightest bound beyond the present one that explains the accepted requests."""
        accepted = [exchange for exchange in known if exchange.answer.accepted]
        steps = 1
        while steps < 1 << 20:
            limit = step_bound(rule, rule.limit, steps, looser=True)
            if limit is None:
                break
            spec = self._known.with_rule(replace(rule, limit=limit), accepted[0].probe.model)
            if all(agrees(spec, exchange) for exchange in accepted):
                return limit
            steps *= 2
        return rule.limit


def _value_of(edge: Edge) -> Any:
    """Return the value that an edge tests, in the form of an item of the list of allowed values."""
    if edge.rule.kind in ("formats", "schemes") or edge.values is None:
        return label_of(edge.id)
    return edge.values.get(edge.rule.field)
