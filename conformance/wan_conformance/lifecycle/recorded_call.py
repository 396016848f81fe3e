"""One call of a client as the lifecycle tests record it, and the data that it is checked against.

The tests in simulated time make a `RecordedCall` of each call and pass it to `invariants.check_call`.
"""

from typing import NamedTuple

from wan_conformance.lifecycle.clients.base import CallOutcome
from wan_conformance.lifecycle.simulation.files import JournalReader
from wan_conformance.lifecycle.simulation.service import Exchange, FaultyService


class RecordedCall(NamedTuple):
    """One call of the client, its outcome and its exchanges.

    Attributes:
        verb: One of `clients.base.VERBS`.
        task: The task that it is about: its argument, else the task that it made; "" for none.
        began: Seconds since the test began.
        ended: The same at its end.
        bound: Seconds that it may take.
        outcome: Its result or exception.
        exchanges: Its exchanges with the service.
        state: The state of the task at the last exchange of the test, "" without a task.
        is_last: True if faults have ended, and all tasks have ended.
        is_endless: True if it was stopped because it would not end.
        adopts: Whether it is a resume that adopts tasks.
        listed: Ids of all tasks of the account before it.
        unexplained: Those of them that were not in the journal.
        failed_writes: The number of its writes to the journal that failed.
    """

    verb: str
    task: str
    began: float
    ended: float
    bound: float
    outcome: CallOutcome
    exchanges: tuple[Exchange, ...]
    state: str
    is_last: bool = False
    is_endless: bool = False
    adopts: bool = False
    listed: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()
    failed_writes: int = 0

    @property
    def outcomes(self) -> tuple[CallOutcome, ...]:
        """The outcome and, of a resume, that of each unfinished task."""
        return (self.outcome, *self.outcome.parts)

    @property
    def had_fault(self) -> bool:
        """Whether the service gave the client a reason for an error."""
        return any(not exchange.is_truthful for exchange in self.exchanges)

    @property
    def accepted(self) -> tuple[str, ...]:
        """Ids of the tasks that the service accepted in it."""
        return tuple(task for exchange in self.exchanges for task in exchange.accepted)

    @property
    def own_tasks(self) -> list[str]:
        """Ids that the service put into its responses: of a create carried out twice, only the second."""
        return [exchange.accepted[-1] for exchange in self.exchanges if exchange.accepted]

    @property
    def reported_tasks(self) -> list[str]:
        """Ids of the tasks that the client named, in its order."""
        named = [task for outcome in self.outcomes for task in (outcome.task_id, *outcome.tasks) if task]
        return [*named, *(task for candidates in self.outcome.lost for task in candidates)]

    def queries(self, task: str) -> list[Exchange]:
        """Return its queries of a task."""
        return [exchange for exchange in self.exchanges if exchange.call == "query" and exchange.task == task]

    def had_fault_of(self, *kinds: str) -> bool:
        """Return True if one of its exchanges had a fault of these kinds."""
        return any(exchange.fault and exchange.fault.kind in kinds for exchange in self.exchanges)


class CheckContext(NamedTuple):
    """The data against which a call is checked.

    Attributes:
        service: The service, whose state is authoritative.
        journal: The journal and the pictures of the client.
        is_ours: True for our clients, False for others: those have no journal, need not name the task in the
            error of a single query, and may raise an error after a response that was in order.
        has_single_task: True if all pictures on the disk are of one task.
    """

    service: FaultyService
    journal: JournalReader
    is_ours: bool = True
    has_single_task: bool = False
