"""What a request can cost: the number of pictures that it can yield, and their price.

Two readings of a body count the pictures (the generated code and `wanlib.spec.pictures`); both give a
`Count`, and `make_bill` turns it into a `Bill` with the words for people.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from wanlib.base.missing import ABSENT, LOST
from wanlib.base.shown import shown

MOST_PICTURES = 2**63 - 1
"""The largest number that is read as a count: what other JSON readers hold as an integer."""


class Price(NamedTuple):
    """An amount of money for a number of pictures, by the pages' price table, without taxes and quotas."""

    amount: Decimal
    currency: str
    pictures: int

    def __str__(self) -> str:
        noun = "picture" if self.pictures == 1 else "pictures"
        return f"{self.amount} {self.currency} for {self.pictures} {noun}"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values; the amount is text because it is exact."""
        return {"amount": str(self.amount), "currency": self.currency, "pictures": self.pictures}


class Count(NamedTuple):
    """The number of pictures that a body asks for, as one reading sees it.

    field: the parameter that bounds them; None where the mode that decides it is unknown.
    pictures: the most that the call can yield; None where that cannot be read.
    exact: whether so many come unless some fail; else the model may yield fewer.
    given: whether the body has the parameter; else its default counts.
    values: what the count was read from, by parameter; ABSENT and LOST as in the readings.
    for_testing: the value that a page recommends for trying out, None where no page has one.
    """

    field: str | None
    pictures: int | None
    exact: bool
    given: bool
    values: Mapping[str, Any]
    for_testing: int | None = None


class Bill(NamedTuple):
    """What a request can cost.

    model: the model that the body names, known or not; None where it names none.
    pictures: the most that the call can yield; None where the model or the count cannot be read.
    exact: whether so many come unless some fail; False where the model may yield fewer or that is unknown.
    price: the price of all pictures; None where `pictures` is None or no page states a price.
    reason: why `pictures` or `price` is None, or which default the count comes from; may be empty.
    advice: what a page recommends where the body leaves the count to its default; may be empty.

    ``str()`` gives one line: ``4 pictures, 0.80 CNY (n is not given: default 4)``.
    """

    model: str | None
    pictures: int | None
    exact: bool
    price: Price | None
    reason: str = ""
    advice: str = ""

    def __str__(self) -> str:
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
        region: The region whose price holds.
    """
    name = model if isinstance(model, str) else None
    if count is None:
        reason = "the body names no model" if name is None else f"{shown(name)} is not a model of this spec"
        return Bill(name, None, False, None, reason)
    if count.pictures is None:
        return Bill(name, None, False, None, _obstacle(count))
    reason = "" if count.given else f"{count.field} is not given: default {count.pictures}"
    advice = ""
    if not count.given and count.for_testing is not None and count.for_testing < count.pictures:
        advice = f"{count.field}={count.for_testing} is recommended for testing"
    each = prices.get(region)
    if each is None:
        missing = f"no page states a price for {shown(name)[1:-1]} in region {region}"
        reason = f"{missing}; {reason}" if reason else missing
        return Bill(name, count.pictures, count.exact, None, reason, advice)
    price = Price(Decimal(each) * count.pictures, currency, count.pictures)
    return Bill(name, count.pictures, count.exact, price, reason, advice)


def _obstacle(count: Count) -> str:
    """Return why the pictures cannot be counted."""
    if count.field is not None and count.given:
        value = count.values[count.field]
        if value is not LOST:
            return f"{count.field} is {_json(value)}, which is not a number of pictures"
    given = {name: each for name, each in count.values.items() if each is not ABSENT}
    broken = [name for name, each in given.items() if each is LOST]
    if broken:
        return f"the body cannot be read as far as {broken[0]}"
    return ", ".join(f"{name} is {_json(each)}" for name, each in given.items()) or "the mode is unknown"


def _json(value: Any) -> str:
    """Return a value as messages show it, with the names that JSON has for Python's constants."""
    constants = ((None, "null"), (True, "true"), (False, "false"))
    return next((word for constant, word in constants if value is constant), None) or shown(value)
