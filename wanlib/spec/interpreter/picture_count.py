"""Count the pictures that a body requests, and price them, by walking the Spec.

The second reading of a bill: generated code (`wanlib.bill`) computes the same from tables, and the tests
compare the two.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from wanlib.base.values import ABSENT
from wanlib.spec.interpreter.decode import decode_body, mode_inputs
from wanlib.spec.model.mode_values import referenced_fields
from wanlib.spec.model.model import DERIVED, FOR_TESTING, Family
from wanlib.spec.model.modes import Condition, holds
from wanlib.spec.model.picture_size import KEYWORD
from wanlib.spec.model.spec import Spec
from wanlib.validation.bill import MAX_PICTURES, Bill, Count, make_bill


def count_pictures(spec: Spec, body: Any, call: str | None = None) -> Count | None:
    """Return the number of pictures that a wire body requests.

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
    active = partial(_active_value, family, mode_inputs(family, decoded) | {"model": model, "call": call})
    name = active(family.count_of, None)
    value = ABSENT if name is None else decoded.values[name]
    is_set = name is not None and value is not ABSENT
    if name is not None and not is_set:
        value = active(family.field(name).default, None)
    return Count(
        field=name,
        pictures=_picture_number(value),
        exact=active(family.count_is, None) == "exact",
        is_set=is_set,
        values={field_name: decoded.values[field_name] for field_name in _fields_read(family)},
        for_testing=family.field(name).advice.get(FOR_TESTING) if name else None,
    )


def picture_size(spec: Spec, body: Any, call: str | None = None) -> str:
    """Return, as text, the value that determines the size of the pictures of a request.

    Two specs promise the same size for a body if the texts are the same.

    Args:
        spec: The rules.
        body: The parsed JSON, which the spec accepts.
        call: `sync`, `async` or `stream`; None if it is not known.

    Returns:
        A text such as `2K, 4,194,304 pixels with the ratio of the last image`; empty if it is not known.
    """
    model = spec.base(body.get("model")) if isinstance(body, dict) else None
    if model is None:
        return ""
    family = spec.family(model)
    decoded = decode_body(family, spec.form(family), body)
    active = partial(_active_value, family, mode_inputs(family, decoded) | {"model": model, "call": call})
    field = family.size_field
    value = ABSENT if field is None else decoded.values[field.name]
    step = family.output["multiple_of"]
    rounding = f", sides rounded to multiples of {step}" if step != 1 else ""
    if isinstance(value, str) and "*" in value:
        return f"{value}{rounding}"
    if field is not None and value is ABSENT:
        value = active(field.default, None)
    rule = active(family.picture_size, None)
    if rule is None:
        return ""
    keywords: Mapping[str, Any] = {}
    if field is not None and isinstance(value, str) and value != DERIVED:
        tables = {rule.condition: rule.limit for rule in field.rules_of_kind("keywords")}
        keywords = active({None: {}, **tables}, {})
    pixels = keywords.get(str(value)) if rule.pixels == KEYWORD else rule.pixels
    words = [str(value)] if keywords else []
    has_image = any(
        decoded.values[field.name] not in (ABSENT, None, [])
        for field in family.fields
        if "image" in (field.type, field.each and field.each.type)
    )
    shape = rule.describe(has_image=has_image)
    words.append(f"{pixels:,} pixels {shape}" if isinstance(pixels, int) else shape)
    return ", ".join(words) + rounding


def bill(spec: Spec, body: Any, call: str | None = None, region: str | None = None) -> Bill:
    """Return the possible cost of a wire body.

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


def _active_value(
    family: Family, inputs: Mapping[str, Any], table: Mapping[Condition | None, Any], unknown: Any
) -> Any:
    """Return the value whose condition holds; `unknown` if that is not known."""
    values = list(table.values())
    if all(value == values[0] for value in values):
        return table.get(None, unknown)
    states = {key: holds(family.modes, key.mode, inputs) for key in table if key is not None}
    for condition, state in states.items():
        if state is condition.wanted:
            return table[condition]
    return unknown if None in states.values() else table.get(None, unknown)


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
