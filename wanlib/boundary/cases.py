"""The edges of every rule on a request body, as cases."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from wanlib.boundary.body import BodyBuilder
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
from wanlib.boundary.mode_cases import PINNED_KINDS, ModeCase, mode_cases
from wanlib.boundary.value_steps import SIZE_RATIOS, STEPS, BoundaryValue, Steps
from wanlib.spec import Field, Node, Rule, Spec
from wanlib.spec.model.kinds import KINDS, limit_as_number
from wanlib.spec.model.modes import holds

# Real files in every format are tried on the first model of a family: the others share the limits on them.
_ONCE = frozenset(IMAGE_STEPS) - {"schemes", "public", "unexpired", "inside", "same_pixels_as"}


def boundary_cases(spec: Spec, rule_id: str | None = None) -> Iterator[Case]:
    """Both neighbours of every bound, each variant on both sides of its mode; only one rule's if given.

    Cases come rule by rule, in spec order. What each breaks is known from the limit and its kind
    alone: exactly its rule, or nothing.
    """
    for rule in spec.rules.values():
        if rule.scope == "body" and rule_id in (None, rule.id):
            yield from _BoundaryCases(spec, rule).cases()


class _BoundaryCases:
    def __init__(self, spec: Spec, rule: Rule) -> None:
        self.spec = spec
        self.rule = rule

    def cases(self) -> Iterator[Case]:
        if self.rule.id == "wire/model":
            for model in self.spec.models:
                yield from self._changed(
                    self._first_reachable(model), model_changes(self._first_reachable(model), self.rule)
                )
        elif self.rule.id == "wire/endpoints":
            for model in self.spec.models:
                yield from self._calls(model)
        elif self.rule.id.startswith("wire/"):
            yield from self._envelope()
        else:
            yield from self._family()

    def _first_reachable(self, model: str) -> BodyBuilder:
        return BodyBuilder(self.spec, _cached_mode_cases(self.spec, model)[0])

    # The envelope.

    def _envelope(self) -> Iterator[Case]:
        for name, form in self.spec.bodies.items():
            for node in form.walk():
                if self.rule in node.rules:
                    yield from self._node(name, node)

    def _node(self, form: str, node: Node) -> Iterator[Case]:
        for family in self.spec.families:
            if family.body == form:
                for model in family.models:
                    yield from self._changed(
                        self._first_reachable(model), changes(self._first_reachable(model), node, self.rule)
                    )

    def _calls(self, model: str) -> Iterator[Case]:
        body = self._first_reachable(model)
        for call in ("sync", "async", "stream"):
            keeps = call in self.spec.calls(model)
            yield self._case(body, call, body.request({}), keeps, call)

    def _changed(self, body: BodyBuilder, found: Iterator[EnvelopeChange]) -> Iterator[Case]:
        for change in found:
            yield self._case(body, change.label, change.body, change.keeps, body.call, null=change.null)

    # Fields.

    def _family(self) -> Iterator[Case]:
        (family,) = (each for each in self.spec.families if self.rule.id.startswith(f"{each.name}/"))
        models = family.models[:1] if self.rule.kind in _ONCE else family.models
        for model in models:
            if not self.rule.field:
                of_names = foreign_member_changes if self.rule.kind == "only_for" else unknown_member_changes
                yield from self._changed(
                    self._first_reachable(model), of_names(self._first_reachable(model), self.rule)
                )
                continue
            field = next(each for each in family.walk() if each.path == self.rule.field)
            yield from self._field(model, field)

    def _field(self, model: str, field: Field) -> Iterator[Case]:
        rule = self.rule
        if rule.kind == "place":
            body = self._first_reachable(model)
            yield from self._changed(body, position_changes(body, field.name, rule.limit, body.sample(field)))
        elif rule.kind in ("effective", "needs"):
            yield from self._conditional(model, field)
        elif rule.kind == "unknown":
            for situation in self._applicable_cases(model, field)[:1]:
                yield from self._strays_of_object(BodyBuilder(self.spec, situation), field)
        elif rule.kind in PINNED_KINDS and field.name in _cached_mode_cases(self.spec, model)[0].pinned[0]:
            yield from self._on_mode_input(model, field)
        else:
            yield from self._for_each_variant(model, field)

    def _for_each_variant(self, model: str, field: Field) -> Iterator[Case]:
        """A rule with variants in every situation that it judges, any other in the first that can show it."""
        everywhere = len(field.rules_of_kind(self.rule.kind)) > 1 or self.rule.condition
        for situation in self._applicable_cases(model, field):
            shown = False
            for case in self._steps(BodyBuilder(self.spec, situation), field):
                shown = shown or bool(case.breaks)
                yield case
            if shown and not everywhere:
                return

    def _on_mode_input(self, model: str, field: Field) -> Iterator[Case]:
        """A rule on what modes read: the value that breaks it may lead to another situation."""
        for situation in _cached_mode_cases(self.spec, model):
            if situation.active_rule(field, self.rule.kind) is self.rule:
                yield from self._boundary_values(situation, field, True)
        for situation in mode_cases(self.spec, model, self.rule):
            yield from self._boundary_values(situation, field, False)

    def _boundary_values(self, situation: ModeCase, field: Field, keeps: bool) -> Iterator[Case]:
        tried = set()
        for way in situation.pinned:
            if way[field.name] not in tried:
                tried.add(way[field.name])
                body = BodyBuilder(self.spec, replace(situation, pinned=(way,)))
                told = {} if field.type == "list" else {field.name: way[field.name]}
                label = str(way[field.name]).lower() or "empty"
                yield self._case(body, label, body.request(told), keeps, body.call)

    def _applicable_cases(self, model: str, field: Field) -> list[ModeCase]:
        """Where the rule is the one to judge by and its field may stand."""
        top = field.path.partition(".")[0]
        return [
            situation
            for situation in _cached_mode_cases(self.spec, model)
            if situation.is_usable(situation.family.field(top))
            and situation.active_rule(field, self.rule.kind) is self.rule
            and self._reachable(BodyBuilder(self.spec, situation), field)
        ]

    def _reachable(self, body: BodyBuilder, field: Field) -> bool:
        """Whether a list that must be as long as another has an item at all."""
        top = body.family.field(field.path.partition(".")[0])
        inner = field.path != top.path or self.rule.kind == "same_count_as"
        return not inner or all(body.values.get(rule.limit) for rule in top.rules_of_kind("same_count_as"))

    def _conditional(self, model: str, field: Field) -> Iterator[Case]:
        """Present where the condition holds, and present where it does not."""
        for situation in _cached_mode_cases(self.spec, model):
            body = BodyBuilder(self.spec, situation)
            others = [
                each
                for kind in ("effective", "needs")
                for each in field.rules_of_kind(kind)
                if each is not self.rule
            ]
            if all(situation.holds(each.limit) for each in others):
                value = {field.name: body.sample(field)}
                yield self._case(
                    body, "present", body.request(value), situation.holds(self.rule.limit), body.call
                )

    def _strays_of_object(self, body: BodyBuilder, field: Field) -> Iterator[Case]:
        yield self._case(body, "none", self._request(body, field, body.sample(field)), True, body.call)
        for name in ("not_a_member", ""):
            value = body.sample(field) | {name: 1}
            yield self._case(body, repr(name), self._request(body, field, value), False, body.call)

    def _steps(self, body: BodyBuilder, field: Field) -> Iterator[Case]:
        for step in _step_function(field, self.rule)(body, field, self.rule):
            yield from self._boundary_case(body, field, step, step.keeps)
        for other in field.rules_of_kind(self.rule.kind):
            if other is not self.rule and KINDS[other.kind].tighter in ("lower", "higher"):
                yield from self._other_variant_edges(body, field, other)

    def _other_variant_edges(self, body: BodyBuilder, field: Field, other: Rule) -> Iterator[Case]:
        """The edges of another variant, where this one is the one to judge by."""
        limit = limit_as_number(self.rule.limit)
        for step in _step_function(field, other)(body, field, other):
            over = step.measure > limit if KINDS[other.kind].tighter == "lower" else step.measure < limit
            yield from self._boundary_case(body, field, step._replace(label=f"across-{step.label}"), not over)

    def _boundary_case(
        self, body: BodyBuilder, field: Field, step: BoundaryValue, keeps: bool
    ) -> Iterator[Case]:
        values = {field.path.partition(".")[0]: body.wrap(field, step.value)} | (step.also or {})
        if self._keeps_modes(body, values):
            yield self._case(body, step.label, body.request(values), keeps, body.call, null=step.null)

    def _keeps_modes(self, body: BodyBuilder, values: dict[str, Any]) -> bool:
        """Whether the modes are as before with these values: a step on what a mode reads may change it."""
        if self.rule.kind in ("type", "required"):
            return True
        known: dict[str, Any] = {"model": body.situation.model, "call": body.call}
        for field in body.family.fields:
            value = values.get(field.name, body.values.get(field.name, field.default.get(None)))
            known[field.name] = (
                (len(value) if isinstance(value, list) else 0) if field.type == "list" else value
            )
        modes = body.family.modes
        return all(
            (holds(modes, mode, known) or False) is truth for mode, truth in body.situation.truths.items()
        )

    def _request(self, body: BodyBuilder, field: Field, leaf: Any) -> Any:
        return body.request({field.path.partition(".")[0]: body.wrap(field, leaf)})

    def _case(
        self, body: BodyBuilder, label: str, request: Any, keeps: bool, call: str | None, null: bool = False
    ) -> Case:
        situation = "+".join(mode for mode, truth in body.situation.truths.items() if truth)
        if self.rule.id == "wire/endpoints":
            call = label
        where = (
            body.situation.model + (f"/{situation}" if situation else "") + (f"/{call}" if body.call else "")
        )
        outcome = "unspecified" if null else self.rule.outcome
        return Case(
            id=f"edge:{self.rule.id}/{'keeps' if keeps else 'breaks'}/{label}@{where}",
            rule=self.rule.id,
            question=Question(request, call),
            breaks=() if keeps else ((self.rule.id, outcome),),
        )


def _step_function(field: Field, rule: Rule) -> Steps:
    ratios = IMAGE_RATIOS if field.type == "image" else SIZE_RATIOS
    return STEPS.get(rule.kind) or IMAGE_STEPS.get(rule.kind) or ratios[rule.kind]


@lru_cache(maxsize=16)
def _cached_mode_cases(spec: Spec, model: str) -> tuple[ModeCase, ...]:
    return mode_cases(spec, model)
