"""Whole requests that break exactly one rule: valid but for one step, or one leap, over its limit."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from wan_conformance.strategies.byte_source import ByteSource, strategy_from_bytes
from wan_conformance.strategies.invalid_bodies import BodyBreak, envelope_violation
from wan_conformance.strategies.invalid_images import IMAGES
from wan_conformance.strategies.invalid_values import LISTS, VALUES, Break
from wan_conformance.strategies.partial_request import PartialRequest
from wan_conformance.strategies.requests import Change, Plan
from wanlib.base.values import ABSENT
from wanlib.boundary.case import Question
from wanlib.boundary.mode_cases import PINNED_KINDS, ModeCase, mode_cases
from wanlib.spec.model.model import Node, Rule, Spec

_EXTRA = 64  # bytes for the break itself
_LOOKS = ("inside", "same_pixels_as")  # kinds that look at the pictures of another field


def breaking(spec: Spec, rule_id: str) -> st.SearchStrategy[Question]:
    """Requests of every model that has the rule, each of which breaks this rule and no other.

    Raises KeyError for an unknown rule, ValueError for one that no body and call can break.
    """
    rule = spec.rules[rule_id]
    breakers = list(_breakers(spec, rule)) if rule.scope == "body" else []
    if not breakers:
        raise ValueError(f"{rule_id} is no rule that a request body or its call can break")
    length = max(plan.length for plan, _ in breakers) + _EXTRA
    return strategy_from_bytes(length, lambda octets: _broken(*octets.choose(breakers), octets))


def _broken(plan: Plan, change: BodyBreak, octets: ByteSource) -> Question:
    body, call = plan.build(octets)
    octets.at = plan.length
    return Question(change(body, octets), call)


def _breakers(spec: Spec, rule: Rule) -> Iterator[tuple[Plan, BodyBreak]]:
    for model in rule.models or spec.models:
        family = spec.family(model)
        form = rule.id.partition("/")[2].partition(".")[0]
        if rule.file == "wire.yaml" and form in spec.bodies and form != family.body:
            continue
        for each in mode_cases(spec, model, rule):
            if not rule.field or rule.kind == "place":
                yield Plan(spec, each, forced=rule.field), envelope_violation(spec, family, rule)
            elif (situation := _require_items(each, rule)).pinned:
                forced = rule.field.partition(".")[0]
                change = _change(rule, situation, spec.bodies[family.body])
                yield Plan(spec, situation, forced, change), lambda body, octets: body


def _require_items(situation: ModeCase, rule: Rule) -> ModeCase:
    """The situation in which a rule's value is there, and the lists around it, and those it looks at, are
    not empty."""
    fields = tuple(situation.family.walk())
    lists = [field for field in fields if field.type == "list"]
    wanted = {field.path for field in fields if rule.field.startswith(f"{field.path}.")}
    wanted |= {field.path for field in fields if field.path == rule.field and field not in lists}
    wanted |= {rule.field} if rule.kind == "max_count" else set()
    wanted |= {rule.limit} if rule.kind in _LOOKS else set()
    as_many = [
        rule for field in lists if field.path in wanted for rule in field.rules_of_kind("same_count_as")
    ]
    wanted |= {each.limit for each in as_many}
    return replace(
        situation,
        wanted=frozenset(wanted),
        pictured=rule.kind in _LOOKS,
        pinned=tuple(each for each in situation.pinned if all(each.get(path, 1) for path in wanted)),
    )


def _change(rule: Rule, situation: ModeCase, form: Node) -> Change | None:
    """What is done to the field's value as soon as it is made; nothing where the situation is the break."""
    top, *steps = rule.field.split(".")
    if rule.kind in PINNED_KINDS and not steps and top in situation.pinned[0]:
        return None
    fields = {each.path: each for each in situation.family.walk()}
    field = fields[rule.field]
    kinds = VALUES | LISTS | (IMAGES if field.type == "image" else {})
    final = kinds[rule.kind](rule, field, situation)
    if rule.kind == "required" and field.path not in form.list_parts():
        final = _absent_or_null
    around_it = fields.get(rule.field.rpartition(".")[0], field)
    halved = rule.kind == "min" and bool(around_it.rules_of_kind("ordered"))

    def change(octets: ByteSource, around: PartialRequest) -> None:
        _apply_at(around.values, [top, *steps], final, halved, octets, around)
        around.at.clear()  # what is made next is in no list yet

    return change


def _absent_or_null(value: Any, octets: ByteSource, around: PartialRequest) -> Any:
    return None if octets.flag() else ABSENT


def _apply_at(
    holder: Any, steps: list[str], final: Break, halved: bool, octets: ByteSource, around: PartialRequest
) -> None:
    """Breaks the value at the end of the steps, some item's where a step is `each`.

    halved: only the first half of the last list, where the order of the two halves is to stay.
    """
    key: Any = steps[0]
    if key == "each":
        key = octets.byte() % (len(holder) // 2 if halved and len(steps) == 1 else len(holder))
        around.at.append(key)
    if len(steps) > 1:
        _apply_at(holder[key], steps[1:], final, halved, octets, around)
    elif (value := final(holder[key], octets, around)) is ABSENT:
        del holder[key]
    else:
        holder[key] = value
