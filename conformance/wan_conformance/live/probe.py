"""`Probe` and `ProbeAnswer`: one question to the live service, and its answer.

The planning and the sending of probes share only these records. A `ProbeSender` sends one probe at
a time, and never more than the budget allows.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol

from wan_conformance.errors import RunFailedError

Side = Literal["refused", "accepted"]


@dataclass(frozen=True, slots=True)
class Probe:
    """A request to the live service, with the rules that it tests.

    Attributes:
        id: Unique in a plan and the same in every run, such as `refused:wan2.7/n.max`.
        model: The model whose endpoint is called. It need not be the one that the body names.
        body: The wire body, any JSON value.
        call: How it is sent: `sync`, `async` or `stream`.
        rules: The ids of the rules that it tests, sorted.
        side: The reaction of the service if nothing has changed.
        breaks: The ids of the rules that the body violates, sorted; empty for an accepted one.
    """

    id: str
    model: str
    body: Any
    call: str
    rules: tuple[str, ...]
    side: Side
    breaks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """The service's answer to a probe, and its cost.

    Attributes:
        probe: The id of the probe.
        accepted: Whether the service accepted the body. None if that is not known: the answer was lost or is
            in no documented form, the service failed, or it limits the rate.
        status: The HTTP status of the last answer; None if none came.
        code: The vendor's error code; None if there is none.
        message: The vendor's error message, without keys and signed URLs; None if there is none.
        error_class: The class of the code in `wire.yaml`, such as `invalid` or `authentication`; None without
            a code. Only `invalid`, `not_found` and `moderation` are about the request.
        request_id: The vendor's id of the exchange; None if there is none.
        task_id: The task of an accepted asynchronous call; None if there is none.
        task_status: The last known status of that task; None if there is none.
        pictures: The pictures that were made; None if that is not known.
        spent: The amount counted as spent for the probe, retries included.
        held: The amount that stays reserved because the outcome is not known; 0 if everything is settled.
        attempts: The number of times that the request was sent.
        problem: Why the outcome is not known, or why the amount stays reserved; empty if neither is so.
    """

    probe: str
    accepted: bool | None
    status: int | None = None
    code: str | None = None
    message: str | None = None
    error_class: str | None = None
    request_id: str | None = None
    task_id: str | None = None
    task_status: str | None = None
    pictures: int | None = None
    spent: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    attempts: int = 1
    problem: str = ""


class ProbeSender(Protocol):
    """Sends probes within the budget. `LiveSender` sends over HTTP; tests script others."""

    def worst_price(self, probe: Probe) -> Decimal | None:
        """Return the maximum cost of a probe if the service accepts it; None if no price is known."""

    def send(self, probe: Probe) -> ProbeAnswer:
        """Send a probe and follow its task to its end.

        Raises:
            BudgetExceededError: It could cost more than is left, or no price is known; nothing was sent.
            ProbeLedgerError: The ledger cannot be read or written; nothing was sent, or the amount stays
                reserved.
        """


class ProbeLedgerError(RunFailedError):
    """The ledger of the budget cannot be used, or the service billed more than was reserved."""
