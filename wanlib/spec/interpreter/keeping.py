"""Yes or no before the walk: whether a value breaks nothing. Most do, and are walked no further."""

from collections.abc import Callable
from typing import Any

from wanlib.base.values import ABSENT, UNDETERMINED
from wanlib.spec.interpreter.check_plan import (
    CheckStep,
    FieldPlan,
    Keeps,
    RuleVariants,
    WalkState,
    comparable_limit,
    violated_limit,
)
from wanlib.spec.model.model import Rule


def keeper(plan: FieldPlan) -> Keeps:
    """The question for a field, put together once: it asks what the walk asks, by the same predicates."""
    fits, absent = plan.fits, _absent(plan.required)
    kept = _image(plan) if plan.type == "image" else _kept(plan, plan.bounds)

    def keeps(value: Any, walk: WalkState) -> bool:
        if fits(value):
            return kept(value, walk)
        return absent(walk) if value is ABSENT else value is UNDETERMINED

    return keeps


def _absent(required: RuleVariants | None) -> Callable[[WalkState], bool]:
    if required is None:
        return lambda walk: True
    return lambda walk: walk.active_rule(required) is None


def _image(plan: FieldPlan) -> Keeps:
    """A URL is asked less than what is written into the body."""
    whole, outer = _kept(plan, plan.bounds), _kept(plan, plan.outer)

    def keeps(value: Any, walk: WalkState) -> bool:
        image = walk.image(value)
        return whole(image, walk) if image.uri else outer(image, walk)

    return keeps


def _kept(plan: FieldPlan, bounds: tuple[CheckStep, ...]) -> Keeps:
    """Of a value of the right type, in the order of the walk: what comes later relies on what went before."""
    conditions = map(_condition, (*plan.effective, *plan.needs))
    tests = (*conditions, *map(_test, bounds), *_inner(plan), *map(_test, plan.relations))
    if len(tests) < 2:
        return tests[0] if tests else lambda value, walk: True

    def keeps(value: Any, walk: WalkState) -> bool:
        for test in tests:  # noqa: SIM110  (all() and its generator take three times as long)
            if not test(value, walk):
                return False
        return True

    return keeps


def _condition(rule: Rule) -> Keeps:
    return lambda value, walk: walk.holds(rule.limit) is not False


def _test(step: CheckStep) -> Keeps:
    choice, judge = step.choice, step.judge
    if choice.variants:
        return _varied(step)
    assert choice.base is not None
    limit = comparable_limit(choice.base)
    if step.around:
        return lambda value, walk: not judge(limit, value, walk)
    return lambda value, walk: not judge(limit, value)


def _varied(step: CheckStep) -> Keeps:
    def keeps(value: Any, walk: WalkState) -> bool:
        rule = walk.active_rule(step.choice)
        return rule is None or not violated_limit(step, rule, value, walk)

    return keeps


def _inner(plan: FieldPlan) -> list[Keeps]:
    """What stands in a list or an object."""
    if plan.each:
        return [(_numbered if plan.outermost else _items)(keeper(plan.each))]
    return [_members(plan)] if plan.nested else []


def _members(plan: FieldPlan) -> Keeps:
    members = [(member.name, keeper(member)) for member in plan.members]
    known = frozenset(plan.known) if plan.strays else None

    def keeps(value: Any, walk: WalkState) -> bool:
        for name, member in members:
            if not member(value.get(name, ABSENT), walk):
                return False
        return known is None or known.issuperset(value)

    return keeps


def _items(keeps: Keeps) -> Keeps:
    def items(value: Any, walk: WalkState) -> bool:
        for item in value:  # noqa: SIM110  (as above)
            if not keeps(item, walk):
                return False
        return True

    return items


def _numbered(keeps: Keeps) -> Keeps:
    def items(value: Any, walk: WalkState) -> bool:
        for index, item in enumerate(value):
            walk.place = index
            if not keeps(item, walk):
                return False
        return True

    return items
