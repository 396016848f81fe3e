"""The second reading: a plain walk over the Spec beside a body."""

from typing import Any

from wanlib.base.facts import ImageFacts
from wanlib.base.met import escape
from wanlib.base.missing import ABSENT, LOST
from wanlib.base.violation import Violation
from wanlib.spec.decode import Decoder, Reading
from wanlib.spec.evaluate import Known
from wanlib.spec.mode import Condition
from wanlib.spec.model import Family, Rule, Spec
from wanlib.spec.predicates import ImageText, read_image
from wanlib.spec.prepared import Choice, Plan, Step, prepared

_STOPS = ("schemes", "encoding")


def interpret(
    spec: Spec, body: Any, call: str | None = None, reading: Reading | None = None
) -> list[Violation]:
    """All violations of a wire body, in spec order. Total: it answers on any JSON.

    call: `sync`, `async`, `stream` or None where it is not known. reading: the body as its model's form
    reads it, where somebody has done so before.
    """
    model = body.get("model") if isinstance(body, dict) else None
    if not isinstance(model, str) or model not in spec.models:
        return [
            Violation(
                "wire/model", "rejected", "/model" if isinstance(body, dict) else "", spec.models, model
            )
        ]
    found = []
    calls = spec.rules["wire/endpoints"].limit[model]
    if call is not None and call not in calls:
        found.append(Violation("wire/endpoints", "rejected", "/model", calls, call))
    family = spec.family(model)
    reading = reading or Decoder(family, spec.bodies[family.body]).decode(body)
    return found + reading.violations + _Walk(family, reading, model, call).judge()


class _Walk:
    """One body's fields against one family's rules."""

    def __init__(self, family: Family, reading: Reading, model: str, call: str | None) -> None:
        self.plans = prepared(family)
        self.values = reading.values
        self.reading = reading
        seen = {plan.name: self._effective(plan) for plan in self.plans.read}
        self.known = Known(family.ready_modes, seen | {"model": model, "call": call})
        self.images: dict[int, ImageText] = {}  # by identity: to hash a text takes as long as to read it
        self.found: list[Violation] = []
        self.at: list[int] = []

    def judge(self) -> list[Violation]:
        for plan in self.plans.fields:
            self._field(plan, self.values[plan.name], self.reading.paths[plan.name])
        return self.found

    # What a mode reads.

    def _effective(self, plan: Plan) -> Any:
        value = self.values[plan.name]
        if plan.type == "list":
            return self.count(plan.name)
        if value is ABSENT:
            return plan.default
        return value if value is not LOST and plan.fits(value) else None

    def _holds(self, condition: Condition) -> bool | None:
        value = self.known.holds(condition.mode)
        return None if value is None else value is condition.wanted

    def _active(self, choice: Choice) -> Rule | None:
        """The variant whose mode holds, or the base where no variant's mode could."""
        base = choice.base
        for rule in choice.variants:
            assert rule.condition is not None
            state = self._holds(rule.condition)
            if state:
                return rule
            if state is None:
                base = None
        return base

    # What relations ask.

    def count(self, name: str) -> int | None:
        value = self.values[name]
        return 0 if value is ABSENT else len(value) if isinstance(value, list) else None

    def facts(self, name: str, index: int) -> ImageFacts | None:
        value = self.values[name]
        if not isinstance(value, list) or index >= len(value) or not isinstance(value[index], str):
            return None
        return self._image(value[index]).facts

    def index(self) -> int:
        """The place in the outermost list that the walk is in."""
        return self.at[0]

    # One value.

    def _image(self, text: str) -> ImageText:
        if id(text) not in self.images:
            self.images[id(text)] = read_image(text)
        return self.images[id(text)]

    def _report(self, rule: Rule, path: str, limit: Any, value: Any) -> None:
        outcome = "unspecified" if rule.kind == "type" and value is None else rule.outcome
        self.found.append(Violation(rule.id, outcome, path, limit, value))

    def _field(self, plan: Plan, value: Any, path: str) -> None:
        if value is LOST:
            return
        if value is ABSENT:
            if plan.required and (rule := self._active(plan.required)):
                self._report(rule, path, True, None)
            return
        for rule in plan.effective:
            if self._holds(rule.limit) is False:
                self._report(rule, path, str(rule.limit), value)
                return
        for rule in plan.needs:
            if self._holds(rule.limit) is False:
                self._report(rule, path, str(rule.limit), value)
        if not plan.fits(value):
            self._report(plan.types[0], path, plan.type, value)
            return
        judged, bounds = value, plan.bounds
        if plan.type == "image":
            judged = self._image(value)
            bounds = plan.bounds if judged.uri else plan.outer
        whole = self._stage(bounds, judged, path)
        if plan.nested:
            self._inner(plan, value, path)
        if whole and plan.relations:
            self._stage(plan.relations, judged, path)

    def _stage(self, steps: tuple[Step, ...], value: Any, path: str) -> bool:
        """Judges the rules of one stage; whether all were kept."""
        whole = True
        for step in steps:
            choice = step.choice
            rule = self._active(choice) if choice.variants else choice.base
            if rule is None:
                continue
            limit = (rule.limit, rule.of) if rule.of else rule.limit
            broken = step.judge(limit, value, self) if step.around else step.judge(limit, value)
            if broken:
                whole = False
                self._report(rule, path, *broken)
                if step.kind in _STOPS:
                    break
        return whole

    def _inner(self, plan: Plan, value: Any, path: str) -> None:
        if plan.each:
            paths = self.reading.item_paths.get(plan.name)
            for index, item in enumerate(value):
                self.at.append(index)
                self._field(plan.each, item, paths[index] if paths else f"{path}/{index}")
                self.at.pop()
        for member in plan.members:
            self._field(member, value.get(member.name, ABSENT), f"{path}/{member.name}")
        for rule in plan.strays:
            for key in value:
                if key not in plan.known:
                    self._report(rule, f"{path}/{escape(key)}", plan.known, key)
