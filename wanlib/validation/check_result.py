"""`CheckResult`: the violations of one request body, with what the request can cost."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wanlib.base.violation import Violation

if TYPE_CHECKING:  # the bill is computed on first use
    from wanlib.validation.bill import Bill, Price


Accepted = tuple[int, tuple[Any, ...]]
"""The result of the fast path for a body without violations: the minimum number of colons in its JSON, and
the values that the number of pictures depends on, besides the model and the call. The colons are one for
each member of an object, each one in a text, and one for each image."""


class CheckResult(list[Violation]):
    """The violations of one body, as a list, with what the request can cost.

    An empty result is a body that violates no rule. The bill is read from the body when it is first asked
    for, so that a check costs no more; do not change the body before that. Equality, order and indexes are
    those of the list.
    """

    __slots__ = ("_bill", "_body", "_call", "_make_bill")

    _bill: "Bill | None"
    _body: Any
    _call: str | None
    _make_bill: "Callable[[Any, str | None], Bill]"

    @property
    def ok(self) -> bool:
        """Whether nothing would be rejected or truncated."""
        return not any(violation.is_refused for violation in self)

    @property
    def bill(self) -> "Bill":
        """The pictures and their price in the default region; `wanlib.bill` takes another region."""
        if self._bill is None:
            self._bill = self._make_bill(self._body, self._call)
        return self._bill

    @property
    def model(self) -> str | None:
        """The model that the body names, known or not; None if it names none."""
        return self.bill.model

    @property
    def pictures(self) -> int | None:
        """The maximum number of pictures of the call; None if the model or the count cannot be read."""
        return self.bill.pictures

    @property
    def price(self) -> "Price | None":
        """The price of these pictures; None if no page states one, or `pictures` is None."""
        return self.bill.price

    def to_dict(self) -> dict[str, Any]:
        """Return what `wanlib check --json` prints: model, ok, pictures, price and violations."""
        from wanlib.base.redaction import redact_text

        model = None if self.model is None else redact_text(self.model)
        violations = [violation.to_dict() for violation in self]
        return {"model": model, "ok": self.ok, **self.bill.to_dict(), "violations": violations}


def create_check_result(
    violations: list[Violation], body: Any, call: str | None, make_bill: "Callable[[Any, str | None], Bill]"
) -> CheckResult:
    """Return the result of a check; `make_bill` returns the bill of a body and its call."""
    result = CheckResult(violations)
    result._bill, result._body, result._call, result._make_bill = None, body, call, make_bill
    return result
