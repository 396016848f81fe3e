"""Known violations of other clients: `known.yaml`, each with its reason.

A violation that the file explains does not fail the run; an entry whose violation no longer occurs does, so
that the file stays correct.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from wan_conformance.engine.known_failures import load_entries, parse_reason
from wan_conformance.lifecycle.schedules.expected_ends import SCHEDULE_INVARIANTS
from wan_conformance.lifecycle.schedules.results import RunResults
from wan_conformance.lifecycle.schedules.schedules import CLIENTS, OUR_CLIENTS, Schedule

FILE = Path(__file__).with_name("known.yaml")
_OTHER_CLIENTS = tuple(name for name in CLIENTS if name not in OUR_CLIENTS)
_MEMBERS = {"invariant", "clients", "at", "reason"}


@dataclass(frozen=True)
class KnownViolation:
    """One entry of the file.

    Attributes:
        invariant: One of `SCHEDULE_INVARIANTS`.
        clients: The clients that violate it.
        at: Globs over `location(schedule)`; each client must violate it at a schedule of each glob.
        reason: The reason for the violation.
    """

    invariant: str
    clients: tuple[str, ...]
    at: tuple[str, ...]
    reason: str

    def matches(self, schedule: Schedule, invariant: str) -> bool:
        """Return True if the entry explains this violation."""
        is_subject = invariant == self.invariant and schedule.client in self.clients
        return is_subject and any(fnmatchcase(location(schedule), glob) for glob in self.at)


@dataclass
class CheckedRun:
    """A run, compared with the known violations.

    Attributes:
        known_counts: The number of schedules that each entry explains.
        now_passing: Entries, or parts of them, that no longer occur, in words.
        unexpected: Schedules with a violation that no entry explains.
    """

    known_counts: Counter[KnownViolation] = field(default_factory=Counter)
    now_passing: list[str] = field(default_factory=list)
    unexpected: list[Schedule] = field(default_factory=list)

    @property
    def has_failed(self) -> bool:
        """Whether the run fails."""
        return bool(self.now_passing or self.unexpected)


def location(schedule: Schedule) -> str:
    """Return the id of a schedule without its client: `late/create=lost`."""
    return "/".join((schedule.scenario, *(f"{step}={fault}" for step, fault in schedule.faults)))


def apply_known(results: RunResults, known: Sequence[KnownViolation]) -> CheckedRun:
    """Compare the violations of a run with the known ones."""
    checked = CheckedRun()
    for schedule, violations in sorted(results.violations.items()):  # independent of the order of processes
        entries = {
            invariant: _explanation(known, schedule, invariant)
            for invariant in {violation.invariant for violation in violations}
        }
        checked.known_counts.update(entry for entry in entries.values() if entry)
        if None in entries.values():
            checked.unexpected.append(schedule)
    depths: dict[str, int] = {}
    for schedule in results.schedules:
        depths[schedule.client] = max(len(schedule.faults), depths.get(schedule.client, 0))
    for entry in known:
        checked.now_passing += _now_passing(results, entry, depths)
    return checked


def _explanation(
    known: Sequence[KnownViolation], schedule: Schedule, invariant: str
) -> KnownViolation | None:
    return next((entry for entry in known if entry.matches(schedule, invariant)), None)


def _now_passing(results: RunResults, known: KnownViolation, depths: Mapping[str, int]) -> Iterator[str]:
    """Yield the globs of an entry at which a client that was run no longer violates the invariant.

    Args:
        results: The run.
        known: The entry.
        depths: The maximum number of faults in a schedule of each client; a glob about more is not judged.
    """
    for client in known.clients:
        violating = [
            location(schedule)
            for schedule, violations in results.violations.items()
            if schedule.client == client
            and known.invariant in {violation.invariant for violation in violations}
        ]
        for glob in known.at:
            is_judged = glob.count("/") <= depths.get(client, -1)
            if is_judged and not any(fnmatchcase(place, glob) for place in violating):
                yield f"{client} at {glob}: {known.invariant}. Remove the entry from {FILE.name}"


def read_known(path: Path = FILE) -> list[KnownViolation]:
    """Read the entries of a file.

    Raises:
        EntryFileError: The file can't be read, or an entry is wrong.
    """
    return load_entries(path, _known_violation)


def _known_violation(entry: Any) -> KnownViolation:
    if not isinstance(entry, dict) or set(entry) != _MEMBERS:
        raise ValueError("expected invariant, clients, at and reason")
    for name, allowed in {"invariant": SCHEDULE_INVARIANTS, "clients": _OTHER_CLIENTS}.items():
        values = entry[name] if isinstance(entry[name], list) else [entry[name]]
        if not values or not set(values) <= set(allowed):
            raise ValueError(f"{name} is {entry[name]!r}; allowed: {', '.join(allowed)}")
    if not isinstance(entry["at"], list) or not all(isinstance(glob, str) for glob in entry["at"]):
        raise ValueError(f"at is {entry['at']!r}; expected globs such as late/create=*")
    return KnownViolation(
        entry["invariant"], tuple(entry["clients"]), tuple(entry["at"]), parse_reason(entry)
    )
