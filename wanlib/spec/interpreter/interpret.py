"""The second reading: a plain walk over the Spec beside a body."""

import time
from datetime import datetime
from typing import Any

from wanlib.base.urls import unix_seconds
from wanlib.base.values import ABSENT, UNDETERMINED
from wanlib.base.violation import Violation
from wanlib.spec.build.hints import describe, named
from wanlib.spec.interpreter.check_plan import CheckStep, FieldPlan, RuleVariants, violated_limit
from wanlib.spec.interpreter.compile_plan import compile_plans
from wanlib.spec.interpreter.compiled_decode import decode_body
from wanlib.spec.interpreter.decode import DecodedBody
from wanlib.spec.model.model import Family, Rule, Spec
from wanlib.spec.model.modes import Condition, ModeState
from wanlib.validation.image_header import ImageInfo, escape_json_pointer

_STOPS = ("schemes", "encoding")


def interpret(
    spec: Spec,
    body: Any,
    call: str | None = None,
    reading: DecodedBody | None = None,
    *,
    local: bool = False,
    now: float | datetime | None = None,
) -> list[Violation]:
    """Return all violations of a wire body, in spec order. Total: it accepts any JSON.

    Args:
        spec: the rules.
        body: the parsed JSON.
        call: `sync`, `async`, `stream` or None where it is not known.
        reading: the body as its model's form reads it, where that was done before.
        local: lift the rule that image URLs are public.
        now: the time by which signatures of URLs are judged; see `wanlib.check`.
    """
    named_model = body.get("model") if isinstance(body, dict) else None
    model = spec.base(named_model)
    if model is None:
        return [
            Violation(
                "wire/model", "rejected", "/model" if isinstance(body, dict) else "", spec.models, named_model
            )
        ]
    found = []
    calls = spec.rules["wire/endpoints"].limit[model]
    if call is not None and call not in calls:
        found.append(Violation("wire/endpoints", "rejected", "/model", calls, call))
    family = spec.family(model)
    reading = reading or decode_body(family, spec.bodies[family.body], body)
    parts = spec.bodies[family.body].part_fields
    return found + reading.violations + _Walk(family, reading, model, call, local, now).run(parts)


class _Walk:
    """One body's fields against one family's rules."""

    def __init__(
        self,
        family: Family,
        reading: DecodedBody,
        model: str,
        call: str | None,
        local: bool,
        now: float | datetime | None,
    ) -> None:
        self.family = family
        self.plans = compile_plans(family)
        self.values = reading.values
        self.reading = reading
        seen = {plan.name: self._effective(plan) for plan in self.plans.read}
        self.known = ModeState(family.ready_modes, seen | {"model": model, "call": call})
        self.image = reading.image
        self.found: list[Violation] = []
        self.place = 0
        self.local = local
        self._now = None if now is None else unix_seconds(now)

    def run(self, parts: frozenset[str]) -> list[Violation]:
        """All violations of the fields. parts: the fields that are written as parts of a list."""
        values = self.values
        for name, keeps, plan in self.plans.fields:
            if not keeps(values[name], self):
                self._field(plan, values[name], self.reading.paths[name], item=name in parts)
        return self.found

    # What modes and variants ask.

    def _effective(self, plan: FieldPlan) -> Any:
        value = self.values[plan.name]
        if plan.type == "list":
            return self.count(plan.name)
        if value is ABSENT:
            return plan.default
        return value if value is not UNDETERMINED and plan.fits(value) else None

    def holds(self, condition: Condition) -> bool | None:
        value = self.known.holds(condition.mode)
        return None if value is None else value is condition.wanted

    def active_rule(self, choice: RuleVariants) -> Rule | None:
        """The variant whose mode holds, or the base where no variant's mode could."""
        base = choice.base
        for rule in choice.variants:
            assert rule.condition is not None
            state = self.holds(rule.condition)
            if state:
                return rule
            if state is None:
                base = None
        return base

    # What relations ask.

    def count(self, name: str) -> int | None:
        value = self.values[name]
        return 0 if value is ABSENT else len(value) if isinstance(value, list) else None

    def facts(self, name: str, index: int) -> ImageInfo | None:
        value = self.values[name]
        if not isinstance(value, list) or index >= len(value) or not isinstance(value[index], str):
            return None
        return self.image(value[index]).facts

    def index(self) -> int:
        """The place in the outermost list that the walk is in."""
        return self.place

    def now(self) -> float:
        """The time by which signatures are judged, in Unix seconds."""
        if self._now is None:
            self._now = time.time()
        return self._now

    # One value.

    def _report(self, rule: Rule, path: str, limit: Any, value: Any) -> None:
        self.found.append(Violation(named(self.family, rule), rule.outcome, path, limit, value))

    def _mistyped(self, plan: FieldPlan, path: str, value: Any, item: bool) -> None:
        rule = plan.types[0]
        outcome = "unspecified" if value is None and not item else rule.outcome
        self.found.append(Violation(rule.id, outcome, path, rule.limit, value))

    def _field(self, plan: FieldPlan, value: Any, path: str, item: bool = False) -> None:
        """One value. item: whether it stands in a list, where a null is no missing member."""
        if value is UNDETERMINED:
            return
        if value is ABSENT or (value is None and not item):
            if plan.required and (rule := self.active_rule(plan.required)):
                self._report(rule, path, True, None)
                return
            if value is ABSENT:
                return
        for rule in plan.effective:
            if self.holds(rule.limit) is False:
                self._report(rule, path, describe(self.family, rule.limit), value)
                return
        for rule in plan.needs:
            if self.holds(rule.limit) is False:
                self._report(rule, path, describe(self.family, rule.limit), value)
        if not plan.fits(value):
            self._mistyped(plan, path, value, item)
            return
        judged, bounds = value, plan.bounds
        if plan.type == "image":
            judged = self.image(value)
            bounds = plan.bounds if judged.uri else plan.outer
        whole = self._check_stage(bounds, judged, path)
        if plan.nested:
            self._check_children(plan, value, path)
        if whole and plan.relations:
            self._check_stage(plan.relations, judged, path)

    def _check_stage(self, steps: tuple[CheckStep, ...], value: Any, path: str) -> bool:
        """Judges the rules of one stage; whether all were kept."""
        whole = True
        for step in steps:
            choice = step.choice
            rule = self.active_rule(choice) if choice.variants else choice.base
            if rule is None:
                continue
            if met := violated_limit(step, rule, value, self):
                whole = False
                self._report(rule, path, *met)
                if step.kind in _STOPS:
                    break
        return whole

    def _check_children(self, plan: FieldPlan, value: Any, path: str) -> None:
        if plan.each:
            paths = self.reading.item_paths.get(plan.name)
            for index, item in enumerate(value):
                if plan.outermost:
                    self.place = index
                self._field(plan.each, item, paths[index] if paths else f"{path}/{index}", item=True)
        for member in plan.members:
            self._field(member, value.get(member.name, ABSENT), f"{path}/{member.name}")
        for rule in plan.strays:
            for key in value:
                if key not in plan.known:
                    self._report(rule, f"{path}/{escape_json_pointer(key)}", plan.known, key)
