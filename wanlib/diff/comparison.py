"""`compare`: all changes between two sides."""

from collections.abc import Iterator, Sequence

from wanlib.boundary.body import RequestBuilder
from wanlib.boundary.mode_cases import mode_cases
from wanlib.diff.change import ChangeClass, Diff, DiffChange, Location, Relation, Witness
from wanlib.diff.facts import fact_changes
from wanlib.diff.request_changes import request_changes
from wanlib.diff.sentences import Wording
from wanlib.diff.side import ModelView, Side


def compare(old: Side, new: Side) -> Diff:
    """Return all changes from one side to the other.

    Args:
        old: The side that requests were written for.
        new: The side that they are sent to.

    Returns:
        The changes, breaking ones first. If both sides are whole specs, models are compared by name; if both
        are single models, with each other.

    Raises:
        KeyError: A spec does not have the model of its side.
    """
    wording = Wording(old.label, new.label, is_revision=old.model == new.model)
    views = [
        (ModelView(old.spec, old_model), ModelView(new.spec, new_model))
        for old_model, new_model in _pairs(old, new)
    ]
    changes = [*_model_changes(old, new, wording)]
    changes += _form_changes(old, new, views, wording)
    changes += request_changes(views, wording)
    changes += fact_changes(old, new, views, wording)
    return Diff(old.label, new.label, sorted(changes, key=lambda change: change.change_class))


def _pairs(old: Side, new: Side) -> Iterator[tuple[str, str]]:
    if old.model is not None and new.model is not None:
        yield old.model, new.model
        return
    yield from ((model, model) for model in new.models if model in old.models)


def _model_changes(old: Side, new: Side, wording: Wording) -> Iterator[DiffChange]:
    """Yield the models that only one of two whole specs has."""
    if old.model is not None and new.model is not None:
        return
    for side, other, relation, change_class, accepted_by in (
        (new, old, Relation.ADDED, ChangeClass.ADDITIVE, "new"),
        (old, new, Relation.REMOVED, ChangeClass.BREAKING, "old"),
    ):
        for model in side.models:
            if model not in other.models:
                yield DiffChange(
                    id=model,
                    relation=relation,
                    change_class=change_class,
                    old=None if relation is Relation.ADDED else model,
                    new=model if relation is Relation.ADDED else None,
                    models=(model,),
                    text=wording.model(model, relation),
                    witnesses=(_smallest_body(side, model, accepted_by),),
                )


def _smallest_body(side: Side, model: str, accepted_by: str) -> Witness:
    builder = RequestBuilder(side.spec, mode_cases(side.spec, model)[0])
    return Witness(builder.request({}), builder.call, accepted_by)


def _form_changes(
    old: Side, new: Side, views: Sequence[tuple[ModelView, ModelView]], wording: Wording
) -> Iterator[DiffChange]:
    """Yield the body forms that differ: no body of one form is a body of the other."""
    models: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for before, after in views:
        if before.structure != after.structure:
            names = before.family.body, after.family.body
            models.setdefault(names, []).append((before.model, after.model))
    for (old_form, new_form), pairs in models.items():
        lines = old.spec.bodies[old_form].line, new.spec.bodies[new_form].line
        yield DiffChange(
            id=f"wire/{new_form}",
            relation=Relation.INCOMPARABLE,
            change_class=ChangeClass.BREAKING,
            old=old_form,
            new=new_form,
            models=tuple(model for _, model in pairs),
            text=wording.form(old_form, new_form, [model for _, model in pairs]),
            witnesses=(
                _smallest_body(old, pairs[0][0], "old"),
                _smallest_body(new, pairs[0][1], "new"),
            ),
            old_location=Location("wire.yaml", lines[0]),
            new_location=Location("wire.yaml", lines[1]),
        )
