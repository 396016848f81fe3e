"""What the books of service and journal say of each call of a crowd in the end."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from wan_conformance.lifecycle.load.service import QUESTIONS, ThrottledService, max_per_second
from wanlib.client.results.result import Result
from wanlib.emulator import Job
from wanlib.errors import OutcomeUnknownError, TaskCanceledError, TaskFailedError, TaskUnknownError, WanError

STRANGER = "stranger"
"""A call that waits for a task that never was."""


class Call(NamedTuple):
    """A call and what it came to.

    prompt: its own, by which its work is found. said: what the client returned, or raised. files: it saved.
    """

    kind: str
    prompt: str
    said: Any
    files: int


def judge(
    service: ThrottledService, calls: Sequence[Call], resumed: Any, known: Mapping[str, str]
) -> Iterator[str]:
    """The promises that were broken, in words.

    resumed: what the next process took up. known: the tasks of its journal by id, and how they ended.
    """
    works: defaultdict[str, list[Job]] = defaultdict(list)
    for work in service.jobs():
        works[work.spec.prompt].append(work)
    ends = {each.task_id: each for each in (*resumed.results, *resumed.failed)}
    candidates = {task.task_id for each in resumed.lost for task in each.candidates}
    for call in calls:
        for why in _call_problem(call, works[call.prompt], ends, candidates):
            yield f"{call.kind} {call.prompt} came to {type(call.said).__name__}: {why}"
    for work in service.jobs():
        state = work.status(service.lifecycle, service.clock.wall())
        if known.get(work.id) != state and work.id not in candidates:
            yield f"lost: task {work.id} is {state}, in the journal it is {known.get(work.id)}"
    for name in QUESTIONS:
        if (most := max_per_second(service.times[name])) > service.spec.wire["account_rates"][name]:
            yield f"too fast: {most} times {name} in a second"


def _call_problem(
    call: Call, works: Sequence[Job], ends: Mapping[str, Any], candidates: Set[str]
) -> Iterator[str]:
    """works: that the service accepted for this call. ends: of tasks that the next process took up."""
    if len(works) > 1:
        yield f"paid twice: {len(works)} tasks for one call"
    if not isinstance(call.said, WanError | Result):
        yield f"untyped: {call.said!r}"
    elif isinstance(call.said, OutcomeUnknownError):
        for work in works:
            if work.id not in candidates:
                yield from _wrong_end(work, ends.get(work.id))
    elif works:
        yield from _wrong_end(works[0], call.said)
        if call.files != works[0].image_count():
            yield f"{call.files} files of {works[0].image_count()} pictures"
    elif call.kind == STRANGER:
        if not isinstance(call.said, TaskUnknownError):
            yield "due was TaskUnknownError"
    elif isinstance(call.said, Result) or call.said.task_id:
        yield "of a task that the service never accepted"


def _wrong_end(work: Job, said: Any) -> Iterator[str]:
    """What a client said of a task that has ended."""
    due: Any = TaskCanceledError if work.is_canceled else Result if work.image_count() else TaskFailedError
    if not isinstance(said, due):
        yield f"due was {due.__name__} of task {work.id}"
    elif said.task_id != work.id:
        yield f"it names task {said.task_id}, not {work.id}"
    elif isinstance(said, Result) and len(said.images) != work.image_count():
        yield f"{len(said.images)} pictures are told, {work.image_count()} were made"
