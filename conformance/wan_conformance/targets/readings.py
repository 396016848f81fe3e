"""The three readings of a request body as targets: generated code, the interpreted spec, the JSON Schema."""

from collections.abc import Iterable, Iterator

from jsonschema import Draft202012Validator

from wan_conformance.model import Observation
from wan_conformance.targets.package import PACKAGED, ClientPackage
from wanlib.base.violation import REFUSED, Violation
from wanlib.boundary.case import Question
from wanlib.emit.schema.errors_to_rules import violated_rules
from wanlib.emit.schema.json_schema import CLAIMS, envelope, is_expressible, schema
from wanlib.spec import Condition, Family, Field, Rule, Spec, interpret
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.model.mode_values import referenced_fields


class JsonSchemaTarget:
    """Validate with the JSON Schema of the body's model, or of the envelope if the model is unknown."""

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
        ) | frozenset(
            rule.id for rule in spec.rules.values() if rule.kind == "step" and not is_expressible(rule)
        )

    def claims(self, kind: str) -> bool:
        """Return whether JSON Schema can express the kind; rules on the call are left out."""
        return kind in CLAIMS

    def observe(self, question: Question) -> Observation:
        """Return the rules whose keywords fail; skipped if the body is nested too deeply."""
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
    """Yield the modes that a rule depends on: its own, or those of the variants that replace it."""
    if isinstance(rule.limit, Condition):
        yield rule.limit
    for variant in (rule,) if rule.condition else field.rules_of_kind(rule.kind):
        if variant.condition:
            yield variant.condition


def observation_from(violations: Iterable[Violation]) -> Observation:
    """Return the rules that were named; accepted unless one of the violations is refused."""
    all_violations = tuple(violations)
    rules = tuple(sorted({violation.rule for violation in all_violations}))
    return Observation(not any(violation.is_refused for violation in all_violations), rules)


class GeneratedTarget:
    """Validate with `wanlib.check`, the committed code, or with that of another package.

    It ignores the spec of the run, so that drift between the two shows as failures.
    """

    refuses = REFUSED
    leaves_out: frozenset[str] = frozenset()

    def __init__(self, spec: Spec, package: ClientPackage = PACKAGED) -> None:
        """Judge a package.

        Args:
            spec: Ignored, since the package has its own limits; all targets take it.
            package: The package with the validator.
        """
        self.name = package.target_name("generated")
        self._check = package.check

    def claims(self, kind: str) -> bool:
        """Return whether the kind exists: all of them are claimed."""
        return kind in KINDS

    def observe(self, question: Question) -> Observation:
        """Return the report of `check`. Generated code that cannot be imported is an error of each case."""
        return observation_from(self._check(question.body, call=question.call))


class InterpretedTarget:
    """Validate with `wanlib.spec.interpret` and the spec of the run."""

    name = "interpreted"
    refuses = REFUSED
    leaves_out: frozenset[str] = frozenset()

    def __init__(self, spec: Spec) -> None:
        self._spec = spec

    def claims(self, kind: str) -> bool:
        """Return whether the kind exists: all of them are claimed."""
        return kind in KINDS

    def observe(self, question: Question) -> Observation:
        """Return the report of the interpreter."""
        return observation_from(interpret(self._spec, question.body, question.call))
