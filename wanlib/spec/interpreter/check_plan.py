"""A family's rules as they are asked beside a body: plain data, and what they ask of the walk."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from wanlib.spec.model.model import Rule
from wanlib.spec.model.modes import Condition
from wanlib.spec.model.predicates import BodyContext, Broken, ParsedImage


class WalkState(BodyContext, Protocol):
    """What a value's rules ask of the walk that met it. place: in the outermost list that it is in."""

    place: int
    local: bool

    def image(self, text: str) -> ParsedImage: ...

    def active_rule(self, choice: "RuleVariants") -> Rule | None: ...

    def holds(self, condition: Condition) -> bool | None: ...


Keeps = Callable[[Any, WalkState], bool]
"""Whether a value breaks no rule of its field, nor anything in it."""


class RuleVariants(NamedTuple):
    """The rules of one kind on one field. base: holds where no variant can; None where there is none."""

    variants: tuple[Rule, ...]
    base: Rule | None


class CheckStep(NamedTuple):
    """One kind of rule to be judged. judge: takes limit, value and, if `around`, what is around the value."""

    kind: str
    choice: RuleVariants
    judge: Callable[..., Broken]
    around: bool


@dataclass(frozen=True, slots=True, eq=False)
class FieldPlan:
    """One field. default: what modes see where it is absent. fits: whether a value is of its type.

    types: the rule on its type; that of its items for a list that no body holds as a list.
    outer: those of the bounds that an image can break that is no data URI. nested: whether anything stands
    in it; outermost: whether it is a list that stands in no other. known: the names of its members. strays:
    the rules on any other.
    """

    name: str
    type: str
    default: Any
    fits: Callable[[Any], bool]
    required: RuleVariants | None
    effective: tuple[Rule, ...]
    needs: tuple[Rule, ...]
    types: tuple[Rule, ...]
    bounds: tuple[CheckStep, ...]
    outer: tuple[CheckStep, ...]
    relations: tuple[CheckStep, ...]
    nested: bool
    outermost: bool
    each: "FieldPlan | None"
    members: tuple["FieldPlan", ...]
    known: tuple[str, ...]
    strays: tuple[Rule, ...]


class FamilyPlans(NamedTuple):
    """A family's fields, each by name with the question whether it is kept; and those that modes read."""

    fields: tuple[tuple[str, Keeps, FieldPlan], ...]
    read: tuple[FieldPlan, ...]


def comparable_limit(rule: Rule) -> Any:
    """The limit as a judge takes it."""
    return (rule.limit, rule.of) if rule.of else rule.limit


def violated_limit(step: CheckStep, rule: Rule, value: Any, around: BodyContext) -> Broken:
    """What a value breaks of a rule of this step."""
    return (
        step.judge(comparable_limit(rule), value, around)
        if step.around
        else step.judge(comparable_limit(rule), value)
    )
