"""All interleavings of probes with faults and killed processes, on the code that sends the real ones.

A `World` has some processes that send a probe each, and the service. Its state follows from the list of
choices that led to it: which process makes its next step, and what goes wrong in it. `explore` visits every
reachable state once and checks the invariants of `wan_conformance/live/ledger.py` there; it replays the
choices to reach it, because a generator cannot be copied.

Three things keep the number of states small, and none of them leaves out a behavior:

- A state is what decides the future: the point that each process has reached, with its variables, the rows of
  the ledger, and the tasks of the service. Which of several ways led there does not matter.
- The processes are alike, so states that differ in their numbering alone are one state.
- `reduced` performs a step that neither reads nor changes what other processes see as soon as it can:
  begin, known, cancel, query and keep, and settle once no other process can reserve any more. This is a
  partial-order reduction: what it leaves out differs in the order of independent steps alone.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from itertools import permutations
from typing import Any, NamedTuple, cast

from wan_conformance.live.ledger import ProbeLedger
from wan_conformance.live.probe import Probe, ProbeLedgerError
from wan_conformance.live.reservation import Reservation
from wan_conformance.live.sender import LiveSender

from tests.conformance.live.memory_ledger import MemoryLedger, SharedRows
from tests.conformance.live.simulated_service import FAULTS, PICTURES, PRICE, SimulatedService
from wanlib.base.clock import ManualClock
from wanlib.errors import BudgetExceededError
from wanlib.spec import Spec, load

MODEL = "wan2.7-image"
WRITES = ("reserve", "begin", "accept", "keep", "settle")
_LOCAL = ("begin", "known", "cancel", "query", "keep")
_CONSTANT = (
    *("self", "spec", "server", "reader", "ledger", "names", "size"),
    *("probe", "call", "raw", "model", "price", "key", "held"),
)
"""The variables of the steps that are the same in every schedule."""
_NAMES = "~^`@$%"  # one character each that no state contains otherwise
_KEYS = 100  # keys of each process


class Choice(NamedTuple):
    """One step of a schedule.

    Attributes:
        process: The number of the process that makes it.
        event: Empty for the ordinary course, `refused`, a fault, or `killed`: the process ends before it.
    """

    process: int
    event: str


class _PricedSender(LiveSender):
    """A sender that knows the price of its only probe."""

    def worst_price(self, probe: Probe) -> Decimal:
        return PRICE * PICTURES


class Process:
    """A process that sends one probe, or that recovers what others left."""

    def __init__(self, number: int, world: "World", *, recovers: bool) -> None:
        self.name = _NAMES[number]
        self.ledger = MemoryLedger(world.shared, self.name, world.budget, number * _KEYS + 1)
        self.sender = _PricedSender(
            _spec(), world.service, cast(ProbeLedger, self.ledger), world.clock, "beijing"
        )
        if world.listed:
            self.sender._listed[MODEL] = frozenset()
        probe = Probe(f"probe {number}", MODEL, _body(), "async", (), "refused")
        self.steps: Any = self.sender.recovery_steps() if recovers else self.sender.steps(probe)
        self.step = next(self.steps)
        self.is_over = self.has_reserved = self.has_faults = False

    def state(self) -> Any:
        """Return the point that it has reached, with all variables that differ between schedules."""
        frames: list[Any] = []
        steps = self.steps
        while steps is not None and steps.gi_frame is not None:
            frame = steps.gi_frame
            known = {name: value for name, value in frame.f_locals.items() if name not in _CONSTANT}
            frames.append((frame.f_code.co_name, frame.f_lasti, known))
            steps = steps.gi_yieldfrom
        listed = sorted(self.sender._listed.get(MODEL, ("none",)))
        return self.is_over, self.has_faults, () if self.is_over else (frames, listed)


@dataclass
class World:
    """Processes, their ledger and the service.

    Args:
        probes: How many processes send a probe.
        recovers: Whether one more process recovers what has ended, at any time.
        affordable: How many probes the budget has room for at a time.
        listed: Whether every process has read the list of tasks before any of them sends a probe.
    """

    probes: int
    recovers: bool = False
    affordable: int = 2
    listed: bool = False
    shared: SharedRows = field(default_factory=SharedRows)
    clock: ManualClock = field(default_factory=lambda: ManualClock(0.0))

    def __post_init__(self) -> None:
        self.budget = PRICE * PICTURES * self.affordable
        self.event = ""
        self.service = SimulatedService(lambda _: self.event, lambda _: None)
        self.processes = [
            Process(number, self, recovers=number == self.probes)
            for number in range(self.probes + self.recovers)
        ]

    def choices(self, faults_left: int, *, reduced: bool) -> Iterator[Choice]:
        """Yield what can happen next."""
        running = [number for number, process in enumerate(self.processes) if not process.is_over]
        if reduced:
            reserving = [number for number in running if not self.processes[number].has_reserved]
            names = (*_LOCAL, "settle") if not reserving else _LOCAL
            local = [number for number in running if self.processes[number].step.name in names]
            running = local[:1] or running
        for number in running:
            name = self.processes[number].step.name
            yield Choice(number, "")
            if name == "create":
                yield Choice(number, "refused")
            if faults_left:
                yield from (Choice(number, event) for event in FAULTS.get(name, ()))
                if name in WRITES:
                    yield from (Choice(number, event) for event in ("not written", "written, error"))
                if number < self.probes:
                    yield Choice(number, "killed")

    def take(self, choice: Choice) -> None:
        """Let one thing happen."""
        process, event = self.processes[choice.process], choice.event
        self.service.maker, self.event = process.name, event
        process.has_reserved |= process.step.name == "reserve"
        process.has_faults |= event not in ("", "refused")
        if event == "killed":
            self._end(process)
            return
        try:
            self._perform(process, event)
            while process.step.name == "wait":
                process.step = process.steps.send(None)
        except (StopIteration, BudgetExceededError, ProbeLedgerError):
            self._end(process)

    def _perform(self, process: Process, event: str) -> None:
        """Perform the step of a process. Raise what ends it."""
        try:
            if event == "not written":
                raise ProbeLedgerError("the disk is full")
            value = process.step.act()
            if event == "written, error":
                raise ProbeLedgerError("the disk reports an error")
        except Exception as error:
            process.step = process.steps.throw(error)
        else:
            process.step = process.steps.send(value)

    def finish(self) -> None:
        """End all processes, and let a new one recover, twice: the second time nothing changes."""
        for process in self.processes:
            self._end(process)
        self.event = ""
        for _ in range(2):
            recovery = Process(len(self.processes), self, recovers=True)
            self.processes.append(recovery)
            while not recovery.is_over:
                self.take(Choice(len(self.processes) - 1, ""))

    def _end(self, process: Process) -> None:
        process.steps.close()
        process.is_over = True
        self.shared.dead.add(process.name)

    def state(self) -> str:
        """Return everything that decides what can happen from here on, with the processes in any order."""
        rows = {_NAMES[key // _KEYS]: replace(row, key=0, probe="") for key, row in self.shared.rows.items()}
        parts = [
            repr((process.name, process.state(), rows.get(process.name), self._tasks(process.name)))
            for process in self.processes
        ]
        assert not any(" at 0x" in part for part in parts), "an object without a value of its own"
        return min("".join(sorted(part.translate(order) for part in parts)) for order in _orders(self.probes))

    def _tasks(self, maker: str) -> Any:
        return [(name, task.status) for name, task in self.service.tasks.items() if task.maker == maker]

    def problems(self, *, at_the_end: bool) -> Iterator[str]:
        """Yield each invariant that does not hold."""
        taken = _taken(self.shared.rows.values())
        if taken > self.budget:
            yield f"taken {taken} of {self.budget}"
        for process in self.processes:
            rows = [
                row for key, row in self.shared.rows.items() if key // _KEYS == _NAMES.index(process.name)
            ]
            taken = _taken(rows)
            bill = self.service.true_bill(process.name)
            if bill > taken:
                yield f"{process.name} can cost {bill}, and {taken} is taken for it"
            if at_the_end:
                yield from self._problems_at_the_end(process, rows, bill)

    def _problems_at_the_end(self, process: Process, rows: list[Any], bill: Decimal) -> Iterator[str]:
        for row in rows:
            if row.state == "settled":
                if row.spent != bill:
                    yield f"{process.name} has cost {bill}, and {row.spent} is settled"
            elif row.state == "reserved":
                yield f"{process.name} has sent nothing, and its reservation is not released"
            elif not process.has_faults:
                yield f"{process.name} met no fault, and its reservation is {row.state}"


@dataclass
class Exploration:
    """The result of an exploration.

    Attributes:
        states: The different states.
        steps: The steps between them.
        orders: The interleavings that they represent, with their faults.
        events: How often each event was explored.
        problems: Violated invariants, with the choices that lead there.
    """

    states: int = 0
    steps: int = 0
    orders: int = 0
    events: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def explore(
    probes: int,
    faults: int,
    *,
    recovers: bool = False,
    reduced: bool = False,
    affordable: int = 2,
    listed: bool = False,
) -> Exploration:
    """Visit every state that probes can reach with this many faults, and check the invariants in each.

    Args:
        probes: How many processes send a probe.
        faults: How many faults and kills there are at most.
        recovers: Whether one more process recovers what has ended, at any time.
        reduced: Whether independent steps have one order only.
        affordable: How many probes the budget has room for at a time.
        listed: Whether every process has read the list of tasks before any of them sends a probe.
    """
    result = Exploration()
    orders: dict[bytes, int] = {}

    def visit(choices: tuple[Choice, ...], left: int, world: World | None = None) -> int:
        world = world or replay(choices, World(probes, recovers, affordable, listed))
        state = blake2b(f"{left} {world.state()}".encode(), digest_size=16).digest()
        if state in orders:
            return orders[state]
        result.states += 1
        result.problems += [f"{text}: {choices}" for text in world.problems(at_the_end=False)]
        options = list(world.choices(left, reduced=reduced))
        if not options:
            world.finish()
            result.problems += [f"{text}: {choices}" for text in world.problems(at_the_end=True)]
        count = 0 if options else 1
        for choice in options:
            result.steps += 1
            result.events[choice.event] += 1
            reusable = None
            if choice is options[-1]:  # the world is not needed for another choice
                world.take(choice)
                reusable = world
            count += visit((*choices, choice), left - (choice.event not in ("", "refused")), reusable)
        orders[state] = count
        return count

    result.orders = visit((), faults)
    return result


def replay(choices: tuple[Choice, ...], world: World) -> World:
    """Return a new world after some choices."""
    for choice in choices:
        world.take(choice)
    return world


def _taken(rows: Iterable[Reservation]) -> Decimal:
    """Return what rows take of the budget, computed independently of the ledger."""
    return sum((row.reserved if row.spent is None else row.spent for row in rows), Decimal(0))


@cache
def _orders(probes: int) -> list[dict[int, int]]:
    """Return every way to number the processes that send a probe."""
    names = _NAMES[:probes]
    return [str.maketrans(names, "".join(order)) for order in permutations(names)]


@cache
def _spec() -> Spec:
    return load()


def _body() -> Any:
    return {"model": MODEL}
