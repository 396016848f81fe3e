"""`ProbeLedger`: the budget of a live run on disk, which several processes may share.

The invariant: **spent + reserved <= budget**, at any time, in every process, after every crash.

It holds because of four rules, each of which is one transaction on the SQLite file, synced to the disk:

1. The worst price of a probe is reserved before anything is sent, in the transaction that reads all other
   reservations. A probe that does not fit, or has no known price, is not sent.
2. A reservation becomes `sending` before the request is sent. A process that ends before that has sent
   nothing; once it is known to have ended, its reservation is released. Any other is not.
3. A reservation is settled once, with what the service states: nothing for a refusal, a failed or a canceled
   task, the price of its pictures for one that succeeded. It is never settled above itself. If the service
   bills more, the surplus is recorded as excess, the run stops, and the ledger admits no probe any more.
4. An unknown outcome, and a ledger that cannot be written, leave the amount reserved.

The service is relied on for five things: a refusal in its documented form is not billed; neither is a task
that it reports as FAILED or CANCELED, which are final; one request creates at most one task; a task is in the
list a few seconds after the service has stated that its create failed; a stated number of pictures is not
smaller than the billed one.

Each process states a budget, and the sums are those of all processes: the one with the smaller budget stops
earlier. `reservation.py` has the rules, this module the file.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from wan_conformance.live.probe import ProbeLedgerError
from wan_conformance.live.reservation import STATES, LedgerTotals, Reservation, admit, sum_up
from wanlib.base.redaction import safe_repr
from wanlib.base.sqlite_file import SqliteFormat, file_identity, open_sqlite_file, sqlite_errors
from wanlib.client.journal.leases import LeaseOwner, is_owner_dead

LEDGER_FORMAT = SqliteFormat(
    application="WANL",
    version=1,
    schema=(
        "CREATE TABLE account (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), currency TEXT NOT NULL)",
        "CREATE TABLE reservations (key INTEGER PRIMARY KEY AUTOINCREMENT, probe TEXT NOT NULL, "
        "model TEXT NOT NULL, owner TEXT NOT NULL, state TEXT NOT NULL, reserved TEXT NOT NULL, spent TEXT, "
        "excess TEXT NOT NULL, task_id TEXT UNIQUE, reason TEXT NOT NULL, "
        "CHECK ((state = 'settled') = (spent IS NOT NULL)))",
    ),
    elsewhere="give the ledger another path",
    wait=30.0,  # each process holds the file for milliseconds
    exclusive=False,
    synchronous="FULL",  # a reservation must survive a power cut
    check_pages=True,
    messages={
        sqlite3.SQLITE_CORRUPT: "is damaged, so what was spent is not known: move it away to begin a new "
        "budget",
    },
)
_COLUMNS = "key, probe, model, owner, state, reserved, spent, excess, task_id, reason"
_UPDATE = (
    "UPDATE reservations SET owner = ?, state = ?, reserved = ?, spent = ?, excess = ?, task_id = ?, "
    "reason = ? WHERE key = ?"
)


class ProbeLedger:
    """The reservations of all probes that were sent under one budget. Threads may share it, forks may not.

    Args:
        path: The file, which is created if it does not exist.
        budget: The maximum of the spent and reserved amounts together.
        currency: The currency of all amounts.

    Raises:
        ProbeLedgerError: The file cannot be used, is not a ledger of this version, or counts in another
            currency.
    """

    def __init__(self, path: Path, budget: Decimal, currency: str) -> None:
        if not budget.is_finite() or budget < 0:
            raise ProbeLedgerError(f"the budget is {budget}; allowed: an amount such as 5 or 0.50")
        self.path = path.absolute()
        self.budget = budget
        self.currency = currency
        self._lock = threading.Lock()
        self._make_error = partial(_error, self.path)
        self._connection = open_sqlite_file(self.path, LEDGER_FORMAT, self._make_error)
        self._identity = file_identity(self.path)
        self._owner = LeaseOwner(self.path)
        try:
            self._check_currency()
        except BaseException:
            self.close()
            raise

    @property
    def owner(self) -> str:
        """The mark of this process in its reservations."""
        return self._owner.mark

    def close(self) -> None:
        """Close the file and give up the identity of this process: its reservations then have no owner."""
        with self._lock:
            self._connection.close()
            self._owner.release()

    def reserve(self, probe: str, model: str, amount: Decimal | None) -> int:
        """Reserve the worst price of a probe, before it is sent.

        Args:
            probe: The id of the probe.
            model: The model that it calls.
            amount: Its maximum cost; None if not known.

        Returns:
            The key of the reservation.

        Raises:
            BudgetExceededError: It does not fit, or no price is known. Nothing was written.
            ProbeLedgerError: The ledger cannot be used.
        """
        with self._transaction() as connection:
            amount = admit(sum_up(self._read(connection)), amount, self.budget, self.currency)
            cursor = connection.execute(
                "INSERT INTO reservations (probe, model, owner, state, reserved, excess, reason) "
                "VALUES (?, ?, ?, 'reserved', ?, '0', '')",
                (probe, model, self.owner, str(amount)),
            )
            return int(cursor.lastrowid or 0)

    def begin(self, key: int) -> None:
        """Mark a reservation as being sent. The request may be sent once this has returned."""
        self._change(key, lambda reservation: reservation.begin(self.owner))

    def accept(self, key: int, task_id: str) -> None:
        """Record the task of an accepted probe."""
        self._change(key, lambda reservation: reservation.accept(task_id))

    def keep(self, key: int, reason: str) -> None:
        """Record that the outcome is not known. The amount stays reserved."""
        self._change(key, lambda reservation: reservation.keep(reason))

    def settle(self, key: int, billed: Decimal, reason: str) -> None:
        """Record the billed amount of a probe.

        Raises:
            ProbeLedgerError: It is more than was reserved; that is recorded, and the run must stop.
        """
        settled = self._change(key, lambda reservation: reservation.settle(billed, reason))
        if settled.excess:
            raise ProbeLedgerError(
                f"the service billed {billed} {self.currency} for the probe {settled.probe!r}, and "
                f"{settled.reserved} is its worst price by the spec: the run stops"
            )

    def release(self, key: int) -> None:
        """Settle an unknown outcome with nothing, because someone has checked the bill.

        Raises:
            ProbeLedgerError: Its outcome is not unknown, or the ledger cannot be used.
        """
        self._change(key, Reservation.release)

    def dispute(self, key: int, billed: Decimal, reason: str) -> None:
        """Record that a settled probe may be billed after all. The ledger admits no probe any more."""
        self._change(key, lambda reservation: reservation.dispute(billed, reason))

    def release_unsent(self) -> list[Reservation]:
        """Settle the reservations of processes that ended before they sent anything.

        Returns:
            The released reservations.
        """
        released = []
        with self._transaction() as connection:
            for reservation in self._read(connection):
                if reservation.state == "reserved" and self._is_abandoned(reservation):
                    released.append(reservation.settle(Decimal(0), "never sent: its process had ended"))
                    self._write(connection, released[-1])
        return released

    def take_over(self) -> list[Reservation]:
        """Make this process the owner of all sent reservations whose own process has ended.

        Returns:
            The reservations, with the new owner. The caller must determine their outcomes.
        """
        taken = []
        with self._transaction() as connection:
            for reservation in self._read(connection):
                if reservation.state in ("sending", "accepted") and self._is_abandoned(reservation):
                    taken.append(reservation.take_over(self.owner))
                    self._write(connection, taken[-1])
        return taken

    def reservations(self) -> list[Reservation]:
        """Return all reservations, the oldest first."""
        with self._transaction() as connection:
            return self._read(connection)

    def has_task(self, task_id: str) -> bool:
        """Return whether a task belongs to a reservation."""
        return any(reservation.task_id == task_id for reservation in self.reservations())

    def totals(self) -> LedgerTotals:
        """Return the sums of all processes."""
        return sum_up(self.reservations())

    def _is_abandoned(self, reservation: Reservation) -> bool:
        return reservation.owner != self.owner and is_owner_dead(self.path, reservation.owner)

    def _change(self, key: int, change: Callable[[Reservation], Reservation]) -> Reservation:
        with self._transaction() as connection:
            found = self._read(connection, key)
            if not found:
                raise self._make_error(f"has no reservation {key}: it was written by another program")
            changed = change(found[0])
            self._write(connection, changed)
            return changed

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Run statements as one transaction, which is undone if anything is raised."""
        with self._lock, sqlite_errors(LEDGER_FORMAT, self._make_error):
            if file_identity(self.path) != self._identity:
                raise self._make_error("was removed or replaced while it was in use: begin a new run")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _check_currency(self) -> None:
        with self._transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO account VALUES (1, ?)", (self.currency,))
            found = connection.execute("SELECT currency FROM account").fetchall()
            if found != [(self.currency,)]:
                raise self._make_error(
                    f"counts in {safe_repr(found[0][0])[1:-1]}, and the prices of the spec are in "
                    f"{self.currency}: {LEDGER_FORMAT.elsewhere}"
                )
            self._read(connection)

    def _read(self, connection: sqlite3.Connection, key: int | None = None) -> list[Reservation]:
        where, values = ("", ()) if key is None else (" WHERE key = ?", (key,))
        rows = connection.execute(f"SELECT {_COLUMNS} FROM reservations{where} ORDER BY key", values)
        try:
            return [_reservation(row) for row in rows]
        except (ValueError, TypeError, ArithmeticError):
            raise self._make_error(
                "contains a row that no ledger writes, so what was spent is not known: move it away to begin "
                "a new budget"
            ) from None

    @staticmethod
    def _write(connection: sqlite3.Connection, reservation: Reservation) -> None:
        spent = None if reservation.spent is None else str(reservation.spent)
        values = (
            reservation.owner,
            reservation.state,
            str(reservation.reserved),
            spent,
            str(reservation.excess),
            reservation.task_id,
            reservation.reason,
            reservation.key,
        )
        connection.execute(_UPDATE, values)


def _reservation(row: Sequence[Any]) -> Reservation:
    """Return a row as a reservation. Raise ValueError or ArithmeticError if no ledger writes it."""
    key, probe, model, owner, state, reserved, spent, excess, task_id, reason = row
    if state not in STATES:
        raise ValueError(state)
    held = _amount(reserved)
    paid = None if spent is None else _amount(spent)
    if paid is not None and paid > held:
        raise ValueError(spent)
    return Reservation(key, probe, model, owner, state, held, paid, _amount(excess), task_id, reason)


def _amount(text: str) -> Decimal:
    amount = Decimal(text)
    if not amount.is_finite() or amount < 0:
        raise ValueError(text)
    return amount


def _error(path: Path, problem: str) -> ProbeLedgerError:
    return ProbeLedgerError(f"the ledger {str(path)!r} {problem}")
