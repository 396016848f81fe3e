"""A family's rules laid out once, in the order in which a walk beside a body asks them."""

from functools import lru_cache

from wanlib.spec.keeping import keeper
from wanlib.spec.kinds import BOUND, KINDS, RELATION
from wanlib.spec.mode import names
from wanlib.spec.model import Family, Field
from wanlib.spec.plan import Choice, Plan, Plans, Step
from wanlib.spec.predicates import ALONE, BY_TYPE, FITS, IN_CONTEXT, INSIDE, RELATED


@lru_cache(maxsize=64)  # the families of a few specs: a harness holds the own one beside changed ones
def prepared(family: Family) -> Plans:
    """The plans of a family."""
    read = {name for expression in family.modes.values() for name in names(expression)}
    plans = tuple(_plan(field) for field in family.fields)
    return Plans(
        tuple((plan.name, keeper(plan), plan) for plan in plans),
        tuple(plan for plan in plans if plan.name in read),
    )


def _plan(field: Field, listed: bool = False) -> Plan:
    """listed: whether it stands in a list."""
    is_list = field.type == "list"
    default = field.default.get(None)
    return Plan(
        name=field.name,
        type=field.type,
        default=None if default == "derived" else default,
        fits=FITS[field.type],
        required=_choice(field, "required") if field.of_kind("required") else None,
        effective=field.of_kind("effective"),
        needs=field.of_kind("needs"),
        types=field.of_kind("type") or (field.each.of_kind("type") if field.each else ()),
        bounds=_steps(field, BOUND),
        outer=tuple(step for step in _steps(field, BOUND) if step.kind not in INSIDE),
        relations=_steps(field, RELATION),
        nested=is_list or field.type == "object",
        outermost=is_list and not listed,
        each=_plan(field.each, True) if field.each else None,
        members=tuple(_plan(member, listed) for member in field.members),
        known=tuple(member.name for member in field.members),
        strays=field.of_kind("unknown") if field.type == "object" else (),
    )


def _steps(field: Field, stage: int) -> tuple[Step, ...]:
    kinds = dict.fromkeys(rule.kind for rule in field.rules if KINDS[rule.kind].stage == stage)
    return tuple(_step(field, kind) for kind in kinds)


def _step(field: Field, kind: str) -> Step:
    alone = BY_TYPE.get((field.type, kind)) or ALONE.get(kind)
    return Step(kind, _choice(field, kind), alone or IN_CONTEXT.get(kind) or RELATED[kind], alone is None)


def _choice(field: Field, kind: str) -> Choice:
    rules = field.of_kind(kind)
    variants = tuple(rule for rule in rules if rule.condition)
    return Choice(variants, next((rule for rule in rules if rule.condition is None), None))
