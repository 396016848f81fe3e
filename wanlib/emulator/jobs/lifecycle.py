"""States and lifetimes of a task, from `task.yaml`.

**The table.** `task.yaml` lists the states of a task and, for each, the states that may follow (`next`). It
also names roles: the initial state, the states in which a cancel is accepted (`cancelable`), and what each
outcome is called (`succeeded`, `failed`, `canceled`, `unknown`; `partial`, if some pictures failed). The
documented table reads:

    PENDING -> RUNNING -> SUCCEEDED
                       -> FAILED
    PENDING -> CANCELED            (cancel is accepted in PENDING only)
    SUCCEEDED, FAILED, CANCELED -> UNKNOWN   (24 hours after the submission)

**Time decides.** No task runs in the emulator. When a job is accepted, its outcome is decided at once and
three times are stored: submitted, scheduled, ended. A query computes the state from them:

- before `scheduled`: the first state of the path (waiting);
- from `scheduled` to `ended`: the states in between, each for an equal part of that time (running);
- from `ended` on: the final state, and any states the table has after it, each for one second;
- once `task_lifetime` is over: the states that follow expiry. The id is then unknown; the links to pictures
  have their own lifetime (`link_lifetime`) and can outlive it.

A cancel sets `ended` to now, and the walk from the canceled state applies. Completing a task by hand moves
`scheduled` and `ended` to now.

**Paths.** `state_paths.py` enumerates the paths from the initial state to each outcome that do not pass
through another outcome. The documented table has exactly one path for each; if a table allows several, the
seed of a job selects one, so that the same job always takes the same path.

Moments are sums of floats: comparisons are rounded to a microsecond (`has_elapsed`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wanlib.emulator.jobs.state_paths import StatePath, Walk, paths_to, walks_from
from wanlib.spec.source.annotated import parse_duration

_MOMENTS = {"submission": "submitted", "end": "ended"}


def has_elapsed(span: float, since: float, now: float) -> bool:
    """Return True if a time span is over, to the microsecond: sums of floats are not exact.

    Args:
        span: In seconds.
        since: When it began.
        now: The current time on the same clock.
    """
    return round(now - since, 6) >= span


@dataclass(frozen=True, slots=True)
class TaskLifecycle:
    """States by their role, paths, and lifetimes in seconds.

    Attributes:
        waiting: The state before a task runs.
        working: The state in which it runs.
        succeeded: The state of success.
        failed: The state of failure.
        canceled: The state after a cancel.
        unknown: The state reported for ids that do not exist.
        unlisted: A state that the documents do not list, for fault injection.
        cancelable: The states in which a cancel is accepted.
        success_paths: The paths of jobs that make all their pictures; the seed of a job selects one.
        partial_paths: Those of jobs that make some of them.
        failure_paths: Those of jobs that make none.
        cancel_walk: The states after a cancel, each for a second and the last for good.
        expiry_walk: The states after expiry, likewise.
        task_lifetime: Seconds until the id becomes unknown.
        task_lifetime_from: The attribute of `Job` that the lifetime counts from.
        link_lifetime: Seconds until the links to pictures expire.
        link_lifetime_from: The attribute of `Job` that the lifetime counts from.
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
    """Build the lifecycle from the contents of `task.yaml`."""
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
    """Return the states after a cancel; only the initial one if the table has no step to canceled."""
    waiting, canceled = task["initial"], task["outcomes"]["canceled"]
    steps = task["states"][waiting].get("next", ())
    return next(walks_from(task, canceled)) if canceled in steps else (waiting,)
