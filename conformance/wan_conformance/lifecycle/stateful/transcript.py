"""The transcript of a stateful session as text.

Steps, requests, responses, and the outcomes of the client's calls.
"""

from collections.abc import Sequence

from wan_conformance.lifecycle.invariants import InvariantViolation
from wan_conformance.lifecycle.recorded_call import RecordedCall
from wan_conformance.lifecycle.simulation.clock import SimulatedClock
from wan_conformance.lifecycle.stateful.steps import Step


class Transcript:
    """The transcript of one session.

    Attributes:
        lines: The lines so far.
    """

    def __init__(self, clock: SimulatedClock) -> None:
        """Start an empty transcript; `clock` dates its lines."""
        self._clock = clock
        self.lines: list[str] = []

    def step(self, step: Step) -> None:
        """Add a step before it is executed."""
        self._add(self._clock.at, f"-- {step}")

    def note(self, text: str) -> None:
        """Add an event that is not an action of the client."""
        self._add(self._clock.at, f"   {text}")

    def call(self, call: RecordedCall, known: Sequence[str]) -> None:
        """Add a call with its exchanges.

        Args:
            call: The call.
            known: Ids of the tasks by their numbers.
        """
        for exchange in call.exchanges:
            task = exchange.task
            request = f"{exchange.call} of task {known.index(task)}" if task in known else exchange.call
            fault = f"   <- fault: {exchange.fault_name}" if exchange.fault_name else ""
            self._add(exchange.at, f"{request}: {exchange.summary}{fault}")
        detail = call.outcome.state or call.outcome.message
        text = (f": {detail}" if detail else "") + (f"; the task is {call.state}" if call.state else "")
        self._add(call.ended, f"=> {call.verb} ended with {call.outcome}{text}")
        for part in call.outcome.parts:
            self._add(call.ended, f"   task {known.index(part.task_id)}: {part}")

    def violation(self, violation: InvariantViolation) -> None:
        """Add a violation."""
        self.lines.append(f"VIOLATED {violation}")

    def _add(self, at: float, text: str) -> None:
        self.lines.append(f"{at:12,.2f} s  {text}")
