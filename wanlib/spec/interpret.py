"""The second reading: a plain walk over the Spec beside a body."""

from typing import Any

from wanlib.base.facts import ImageFacts
from wanlib.base.met import escape
from wanlib.base.missing import ABSENT, LOST
from wanlib.base.violation import Violation
from wanlib.spec.decode import Decoder, Reading
from wanlib.spec.evaluate import holds
from wanlib.spec.kinds import BOUND, KINDS, RELATION
from wanlib.spec.mode import Condition
from wanlib.spec.model import Family, Field, Rule, Spec
from wanlib.spec.predicates import ALONE, BY_TYPE, PERCENT, RELATED, facts_of

_STOPS = ("schemes", "encoding")


def interpret(spec: Spec, body: Any, call: str | None = None) -> list[Violation]:
    """All violations of a wire body, in spec order. Total: it answers on any JSON.

    call: `sync`, `async`, `stream` or None where it is not known.
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
    reading = Decoder(family, spec.bodies[family.body]).decode(body)
    return found + reading.violations + _Walk(family, reading, model, call).judge()


class _Walk:
    """One body's fields against one family's rules."""

    def __init__(self, family: Family, reading: Reading, model: str, call: str | None) -> None:
        self.family = family
        self.reading = reading
        self.known = {field.name: self._effective(field) for field in family.fields} | {
            "model": model,
            "call": call,
        }
        self.found: list[Violation] = []
        self.at: list[int] = []

    def judge(self) -> list[Violation]:
        for field in self.family.fields:
            self._field(field, self.reading.values[field.name], self.reading.paths[field.name])
        return self.found

    # What a mode reads.

    def _effective(self, field: Field) -> Any:
        value = self.reading.values[field.name]
        if field.type == "list":
            return 0 if value is ABSENT else len(value) if isinstance(value, list) else None
        if value is ABSENT:
            default = field.default.get(None)
            return None if default == "derived" else default
        return value if value is not LOST and _has_type(field.type, value) else None

    def _holds(self, condition: Condition | None) -> bool | None:
        if condition is None:
            return True
        value = holds(self.family.modes, condition.mode, self.known)
        return None if value is None else value is condition.wanted

    def _active(self, field: Field, kind: str) -> Rule | None:
        """The variant whose mode holds, or the base where no variant's mode could."""
        rules = field.of_kind(kind)
        states = {rule.id: self._holds(rule.condition) for rule in rules if rule.condition}
        for rule in rules:
            if rule.condition and states[rule.id]:
                return rule
        base = next((rule for rule in rules if rule.condition is None), None)
        return base if all(state is False for state in states.values()) else None

    # What relations ask.

    def count(self, name: str) -> int | None:
        value = self.reading.values[name]
        return 0 if value is ABSENT else len(value) if isinstance(value, list) else None

    def facts(self, name: str, index: int) -> ImageFacts | None:
        value = self.reading.values[name]
        if not isinstance(value, list) or index >= len(value) or not isinstance(value[index], str):
            return None
        return facts_of(value[index])

    def index(self) -> int:
        """The place in the outermost list that the walk is in."""
        return self.at[0]

    # One value.

    def _report(self, rule: Rule, path: str, limit: Any, value: Any) -> None:
        outcome = "unspecified" if rule.kind == "type" and value is None else rule.outcome
        self.found.append(Violation(rule.id, outcome, path, limit, value))

    def _field(self, field: Field, value: Any, path: str) -> None:
        if value is LOST:
            return
        if value is ABSENT:
            if rule := self._active(field, "required"):
                self._report(rule, path, True, None)
            return
        for rule in field.of_kind("effective"):
            if self._holds(rule.limit) is False:
                self._report(rule, path, str(rule.limit), value)
                return
        for rule in field.of_kind("needs"):
            if self._holds(rule.limit) is False:
                self._report(rule, path, str(rule.limit), value)
        if not _has_type(field.type, value):
            self._report(field.of_kind("type")[0], path, field.type, value)
            return
        whole = self._stage(field, BOUND, value, path)
        self._inner(field, value, path)
        if whole:
            self._stage(field, RELATION, value, path)

    def _stage(self, field: Field, stage: int, value: Any, path: str) -> bool:
        """Judges the rules of one stage; whether all were kept."""
        whole = True
        for kind in dict.fromkeys(rule.kind for rule in field.rules if KINDS[rule.kind].stage == stage):
            rule = self._active(field, kind)
            if rule is None:
                continue
            limit = (rule.limit, rule.of) if rule.of else rule.limit
            alone = BY_TYPE.get((field.type, kind)) or ALONE.get(kind)
            broken = alone(limit, value) if alone else RELATED[kind](limit, value, self)
            if broken:
                whole = False
                self._report(rule, path, *broken)
                if kind in _STOPS:
                    break
        return whole

    def _inner(self, field: Field, value: Any, path: str) -> None:
        if field.each:
            paths = self.reading.item_paths.get(field.name)
            for index, item in enumerate(value):
                self.at.append(index)
                self._field(field.each, item, paths[index] if paths else f"{path}/{index}")
                self.at.pop()
        for member in field.members:
            self._field(member, value.get(member.name, ABSENT), f"{path}/{member.name}")
        if field.type == "object":
            self._strays(field, value, path)

    def _strays(self, field: Field, value: dict[str, Any], path: str) -> None:
        known = tuple(member.name for member in field.members)
        (rule,) = field.of_kind("unknown")
        for key in value:
            if key not in known:
                self._report(rule, f"{path}/{escape(key)}", known, key)


def _has_type(kind: str, value: Any) -> bool:
    if kind in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        finite = isinstance(value, int) or value - value == 0
        return finite and (kind == "number" or isinstance(value, int) or value.is_integer())
    if kind == "percent":
        return isinstance(value, str) and PERCENT.fullmatch(value) is not None
    return isinstance(value, {"boolean": bool, "list": list, "object": dict}.get(kind, str))
