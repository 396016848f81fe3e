"""`WanEmulator`: the emulator's interface for tests, and the emulator behind it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from wan_conformance.plugin.clock import SharedClock
from wan_conformance.plugin.options import to_fault
from wanlib.conduct.record import RecordedExchange
from wanlib.emulator import Account, Emulator, Fault, Job


class EmulatedTask(NamedTuple):
    """The current state of a task.

    Attributes:
        id: The task id.
        model: The model of the request.
        status: Its status, in the words of the service.
        pictures: How many pictures it has made, or will.
        submitted: When it was accepted.
        size: Width and height of its pictures.
        prompt: The text of the request, "" for none.
    """

    id: str
    model: str
    status: str
    pictures: int
    submitted: datetime
    size: tuple[int, int]
    prompt: str


class FaultQueue:
    """The faults of the next requests, one each."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def add(self, *faults: str | Fault | None) -> None:
        """Queue faults.

        Args:
            *faults: Texts such as `error code=Throttling on=query` (`docs/reference/faults.md` lists the
                kinds), or `Fault` objects. None lets a request pass.
        """
        self._emulator.faults.queue([to_fault(fault) for fault in faults])


class WanEmulator:
    """The emulator of one test.

    Attributes:
        faults: The faults of the next requests: `faults.add("cut where=before on=query")`.
    """

    def __init__(self, emulator: Emulator, clock: SharedClock) -> None:
        self._emulator = emulator
        self._clock = clock
        self.faults = FaultQueue(emulator)

    @property
    def now(self) -> datetime:
        """The time of the client and the emulator."""
        return _moment(self._clock.wall())

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Advance the clock of the client and the emulator.

        Raises:
            ValueError: The time is negative or not finite.
        """
        self._clock.advance(((days * 24 + hours) * 60 + minutes) * 60 + seconds)

    @property
    def tasks(self) -> tuple[EmulatedTask, ...]:
        """The tasks and synchronous calls that were accepted, oldest first."""
        return tuple(self._task(job) for job in reversed(self._emulator.jobs()))

    @property
    def ledger(self) -> dict[str, Account]:
        """The counts of accepted, produced and billed pictures so far, by model."""
        return {account.model: account for account in self._emulator.ledger()}

    @property
    def spent(self) -> Decimal:
        """The price of all pictures that were made."""
        return sum((Decimal(account.amount) for account in self._emulator.ledger()), Decimal(0))

    @property
    def requests(self) -> tuple[RecordedExchange, ...]:
        """The requests and their responses, oldest first."""
        return tuple(self._emulator.history)

    def succeed(self, task_id: str) -> None:
        """End a task now, as succeeded.

        Raises:
            ValueError: The task does not exist, or it has ended.
        """
        self._end(task_id, None, "")

    def fail(self, task_id: str, code: str, message: str = "") -> None:
        """End a task now, as failed.

        Args:
            task_id: The task.
            code: The error code.
            message: "" for the usual message of the code.

        Raises:
            ValueError: The task does not exist, or it has ended.
        """
        self._end(task_id, code, message)

    def _end(self, task_id: str, code: str | None, message: str) -> None:
        if not self._emulator.complete_task(task_id, code, message):
            running = ", ".join(self._running()) or "none"
            raise ValueError(f"no task {task_id[:80]!r} is in progress; tasks in progress: {running}")

    def _running(self) -> Iterator[str]:
        now = self._clock.wall()
        return (job.id for job in self._emulator.jobs() if job.is_task and job.ended > now)

    def _task(self, job: Job) -> EmulatedTask:
        status = job.status(self._emulator.lifecycle, self._clock.wall())
        spec = job.spec
        submitted = _moment(job.submitted)
        return EmulatedTask(job.id, spec.model, status, job.image_count(), submitted, spec.size, spec.prompt)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
