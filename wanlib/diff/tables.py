"""Values that depend on a mode, such as defaults: whether two models have the same value in every request."""

from collections.abc import Iterator, Mapping
from typing import Any

from wanlib.diff.candidates import with_modes_of
from wanlib.diff.side import ModelView
from wanlib.spec.model.mode_values import value_combinations
from wanlib.spec.model.modes import Condition, holds

Table = Mapping[Condition | None, Any]
"""Values by condition; None is the value of every other request."""


def tables(view: ModelView) -> Mapping[str, Table]:
    """Return the tables of a model, by the id of their facts without family and mode."""
    family = view.family
    return {
        **{f"{field.path}.default": field.default for field in family.walk()},
        "output.count_of": family.count_of,
        "output.count_is": family.count_is,
        "output.size": family.picture_size,
        "output.images_of_a_set": family.set_form,
    }


def is_same_table(old: ModelView, new: ModelView, name: str) -> bool:
    """Return whether a table has the same value on both sides, even if modes have other names."""
    before, after = tables(old).get(name, {}), tables(new).get(name, {})
    return all(_value(old, before, values) == _value(new, after, values) for values in _mode_inputs(old, new))


def _mode_inputs(old: ModelView, new: ModelView) -> Iterator[Mapping[str, Any]]:
    """Yield the values of fields that the modes of either side distinguish."""
    family = with_modes_of(old, new).family(old.model)
    for values in value_combinations(family, tuple(family.modes)):
        if values.get("model", old.model) == old.model:
            yield {**values, "model": old.model}


def _value(view: ModelView, table: Table, values: Mapping[str, Any]) -> Any:
    """Return the value for a request; None if the table has none, or the mode is unknown."""
    own = {**values, "model": view.model}
    for condition, value in table.items():
        if condition and holds(view.family.modes, condition.mode, own) is condition.wanted:
            return value
    return table.get(None)
