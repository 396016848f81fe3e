"""The worst price of a probe, and the real price of its pictures.

The worst price also applies to a probe that "must be refused": a service that has changed may accept it. It
is the price of a picture, times the maximum number of pictures for the body if a default differs from the
documented one:

- A number of pictures that the body states, at its documented place and in its documented form, counts if the
  mode that uses it is known. If the mode depends on a parameter that the body leaves out or gives another
  form, every mode is considered possible.
- Any other number counts as the maximum number that any model of the spec documents for one request.
- A number under the name of such a parameter counts anywhere in the body.
"""

from collections.abc import Iterator
from decimal import Decimal
from math import ceil, isfinite
from typing import Any

import httpx

from wan_conformance.live.reservation import EXACT
from wanlib.base.values import ABSENT
from wanlib.spec import Family, Spec
from wanlib.spec.interpreter.decode import decode_body, mode_inputs
from wanlib.spec.model.modes import holds

_BEYOND_ANY_BUDGET = 10**30
"""The pictures of an infinite number."""


def worst_price(spec: Spec, body: Any, call: str, region: str | None) -> Decimal | None:
    """Return the maximum cost of a request.

    Args:
        spec: The rules and prices.
        body: The wire body, any JSON value.
        call: How it is sent: `sync`, `async` or `stream`.
        region: The region of the service; None if it is not known, so that the highest price counts.

    Returns:
        The price; None if the body names no model that has a documented price, or a count without any bound.
    """
    price = picture_price(spec, body.get("model") if isinstance(body, dict) else None, region)
    pictures = None if price is None else worst_pictures(spec, body, call)
    if price is None or pictures is None:
        return None
    try:
        return EXACT.multiply(price, Decimal(pictures))
    except ArithmeticError:  # more digits than any bill
        return None


def picture_price(spec: Spec, model: Any, region: str | None) -> Decimal | None:
    """Return the price of one picture; None if no price is documented.

    Args:
        spec: The prices.
        model: The value that a body has as its model.
        region: The region; None for the highest price of all.
    """
    prices = spec.wire["prices"].get(model, {}) if isinstance(model, str) else {}
    known = [Decimal(text) for name, text in prices.items() if region in (None, name)]
    return max(known, default=None)


def region_of(spec: Spec, base_url: str) -> str | None:
    """Return the region whose host a URL has; None for any other host, such as that of an emulator."""
    try:
        host = httpx.URL(base_url).host
    except httpx.InvalidURL:
        return None
    for name, region in spec.wire["regions"].items():
        own = httpx.URL(region.get("host", "")).host
        of_workspaces = region.get("workspace_host", "").partition("}")[2]
        if (host and host == own) or (of_workspaces and host.endswith(of_workspaces)):
            return str(name)
    return None


def worst_pictures(spec: Spec, body: Any, call: str) -> int | None:
    """Return the maximum number of pictures for a body with a known model; None without a bound."""
    family = spec.family(body["model"])
    decoded = decode_body(family, spec.form(family), body)
    inputs: dict[str, Any] = mode_inputs(family, decoded)
    for field in family.mode_fields:
        if decoded.values[field.name] is ABSENT and field.type != "list":
            inputs[field.name] = None  # its default may have changed
    inputs |= {"model": spec.base(body["model"]), "call": call}
    stated = [*_stated_anywhere(body, _count_names(spec))]
    greatest = _greatest_documented(spec)
    counts: list[int] = list(stated)
    for name in _possible_count_fields(family, inputs):
        value = decoded.values[name]
        if not _is_count(value):
            if greatest is None:
                return None
            counts.append(greatest)
    return max(counts, default=greatest)


def _possible_count_fields(family: Family, inputs: dict[str, Any]) -> set[str]:
    """Return the fields that can bound the pictures, in every mode that is possible."""
    possible: set[str] = set()
    for condition, name in family.count_of.items():
        if condition is None:
            continue
        state = holds(family.modes, condition.mode, inputs)
        if state is condition.wanted:
            return {*possible, name}
        if state is None:
            possible.add(name)
    return {*possible, family.count_of[None]}


def _count_names(spec: Spec) -> frozenset[str]:
    """Return the wire names of all parameters that any model counts pictures by."""
    return frozenset(
        family.field(name).wire_name for family in spec.families for name in family.count_of.values()
    )


def _greatest_documented(spec: Spec) -> int | None:
    """Return the maximum number of pictures that any model documents, as a limit or as a default."""
    numbers: list[Any] = []
    for family in spec.families:
        for name in family.count_of.values():
            field = family.field(name)
            numbers += [rule.limit for rule in field.rules_of_kind("max")]
            numbers += field.default.values()
    return max((int(number) for number in numbers if _is_count(number)), default=None)


def _stated_anywhere(value: Any, names: frozenset[str]) -> Iterator[int]:
    """Yield every number under one of the names, at any depth and in any form."""
    pending = [value]
    while pending:
        inner = pending.pop()
        if isinstance(inner, list):
            pending += inner
        elif isinstance(inner, dict):
            pending += inner.values()
            for name in names & inner.keys():
                yield from _numbers(inner[name])


def _numbers(value: Any) -> Iterator[int]:
    """Yield a value as a number of pictures, rounded up, if a lenient service could read it as one."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return
    if isinstance(value, float) and value > 0:
        yield ceil(value) if isfinite(value) else _BEYOND_ANY_BUDGET
    elif _is_count(value):
        yield value


def _is_count(value: Any) -> bool:
    """Return whether a value is a number of pictures in the documented form."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
