"""Trials: injects changes in the spec of an emulator, and compares what a run names with them."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wan_conformance.live.naming.knowledge import agrees
from wan_conformance.live.planning.edges import select_edges
from wan_conformance.live.planning.plan import ProbePlan
from wan_conformance.live.probe import Probe, ProbeAnswer
from wan_conformance.live.session import LiveResult, run_plan
from wan_conformance.targets.server.server import emulator_server

from wanlib.spec import Spec, interpret

IMAGE_URL = "https://example.com/1.png"


class EmulatorSender:
    """Send probes to an in-process emulator with its own spec; nothing costs anything."""

    def __init__(self, spec: Spec) -> None:
        self.sent: list[Probe] = []
        self._spec = spec
        self._server = emulator_server(spec)

    def worst_price(self, probe: Probe) -> Decimal | None:
        return Decimal(0)

    def send(self, probe: Probe) -> ProbeAnswer:
        self.sent.append(probe)
        reply = self._server.create(probe.body, json.dumps(probe.body).encode(), probe.call)
        body = reply.body if isinstance(reply.body, dict) else {}
        code = body.get("code")
        error_class = self._spec.wire["errors"].get(str(code), {}).get("class") if code else None
        return ProbeAnswer(
            probe.id,
            reply.status == 200,
            reply.status,
            code,
            body.get("message"),
            error_class,
            body.get("request_id"),
        )


@dataclass(frozen=True)
class Trial:
    """The result for an injected change.

    Attributes:
        name: The injected change, such as `wan2.7/n.max=wider`.
        visible: Whether any answer differs from what the spec expects.
        named: Whether the rule was named, with the limit that it has now.
        requests: How many requests were sent.
        planned: How many requests the plan has.
        result: The result of the run.
    """

    name: str
    visible: bool
    named: bool
    requests: int
    planned: int
    result: LiveResult

    @property
    def allowed(self) -> int:
        """The most requests that naming may take: two more for each change of a rule for a model."""
        changes = sum(len(finding.models) for finding in self.result.findings)
        return self.planned + 2 * changes + self.result.searched


def predicted(spec: Spec, body: Any, call: str) -> bool:
    return all(violation.outcome != "rejected" for violation in interpret(spec, body, call))


def differs(spec: Spec, changed: Spec, plan: ProbePlan) -> bool:
    """Return whether a request of the plan gets another answer."""
    bodies = [(edge.body, edge.call) for edge in plan.refused] + [
        (pack.body, pack.call) for pack in plan.packs
    ]
    return any(predicted(spec, *one) is not predicted(changed, *one) for one in bodies)


def is_named(result: LiveResult, changed: Spec, rule: str) -> bool:
    """Return whether a run names a rule, and now expects what the changed service does at its edges."""
    if rule not in {finding.rule for finding in result.findings}:
        return False
    found = next(finding for finding in result.findings if finding.rule == rule)
    if found.change in ("gone", "unexplained"):
        return found.change == "gone" and rule == "wire/model"
    edges = select_edges(changed, (), (rule,), IMAGE_URL)
    probed = result.probed_models[rule]
    edges = tuple(edge for edge in edges if edge.model in probed)
    for model in probed:
        belief = result.beliefs[model]
        edges += select_edges(belief, (model,), (rule,), IMAGE_URL)
    return all(
        predicted(changed, edge.body, edge.call)
        is predicted(result.beliefs[edge.model], edge.body, edge.call)
        for edge in edges
    )


def run_trial(name: str, spec: Spec, changed: Spec, plan: ProbePlan, *rules: str) -> Trial:
    """Run a plan against a service with changed rules."""
    sender = EmulatorSender(changed)
    result = run_plan(spec, plan, sender, image_url=IMAGE_URL)
    named = all(is_named(result, changed, rule) for rule in rules)
    visible = not all(agrees(spec, exchange) for exchange in result.exchanges)
    return Trial(name, visible, named, len(sender.sent), plan.count, result)
