"""Boundary cases of every rule on a request body: valid and invalid requests next to its limit.

`boundary_cases` is the entry point. Values near a limit come from `value_steps` and `image_steps`, changes of
the envelope from `envelope`, and `body` builds the requests around them.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from wanlib.base.identifiers import parse_rule_id
from wanlib.base.values import ABSENT
from wanlib.boundary.body import RequestBuilder
from wanlib.boundary.case import Case, Question
from wanlib.boundary.envelope import (
    EnvelopeChange,
    changes,
    foreign_member_changes,
    model_changes,
    position_changes,
    unknown_member_changes,
)
from wanlib.boundary.image_steps import IMAGE_RATIOS, IMAGE_STEPS
from wanlib.boundary.mode_cases import MODE_INPUT_KINDS, ModeCase, mode_cases
from wanlib.boundary.size_steps import SIZE_STEPS
from wanlib.boundary.value_steps import STEPS, BoundaryValue, Steps
from wanlib.spec import Family, Field, Node, Rule, Spec
from wanlib.spec.model.kinds import KINDS, limit_as_number
from wanlib.spec.model.model import CALLS
from wanlib.spec.model.modes import given_key, holds

# Rules on image files are tested with the first model of a family: the other models share these limits.
_FIRST_MODEL_ONLY = frozenset(IMAGE_STEPS) - {"schemes", "public", "unexpired", "inside", "same_pixels_as"}


def boundary_cases(spec: Spec, rule_id: str | None = None) -> Iterator[Case]:
    """Yield requests on both sides of every limit, for each variant on both sides of its mode.

    Cases come rule by rule, in spec order. The expected verdict follows from the limit and its kind alone:
    a case violates exactly its rule, or nothing.

    Args:
        spec: The spec.
        rule_id: The only rule for which cases are made; None for all rules.
    """
    for rule in spec.rules.values():
        if rule.scope == "body" and rule_id in (None, rule.id):
            yield from _BoundaryCases(spec, rule).cases()


class _BoundaryCases:
    """Makes the cases of one rule."""

    def __init__(self, spec: Spec, rule: Rule) -> None:
        self.spec = spec
        self.rule = rule

    def cases(self) -> Iterator[Case]:
        if self.rule.id == "wire/model":
            for model in self.spec.models:
                yield from self._change_cases(
                    self._first_reachable(model), model_changes(self._first_reachable(model), self.rule)
                )
        elif self.rule.id == "wire/endpoints":
            for model in self.spec.models:
                yield from self._call_cases(model)
        elif self.rule.id.startswith("wire/"):
            yield from self._envelope_cases()
        else:
            yield from self._family_cases()

    def _first_reachable(self, model: str) -> RequestBuilder:
        return RequestBuilder(self.spec, _cached_mode_cases(self.spec, model)[0])

    # The envelope.

    def _envelope_cases(self) -> Iterator[Case]:
        for name, form in self.spec.bodies.items():
            for node in form.walk():
                if self.rule in node.rules:
                    yield from self._node_cases(name, node)

    def _node_cases(self, form: str, node: Node) -> Iterator[Case]:
        for family in self.spec.families:
            if family.body == form:
                yield from self._own_node_cases(family, node)

    def _own_node_cases(self, family: Family, node: Node) -> Iterator[Case]:
        """Yield the cases of a node in the form of a family, if the form has the node."""
        own = next((other for other in self.spec.form(family).walk() if other.path == node.path), None)
        if own is None or self.rule.id not in {rule.id for rule in own.rules}:
            return
        for model in family.models:
            body = self._first_reachable(model)
            yield from self._change_cases(body, changes(body, own, self.rule))

    def _call_cases(self, model: str) -> Iterator[Case]:
        reachable = (*_cached_mode_cases(self.spec, model), *mode_cases(self.spec, model, self.rule))
        for call in CALLS:
            for body in self._bodies_sent_by(call, reachable)[:1]:
                yield self._case(body, call, body.request({}), call in self.spec.calls(model), call)

    def _call_rule_cases(self, model: str) -> Iterator[Case]:
        """Yield the call of a rule in every mode case, whether the mode case allows the call or not."""
        call = parse_rule_id(self.rule.id).field_name
        for keeps, candidates in (
            (True, _cached_mode_cases(self.spec, model)),
            (False, mode_cases(self.spec, model, self.rule)),
        ):
            for body in self._bodies_sent_by(call, candidates):
                yield self._case(body, call, body.request({}), keeps, call)

    def _bodies_sent_by(self, call: str, candidates: tuple[ModeCase, ...]) -> list[RequestBuilder]:
        """Return a builder for each mode case in which this call can be made."""
        builders = []
        for mode_case in candidates:
            sent_so = tuple(values for values in mode_case.assignments if values.get("call", call) == call)
            if call in mode_case.calls and sent_so:
                builders.append(RequestBuilder(self.spec, replace(mode_case, assignments=sent_so)))
        return builders

    def _change_cases(
        self, body: RequestBuilder, envelope_changes: Iterator[EnvelopeChange]
    ) -> Iterator[Case]:
        for change in envelope_changes:
            yield self._case(body, change.label, change.body, change.keeps, body.call, null=change.null)

    # Fields.

    def _family_cases(self) -> Iterator[Case]:
        (family,) = (family for family in self.spec.families if self.rule.id.startswith(f"{family.name}/"))
        is_on_files = self.rule.kind in _FIRST_MODEL_ONLY and any(
            field.path == self.rule.field and field.type == "image" for field in family.walk()
        )
        models = family.models[:1] if is_on_files else family.models
        for model in models:
            if self.rule.kind == "only_in":
                yield from self._call_rule_cases(model)
            elif not self.rule.field:
                of_names = foreign_member_changes if self.rule.kind == "only_for" else unknown_member_changes
                yield from self._change_cases(
                    self._first_reachable(model), of_names(self._first_reachable(model), self.rule)
                )
            else:
                field = next(field for field in family.walk() if field.path == self.rule.field)
                yield from self._field_cases(model, field)

    def _field_cases(self, model: str, field: Field) -> Iterator[Case]:
        rule = self.rule
        if rule.kind == "place":
            for mode_case in self._applicable_cases(model, field)[:1]:
                body = RequestBuilder(self.spec, mode_case)
                changes_of_position = position_changes(body, field, rule.limit, body.sample(field))
                yield from self._change_cases(body, changes_of_position)
        elif rule.kind in ("effective", "needs"):
            yield from self._conditional_cases(model, field)
        elif rule.kind == "unknown":
            for mode_case in self._applicable_cases(model, field)[:1]:
                yield from self._unknown_members(RequestBuilder(self.spec, mode_case), field)
        elif (
            rule.kind in MODE_INPUT_KINDS
            and field.name in _cached_mode_cases(self.spec, model)[0].assignments[0]
        ):
            yield from self._on_mode_input(model, field)
        else:
            yield from self._for_each_variant(model, field)

    def _for_each_variant(self, model: str, field: Field) -> Iterator[Case]:
        """Yield cases in every mode case where a variant applies; without variants, in one of them."""
        everywhere = len(field.rules_of_kind(self.rule.kind)) > 1 or self.rule.condition
        for mode_case in self._applicable_cases(model, field):
            has_violation = False
            for case in self._step_cases(RequestBuilder(self.spec, mode_case), field):
                has_violation = has_violation or bool(case.breaks)
                yield case
            if has_violation and not everywhere:
                return

    def _on_mode_input(self, model: str, field: Field) -> Iterator[Case]:
        """Yield cases of a rule on a field that modes read: an invalid value may change the modes."""
        for mode_case in _cached_mode_cases(self.spec, model):
            if mode_case.active_rule(field, self.rule.kind) is self.rule:
                yield from self._boundary_values(mode_case, field, True)
        for mode_case in mode_cases(self.spec, model, self.rule):
            yield from self._boundary_values(mode_case, field, False)

    def _boundary_values(self, mode_case: ModeCase, field: Field, keeps: bool) -> Iterator[Case]:
        tried: set[Any] = set()
        for assignment in mode_case.assignments:
            if assignment[field.name] not in (None, *tried):  # None if the field is absent
                tried.add(assignment[field.name])
                body = RequestBuilder(self.spec, replace(mode_case, assignments=(assignment,)))
                values = {} if field.type == "list" else {field.name: assignment[field.name]}
                label = str(assignment[field.name]).lower() or "empty"
                yield self._case(body, label, body.request(values), keeps, body.call)

    def _applicable_cases(self, model: str, field: Field) -> list[ModeCase]:
        """Return the mode cases in which the rule applies and its field is allowed."""
        top = field.path.partition(".")[0]
        return [
            mode_case
            for mode_case in _cached_mode_cases(self.spec, model)
            if mode_case.is_usable(mode_case.family.field(top))
            and mode_case.active_rule(field, self.rule.kind) is self.rule
            and self._is_reachable(RequestBuilder(self.spec, mode_case), field)
            and RequestBuilder(self.spec, mode_case).can_have(mode_case.family.field(top))
        ]

    def _is_reachable(self, body: RequestBuilder, field: Field) -> bool:
        """Return whether a list that must be as long as another one has an item."""
        top = body.family.field(field.path.partition(".")[0])
        inner = field.path != top.path or self.rule.kind == "same_count_as"
        return not inner or all(body.values.get(rule.limit) for rule in top.rules_of_kind("same_count_as"))

    def _conditional_cases(self, model: str, field: Field) -> Iterator[Case]:
        """Yield a field that is present while the condition holds, and while it does not."""
        for mode_case in _cached_mode_cases(self.spec, model):
            body = RequestBuilder(self.spec, mode_case)
            others = [
                rule
                for kind in ("effective", "needs")
                for rule in field.rules_of_kind(kind)
                if rule is not self.rule
            ]
            if all(mode_case.holds(rule.limit) for rule in others) and body.can_have(field):
                value = {field.name: body.sample(field)}
                yield self._case(
                    body, "present", body.request(value), mode_case.holds(self.rule.limit), body.call
                )

    def _unknown_members(self, body: RequestBuilder, field: Field) -> Iterator[Case]:
        yield self._case(body, "none", self._request(body, field, body.sample(field)), True, body.call)
        for name in ("not_a_member", ""):
            value = body.sample(field) | {name: 1}
            yield self._case(body, repr(name), self._request(body, field, value), False, body.call)

    def _step_cases(self, body: RequestBuilder, field: Field) -> Iterator[Case]:
        for step in _step_function(field, self.rule)(body, field, self.rule):
            yield from self._boundary_case(body, field, step, step.keeps)
        for other in field.rules_of_kind(self.rule.kind):
            if other is not self.rule and KINDS[other.kind].tighter in ("lower", "higher"):
                yield from self._other_variant_edges(body, field, other)

    def _other_variant_edges(self, body: RequestBuilder, field: Field, other: Rule) -> Iterator[Case]:
        """Yield the boundary values of another variant while this one applies."""
        limit = limit_as_number(self.rule.limit)
        for step in _step_function(field, other)(body, field, other):
            over = step.measure > limit if KINDS[other.kind].tighter == "lower" else step.measure < limit
            yield from self._boundary_case(body, field, step._replace(label=f"across-{step.label}"), not over)

    def _boundary_case(
        self, body: RequestBuilder, field: Field, step: BoundaryValue, keeps: bool
    ) -> Iterator[Case]:
        values = {field.path.partition(".")[0]: body.wrap(field, step.value)} | (step.also or {})
        if self._keeps_modes(body, values):
            yield self._case(body, step.label, body.request(values), keeps, body.call, null=step.null)

    def _keeps_modes(self, body: RequestBuilder, values: dict[str, Any]) -> bool:
        """Return whether the modes stay the same with these values; modes may read one of them."""
        if self.rule.kind in ("type", "required"):
            return True
        known: dict[str, Any] = {"model": body.mode_case.model, "call": body.call}
        for field in body.family.fields:
            value = values.get(field.name, body.values.get(field.name, ABSENT))
            known[given_key(field.name)] = value is not ABSENT
            if field.type == "list":
                known[field.name] = len(value) if isinstance(value, list) else 0
            else:
                known[field.name] = field.default.get(None) if value is ABSENT else value
        modes = body.family.modes
        return all(
            (holds(modes, mode, known) or False) is truth for mode, truth in body.mode_case.truths.items()
        )

    def _request(self, body: RequestBuilder, field: Field, leaf: Any) -> Any:
        return body.request({field.path.partition(".")[0]: body.wrap(field, leaf)})

    def _case(
        self,
        body: RequestBuilder,
        label: str,
        request: Any,
        keeps: bool,
        call: str | None,
        null: bool = False,
    ) -> Case:
        modes = tuple(mode for mode, truth in body.mode_case.truths.items() if truth)
        suffix = (
            body.mode_case.model
            + (f"/{'+'.join(modes)}" if modes else "")
            + (f"/{call}" if body.call else "")
        )
        outcome = "unspecified" if null else self.rule.outcome
        return Case(
            id=f"edge:{self.rule.id}/{'keeps' if keeps else 'breaks'}/{label}@{suffix}",
            rule=self.rule.id,
            question=Question(request, call),
            breaks=() if keeps else ((self.rule.id, outcome),),
            modes=modes,
        )


def _step_function(field: Field, rule: Rule) -> Steps:
    if field.type == "size" and rule.kind in SIZE_STEPS:
        return SIZE_STEPS[rule.kind]
    return STEPS.get(rule.kind) or IMAGE_STEPS.get(rule.kind) or IMAGE_RATIOS[rule.kind]


@lru_cache(maxsize=16)
def _cached_mode_cases(spec: Spec, model: str) -> tuple[ModeCase, ...]:
    return mode_cases(spec, model)
