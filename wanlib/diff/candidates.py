"""Bodies at which two models can differ: both sides of each limit that the models do not share."""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from wanlib.boundary.cases import boundary_cases
from wanlib.diff.side import ModelView
from wanlib.diff.size_regions import SIZE_KINDS, differing_sizes
from wanlib.spec.model.mode_values import MAX_COMBINATIONS, combination_count
from wanlib.spec.model.model import Family
from wanlib.spec.model.modes import Expression, referenced_names
from wanlib.spec.model.spec import Spec


class Candidate(NamedTuple):
    """A body that both sides judge.

    Attributes:
        body: The body, for the model of the side that made it.
        call: How it is sent; None if the rules of that side do not depend on the call there.
        maker: The model of the side that made it.
    """

    body: dict[str, Any]
    call: str | None
    maker: ModelView


def differing_rules(one: ModelView, other: ModelView) -> list[str]:
    """Return the ids, in the spec of `one`, of the rules whose verdicts can differ from those of `other`.

    Those are the rules that the other side does not state in the same form. If the values that modes read
    have other defaults, those that depend on a mode are among them.
    """
    is_same_input = one.mode_inputs == other.mode_inputs
    return [
        rule.id
        for name, rule in one.rules.items()
        if one.statements[name] != other.statements.get(name)
        or (not is_same_input and one.has_variants(name))
    ]


def candidates(old: ModelView, new: ModelView) -> Iterator[Candidate]:
    """Yield the bodies at which the verdicts of two models can differ."""
    for one, other in ((old, new), (new, old)):
        yield from _at_limits(one, other)
        yield from _at_sizes(one, other)


def _at_limits(one: ModelView, other: ModelView) -> Iterator[Candidate]:
    rule_ids = differing_rules(one, other)
    if not rule_ids:
        return
    spec = _with_one_model(with_modes_of(one, other), one.model)
    for rule_id in rule_ids:
        for case in boundary_cases(spec, rule_id):  # one by one: bodies can have 27 MB
            if isinstance(case.question.body, dict):
                yield Candidate(case.question.body, case.question.call, one)


def _at_sizes(one: ModelView, other: ModelView) -> Iterator[Candidate]:
    changed = {
        rule.field
        for rule in map(one.spec.rules.__getitem__, differing_rules(one, other))
        if rule.kind in SIZE_KINDS
    }
    if changed:
        spec = with_modes_of(one, other)
        for body, call in differing_sizes(ModelView(spec, one.model), other, changed):
            yield Candidate(body, call, one)


def _with_one_model(spec: Spec, model: str) -> Spec:
    """Return a spec without the other models, so that no bodies are made for them."""
    return replace(spec, families=(replace(spec.family(model), models=(model,)),))


def with_modes_of(one: ModelView, other: ModelView) -> Spec:
    """Return the spec of `one` with the modes of `other` added to the family, under separate names.

    The bodies of the family are then made in every combination of the modes of both sides. Modes that read
    fields which the family lacks are left out; all modes are left out if there are too many combinations.
    """
    family = one.family
    known: set[Expression] = set(one.expanded_modes.values())
    fields = {field.name for field in family.fields} | {"model", "call"}
    added = {
        f"other_{mode}": expression
        for mode, expression in other.expanded_modes.items()
        if expression not in known and referenced_names(expression) <= fields
    }
    if not added:
        return one.spec
    widened: Family = replace(family, modes=MappingProxyType({**family.modes, **added}))
    if combination_count(widened, tuple(widened.modes)) > MAX_COMBINATIONS:
        return one.spec
    families = tuple(widened if member is family else member for member in one.spec.families)
    return replace(one.spec, families=families)
