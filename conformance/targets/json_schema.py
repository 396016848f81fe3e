"""The third reading: the exported JSON Schema under `jsonschema`, for what it can say."""

from collections.abc import Iterator

from jsonschema import Draft202012Validator

from conformance.model import Observation, Question
from wanlib.base.violation import REFUSED
from wanlib.emit.json_schema import CLAIMS, envelope, schema
from wanlib.emit.schema_errors import broken_rules
from wanlib.spec import Condition, Family, Field, Rule, Spec
from wanlib.spec.family import fields_read


class JsonSchema:
    """Asks the schema of the body's model; bodies without a known model are for the envelope's schema."""

    name = "json_schema"
    refuses = REFUSED

    def __init__(self, spec: Spec) -> None:
        self._rules = spec.rules
        self._base = spec.base
        self._envelope = Draft202012Validator(envelope(spec))
        self._models = {model: Draft202012Validator(schema(spec, model)) for model in spec.models}
        self.leaves_out = frozenset(
            rule.id for family in spec.families for rule in _hanging_on_call(family) if rule.kind in CLAIMS
        )

    def claims(self, kind: str) -> bool:
        """The kinds that JSON Schema can say; rules on the call apart, which no body tells."""
        return kind in CLAIMS

    def observe(self, question: Question) -> Observation:
        """The rules whose keywords fail. Its messages quote the body, so one without end can't be asked."""
        body = question.body
        model = self._base(body.get("model")) if isinstance(body, dict) else None
        known = self._models.get(model) if model else None
        try:
            rules = broken_rules((known or self._envelope).iter_errors(body))
        except RecursionError:
            return Observation(None, (), skipped="nested too deeply for jsonschema")
        return Observation(not any(self._rules[rule].outcome in REFUSED for rule in rules), rules)


def _hanging_on_call(family: Family) -> Iterator[Rule]:
    for field in family.walk():
        for rule in field.rules:
            if any("call" in fields_read(family, each.mode) for each in _conditions(field, rule)):
                yield rule


def _conditions(field: Field, rule: Rule) -> Iterator[Condition]:
    """The modes that a rule hangs on: its own, or those of the variants that replace it."""
    if isinstance(rule.limit, Condition):
        yield rule.limit
    for each in (rule,) if rule.condition else field.of_kind(rule.kind):
        if each.condition:
            yield each.condition
