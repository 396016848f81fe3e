"""One verb of a free play, with everything that is known of it."""

from collections.abc import Sequence
from typing import NamedTuple

from wan_conformance.lifecycle.clients.base import CallOutcome
from wan_conformance.lifecycle.schedules.invariants import InvariantViolation
from wan_conformance.lifecycle.simulation.clock import SimulatedClock
from wan_conformance.lifecycle.simulation.service import Exchange
from wan_conformance.lifecycle.stateful.service import ServiceExchange
from wan_conformance.lifecycle.stateful.steps import Step


class Act(NamedTuple):
    """A verb and what it came to.

    task: the id that it was about, "" for none. bound: seconds that it might take. met: its exchanges.
    last: the faults are over and all tasks have ended. endless: it was stopped.
    """

    verb: str
    task: str
    began: float
    ended: float
    bound: float
    said: CallOutcome
    met: tuple[ServiceExchange, ...]
    last: bool
    endless: bool

    @property
    def had_fault(self) -> bool:
        """Whether the service was troubled: else it gives no reason for trouble."""
        return any(not each.is_truthful for each in self.met)

    @property
    def accepted(self) -> tuple[str, ...]:
        """Ids of the tasks that it made the service accept."""
        return tuple(task for each in self.met for task in each.accepted)

    @property
    def own_tasks(self) -> list[str]:
        """Ids that the client was to be told: of a create that was carried out twice, the second."""
        return [each.accepted[-1] for each in self.met if each.accepted]

    @property
    def reported_tasks(self) -> list[str]:
        """Ids of the tasks that the client named, in its order."""
        said = (self.said, *self.said.parts)
        named = [task for each in said for task in (each.task_id, *each.tasks) if task]
        return [*named, *(task for candidates in self.said.lost for task in candidates)]

    def queries(self, task: str) -> list[ServiceExchange]:
        """Its questions about a task, one by one."""
        return [each for each in self.met if each.call == "query" and each.task == task]

    def met_lying_fault(self, *kinds: str) -> bool:
        """Whether it met a fault of one of these kinds: what it says may be what it was told."""
        return any(each.fault and each.fault.kind in kinds for each in self.met)


class Transcript:
    """lines: so far."""

    def __init__(self, time: SimulatedClock) -> None:
        self._time = time
        self.lines: list[str] = []

    def step(self, step: Step) -> None:
        """What is to be done."""
        self._add(self._time.at, f"-- {step}")

    def note(self, words: str) -> None:
        """What happens beside the client."""
        self._add(self._time.at, f"   {words}")

    def act(self, act: Act, exchanges: Sequence[Exchange], state: str, known: Sequence[str]) -> None:
        """What the client asked, was answered, and says. state: of its task. known: tasks by number."""
        for each, met in zip(exchanges, act.met, strict=True):
            asked = f"{each.call} of task {known.index(met.task)}" if met.task in known else each.call
            fault = f"   <- fault: {each.fault}" if each.fault else ""
            self._add(each.at, f"{asked}: {each.answered}{fault}")
        told = act.said.state or act.said.words
        words = (f": {told}" if told else "") + (f"; the task is {state}" if state else "")
        self._add(act.ended, f"=> {act.verb} came to {act.said}{words}")
        for part in act.said.parts:
            self._add(act.ended, f"   task {known.index(part.task_id)}: {part}")

    def broken(self, broken: InvariantViolation) -> None:
        """A promise that is broken."""
        self.lines.append(f"BROKEN {broken}")

    def _add(self, at: float, words: str) -> None:
        self.lines.append(f"{at:12,.2f} s  {words}")
