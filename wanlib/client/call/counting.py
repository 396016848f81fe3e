"""The number of pictures that generated code determines for a body, and the bill for a wire body."""

from collections.abc import Callable, Mapping
from typing import Any

from wanlib.base.api_tables import ApiTables
from wanlib.base.redaction import safe_repr
from wanlib.base.values import ABSENT
from wanlib.client.call.arguments import find_model
from wanlib.errors import InvalidArgumentError
from wanlib.validation.bill import MAX_PICTURES, Bill, Count, make_bill
from wanlib.validation.helpers import is_integer

Counter = Callable[[dict[str, Any], str, str | None], Count]
"""Takes (body, model, call) and returns the number of pictures."""


def make_count(
    bound: tuple[str | None, Any, Any], exact: bool, values: Mapping[str, Any], for_testing: Mapping[str, int]
) -> Count:
    """Return the count of one body.

    Args:
        bound: The parameter that bounds the pictures, its value in the body and its default in this mode.
        exact: Whether exactly that many are returned unless some fail.
        values: All values that the count depends on, by parameter.
        for_testing: The value that the pages recommend for testing, by parameter.
    """
    field, value, default = bound
    is_set = field is not None and value is not ABSENT
    number = value if is_set else default
    readable = is_integer(number) and 1 <= number <= MAX_PICTURES
    return Count(
        field, int(number) if readable else None, exact, is_set, values, for_testing.get(field or "")
    )


def create_bill(
    api: ApiTables, counter: Callable[[str], Counter], body: Any, call: str | None, region: str | None
) -> Bill:
    """Return the possible cost of a wire body; `counter` returns the counting function of a model.

    Raises:
        InvalidArgumentError: The region does not exist.
    """
    region = api.default_region if region is None else region
    if region not in api.regions:
        raise InvalidArgumentError(f"region is {safe_repr(region)}; allowed: {', '.join(api.regions)}")
    name = body.get("model") if isinstance(body, dict) else None
    model = find_model(api, name)
    if model is None:
        return make_bill(name, None, {}, api.currency, region)
    return make_bill(name, counter(model.base)(body, model.base, call), model.prices, api.currency, region)
