"""Changes of rules on requests, and of parameters, of the models that two sides have in common."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from wanlib.base.violation import REJECTED, Violation
from wanlib.diff.candidates import Candidate, candidates
from wanlib.diff.change import ChangeClass, DiffChange, Location, Relation, Witness
from wanlib.diff.sentences import Wording
from wanlib.diff.shrinking import shrink
from wanlib.diff.side import Judgement, ModelView
from wanlib.spec.model.model import Rule

CALL_RULE = "wire/endpoints"
"""The rule on calls that a model does not have; it is not about a parameter."""
NAME_KINDS = ("unknown", "only_for")
"""Kinds of rules on names of parameters: a parameter that one side lacks is reported as such, once."""


class _Difference(NamedTuple):
    """A request that two models judge differently.

    Attributes:
        shared_id: The rule that makes the difference, by its id without the family.
        direction: `new` or `old`, the side that accepts it; empty if the outcomes alone differ.
        bodies: The body for the old and for the new model.
        call: How it is sent; None if that does not matter.
        outcomes: The outcomes on the old and the new side.
    """

    shared_id: str
    direction: str
    bodies: tuple[Mapping[str, Any], Mapping[str, Any]]
    call: str | None
    outcomes: tuple[frozenset[str], frozenset[str]]

    @property
    def accepted_body(self) -> Mapping[str, Any]:
        """The body for the side that accepts it."""
        return self.bodies[self.direction == "new"]


def request_changes(views: Sequence[tuple[ModelView, ModelView]], wording: Wording) -> list[DiffChange]:
    """Return the changes of rules on requests and of parameters, and the rules that are only reworded."""
    groups: dict[tuple[str, frozenset[str]], list[tuple[ModelView, ModelView, list[_Difference]]]] = {}
    rewritten: dict[str, list[tuple[ModelView, ModelView]]] = {}
    changes: list[DiffChange] = []
    parameters: dict[tuple[str, Relation], list[ModelView]] = {}
    for old, new in views:
        _collect_parameters(old, new, parameters)
        by_rule: dict[str, list[_Difference]] = {}
        for difference in differences(old, new):
            by_rule.setdefault(difference.shared_id, []).append(difference)
        for shared_id, group in by_rule.items():
            directions = frozenset(difference.direction for difference in group if difference.direction)
            groups.setdefault((shared_id, directions), []).append((old, new, group))
        for shared_id in _rewritten(old, new, by_rule) if wording.is_revision else ():
            rewritten.setdefault(shared_id, []).append((old, new))
    for (name, relation), models in parameters.items():
        changes.append(_parameter_change(name, relation, models, wording))
    for (shared_id, directions), parts in groups.items():
        changes.append(_rule_change(shared_id, directions, parts, wording))
    reported = {shared_id for shared_id, _ in groups}
    for shared_id, pairs in rewritten.items():
        if shared_id in reported:  # its verdicts differ for another model
            continue
        changes.append(_editorial_change(shared_id, pairs, wording))
    return changes


def differences(old: ModelView, new: ModelView) -> Iterator[_Difference]:
    """Yield the requests that two models judge differently, each with the rule that makes the difference."""
    missing = _missing_parameters(old, new)
    for candidate in candidates(old, new):
        bodies = _bodies(candidate, old, new)
        if bodies is None:
            continue
        before, after = old.judge(bodies[0], candidate.call), new.judge(bodies[1], candidate.call)
        is_about_missing = _is_about_missing(old, before, missing) or _is_about_missing(new, after, missing)
        if is_about_missing and not _is_about_the_call(before, after):
            continue
        if bool(before.refused) != bool(after.refused):
            view, judgement, direction = (old, before, "new") if before.refused else (new, after, "old")
            shared_id = view.shared_id(judgement.refused[0].rule)
        elif before.outcomes != after.outcomes:
            shared_id, direction = _differing_rule(old, before, new, after), ""
        else:
            continue
        yield _Difference(shared_id, direction, bodies, candidate.call, (before.outcomes, after.outcomes))


def _bodies(
    candidate: Candidate, old: ModelView, new: ModelView
) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """Return a request in the forms of both sides; None if the other side cannot express it."""
    if old.structure == new.structure:
        return {**candidate.body, "model": old.model}, {**candidate.body, "model": new.model}
    values = candidate.maker.field_values(candidate.body)
    if values is None:
        return None
    old_body, new_body = old.body_of(values), new.body_of(values)
    return None if old_body is None or new_body is None else (old_body, new_body)


def _is_about_the_call(before: Judgement, after: Judgement) -> bool:
    """Return whether one side accepts a request, and the other refuses it only for its call."""
    if bool(before.refused) == bool(after.refused):
        return False
    return {violation.rule for violation in (*before.refused, *after.refused)} == {CALL_RULE}


def _missing_parameters(old: ModelView, new: ModelView) -> frozenset[str]:
    """Return the parameters that only one of two models has."""
    names = [{field.name for field in view.family.fields} for view in (old, new)]
    return frozenset(names[0] ^ names[1])


def _is_about_missing(view: ModelView, judgement: Judgement, missing: frozenset[str]) -> bool:
    """Return whether a body has a parameter that the other side has, and this one does not."""
    return any(
        _kind(view, violation) in NAME_KINDS and violation.path.rpartition("/")[2] in missing
        for violation in judgement.noted
    )


def _kind(view: ModelView, violation: Violation) -> str:
    rule = view.spec.rules.get(violation.rule)
    return rule.kind if rule else ""


def _differing_rule(old: ModelView, before: Judgement, new: ModelView, after: Judgement) -> str:
    """Return the first rule whose outcome differs from that of the other side."""
    sides = [
        [
            (view.shared_id(violation.rule), violation.outcome)
            for violation in (*judged.refused, *judged.noted)
        ]
        for view, judged in ((old, before), (new, after))
    ]
    for one, other in (sides[::-1], sides):
        for name, outcome in one:
            if (name, outcome) not in other:
                return name
    return sides[1][0][0] if sides[1] else sides[0][0][0]


def _rule_change(
    shared_id: str,
    directions: frozenset[str],
    parts: Sequence[tuple[ModelView, ModelView, list[_Difference]]],
    wording: Wording,
) -> DiffChange:
    smallest = {
        direction: _smallest(direction, parts) for direction in ("old", "new") if direction in directions
    }
    old, new, difference = next(iter(smallest.values()), (*parts[0][:2], parts[0][2][0]))
    views = old, new
    old_body, new_body = difference.bodies
    rules = (
        old.rule_for(shared_id, new.rules.get(shared_id), old_body, difference.call),
        new.rule_for(shared_id, old.rules.get(shared_id), new_body, difference.call),
    )
    witnesses = [_witness(direction, *shown) for direction, shown in smallest.items()]
    relation = {
        frozenset(): Relation.CHANGED,
        frozenset({"new"}): Relation.WIDER,
        frozenset({"old"}): Relation.NARROWER,
    }.get(directions, Relation.INCOMPARABLE)
    change_class = {Relation.CHANGED: ChangeClass.BEHAVIOUR, Relation.WIDER: ChangeClass.ADDITIVE}.get(
        relation, ChangeClass.BREAKING
    )
    if relation is Relation.CHANGED and any(
        REJECTED in after.outcomes[1] - after.outcomes[0] for _, _, group in parts for after in group
    ):
        change_class = ChangeClass.BREAKING  # a text that was cut
    models = tuple(new_view.model for _, new_view, _ in parts)
    outcomes = difference.outcomes if relation is Relation.CHANGED else None
    text = wording.rule((old, rules[0]), (new, rules[1]), models, relation, outcomes)
    return _change_of(shared_id, views, rules, relation, change_class, models, text, witnesses)


def _change_of(
    shared_id: str,
    views: tuple[ModelView, ModelView],
    rules: tuple[Rule | None, Rule | None],
    relation: Relation,
    change_class: ChangeClass,
    models: Sequence[str],
    text: str,
    witnesses: Sequence[Witness] = (),
) -> DiffChange:
    old, new = rules
    present = views[1].rules.get(shared_id) or views[0].rules[shared_id]
    return DiffChange(
        id=present.id,
        relation=relation,
        change_class=change_class,
        old=None if old is None else views[0].limit_of(old),
        new=None if new is None else views[1].limit_of(new),
        models=models,
        text=text,
        witnesses=witnesses,
        old_location=None if old is None else Location(old.file, old.line),
        new_location=None if new is None else Location(new.file, new.line),
    )


def _length(value: Any) -> int:
    """Return the approximate length of a JSON value as text, without writing it: texts can have 27 MB."""
    if isinstance(value, dict):
        return sum(len(name) + _length(item) + 6 for name, item in value.items())
    if isinstance(value, list):
        return sum(_length(item) + 2 for item in value)
    return len(value) if isinstance(value, str) else len(str(value))


def _smallest(
    direction: str, parts: Sequence[tuple[ModelView, ModelView, list[_Difference]]]
) -> tuple[ModelView, ModelView, _Difference]:
    """Return the smallest of the bodies of one direction, with the models that judge it."""
    _, _, old, new, difference = min(
        (
            (_length(difference.accepted_body), index, old, new, difference)
            for old, new, group in parts
            for index, difference in enumerate(group)
            if difference.direction == direction
        ),
        key=lambda entry: entry[:2],
    )
    return old, new, difference


def _witness(direction: str, old: ModelView, new: ModelView, difference: _Difference) -> Witness:
    """Return the body of a difference, made smaller as long as it shows the same difference."""
    shared_id = difference.shared_id

    def shows_the_same(body: Mapping[str, Any]) -> bool:
        before, after = old.judge(body, difference.call), new.judge(body, difference.call)
        view, refusing, accepting = (old, before, after) if direction == "new" else (new, after, before)
        if accepting.refused or not refusing.refused:
            return False
        return [view.shared_id(violation.rule) for violation in refusing.refused] == [shared_id]

    body = difference.accepted_body
    if old.structure == new.structure:
        body = shrink(body, shows_the_same)
    return Witness(body, difference.call, direction)


# Parameters.


def _collect_parameters(
    old: ModelView, new: ModelView, parameters: dict[tuple[str, Relation], list[ModelView]]
) -> None:
    for view, other, relation in ((new, old, Relation.ADDED), (old, new, Relation.REMOVED)):
        known = {field.name for field in other.family.fields}
        for field in view.family.fields:
            if field.name not in known:
                parameters.setdefault((field.name, relation), []).append(view)


def _parameter_change(
    name: str, relation: Relation, views: Sequence[ModelView], wording: Wording
) -> DiffChange:
    view = views[0]
    rule = view.family.field(name).rules[0]
    location = Location(rule.file, rule.line)
    models = tuple(model_view.model for model_view in views)
    is_added = relation is Relation.ADDED
    return DiffChange(
        id=f"{view.family.name}/{name}",
        relation=relation,
        change_class=ChangeClass.ADDITIVE if is_added else ChangeClass.BEHAVIOUR,
        old=None if is_added else view.family.field(name).type,
        new=view.family.field(name).type if is_added else None,
        models=models,
        text=wording.parameter(name, models, relation),
        old_location=None if is_added else location,
        new_location=location if is_added else None,
    )


# Rules that are only written differently.


def _rewritten(old: ModelView, new: ModelView, reported: Collection[str]) -> Iterator[str]:
    """Yield the rules that differ only in their text; a field and kind that was reported is left out."""
    missing = _missing_parameters(old, new)
    slots = {_slot(rule) for name in reported for view in (old, new) if (rule := view.rules.get(name))}
    for name in dict.fromkeys((*new.rules, *old.rules)):
        rule = new.rules.get(name) or old.rules[name]
        if rule.field.partition(".")[0] in missing or rule.kind == "only_for" or _slot(rule) in slots:
            continue
        if not rule.field and old.structure != new.structure:
            continue
        if old.statements.get(name) != new.statements.get(name):
            yield name


def _slot(rule: Rule) -> tuple[str, str]:
    return rule.field or rule.id, rule.kind


def _editorial_change(
    shared_id: str, pairs: Sequence[tuple[ModelView, ModelView]], wording: Wording
) -> DiffChange:
    old, new = pairs[0]
    rules = old.rules.get(shared_id), new.rules.get(shared_id)
    relation = Relation.ADDED if rules[0] is None else Relation.CHANGED if rules[1] else Relation.REMOVED
    models = tuple(view.model for _, view in pairs)
    rule = rules[1] or rules[0]
    assert rule is not None
    text = wording.rewritten(rule, relation)
    return _change_of(shared_id, pairs[0], rules, relation, ChangeClass.EDITORIAL, models, text)
