"""A family's rules laid out once, in the order in which a walk beside a body asks them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from wanlib.spec.kinds import BOUND, KINDS, RELATION
from wanlib.spec.mode import names
from wanlib.spec.model import Family, Field, Rule
from wanlib.spec.predicates import ALONE, BY_TYPE, FITS, INSIDE, RELATED, Broken


class Choice(NamedTuple):
    """The rules of one kind on one field. base: holds where no variant can; None where there is none."""

    variants: tuple[Rule, ...]
    base: Rule | None


class Step(NamedTuple):
    """One kind of rule to be judged. judge: takes limit, value and, if `around`, what is around the value."""

    kind: str
    choice: Choice
    judge: Callable[..., Broken]
    around: bool


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One field. default: what modes see where it is absent. fits: whether a value is of its type.

    outer: those of the bounds that an image can break that is no data URI. nested: whether anything stands
    in it. known: the names of its members. strays: the rules on any other.
    """

    name: str
    type: str
    default: Any
    fits: Callable[[Any], bool]
    required: Choice | None
    effective: tuple[Rule, ...]
    needs: tuple[Rule, ...]
    types: tuple[Rule, ...]
    bounds: tuple[Step, ...]
    outer: tuple[Step, ...]
    relations: tuple[Step, ...]
    nested: bool
    each: "Plan | None"
    members: tuple["Plan", ...]
    known: tuple[str, ...]
    strays: tuple[Rule, ...]


class Plans(NamedTuple):
    """A family's fields, and those that its modes read."""

    fields: tuple[Plan, ...]
    read: tuple[Plan, ...]


@lru_cache(maxsize=64)  # the families of a few specs: a harness holds the own one beside changed ones
def prepared(family: Family) -> Plans:
    """The plans of a family."""
    read = {name for expression in family.modes.values() for name in names(expression)}
    plans = tuple(_plan(field) for field in family.fields)
    return Plans(plans, tuple(plan for plan in plans if plan.name in read))


def _plan(field: Field) -> Plan:
    default = field.default.get(None)
    return Plan(
        name=field.name,
        type=field.type,
        default=None if default == "derived" else default,
        fits=FITS[field.type],
        required=_choice(field, "required") if field.of_kind("required") else None,
        effective=field.of_kind("effective"),
        needs=field.of_kind("needs"),
        types=field.of_kind("type"),
        bounds=_steps(field, BOUND),
        outer=tuple(step for step in _steps(field, BOUND) if step.kind not in INSIDE),
        relations=_steps(field, RELATION),
        nested=field.type in ("list", "object"),
        each=_plan(field.each) if field.each else None,
        members=tuple(map(_plan, field.members)),
        known=tuple(member.name for member in field.members),
        strays=field.of_kind("unknown") if field.type == "object" else (),
    )


def _steps(field: Field, stage: int) -> tuple[Step, ...]:
    kinds = dict.fromkeys(rule.kind for rule in field.rules if KINDS[rule.kind].stage == stage)
    return tuple(_step(field, kind) for kind in kinds)


def _step(field: Field, kind: str) -> Step:
    alone = BY_TYPE.get((field.type, kind)) or ALONE.get(kind)
    return Step(kind, _choice(field, kind), alone or RELATED[kind], alone is None)


def _choice(field: Field, kind: str) -> Choice:
    rules = field.of_kind(kind)
    variants = tuple(rule for rule in rules if rule.condition)
    return Choice(variants, next((rule for rule in rules if rule.condition is None), None))
