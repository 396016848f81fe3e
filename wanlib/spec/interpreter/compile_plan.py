"""A family's rules laid out once, in the order in which a walk beside a body asks them."""

from functools import lru_cache

from wanlib.spec.interpreter.check_plan import CheckStep, FamilyPlans, FieldPlan, RuleVariants
from wanlib.spec.interpreter.keeping import keeper
from wanlib.spec.model.kinds import BOUND, KINDS, RELATION
from wanlib.spec.model.model import Family, Field
from wanlib.spec.model.modes import referenced_names
from wanlib.spec.model.predicates import (
    CHECKS_BY_TYPE,
    IN_CONTEXT,
    INSIDE,
    RELATION_CHECKS,
    TYPE_CHECKS,
    VALUE_CHECKS,
)


@lru_cache(maxsize=64)  # the families of a few specs: a harness holds the own one beside changed ones
def compile_plans(family: Family) -> FamilyPlans:
    """The plans of a family."""
    read = {name for expression in family.modes.values() for name in referenced_names(expression)}
    plans = tuple(_plan(field) for field in family.fields)
    return FamilyPlans(
        tuple((plan.name, keeper(plan), plan) for plan in plans),
        tuple(plan for plan in plans if plan.name in read),
    )


def _plan(field: Field, listed: bool = False) -> FieldPlan:
    """listed: whether it stands in a list."""
    is_list = field.type == "list"
    default = field.default.get(None)
    return FieldPlan(
        name=field.name,
        type=field.type,
        default=None if default == "derived" else default,
        fits=TYPE_CHECKS[field.type],
        required=_choice(field, "required") if field.rules_of_kind("required") else None,
        effective=field.rules_of_kind("effective"),
        needs=field.rules_of_kind("needs"),
        types=field.rules_of_kind("type") or (field.each.rules_of_kind("type") if field.each else ()),
        bounds=_steps(field, BOUND),
        outer=tuple(step for step in _steps(field, BOUND) if step.kind not in INSIDE),
        relations=_steps(field, RELATION),
        nested=is_list or field.type == "object",
        outermost=is_list and not listed,
        each=_plan(field.each, True) if field.each else None,
        members=tuple(_plan(member, listed) for member in field.members),
        known=tuple(member.name for member in field.members),
        strays=field.rules_of_kind("unknown") if field.type == "object" else (),
    )


def _steps(field: Field, stage: int) -> tuple[CheckStep, ...]:
    kinds = dict.fromkeys(rule.kind for rule in field.rules if KINDS[rule.kind].stage == stage)
    return tuple(_step(field, kind) for kind in kinds)


def _step(field: Field, kind: str) -> CheckStep:
    alone = CHECKS_BY_TYPE.get((field.type, kind)) or VALUE_CHECKS.get(kind)
    return CheckStep(
        kind, _choice(field, kind), alone or IN_CONTEXT.get(kind) or RELATION_CHECKS[kind], alone is None
    )


def _choice(field: Field, kind: str) -> RuleVariants:
    rules = field.rules_of_kind(kind)
    variants = tuple(rule for rule in rules if rule.condition)
    return RuleVariants(variants, next((rule for rule in rules if rule.condition is None), None))
