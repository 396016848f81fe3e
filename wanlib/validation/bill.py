"""`Bill`: how many pictures a request can return, and what they cost."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from wanlib.base.redaction import safe_repr
from wanlib.base.text import to_json_text
from wanlib.base.values import ABSENT, UNDETERMINED

MAX_PICTURES = 2**63 - 1
"""The largest number that is read as a count: the largest 64-bit integer, the limit of other JSON readers."""


class Price(NamedTuple):
    """An amount of money for a number of pictures, by the documented prices, without taxes and quotas."""

    amount: Decimal
    currency: str
    pictures: int

    def __str__(self) -> str:
        """Return the amount, the currency and the number of pictures."""
        noun = "picture" if self.pictures == 1 else "pictures"
        return f"{self.amount} {self.currency} for {self.pictures} {noun}"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values; the amount is text because it is exact."""
        return {"amount": str(self.amount), "currency": self.currency, "pictures": self.pictures}


class Count(NamedTuple):
    """The number of pictures that a body asks for, as one reading sees it.

    Attributes:
        field: The parameter that bounds them; None if the mode that decides it is unknown.
        pictures: The maximum number that the call can return; None if that cannot be read.
        exact: Whether exactly that many are returned unless some fail; else the model may return fewer.
        is_set: Whether the body has the parameter; else its default applies.
        values: What the count was read from, by parameter; ABSENT and UNDETERMINED as in the readings.
        for_testing: The value that a page recommends for tests; None if no page does.
    """

    field: str | None
    pictures: int | None
    exact: bool
    is_set: bool
    values: Mapping[str, Any]
    for_testing: int | None = None


class Bill(NamedTuple):
    """The possible cost of a request.

    ``str()`` gives one line: ``4 pictures, 0.80 CNY (n is not given: default 4)``.

    Attributes:
        model: The model that the body names, known or not; None if it names none.
        pictures: The maximum number that the call can return; None if the model or count cannot be read.
        exact: Whether exactly that many are returned unless some fail; False if the model may return fewer,
            or if that is unknown.
        price: The price of all pictures; None if `pictures` is None or no price is documented.
        reason: Why `pictures` or `price` is None, or which default the count comes from; may be empty.
        advice: What a page recommends if the body leaves the count to its default; may be empty.
    """

    model: str | None
    pictures: int | None
    exact: bool
    price: Price | None
    reason: str = ""
    advice: str = ""

    def __str__(self) -> str:
        """Return one line, such as `4 pictures, 0.80 CNY`."""
        if self.pictures is None:
            return f"pictures and price unknown: {self.reason}"
        noun = "picture" if self.pictures == 1 else "pictures"
        line = f"{'' if self.exact or self.pictures == 1 else 'up to '}{self.pictures} {noun}"
        if self.price is None:
            return f"{line}, price unknown: {self.reason}"
        line += f", {'' if self.exact else 'at most '}{self.price.amount} {self.price.currency}"
        return f"{line} ({self.reason})" if self.reason else line

    def to_dict(self) -> dict[str, Any]:
        """Return the members `pictures` and `price` of `wanlib check --json`."""
        price = self.price and {"amount": str(self.price.amount), "currency": self.price.currency}
        return {"pictures": self.pictures, "price": price}


def make_bill(model: Any, count: Count | None, prices: Mapping[str, str], currency: str, region: str) -> Bill:
    """Return the bill for a count.

    Args:
        model: What the body names as its model.
        count: The pictures; None where the model is unknown.
        prices: The price of one picture of this model as decimal text, by region.
        currency: The currency of the prices.
        region: The region whose prices apply.
    """
    name = model if isinstance(model, str) else None
    if count is None:
        reason = (
            "the body names no model" if name is None else f"{safe_repr(name)} is not a model of this spec"
        )
        return Bill(name, None, False, None, reason)
    if count.pictures is None:
        return Bill(name, None, False, None, _unknown_count_reason(count))
    reason = "" if count.is_set else f"{count.field} is not given: default {count.pictures}"
    advice = ""
    if not count.is_set and count.for_testing is not None and count.for_testing < count.pictures:
        advice = f"{count.field}={count.for_testing} is recommended for testing"
    unit_price = prices.get(region)
    if unit_price is None:
        missing = f"no page states a price for {safe_repr(name)[1:-1]} in region {region}"
        reason = f"{missing}; {reason}" if reason else missing
        return Bill(name, count.pictures, count.exact, None, reason, advice)
    price = Price(Decimal(unit_price) * count.pictures, currency, count.pictures)
    return Bill(name, count.pictures, count.exact, price, reason, advice)


def _unknown_count_reason(count: Count) -> str:
    """Return why the pictures cannot be counted."""
    if count.field is not None and count.is_set:
        value = count.values[count.field]
        if value is not UNDETERMINED:
            return f"{count.field} is {to_json_text(value)}, which is not a number of pictures"
    values = {name: value for name, value in count.values.items() if value is not ABSENT}
    broken = [name for name, value in values.items() if value is UNDETERMINED]
    if broken:
        return f"the body cannot be read as far as {broken[0]}"
    return (
        ", ".join(f"{name} is {to_json_text(value)}" for name, value in values.items())
        or "the mode is unknown"
    )
