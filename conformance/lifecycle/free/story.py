"""A free play as text: what was asked, what was answered, what the client made of it."""

from collections.abc import Sequence

from conformance.lifecycle.clock import Time
from conformance.lifecycle.free.act import Act
from conformance.lifecycle.free.steps import Step
from conformance.lifecycle.oracle import Broken
from conformance.lifecycle.service import Exchange


class Story:
    """lines: so far."""

    def __init__(self, time: Time) -> None:
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

    def broken(self, broken: Broken) -> None:
        """A promise that is broken."""
        self.lines.append(f"BROKEN {broken}")

    def _add(self, at: float, words: str) -> None:
        self.lines.append(f"{at:12,.2f} s  {words}")
