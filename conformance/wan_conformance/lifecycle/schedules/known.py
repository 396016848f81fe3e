"""Promises that other clients are known to break: each with its reason. One that is kept is news."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from wan_conformance.engine.known_failures import load_entries, parse_reason
from wan_conformance.lifecycle.schedules.invariants import PROMISES
from wan_conformance.lifecycle.schedules.results import RunResults
from wan_conformance.lifecycle.schedules.schedules import CLIENTS, OURS, Schedule

FILE = Path(__file__).with_name("known.yaml")
_OTHERS = tuple(name for name in CLIENTS if name not in OURS)


@dataclass(frozen=True)
class KnownViolation:
    """One entry.

    promise: of PROMISES. at: globs over a schedule's id without its client; each of `clients` must meet each.
    """

    promise: str
    clients: tuple[str, ...]
    at: tuple[str, ...]
    reason: str

    def matches(self, schedule: Schedule, promise: str) -> bool:
        """Whether it speaks of this."""
        met = promise == self.promise and schedule.client in self.clients
        return met and any(fnmatchcase(location(schedule), glob) for glob in self.at)


@dataclass
class CheckedRun:
    """A run held against what is known.

    met: how many schedules each entry has explained. news: what is known and no longer so. strange: schedules
    that broke a promise otherwise. Each of the two turns the run red.
    """

    met: Counter[KnownViolation] = field(default_factory=Counter)
    news: list[str] = field(default_factory=list)
    strange: list[Schedule] = field(default_factory=list)

    @property
    def has_failed(self) -> bool:
        """Whether the run fails."""
        return bool(self.news or self.strange)


def location(schedule: Schedule) -> str:
    """`late/create=lost`: its id without its client."""
    return "/".join((schedule.story, *(f"{step}={fault}" for step, fault in schedule.faults)))


def apply_known(tally: RunResults, known: Sequence[KnownViolation]) -> CheckedRun:
    """What a run broke, held against what is known of it."""
    held = CheckedRun()
    for schedule, broken in sorted(tally.broken.items()):  # in the order of no process
        found = {promise: _of(known, schedule, promise) for promise in {each.promise for each in broken}}
        held.met.update(each for each in found.values() if each)
        if None in found.values():
            held.strange.append(schedule)
    depths: dict[str, int] = {}
    for schedule in tally.schedules:
        depths[schedule.client] = max(len(schedule.faults), depths.get(schedule.client, 0))
    for each in known:
        held.news += _now_passing(tally, each, depths)
    return held


def _of(known: Sequence[KnownViolation], schedule: Schedule, promise: str) -> KnownViolation | None:
    return next((each for each in known if each.matches(schedule, promise)), None)


def _now_passing(tally: RunResults, known: KnownViolation, depths: Mapping[str, int]) -> Iterator[str]:
    """The places of an entry where a client that was played keeps its promise.

    depths: the most faults that met each client; an entry about more is not judged.
    """
    for client in known.clients:
        broken = [
            location(schedule)
            for schedule, met in tally.broken.items()
            if schedule.client == client and known.promise in {each.promise for each in met}
        ]
        for glob in known.at:
            judged = glob.count("/") <= depths.get(client, -1)
            if judged and not any(fnmatchcase(each, glob) for each in broken):
                yield f"{client} keeps, at {glob}: {known.promise}. Take it out of {FILE.name}"


def read_known(path: Path = FILE) -> list[KnownViolation]:
    """Return the known violations of a file.

    Raises:
        KnownFailuresError: If the file is unreadable or an entry is wrong.
    """
    return load_entries(path, _known_violation)


def _known_violation(entry: Any) -> KnownViolation:
    if not isinstance(entry, dict) or set(entry) != {"promise", "clients", "at", "reason"}:
        raise ValueError("expected promise, clients, at and reason")
    for name, allowed in {"promise": PROMISES, "clients": _OTHERS}.items():
        values = entry[name] if isinstance(entry[name], list) else [entry[name]]
        if not values or not set(values) <= set(allowed):
            raise ValueError(f"{name} is {entry[name]!r}, expected of {', '.join(allowed)}")
    if not isinstance(entry["at"], list) or not all(isinstance(glob, str) for glob in entry["at"]):
        raise ValueError(f"at is {entry['at']!r}, expected globs such as late/create=*")
    return KnownViolation(entry["promise"], tuple(entry["clients"]), tuple(entry["at"]), parse_reason(entry))
