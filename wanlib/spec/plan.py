"""A family's rules as they are asked beside a body: plain data, and what they ask of the walk."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from wanlib.spec.mode import Condition
from wanlib.spec.model import Rule
from wanlib.spec.predicates import Around, Broken, ImageText


class Walk(Around, Protocol):
    """What a value's rules ask of the walk that met it. place: in the outermost list that it is in."""

    place: int
    local: bool

    def image(self, text: str) -> ImageText: ...

    def active(self, choice: "Choice") -> Rule | None: ...

    def holds(self, condition: Condition) -> bool | None: ...


Keeps = Callable[[Any, Walk], bool]
"""Whether a value breaks no rule of its field, nor anything in it."""


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

    types: the rule on its type; that of its items for a list that no body holds as a list.
    outer: those of the bounds that an image can break that is no data URI. nested: whether anything stands
    in it; outermost: whether it is a list that stands in no other. known: the names of its members. strays:
    the rules on any other.
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
    outermost: bool
    each: "Plan | None"
    members: tuple["Plan", ...]
    known: tuple[str, ...]
    strays: tuple[Rule, ...]


class Plans(NamedTuple):
    """A family's fields, each by name with the question whether it is kept; and those that modes read."""

    fields: tuple[tuple[str, Keeps, Plan], ...]
    read: tuple[Plan, ...]


def limit_of(rule: Rule) -> Any:
    """The limit as a judge takes it."""
    return (rule.limit, rule.of) if rule.of else rule.limit


def broken(step: Step, rule: Rule, value: Any, around: Around) -> Broken:
    """What a value breaks of a rule of this step."""
    return step.judge(limit_of(rule), value, around) if step.around else step.judge(limit_of(rule), value)
