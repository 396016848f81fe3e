"""`Side`: one of two compared specs or models, with its verdicts on bodies."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from wanlib.base.values import ABSENT, UNDETERMINED
from wanlib.base.violation import Violation
from wanlib.boundary.body import encode_body
from wanlib.spec.interpreter.decode import decode_body, mode_inputs
from wanlib.spec.interpreter.interpret import interpret
from wanlib.spec.model.model import Field, Node, Rule
from wanlib.spec.model.modes import BoolOp, Condition, Expression, Name, Not, holds
from wanlib.spec.model.spec import Spec

JUDGED_AT = 1_800_000_000.0
"""The time by which signed URLs expire, in Unix seconds: the same for both sides and in every run. It lies
between the expired and the valid signatures of `wanlib.boundary`."""


class Side(NamedTuple):
    """One side of a comparison.

    Attributes:
        label: Its name in reports: the argument of the user.
        spec: Its spec.
        model: The only model that is compared; None for all models of the spec.
    """

    label: str
    spec: Spec
    model: str | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """The models that are compared."""
        return self.spec.models if self.model is None else (self.model,)


class Judgement(NamedTuple):
    """The verdict of one side on a body.

    Attributes:
        refused: The violations for which the service refuses or cuts the request; empty if it is accepted.
        noted: The other violations.
    """

    refused: tuple[Violation, ...]
    noted: tuple[Violation, ...]

    @property
    def outcomes(self) -> frozenset[str]:
        """The outcomes of all violations."""
        return frozenset(violation.outcome for violation in (*self.refused, *self.noted))


class ModelView:
    """One model of a side: its rules under names that two sides share, and its verdicts.

    Attributes:
        spec: The spec.
        model: The model.
        family: Its family.
    """

    def __init__(self, spec: Spec, model: str) -> None:
        """View a model. Raise KeyError if the spec does not have it."""
        self.spec = spec
        self.model = model
        self.family = spec.family(model)

    def judge(self, body: Mapping[str, Any], call: str | None) -> Judgement:
        """Judge a body as a request for this model, even if it names another one."""
        violations = interpret(self.spec, {**body, "model": self.model}, call, now=JUDGED_AT)
        refused = tuple(violation for violation in violations if violation.is_refused)
        noted = tuple(violation for violation in violations if not violation.is_refused)
        return Judgement(refused, noted)

    def field_values(self, body: dict[str, Any]) -> Mapping[str, Any] | None:
        """Return the values of the fields of a body by name; None if it does not have the form."""
        decoded = decode_body(self.family, self.form, body)
        values = decoded.values.values()
        if decoded.violations or any(value is UNDETERMINED or value is None for value in values):
            return None
        return {name: value for name, value in decoded.values.items() if value is not ABSENT}

    def body_of(self, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the body with these values; None if the body form cannot express one of them."""
        fields = {field.name: field for field in self.family.fields}
        single_items = {node.field for node in self.form.walk() if node.only}
        for name, value in values.items():
            if name not in fields or isinstance(value, list) is not (fields[name].type == "list"):
                return None
            if name in single_items and len(value) != 1:
                return None
        return encode_body(self.spec, self.family, self.model, values)

    @cached_property
    def form(self) -> Node:
        """The body form."""
        return self.spec.form(self.family)

    @cached_property
    def structure(self) -> object:
        """The body form without its rules: where each field is."""
        return _structure(self.form)

    def shared_id(self, rule_id: str) -> str:
        """Return a rule id without the name of the family, which two sides need not share."""
        return rule_id.removeprefix(f"{self.family.name}/")

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """The rules on bodies of this model, by shared id."""
        return {
            self.shared_id(rule.id): rule
            for rule in self.spec.rules.values()
            if rule.scope == "body" and (not rule.models or self.model in rule.models)
        }

    @cached_property
    def statements(self) -> Mapping[str, object]:
        """The content of each rule, by shared id, without its name, place and notes, and with modes expanded.

        Rules with equal statements have equal verdicts; rules with different ones may still mean the same.
        """
        return {name: self._statement(rule) for name, rule in self.rules.items()}

    def _statement(self, rule: Rule) -> object:
        limit: object = self.limit_of(rule)
        if isinstance(limit, Condition):
            limit = self._condition(limit)
        return rule.kind, limit, rule.outcome, self._condition(rule.condition), rule.of

    def _condition(self, condition: Condition | None) -> object:
        return condition and (self.expanded_modes[condition.mode], condition.wanted)

    @cached_property
    def expanded_modes(self) -> Mapping[str, Expression]:
        """The expression of each mode, without names of other modes."""
        expanded: dict[str, Expression] = {}
        for mode, expression in self.family.modes.items():
            expanded[mode] = _expand(expression, expanded)
        return expanded

    @cached_property
    def mode_inputs(self) -> Mapping[str, object]:
        """The type and defaults of each field that modes read: if these are equal, equal modes hold alike."""
        return {field.name: (field.type, self._defaults(field)) for field in self.family.mode_fields}

    def _defaults(self, field: Field) -> object:
        return [(self._condition(condition), value) for condition, value in field.default.items()]

    def rule_for(self, shared_id: str, other: Rule | None, body: Any, call: str | None) -> Rule | None:
        """Return the rule of a kind on a field that applies to a body.

        Args:
            shared_id: The id of a rule on this field, of this or of the other side, without the family.
            other: The rule of this id on the other side; None if there is none.
            body: The body, for this model.
            call: How it is sent; None if that is not known.

        Returns:
            The variant whose mode the body is in, else the rule of every other mode; None if there is none.
        """
        named = self.rules.get(shared_id) or other
        if named is None or not named.field:
            return self.rules.get(shared_id)
        same = [rule for rule in self.rules.values() if (rule.field, rule.kind) == (named.field, named.kind)]
        decoded = decode_body(self.family, self.form, body)
        inputs = mode_inputs(self.family, decoded) | {"model": self.model, "call": call}
        for rule in same:
            condition = rule.condition
            if condition and holds(self.family.modes, condition.mode, inputs) is condition.wanted:
                return rule
        return next((rule for rule in same if rule.condition is None), None)

    def limit_of(self, rule: Rule) -> Any:
        """Return the limit of a rule; for the rule on calls, the calls of this model."""
        return rule.limit.get(self.spec.base(self.model)) if rule.kind == "endpoints" else rule.limit

    def has_variants(self, name: str) -> bool:
        """Return whether the rule with a shared id, or another of its kind and field, depends on a mode."""
        rule = self.rules[name]
        return any(
            other.condition is not None or isinstance(other.limit, Condition)
            for other in self.rules.values()
            if (other.field, other.kind) == (rule.field, rule.kind)
        )


def _expand(expression: Expression, modes: Mapping[str, Expression]) -> Expression:
    if isinstance(expression, Name):
        return modes.get(expression.name, expression)
    if isinstance(expression, Not):
        return Not(_expand(expression.inner, modes))
    if isinstance(expression, BoolOp):
        return BoolOp(expression.word, tuple(_expand(part, modes) for part in expression.parts))
    return expression


def _structure(node: Node) -> object:
    members = [(name, _structure(child)) for name, child in node.members]
    item = node.each and _structure(node.each)
    return node.form, members, item, node.field, node.only, node.parts
