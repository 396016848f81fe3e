"""The exported JSON Schema and the interpreter, with the same questions."""

from typing import Any

from jsonschema import Draft202012Validator

from wanlib.base.identifiers import parse_rule_id
from wanlib.emit.schema.errors_to_rules import violated_rules
from wanlib.emit.schema.json_schema import CLAIMS, envelope, is_expressible, schema
from wanlib.spec import Spec, interpret


class Readings:
    """Both readings of one spec."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.envelope = Draft202012Validator(envelope(spec))
        self.models = {model: Draft202012Validator(schema(spec, model)) for model in spec.models}

    def by_schema(self, body: Any) -> tuple[str, ...]:
        """The broken rules by the envelope and, where it is kept, by the model's schema."""
        outside = violated_rules(self.envelope.iter_errors(body))
        return outside or violated_rules(self.models[body["model"]].iter_errors(body))

    def by_walk(self, body: Any) -> tuple[str, ...]:
        """The broken rules by the interpreter, as far as the schema claims their kind."""
        rules = {violation.rule for violation in interpret(self.spec, body, None)}
        steps = {
            rule.id for rule in self.spec.rules.values() if rule.kind == "step" and not is_expressible(rule)
        }
        return tuple(sorted(rule for rule in rules - steps if parse_rule_id(rule).kind in CLAIMS))
