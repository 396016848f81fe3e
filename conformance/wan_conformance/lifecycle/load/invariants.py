"""Checks of a load test, from the jobs of the service and the journal at the end.

The statements are those of `lifecycle.invariants`. All tasks have ended, so the outcome of a call must
agree with the end of its job.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from wan_conformance.lifecycle.clients.base import CallOutcome
from wan_conformance.lifecycle.invariants import false_end, lost, paid_twice, untyped
from wan_conformance.lifecycle.load.service import RATE_LIMITED_CALLS, ThrottledService, max_per_second
from wanlib.emulator import Job

UNKNOWN_TASK = "unknown task"
"""The intent of a call that waits for a task that does not exist."""


class LoadCall(NamedTuple):
    """One call.

    Attributes:
        intent: `edit`, `cancel` or `UNKNOWN_TASK`.
        prompt: Its own prompt, by which its job is found.
        outcome: Its result or exception.
        files: The pictures that were saved.
    """

    intent: str
    prompt: str
    outcome: CallOutcome
    files: int


class ResumedCalls(NamedTuple):
    """The calls that the next process resumed.

    Attributes:
        reported: By a resume that only reports lost calls.
        adopted: By a later resume, which adopts their tasks.
    """

    reported: CallOutcome
    adopted: CallOutcome

    @property
    def parts(self) -> tuple[CallOutcome, ...]:
        """The outcomes of all unfinished tasks."""
        return (*self.reported.parts, *self.adopted.parts)


def load_violations(
    service: ThrottledService, calls: Sequence[LoadCall], resumed: ResumedCalls, journal: Mapping[str, str]
) -> Iterator[str]:
    """Check a load test that has ended, in words.

    Args:
        service: The service.
        calls: All calls.
        resumed: The calls that the next process resumed.
        journal: The final status of the tasks in the journal, by id.
    """
    jobs: defaultdict[str, list[Job]] = defaultdict(list)
    for job in service.jobs():
        jobs[job.spec.prompt].append(job)
    ends = {outcome.task_id: outcome for outcome in resumed.parts}
    candidates = {task for tasks in resumed.adopted.lost for task in tasks}
    reported = {task for tasks in resumed.reported.lost for task in tasks}
    for outcome in resumed.adopted.parts:
        if outcome.task_id not in reported and outcome.kind != "late":
            yield f"{outcome} of task {outcome.task_id} was adopted, and not reported as a candidate before"
    for task in sorted(reported & {outcome.task_id for outcome in resumed.reported.parts}):
        yield f"task {task} was reported as a candidate and adopted at once"
    for call in calls:
        for problem in _call_problem(call, jobs[call.prompt], ends, candidates, service):
            yield f"{call.intent} {call.prompt} ended with {call.outcome}: {problem}"
    for job in service.jobs():
        state = job.status(service.lifecycle, service.clock.wall())
        is_known = journal.get(job.id) == state or job.id in candidates
        yield from lost(job.id, is_known, f"it is {state}, in the journal it is {journal.get(job.id)}")
    for name in RATE_LIMITED_CALLS:
        if (count := max_per_second(service.times[name])) > service.spec.wire["account_rates"][name]:
            yield f"too fast: {count} times {name} in a second"


def _call_problem(
    call: LoadCall,
    jobs: Sequence[Job],
    ends: Mapping[str, CallOutcome],
    candidates: Set[str],
    service: ThrottledService,
) -> Iterator[str]:
    """Check one call.

    Args:
        call: The call.
        jobs: The jobs that the service accepted for it.
        ends: The outcomes of the tasks that the next process resumed.
        candidates: The tasks that the next process named as those of lost calls.
        service: The service.
    """
    outcome = call.outcome
    yield from paid_twice(len(jobs), 1)
    yield from untyped(call.intent, outcome)
    if outcome.kind == "untyped":
        return
    if outcome.kind == "unknown outcome":
        for job in jobs:
            if job.id not in candidates:
                yield from _wrong_end(job, ends.get(job.id), service)
    elif jobs:
        yield from _wrong_end(jobs[0], outcome, service)
        if call.files != jobs[0].image_count():
            yield f"untrue: {call.files} files of {jobs[0].image_count()} pictures"
    elif call.intent == UNKNOWN_TASK:
        if outcome.kind != "forgotten":
            yield "untrue: expected 'forgotten'"
    elif outcome.kind == "result" or outcome.task_id:
        yield "untrue: the service never accepted this task"


def _wrong_end(job: Job, outcome: CallOutcome | None, service: ThrottledService) -> Iterator[str]:
    """Check the client's report of a task that has ended; None without a report."""
    if outcome is None:
        yield from lost(job.id, False, "no process reported it")
        return
    state = job.status(service.lifecycle, service.clock.wall())
    if problem := false_end(outcome, state, job.image_count(), service.lifecycle):
        yield f"untrue: {problem}"
    elif outcome.task_id != job.id:
        yield f"untrue: it names task {outcome.task_id}, not {job.id}"
