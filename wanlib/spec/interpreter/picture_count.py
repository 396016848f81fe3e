"""The second reading of a bill: the count of pictures as a plain walk over the Spec."""

from collections.abc import Mapping
from typing import Any

from wanlib.base.values import ABSENT, UNDETERMINED
from wanlib.spec.build.family import referenced_fields
from wanlib.spec.build.fields import FOR_TESTING
from wanlib.spec.interpreter.compile_plan import compile_plans
from wanlib.spec.interpreter.decode import DecodedBody, Decoder
from wanlib.spec.model.model import Family, Spec
from wanlib.spec.model.modes import Condition, holds
from wanlib.validation.check_result import MOST_PICTURES, Bill, Count, make_bill


def count_pictures(spec: Spec, body: Any, call: str | None = None) -> Count | None:
    """Return how many pictures a wire body asks for; None where it names no model of the spec."""
    model = spec.base(body.get("model")) if isinstance(body, dict) else None
    if model is None:
        return None
    family = spec.family(model)
    reading = Decoder(family, spec.bodies[family.body]).decode(body)
    known = _effective(family, reading) | {"model": model, "call": call}

    def chosen(table: Mapping[Condition | None, Any], unknown: Any) -> Any:
        """Return the value whose condition holds, and the last where every condition is known to fail."""
        if len(set(table.values())) == 1:
            return table[None]
        states = {each: holds(family.modes, each.mode, known) for each in table if each is not None}
        for condition, state in states.items():
            if state is condition.wanted:
                return table[condition]
        return unknown if None in states.values() else table[None]

    name = chosen(family.count_of, None)
    value = ABSENT if name is None else reading.values[name]
    given = name is not None and value is not ABSENT
    if name is not None and not given:
        value = chosen(family.field(name).default, None)
    return Count(
        field=name,
        pictures=_number(value),
        exact=chosen(family.count_is, None) == "exact",
        given=given,
        values={each: reading.values[each] for each in _names(family)},
        for_testing=family.field(name).advice.get(FOR_TESTING) if name else None,
    )


def bill(spec: Spec, body: Any, call: str | None = None, region: str | None = None) -> Bill:
    """Return what a wire body can cost; region None is the default region. KeyError for an unknown one."""
    wire = spec.wire
    region = wire["default_region"] if region is None else region
    assert region in wire["regions"]
    model = body.get("model") if isinstance(body, dict) else None
    count = count_pictures(spec, body, call)
    prices = wire["prices"].get(model, {}) if count else {}
    return make_bill(model, count, prices, wire["currency"], region)


def _number(value: Any) -> int | None:
    """Return a value as a number of pictures; 4.0 is a whole number as in JSON Schema, true is not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MOST_PICTURES:
        return None
    return value


def _effective(family: Family, reading: DecodedBody) -> dict[str, Any]:
    """Return what modes read: a value of the right type, else None; the default where a field is absent."""
    known: dict[str, Any] = {}
    for plan in compile_plans(family).read:
        value = reading.values[plan.name]
        if value is ABSENT:
            known[plan.name] = 0 if plan.type == "list" else plan.default
        elif value is UNDETERMINED or not plan.fits(value):
            known[plan.name] = None
        else:
            known[plan.name] = len(value) if plan.type == "list" else value
    return known


def _names(family: Family) -> list[str]:
    """Return the fields that the count is read from, in spec order."""
    conditions = {*family.count_of, *family.count_is}
    for name in family.count_of.values():
        conditions |= {*family.field(name).default}
    read = set(family.count_of.values())
    for condition in conditions - {None}:
        assert condition is not None
        read |= referenced_fields(family, condition.mode)
    return [each.name for each in family.fields if each.name in read]
