"""`migrate`: a request body for another model, with a note for each decision."""

from collections.abc import Collection, Iterator
from typing import Any

from wanlib.base.text import did_you_mean, join_names, json_type, to_json_text
from wanlib.base.values import ABSENT, UNDETERMINED
from wanlib.base.violation import Violation
from wanlib.boundary.mode_cases import ModeCase
from wanlib.diff.side import ModelView
from wanlib.migration.note import Consequence, Migration, Note
from wanlib.migration.values import Values, mode_case_of, replace_refused
from wanlib.spec.interpreter.decode import decode_body
from wanlib.spec.interpreter.picture_count import bill, count_pictures, picture_size
from wanlib.spec.model.model import DERIVED, Field
from wanlib.spec.model.spec import Spec

_ROUNDS = 20
"""Violations that are corrected one after another."""


class MigrationError(ValueError):
    """A body cannot be converted: it is not valid for its own model, or the other model cannot express it.

    Attributes:
        lines: The problems, one line each.
    """

    def __init__(self, *lines: str) -> None:
        """Create an error with one line for each problem."""
        self.lines = lines
        super().__init__("\n".join(lines))


def migrate(spec: Spec, body: Any, model: str) -> Migration:
    """Return the body for another model.

    Args:
        spec: The spec that has both models.
        body: A body for a model of the spec. Members that this model refuses are reported, and kept if they
            can be read.
        model: The other model.

    Raises:
        MigrationError: The body names no model, cannot be read, or cannot be written for the other one.
    """
    old, values, notes = _read(spec, body)
    before, given = mode_case_of(old, values), frozenset(values)
    new = ModelView(spec, model)
    notes += [*_drop_other_fields(old, new, values), *_keep_single_items(new, values)]
    notes += _complete_mode(new, values)
    notes += _keep_count(spec, body, new, values)
    notes += _replace_refused(new, values)
    result = new.body_of(values)
    if result is None:
        raise MigrationError(f"the body form of {model} cannot express this request")
    notes += [
        *_other_defaults(before, mode_case_of(new, values), given | {*values}),
        *_size(spec, body, result),
        *_calls(old, new),
    ]
    notes += _price(spec, body, result)
    return Migration(result, tuple(notes), new.judge(result, None).refused)


def _read(spec: Spec, body: Any) -> tuple[ModelView, Values, list[Note]]:
    """Return the model of a body, its values, and notes on problems and members without an equivalent."""
    if not isinstance(body, dict):
        raise MigrationError(f"the body is {json_type(body)}; expected a JSON object")
    named = body.get("model")
    base = spec.base(named)
    if base is None:
        problem = "the body names no model."
        if named is not None:
            hint = did_you_mean(named, spec.models) or "."
            problem = f"the body names the model {to_json_text(named)}, which the spec does not have{hint}"
        raise MigrationError(
            f'{problem} Set "model" to the model for which it was written: {", ".join(spec.models)}'
        )
    view = ModelView(spec, base)
    decoded = decode_body(view.family, view.form, body)
    refused = view.judge(body, None).refused
    if any(value is UNDETERMINED for value in decoded.values.values()):
        raise MigrationError(*(str(violation) for violation in refused))
    notes = [_note_on_envelope(view, violation) for violation in decoded.violations]
    envelope = [violation.rule for violation in decoded.violations]
    notes += [
        Note("", Consequence.INFO, f"{base} refuses the original: {violation}")
        for violation in refused
        if violation.rule not in envelope
    ]
    values: Values = {}
    for name, value in decoded.values.items():
        if value is None:
            notes.append(Note(name, Consequence.INFO, "left out: null is not a value"))
        elif isinstance(value, list) is not (view.family.field(name).type == "list") and value is not ABSENT:
            notes.append(Note(name, Consequence.LOST, f"left out: its type is {json_type(value)}"))
        elif value is not ABSENT and value != []:
            values[name] = value
    return view, values, notes


def _note_on_envelope(view: ModelView, violation: Violation) -> Note:
    """Return the note on a member that is not in the place of a field, and is left out."""
    name = violation.path.rpartition("/")[2]
    rule = view.spec.rules.get(violation.rule)
    if rule is not None and rule.kind in ("unknown", "only_for"):
        return Note(name, Consequence.LOST, f"left out: {view.model} does not have it")
    return Note("", Consequence.LOST, f"left out: {violation}")


# Fields.


def _drop_other_fields(old: ModelView, new: ModelView, values: Values) -> Iterator[Note]:
    """Remove fields that the other model does not have."""
    known = {field.name: field for field in new.family.fields}
    for name in list(values):
        field = old.family.field(name)
        if name in known and known[name].type == field.type:
            continue
        value = values.pop(name)
        if _has_no_effect(field, value):
            text = f"left out: {new.model} does not have it, and the value is the default"
            yield Note(name, Consequence.INFO, text)
            continue
        yield Note(name, Consequence.LOST, f"left out: {new.model} does not have it{_advice(new, name)}")


