"""What came of a run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from wan_conformance.lifecycle.schedules.invariants import InvariantViolation
from wan_conformance.lifecycle.schedules.schedules import Schedule


class ScheduleResult(NamedTuple):
    """What came of one schedule.

    outcome: how it ended for the caller. steps: those that came. version: of the SDK, "" for our clients.
    """

    schedule: Schedule
    outcome: str
    steps: frozenset[str]
    broken: tuple[InvariantViolation, ...]
    version: str = ""


@dataclass
class RunResults:
    """Of a run.

    schedules: all of them. faults: their number by how many faults they have. played: by client; the others
    are the same as one of these. outcomes: (story, client, how it ended). broken: what each schedule broke,
    where it broke anything. versions: of SDKs, by client. seconds: that all took.
    """

    schedules: list[Schedule] = field(default_factory=list)
    faults: Counter[int] = field(default_factory=Counter)
    played: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    broken: dict[Schedule, tuple[InvariantViolation, ...]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def count(self, schedules: Sequence[Schedule]) -> None:
        """Takes up schedules that are to be judged."""
        self.schedules += schedules
        self.faults.update(len(each.faults) for each in schedules)

    def add(self, ended: ScheduleResult) -> None:
        """Takes up a story that was played."""
        story, client, _ = ended.schedule
        self.played[client] += 1
        self.versions[client] = ended.version
        self.outcomes[story, client, ended.outcome] += 1
        if ended.broken:
            self.broken[ended.schedule] = ended.broken
