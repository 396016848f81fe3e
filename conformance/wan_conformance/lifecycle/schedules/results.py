"""The results of a run of many schedules, and their counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from wan_conformance.lifecycle.invariants import InvariantViolation
from wan_conformance.lifecycle.schedules.schedules import Schedule


class ScheduleResult(NamedTuple):
    """The result of one schedule.

    Attributes:
        schedule: The schedule.
        outcome: The kind of the last call's outcome.
        steps: The steps that were reached.
        violations: The violations.
        version: The version of an SDK, "" for our clients.
    """

    schedule: Schedule
    outcome: str
    steps: frozenset[str]
    violations: tuple[InvariantViolation, ...]
    version: str = ""


@dataclass
class RunResults:
    """The results of a run.

    Attributes:
        schedules: All schedules of the run.
        fault_counts: The number of schedules by their number of faults.
        run_counts: The number of schedules that were run, by client; the others are equivalent to these.
        outcomes: The number of runs by (scenario, client, outcome).
        violations: The violations of each schedule that has any.
        versions: The version of the SDK by client, "" for our clients.
        seconds: The real time of the run.
    """

    schedules: list[Schedule] = field(default_factory=list)
    fault_counts: Counter[int] = field(default_factory=Counter)
    run_counts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    violations: dict[Schedule, tuple[InvariantViolation, ...]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def count(self, schedules: Sequence[Schedule]) -> None:
        """Count schedules that belong to the run."""
        self.schedules += schedules
        self.fault_counts.update(len(schedule.faults) for schedule in schedules)

    def add(self, result: ScheduleResult) -> None:
        """Add the result of a schedule that was run."""
        scenario, client, _ = result.schedule
        self.run_counts[client] += 1
        self.versions[client] = result.version
        self.outcomes[scenario, client, result.outcome] += 1
        if result.violations:
            self.violations[result.schedule] = result.violations
