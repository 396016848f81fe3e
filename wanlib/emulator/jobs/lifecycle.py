"""The life of a task by `task.yaml`: its roads, its states by their part in them, terms in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wanlib.emulator.jobs.state_paths import StatePath, Walk, paths_to, walks_from
from wanlib.spec.source.annotated import parse_duration

_MOMENTS = {"submission": "submitted", "end": "ended"}


def has_elapsed(span: float, since: float, now: float) -> bool:
    """Whether a span is over; exact to the microsecond, where sums of moments are not."""
    return round(now - since, 6) >= span


@dataclass(frozen=True, slots=True)
class TaskLifecycle:
    """waiting, working: the states before the end. unknown: what an id is told to be that never was.

    succeeding, partly, failing: the roads of work that makes all, some, none of its pictures; where there
    are several, a work's seed says which is its own. canceling, expired: the states from then on, each for
    a second and the last for good. expires: of a task; links: of its pictures; both from a moment that a
    Work has under the name `expires_since`, `links_since`.
    """

    waiting: str
    working: str
    succeeded: str
    failed: str
    canceled: str
    unknown: str
    unlisted: str
    cancelable: tuple[str, ...]
    succeeding: tuple[StatePath, ...]
    partly: tuple[StatePath, ...]
    failing: tuple[StatePath, ...]
    canceling: Walk
    expired: Walk
    expires: float
    expires_since: str
    links: float
    links_since: str


def lifecycle_from_spec(task: Mapping[str, Any]) -> TaskLifecycle:
    """The life that a spec describes."""
    outcomes, expires, links = task["outcomes"], task["expires"], task["links_expire"]
    partial = task.get("partial", {"is": outcomes["succeeded"]})["is"]
    ends = {outcomes["succeeded"], partial, outcomes["failed"]}
    succeeding, partly, failing = (
        paths_to(task, end, ends - {end}) for end in (outcomes["succeeded"], partial, outcomes["failed"])
    )
    return TaskLifecycle(
        waiting=task["initial"],
        working=succeeding[0].between[0],
        succeeded=outcomes["succeeded"],
        failed=outcomes["failed"],
        canceled=outcomes["canceled"],
        unknown=outcomes["unknown"],
        unlisted=task.get("unlisted", {"is": ["SUSPENDED"]})["is"][0],
        cancelable=tuple(task["cancelable"]),
        succeeding=succeeding,
        partly=partly,
        failing=failing,
        canceling=_cancel_target(task),
        expired=next(walks_from(task, expires["into"])),
        expires=parse_duration(expires["is"]),
        expires_since=_MOMENTS[expires["of"]],
        links=parse_duration(links["is"]),
        links_since=_MOMENTS[links["of"]],
    )


def _cancel_target(task: Mapping[str, Any]) -> Walk:
    """Where a cancel leads: nowhere, if the table has no step from waiting to canceled."""
    waiting, canceled = task["initial"], task["outcomes"]["canceled"]
    steps = task["states"][waiting].get("next", ())
    return next(walks_from(task, canceled)) if canceled in steps else (waiting,)
