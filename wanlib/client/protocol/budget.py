"""What calls cost."""

from decimal import Decimal
from threading import Lock
from typing import Any

from wanlib.base.api_tables import ApiTables, Model
from wanlib.errors import BudgetExceededError, InvalidArgumentError
from wanlib.validation.check_result import Price as Price


def compute_price(api: ApiTables, model: Model, region: str, pictures: int) -> Price | None:
    """What so many pictures of a model cost in a region; None where no page has a price."""
    unit_price = model.prices.get(region)
    return None if unit_price is None else Price(Decimal(unit_price) * pictures, api.currency, pictures)


def parse_amount(value: Any, name: str) -> Decimal | None:
    """A cap as the caller gave it: a number or a decimal text. Raises InvalidArgumentError."""
    if value is None:
        return None
    try:
        cap = Decimal(str(value))
    except ArithmeticError:
        cap = Decimal("NaN")
    if isinstance(value, bool) or not cap.is_finite() or cap < 0:
        raise InvalidArgumentError(f"{name} is {value!r}; allowed: an amount of money such as 2 or '0.50'")
    return cap


class Budget:
    """What a client may spend in all: what was spent, and what running calls could still cost."""

    def __init__(self, limit: Any = None) -> None:
        self.limit = parse_amount(limit, "budget")
        self.spent = Decimal(0)
        self._reserved = Decimal(0)
        self._tasks: dict[str, Decimal] = {}  # what is held for each task under way
        self._lock = Lock()

    def reserve(self, price: Price | None, max_price: Any = None) -> Decimal:
        """Sets aside what a call could cost -> the amount held. Raises BudgetExceededError before anything
        is sent.
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
                    f"this call could cost {price}; of the budget of {self.limit} {taken} is taken"
                )
            self._reserved += price.amount
        return price.amount

    def assign_to_task(self, reserved: Decimal, task_id: str) -> None:
        """What is held belongs to this task from now on, whoever waits for it."""
        with self._lock:
            self._tasks[task_id] = reserved

    def settle(self, reserved: Decimal, spent: Decimal, task_id: str | None = None) -> None:
        """Gives back what was held and takes what was spent; for a task of this client once, however often
        it is waited for, and for those of others never."""
        with self._lock:
            if task_id is not None:
                if task_id not in self._tasks:
                    return
                reserved = self._tasks.pop(task_id)
            self._reserved -= reserved
            self.spent += spent
