"""Conditions at the end of a stateful session: every intent has ended.

This is the liveness property of the stateful tests. The seven invariants of each call are in
`lifecycle.invariants`, the consistency of all reports with the state table is in `consistency`.
"""

from collections.abc import Iterator, Sequence

from wan_conformance.lifecycle.invariants import FIND_MARGIN, INVARIANTS, InvariantViolation, end_kinds
from wan_conformance.lifecycle.recorded_call import CheckContext, RecordedCall

STATE_TABLE = "what is reported of a task follows by the state table from what was reported before"
EXPECTED_END = "in the end every intent has ended"
STATEFUL_INVARIANTS = (STATE_TABLE, *INVARIANTS, EXPECTED_END)
"""All statements that are checked in a session."""


def check_end(calls: Sequence[RecordedCall], context: CheckContext) -> Iterator[InvariantViolation]:
    """Check the end of a session.

    Args:
        calls: All calls; those after the last fault have `is_last`.
        context: The data that they are checked against.
    """
    for text in (*_wait_not_finished(calls, context), *_lost_call_not_found(calls, context)):
        yield InvariantViolation(EXPECTED_END, text)


def _wait_not_finished(calls: Sequence[RecordedCall], context: CheckContext) -> Iterator[str]:
    """Yield waits after the last fault that do not report the end of their task."""
    ends = (*end_kinds(context.service.lifecycle).values(), "resumed")
    for call in calls:
        if call.is_last and call.verb in ("wait", "resume"):
            for outcome in call.outcome.parts or (call.outcome,):
                if outcome.kind not in ends:
                    yield f"wrong end: {call.verb} ended with {outcome} although all tasks have ended"


def _lost_call_not_found(calls: Sequence[RecordedCall], context: CheckContext) -> Iterator[str]:
    """Yield tasks of lost calls that are neither in the journal nor shown as candidates at the end."""
    service = context.service
    shown = {
        task for call in calls if call.is_last for candidates in call.outcome.lost for task in candidates
    }
    for call in calls:
        for task in call.own_tasks if call.outcome.kind == "unknown outcome" else ():
            is_recent = service.seconds_since_submit(task) < service.lifecycle.task_lifetime - FIND_MARGIN
            if is_recent and task not in shown and not context.journal.has_task(task):
                yield f"wrong end: the task {task} of a lost call was neither resumed nor shown"
