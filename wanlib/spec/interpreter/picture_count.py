"""Count the pictures that a body requests, and price them, by walking the Spec.

The second reading of a bill: generated code (`wanlib.bill`) computes the same from tables, and the tests
compare the two.
"""

from collections.abc import Mapping
from typing import Any

from wanlib.base.values import ABSENT
from wanlib.spec.interpreter.decode import decode_body, mode_inputs
from wanlib.spec.model.mode_values import referenced_fields
from wanlib.spec.model.model import FOR_TESTING, Family
from wanlib.spec.model.modes import Condition, holds
from wanlib.spec.model.spec import Spec
from wanlib.validation.bill import MAX_PICTURES, Bill, Count, make_bill


def count_pictures(spec: Spec, body: Any, call: str | None = None) -> Count | None:
    """Return how many pictures a wire body requests.

    Args:
        spec: The rules.
        body: The parsed JSON.
        call: `sync`, `async` or `stream`; None if it is not known.

    Returns:
        The count and the fields that it is read from; None if the body names no model of the spec.
    """
    model = spec.base(body.get("model")) if isinstance(body, dict) else None
    if model is None:
        return None
    family = spec.family(model)
    decoded = decode_body(family, spec.form(family), body)
    inputs = mode_inputs(family, decoded) | {"model": model, "call": call}

    def active_value(table: Mapping[Condition | None, Any], unknown: Any) -> Any:
        """Return the value whose condition holds; `unknown` if that is not known."""
        if len(set(table.values())) == 1:
            return table[None]
        states = {key: holds(family.modes, key.mode, inputs) for key in table if key is not None}
        for condition, state in states.items():
            if state is condition.wanted:
                return table[condition]
        return unknown if None in states.values() else table[None]

    name = active_value(family.count_of, None)
    value = ABSENT if name is None else decoded.values[name]
    is_set = name is not None and value is not ABSENT
    if name is not None and not is_set:
        value = active_value(family.field(name).default, None)
    return Count(
        field=name,
        pictures=_picture_number(value),
        exact=active_value(family.count_is, None) == "exact",
        is_set=is_set,
        values={field_name: decoded.values[field_name] for field_name in _fields_read(family)},
        for_testing=family.field(name).advice.get(FOR_TESTING) if name else None,
    )


def bill(spec: Spec, body: Any, call: str | None = None, region: str | None = None) -> Bill:
    """Return what a wire body can cost.

    Args:
        spec: The rules and prices.
        body: The parsed JSON.
        call: `sync`, `async` or `stream`; None if it is not known.
        region: A region of `wire.yaml`; None is the default region.
    """
    wire = spec.wire
    region = wire["default_region"] if region is None else region
    assert region in wire["regions"]
    model = body.get("model") if isinstance(body, dict) else None
    count = count_pictures(spec, body, call)
    prices = wire["prices"].get(model, {}) if count else {}
    return make_bill(model, count, prices, wire["currency"], region)


def _picture_number(value: Any) -> int | None:
    """Return a value as a number of pictures; 4.0 is an integer, true is not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_PICTURES:
        return None
    return value


def _fields_read(family: Family) -> list[str]:
    """Return the names of the fields that the count is read from, in spec order."""
    conditions = {*family.count_of, *family.count_is}
    for name in family.count_of.values():
        conditions |= {*family.field(name).default}
    names = set(family.count_of.values())
    for condition in conditions - {None}:
        assert condition is not None
        names |= referenced_fields(family, condition.mode)
    return [field.name for field in family.fields if field.name in names]
