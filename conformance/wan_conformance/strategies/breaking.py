"""Whole requests that violate exactly one rule: valid except for one value, just or far over its limit."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from wan_conformance.strategies.byte_source import ByteSource, strategy_from_bytes
from wan_conformance.strategies.invalid_bodies import BodyBreak, envelope_violation
from wan_conformance.strategies.invalid_images import IMAGES
from wan_conformance.strategies.invalid_values import LISTS, VALUES, Break
from wan_conformance.strategies.partial_request import PartialRequest
from wan_conformance.strategies.requests import FieldChange, RequestPlan
from wanlib.base.values import ABSENT
from wanlib.boundary.case import Question
from wanlib.boundary.mode_cases import MODE_INPUT_KINDS, ModeCase, can_be_given, mode_cases
from wanlib.spec.model.model import Node, Rule
from wanlib.spec.model.modes import given_key
from wanlib.spec.model.spec import Spec

_EXTRA = 64  # bytes for the violation itself
_IMAGE_RELATIONS = ("inside", "same_pixels_as")  # kinds that depend on the images of another field


def breaking(spec: Spec, rule_id: str) -> st.SearchStrategy[Question]:
    """Return requests of every model that has the rule, each of which violates this rule and no other.

    Args:
        spec: The spec.
        rule_id: The id of the rule.

    Raises:
        KeyError: The rule does not exist.
        ValueError: No body and call can violate it.
    """
    rule = spec.rules[rule_id]
    breakers = list(_breakers(spec, rule)) if rule.scope == "body" else []
    if not breakers:
        raise ValueError(f"{rule_id} can't be violated by a request body or its call")
    length = max(plan.length for plan, _ in breakers) + _EXTRA
    return strategy_from_bytes(length, lambda source: _broken(*source.choose(breakers), source))


def _broken(plan: RequestPlan, change: BodyBreak, source: ByteSource) -> Question:
    body, call = plan.build(source)
    source.position = plan.length
    return Question(change(body, source), call)


def _breakers(spec: Spec, rule: Rule) -> Iterator[tuple[RequestPlan, BodyBreak]]:
    for model in rule.models or spec.models:
        family = spec.family(model)
        form = rule.id.partition("/")[2].partition(".")[0]
        if rule.file == "wire.yaml" and form in spec.bodies and form != family.body:
            continue
        for candidate in mode_cases(spec, model, rule):
            if not rule.field or rule.kind == "place":
                yield RequestPlan(spec, candidate, forced=rule.field), envelope_violation(spec, family, rule)
            elif rule.kind in ("requires", "excludes"):
                for mode_case in _without_companion(candidate, rule):
                    yield RequestPlan(spec, mode_case, rule.field, broken=rule), lambda body, source: body
            elif (mode_case := _require_items(candidate, rule)).assignments:
                forced = rule.field.partition(".")[0]
                change = _change(rule, mode_case, spec.form(family))
                yield RequestPlan(spec, mode_case, forced, change), lambda body, source: body


def _without_companion(mode_case: ModeCase, rule: Rule) -> Iterator[ModeCase]:
    """Yield mode cases in which the field is present, without what it requires or with what it excludes."""
    is_exclusion = rule.kind == "excludes"
    for name in rule.limit if is_exclusion else (rule.limit,):
        other = mode_case.family.field(name)
        is_needed = mode_case.active_rule(other, "required") or mode_case.limit(other, "min_count", 0)
        if not mode_case.is_usable(other) if is_exclusion else is_needed:
            continue
        assignments = tuple(
            values
            for values in mode_case.assignments
            if values.get(given_key(rule.field)) is not False and values.get(rule.field, 1) != 0
            if values.get(given_key(name), is_exclusion) is is_exclusion
            and can_be_given(mode_case, mode_case.family.field(rule.field), values, rule)
            if other.type != "list" or bool(values.get(name, is_exclusion)) is is_exclusion
        )
        needed = frozenset({rule.field, name} if is_exclusion else {rule.field})
        if assignments:
            yield replace(mode_case, assignments=assignments, required_paths=needed)


def _require_items(mode_case: ModeCase, rule: Rule) -> ModeCase:
    """Return the mode case in which the rule's value is present and the lists that it needs are not empty."""
    fields = tuple(mode_case.family.walk())
    lists = [field for field in fields if field.type == "list"]
    needed = {field.path for field in fields if rule.field.startswith(f"{field.path}.")}
    needed |= {field.path for field in fields if field.path == rule.field and field not in lists}
    needed |= {rule.field} if rule.kind == "max_count" else set()
    needed |= {rule.limit} if rule.kind in _IMAGE_RELATIONS else set()
    count_rules = [
        rule for field in lists if field.path in needed for rule in field.rules_of_kind("same_count_as")
    ]
    needed |= {count_rule.limit for count_rule in count_rules}
    return replace(
        mode_case,
        required_paths=frozenset(needed),
        has_real_images=rule.kind in _IMAGE_RELATIONS,
        assignments=tuple(
            values
            for values in mode_case.assignments
            if all(values.get(field.path, 1) for field in lists if field.path in needed)
            and not any(values.get(given_key(path)) is False for path in needed)
            and can_be_given(mode_case, mode_case.family.field(rule.field.partition(".")[0]), values)
        ),
    )


def _change(rule: Rule, mode_case: ModeCase, form: Node) -> FieldChange | None:
    """Return what is done to the field's value when it is made; None if the mode case is the violation."""
    top, *steps = rule.field.split(".")
    if rule.kind in MODE_INPUT_KINDS and not steps and top in mode_case.assignments[0]:
        return None
    fields_by_path = {field.path: field for field in mode_case.family.walk()}
    field = fields_by_path[rule.field]
    kinds = VALUES | LISTS | (IMAGES if field.type == "image" else {})
    break_value = kinds[rule.kind](rule, field, mode_case)
    if rule.kind == "required" and field.path not in form.list_parts:
        break_value = _absent_or_null
    parent = fields_by_path.get(rule.field.rpartition(".")[0], field)
    first_half = rule.kind == "min" and bool(parent.rules_of_kind("ordered"))

    def change(source: ByteSource, partial: PartialRequest) -> None:
        _apply_at(partial.values, [top, *steps], break_value, first_half, source, partial)
        partial.indices.clear()  # the next field is not in a list yet

    return change


def _absent_or_null(value: Any, source: ByteSource, partial: PartialRequest) -> Any:
    return None if source.flag() else ABSENT


def _apply_at(
    holder: Any,
    steps: list[str],
    break_value: Break,
    first_half: bool,
    source: ByteSource,
    partial: PartialRequest,
) -> None:
    """Replace the value at the end of the steps; `each` stands for one item of a list.

    Args:
        holder: The object or list that has the first step.
        steps: The path of names to the value.
        break_value: Makes the new value.
        first_half: Whether the item is from the first half of the last list, so that the order of the halves
            stays.
        source: The choices.
        partial: The request.
    """
    key: Any = steps[0]
    if key == "each":
        key = source.byte() % (len(holder) // 2 if first_half and len(steps) == 1 else len(holder))
        partial.indices.append(key)
    if len(steps) > 1:
        _apply_at(holder[key], steps[1:], break_value, first_half, source, partial)
    elif (value := break_value(holder[key], source, partial)) is ABSENT:
        del holder[key]
    else:
        holder[key] = value
