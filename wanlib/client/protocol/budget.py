"""`Budget`: the spending limit of a client; and the price of a call."""

from decimal import Decimal
from threading import Lock
from typing import Any

from wanlib.base.api_tables import ApiTables, Model
from wanlib.base.redaction import safe_repr
from wanlib.errors import BudgetExceededError, InvalidArgumentError
from wanlib.validation.bill import Price as Price


def compute_price(api: ApiTables, model: Model, region: str, pictures: int) -> Price | None:
    """Return the price of a number of pictures in a region; None if no price is documented."""
    unit_price = model.prices.get(region)
    return None if unit_price is None else Price(Decimal(unit_price) * pictures, api.currency, pictures)


def parse_amount(value: Any, name: str) -> Decimal | None:
    """Return an amount of money as a Decimal; None stays None. Raise InvalidArgumentError."""
    if value is None:
        return None
    try:
        cap = Decimal(str(value))
    except (ArithmeticError, ValueError):  # ValueError: an int with too many digits for text
        cap = Decimal("NaN")
    if isinstance(value, bool) or not cap.is_finite() or cap < 0:
        raise InvalidArgumentError(
            f"{name} is {safe_repr(value)}; allowed: an amount of money such as 2 or '0.50'"
        )
    return cap


class Budget:
    """The amount that a client has spent, and the possible cost of its running calls. Threads may share it.

    Attributes:
        limit: The maximum amount; None means no limit.
        spent: The amount spent.
    """

    def __init__(self, limit: Any = None) -> None:
        self.limit = parse_amount(limit, "budget")
        self.spent = Decimal(0)
        self._reserved = Decimal(0)
        self._tasks: dict[str, Decimal] = {}  # the reserved amount of each running task
        self._lock = Lock()

    def reserve(self, price: Price | None, max_price: Any = None) -> Decimal:
        """Set aside the maximum cost of a call, before anything is sent.

        Args:
            price: The highest price of the call; None if no price is documented.
            max_price: The maximum allowed cost of this call; None means no limit.

        Returns:
            The reserved amount.

        Raises:
            BudgetExceededError: The call could cost more than allowed.
        """
        cap = parse_amount(max_price, "max_price")
        if price is None:
            if cap is None and self.limit is None:
                return Decimal(0)
            raise BudgetExceededError(
                "No documented price for this model in this region, so max_price and budget cannot be "
                "enforced. Call it without them"
            )
        if cap is not None and price.amount > cap:
            raise BudgetExceededError(
                f"this call could cost {price}; max_price is {cap}. Ask for fewer pictures (n)"
            )
        with self._lock:
            taken = self.spent + self._reserved
            if self.limit is not None and taken + price.amount > self.limit:
                raise BudgetExceededError(
                    f"this call could cost {price}; {taken} of the budget of {self.limit} is taken"
                )
            self._reserved += price.amount
        return price.amount

    def assign_to_task(self, reserved: Decimal, task_id: str) -> None:
        """Tie a reserved amount to a task, for any handle that waits for it."""
        with self._lock:
            self._tasks[task_id] = reserved

    def unassign(self, task_id: str) -> None:
        """Undo `assign_to_task`, because the task turned out to belong to another call."""
        with self._lock:
            self._tasks.pop(task_id, None)

    def settle(self, reserved: Decimal, spent: Decimal, task_id: str | None = None) -> None:
        """Release the reserved amount and add the amount spent.

        A task of this client is settled once, however often it is waited for; a task of another client never.
        """
        with self._lock:
            if task_id is not None:
                if task_id not in self._tasks:
                    return
                reserved = self._tasks.pop(task_id)
            self._reserved -= reserved
            self.spent += spent