def _advice(new: ModelView, name: str) -> str:
    """Return the documented alternative to sending a parameter, from the pages of this or another model."""
    families = (new.family, *new.spec.families)
    instead = next((family.instead[name] for family in families if name in family.instead), "")
    return f". {instead}" if instead else ""


def _has_no_effect(field: Field, value: Any) -> bool:
    default = field.default.get(None)
    return default not in (None, DERIVED) and value == default


def _keep_single_items(new: ModelView, values: Values) -> Iterator[Note]:
    """Keep the first item of a list if the body of the other model takes only one."""
    for node in new.form.walk():
        items = values.get(node.field)
        if node.only and isinstance(items, list) and len(items) > 1:
            values[node.field] = items[:1]
            text = f"the first of {len(items)} is kept: {new.model} takes one"
            yield Note(node.field, Consequence.LOST, text)


def _complete_mode(new: ModelView, values: Values) -> Iterator[Note]:
    """Add the values that the client's verb sends with every call of this kind, such as a mode's switch."""
    verb = new.family.verbs.get("edit" if values.get("images") else "generate")
    for name, value in (verb.always_sends if verb else {}).items():
        if name not in values:
            values[name] = value
            text = f"set to {to_json_text(value)}: {new.model} makes pictures from text alone only with it"
            yield Note(name, Consequence.CHANGED, text)


def _keep_count(spec: Spec, body: Any, new: ModelView, values: Values) -> Iterator[Note]:
    """State the number of pictures if the other model would make another number by default."""
    old_count, result = count_pictures(spec, body), new.body_of(values)
    new_count = None if result is None else count_pictures(spec, result)
    if old_count is None or new_count is None or new_count.field is None:
        return
    if old_count.pictures is None or old_count.pictures == new_count.pictures:
        return
    if new_count.is_set:
        return  # unchanged: the limits of the other model decide
    values[new_count.field] = old_count.pictures
    text = f"set to {old_count.pictures}, as before: the default of {new.model} is {new_count.pictures}"
    yield Note(new_count.field, Consequence.INFO, text)


def _replace_refused(new: ModelView, values: Values) -> Iterator[Note]:
    for _ in range(_ROUNDS):
        body = new.body_of(values)
        if body is None:
            return
        note = _first_replacement(new, values, new.judge(body, None).refused)
        if note is None:
            return
        yield note


def _first_replacement(new: ModelView, values: Values, refused: tuple[Violation, ...]) -> Note | None:
    for violation in refused:
        if note := replace_refused(new, values, violation):
            return note
    return None


# The request as a whole.


def _other_defaults(before: ModeCase, after: ModeCase, given: Collection[str]) -> Iterator[Note]:
    """Yield the differing defaults of parameters that the request leaves out, except the size."""
    theirs = {field.name: field for field in before.family.fields}
    ours = {field.name: field for field in after.family.fields}
    for name in dict.fromkeys((*ours, *theirs)):
        field = ours.get(name) or theirs[name]
        if name in given or field in (before.family.size_field, after.family.size_field):
            continue
        old_default, new_default = (
            case.default(side[name]) if name in side and case.is_usable(side[name]) else None
            for case, side in ((before, theirs), (after, ours))
        )
        if (old_default or None) == (new_default or None):  # false has the same effect as no default
            continue
        now, was = (
            "not stated" if value is None else to_json_text(value) for value in (new_default, old_default)
        )
        if name not in ours:
            text = f"{before.model} sets it to {was} by default; {after.model} does not have it"
        elif name not in theirs:
            text = f"the default of {after.model} is {now}; {before.model} does not have it"
        else:
            text = f"the default of {after.model} is {now} ({before.model}: {was})"
        yield Note(name, Consequence.INFO, text)


def _size(spec: Spec, old: Any, new: Any) -> Iterator[Note]:
    before, after = picture_size(spec, old), picture_size(spec, new)
    if before and after and before != after:
        field = spec.family(new["model"]).size_field
        yield Note(field.name if field else "", Consequence.CHANGED, f"pictures of {after} (was: {before})")


def _calls(old: ModelView, new: ModelView) -> Iterator[Note]:
    before, after = old.spec.calls(old.model), new.spec.calls(new.model)
    if before != after:
        text = f"{new.model} is called {join_names(after, 'or')}, {old.model} {join_names(before, 'or')}"
        yield Note("", Consequence.INFO, text)


def _price(spec: Spec, old: Any, new: Any) -> Iterator[Note]:
    before, after = bill(spec, old), bill(spec, new)
    if (before.pictures, before.price) != (after.pictures, after.price):
        yield Note("", Consequence.CHANGED, f"{after} (was: {before})")
