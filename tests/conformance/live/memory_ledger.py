"""`MemoryLedger`: the ledger of live probes without a file, by the same rules.

`test_ledger.py` compares it with the SQLite file, operation by operation; the exploration of all orders
(`exploration.py`) then needs no disk.
"""

from collections.abc import Callable
from decimal import Decimal

from wan_conformance.live.probe import ProbeLedgerError
from wan_conformance.live.reservation import LedgerTotals, Reservation, admit, sum_up


class SharedRows:
    """The shared state of several processes.

    Attributes:
        rows: The reservations by key.
        dead: The owners whose process has ended.
    """

    def __init__(self) -> None:
        self.rows: dict[int, Reservation] = {}
        self.dead: set[str] = set()


class MemoryLedger:
    """The view of one process.

    Args:
        shared: The rows.
        owner: The mark of the process.
        budget: The most that may be taken.
        first_key: The key of its first reservation; None counts through all rows, as SQLite does.
    """

    def __init__(self, shared: SharedRows, owner: str, budget: Decimal, first_key: int | None = None) -> None:
        self.shared, self.owner, self.budget, self.currency = shared, owner, budget, "CNY"
        self._next_key = first_key

    def reserve(self, probe: str, model: str, amount: Decimal | None) -> int:
        amount = admit(self.totals(), amount, self.budget, self.currency)
        key = max(self.shared.rows, default=0) + 1 if self._next_key is None else self._next_key
        if self._next_key is not None:
            self._next_key += 1
        self.shared.rows[key] = Reservation(key, probe, model, self.owner, "reserved", amount)
        return key

    def begin(self, key: int) -> None:
        self._change(key, lambda row: row.begin(self.owner))

    def accept(self, key: int, task_id: str) -> None:
        if self.has_task(task_id):
            raise ProbeLedgerError("a task belongs to one reservation")
        self._change(key, lambda row: row.accept(task_id))

    def keep(self, key: int, reason: str) -> None:
        self._change(key, lambda row: row.keep(reason))

    def settle(self, key: int, billed: Decimal, reason: str) -> None:
        if self._change(key, lambda row: row.settle(billed, reason)).excess:
            raise ProbeLedgerError("the service billed more")

    def release_unsent(self) -> list[Reservation]:
        return self._change_abandoned(("reserved",), lambda row: row.settle(Decimal(0), "never sent"))

    def take_over(self) -> list[Reservation]:
        return self._change_abandoned(("sending", "accepted"), lambda row: row.take_over(self.owner))

    def reservations(self) -> list[Reservation]:
        return [self.shared.rows[key] for key in sorted(self.shared.rows)]

    def has_task(self, task_id: str) -> bool:
        return any(row.task_id == task_id for row in self.shared.rows.values())

    def totals(self) -> LedgerTotals:
        return sum_up(self.shared.rows.values())

    def _change(self, key: int, change: Callable[[Reservation], Reservation]) -> Reservation:
        self.shared.rows[key] = change(self.shared.rows[key])
        return self.shared.rows[key]

    def _change_abandoned(
        self, states: tuple[str, ...], change: Callable[[Reservation], Reservation]
    ) -> list[Reservation]:
        dead = self.shared.dead - {self.owner}
        keys = [row.key for row in self.reservations() if row.state in states and row.owner in dead]
        return [self._change(key, change) for key in keys]
