"""`Reservation`: the money that one probe may cost, from its reservation to its settlement.

All decisions of the ledger are functions of this module, without a file: `admit` decides whether a probe may
be sent, and the methods of `Reservation` return the next state or refuse. `ledger.py` performs each in one
transaction of SQLite. So the rules can be explored in every order without a disk, and the file must guarantee
only one thing: that a transaction happens completely or not at all.

Amounts are exact: `EXACT` raises an error where a result would have to be rounded.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Literal

from wan_conformance.live.probe import ProbeLedgerError
from wanlib.errors import BudgetExceededError

EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow, DivisionByZero])
"""The context of all sums and products of money: more digits than any bill, and no rounding."""

State = Literal["reserved", "sending", "accepted", "unknown", "settled"]
STATES: tuple[State, ...] = ("reserved", "sending", "accepted", "unknown", "settled")
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Reservation:
    """One probe in the ledger.

    A probe passes these states:

    - `reserved`: nothing was sent. Only in this state is it certain that nothing can be billed.
    - `sending`: the request may have reached the service.
    - `accepted`: the service has created a task, which may still be canceled, fail or succeed.
    - `unknown`: no answer states the outcome of the request. The whole amount stays reserved.
    - `settled`: the billed amount is known.

    Attributes:
        key: Its number in the ledger.
        probe: The id of the probe.
        model: The model that the probe calls.
        owner: The process that works on it, as of `LeaseOwner.mark`.
        state: See above.
        reserved: Its maximum cost.
        spent: The billed amount, at most `reserved`; None until it is settled.
        excess: The amount billed beyond `reserved`.
        task_id: Its task; None if there is none or it is not known.
        reason: The reason for its state; may be empty.
    """

    key: int
    probe: str
    model: str
    owner: str
    state: State
    reserved: Decimal
    spent: Decimal | None = None
    excess: Decimal = ZERO
    task_id: str | None = None
    reason: str = ""

    @property
    def taken(self) -> Decimal:
        """The share of the budget: the whole reservation until it is settled."""
        return self.reserved if self.spent is None else self.spent

    def begin(self, owner: str) -> "Reservation":
        """Return it in the state `sending`, for the process that reserved it."""
        if self.owner != owner:
            raise self._error("belongs to another process")
        return self._moved("sending", ("reserved",))

    def accept(self, task_id: str) -> "Reservation":
        """Return it with its task."""
        return replace(self._moved("accepted", ("sending",)), task_id=task_id)

    def keep(self, reason: str) -> "Reservation":
        """Return it with an unknown outcome; a known task can still be followed later."""
        if self.state == "accepted":
            return replace(self, reason=reason)
        return self._moved("unknown", ("sending", "unknown"), reason)

    def settle(self, billed: Decimal, reason: str) -> "Reservation":
        """Return it with the billed amount; the part beyond the reservation is its excess."""
        if not billed.is_finite() or billed < 0:
            raise self._error(f"is billed {billed}, which is not an amount")
        allowed: tuple[State, ...] = ("reserved", "sending", "accepted", "unknown")
        spent = min(billed, self.reserved)
        moved = self._moved("settled", allowed, reason)
        return replace(moved, spent=spent, excess=EXACT.subtract(billed, spent))

    def release(self) -> "Reservation":
        """Return one with an unknown outcome as settled with nothing, as a person has decided."""
        return replace(self._moved("settled", ("unknown",), "released by a person"), spent=ZERO)

    def dispute(self, billed: Decimal, reason: str) -> "Reservation":
        """Return a settled one for which more may be billed after all; the surplus is its excess."""
        if self.spent is None:
            raise self._error(f"is {self.state}, so it is not settled yet")
        return replace(self, excess=max(self.excess, EXACT.subtract(billed, self.spent)), reason=reason)

    def take_over(self, owner: str) -> "Reservation":
        """Return it with a new owner, since its old owner has ended."""
        if self.state == "settled":
            raise self._error("is settled")
        return replace(self, owner=owner)

    def _moved(self, state: State, allowed: tuple[State, ...], reason: str = "") -> "Reservation":
        if self.state not in allowed:
            raise self._error(f"is {self.state}, so it cannot become {state}")
        return replace(self, state=state, reason=reason)

    def _error(self, problem: str) -> ProbeLedgerError:
        return ProbeLedgerError(f"the reservation {self.key} of the probe {self.probe!r} {problem}")


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """The sums of a ledger.

    Attributes:
        spent: The billed amount within the reservations.
        reserved: The amount that unsettled probes can still cost.
        excess: The amount billed beyond the reservations.
    """

    spent: Decimal = ZERO
    reserved: Decimal = ZERO
    excess: Decimal = ZERO

    @property
    def taken(self) -> Decimal:
        """The amount that is not available."""
        return EXACT.add(self.spent, self.reserved)


def sum_up(reservations: Iterable[Reservation]) -> LedgerTotals:
    """Return the sums of some reservations."""
    spent = reserved = excess = ZERO
    for reservation in reservations:
        if reservation.spent is None:
            reserved = EXACT.add(reserved, reservation.reserved)
        else:
            spent = EXACT.add(spent, reservation.spent)
        excess = EXACT.add(excess, reservation.excess)
    return LedgerTotals(spent, reserved, excess)


def admit(totals: LedgerTotals, amount: Decimal | None, budget: Decimal, currency: str) -> Decimal:
    """Return the amount to reserve for a probe, if it fits in the budget.

    Args:
        totals: The sums of the ledger.
        amount: The maximum cost of the probe; None if not known.
        budget: The maximum amount.
        currency: The currency of both, for messages.

    Raises:
        BudgetExceededError: The probe could cost more than is left, or its price is not known.
        ProbeLedgerError: The service has billed more than was reserved, so no reservation can be relied on.
    """
    if totals.excess:
        raise ProbeLedgerError(
            f"the service has billed {totals.excess} {currency} more than the worst price of its probes: "
            "nothing more is sent with this ledger"
        )
    if amount is None:
        raise BudgetExceededError("no worst price is known for this probe, so it is not sent")
    if not amount.is_finite() or amount < 0:
        raise BudgetExceededError(f"the worst price of this probe is {amount}, which is not an amount")
    if EXACT.add(totals.taken, amount) > budget:
        raise BudgetExceededError(
            f"a probe can cost {amount} {currency}, and of the budget of {budget} {currency} "
            f"{totals.spent} is spent and {totals.reserved} reserved: raise the budget, or choose fewer rules"
        )
    return amount
