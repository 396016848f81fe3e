"""The first reading: `wanlib.check`, that is the emitted code that people install."""

from collections.abc import Iterable, Iterator

from jsonschema import Draft202012Validator

from wan_conformance.model import Observation
from wanlib.base.violation import REFUSED, Violation
from wanlib.boundary.case import Question
from wanlib.emit.schema.errors_to_rules import violated_rules
from wanlib.emit.schema.json_schema import CLAIMS, envelope, schema
from wanlib.spec import Condition, Family, Field, Rule, Spec, interpret
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.model.mode_values import referenced_fields


class JsonSchemaTarget:
    """Asks the schema of the body's model; bodies without a known model are for the envelope's schema."""

    name = "json_schema"
    refuses = REFUSED

    def __init__(self, spec: Spec) -> None:
        self._rules = spec.rules
        self._base = spec.base
        self._envelope = Draft202012Validator(envelope(spec))
        self._models = {model: Draft202012Validator(schema(spec, model)) for model in spec.models}
        self.leaves_out = frozenset(
            rule.id
            for family in spec.families
            for rule in _call_dependent_rules(family)
            if rule.kind in CLAIMS
        )

    def claims(self, kind: str) -> bool:
        """The kinds that JSON Schema can say; rules on the call apart, which no body tells."""
        return kind in CLAIMS

    def observe(self, question: Question) -> Observation:
        """The rules whose keywords fail. Its messages quote the body, so one without end can't be asked."""
        body = question.body
        model = self._base(body.get("model")) if isinstance(body, dict) else None
        validator = self._models.get(model) if model else None
        try:
            rules = violated_rules((validator or self._envelope).iter_errors(body))
        except RecursionError:
            return Observation(None, (), skipped="nested too deeply for jsonschema")
        return Observation(not any(self._rules[rule].outcome in REFUSED for rule in rules), rules)


def _call_dependent_rules(family: Family) -> Iterator[Rule]:
    for field in family.walk():
        for rule in field.rules:
            if any(
                "call" in referenced_fields(family, condition.mode) for condition in _conditions(field, rule)
            ):
                yield rule


def _conditions(field: Field, rule: Rule) -> Iterator[Condition]:
    """The modes that a rule hangs on: its own, or those of the variants that replace it."""
    if isinstance(rule.limit, Condition):
        yield rule.limit
    for variant in (rule,) if rule.condition else field.rules_of_kind(rule.kind):
        if variant.condition:
            yield variant.condition


def observation_from(violations: Iterable[Violation]) -> Observation:
    """The rules that were named; let through unless one of them is refused."""
    all_violations = tuple(violations)
    rules = tuple(sorted({violation.rule for violation in all_violations}))
    return Observation(not any(violation.is_refused for violation in all_violations), rules)


class GeneratedTarget:
    """Asks `check`. It knows the committed code alone, not the spec of the run: drift shows as failures."""

    name = "generated"
    refuses = REFUSED
    leaves_out: frozenset[str] = frozenset()

    def __init__(self, spec: Spec) -> None:
        """`spec` is what the other targets read."""

    def claims(self, kind: str) -> bool:
        """Every kind that there is."""
        return kind in KINDS

    def observe(self, question: Question) -> Observation:
        """What `check` says; generated code that can't even be imported is an error of each case."""
        from wanlib import check

        return observation_from(check(question.body, call=question.call))


class InterpretedTarget:
    """Asks `interpret` with the spec of the run."""

    name = "interpreted"
    refuses = REFUSED
    leaves_out: frozenset[str] = frozenset()

    def __init__(self, spec: Spec) -> None:
        self._spec = spec

    def claims(self, kind: str) -> bool:
        """Every kind that there is."""
        return kind in KINDS

    def observe(self, question: Question) -> Observation:
        """What the walk finds."""
        return observation_from(interpret(self._spec, question.body, question.call))
