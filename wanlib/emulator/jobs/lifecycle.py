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

    succeeding, partly, failing: the roads of job that makes all, some, none of its pictures; where there
    are several, a job's seed says which is its own. canceling, expired: the states from then on, each for
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
    success_paths: tuple[StatePath, ...]
    partial_paths: tuple[StatePath, ...]
    failure_paths: tuple[StatePath, ...]
    cancel_walk: Walk
    expiry_walk: Walk
    task_lifetime: float
    task_lifetime_from: str
    link_lifetime: float
    link_lifetime_from: str


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
        working=succeeding[0].working[0],
        succeeded=outcomes["succeeded"],
        failed=outcomes["failed"],
        canceled=outcomes["canceled"],
        unknown=outcomes["unknown"],
        unlisted=task.get("unlisted", {"is": ["SUSPENDED"]})["is"][0],
        cancelable=tuple(task["cancelable"]),
        success_paths=succeeding,
        partial_paths=partly,
        failure_paths=failing,
        cancel_walk=_cancel_walk(task),
        expiry_walk=next(walks_from(task, expires["into"])),
        task_lifetime=parse_duration(expires["is"]),
        task_lifetime_from=_MOMENTS[expires["of"]],
        link_lifetime=parse_duration(links["is"]),
        link_lifetime_from=_MOMENTS[links["of"]],
    )


def _cancel_walk(task: Mapping[str, Any]) -> Walk:
    """Where a cancel leads: nowhere, if the table has no step from waiting to canceled."""
    waiting, canceled = task["initial"], task["outcomes"]["canceled"]
    steps = task["states"][waiting].get("next", ())
    return next(walks_from(task, canceled)) if canceled in steps else (waiting,)
