"""The check of all jobs before the first is sent: violations, labels, price, and what an earlier run did."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from wanlib.base.redaction import safe_repr
from wanlib.client.batch.calls import Calls
from wanlib.client.batch.job import BatchJob, JobProblem, parse_job
from wanlib.client.call.arguments import get_model
from wanlib.client.call.options import infer_verb, parse_call
from wanlib.client.call.plan import CallPlan
from wanlib.client.journal.entry import Entry
from wanlib.client.tasks.billing import body_digest
from wanlib.errors import InvalidArgumentError, InvalidBatchError, WanError

Action: TypeAlias = Literal["send", "skip", "continue", "search", "fail"]
MAX_PROBLEMS = 1000
"""Problems that are reported; a batch with more is likely wrong in the same way everywhere."""


@dataclass(slots=True)
class BatchPlan:
    """What a run of a batch will do.

    Attributes:
        total: The number of jobs.
        actions: How many jobs are sent, skipped, continued, searched for, or stay failed.
        models: How many jobs are sent to each model.
        amount: The most that the jobs that are sent can cost, in the currency of the prices.
        unpriced: How many of them have no documented price.
    """

    total: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    amount: Decimal = Decimal(0)
    unpriced: int = 0


def plan_job(calls: Calls, job: BatchJob) -> CallPlan:
    """Validate and price one job. Raise InvalidRequestError, InvalidArgumentError."""
    model = get_model(calls.context.api, job.model)
    verb = infer_verb(model, job.images, job.parameters)
    call = "sync" if "async" not in model.endpoints else "async"
    return calls.plan(
        parse_call(verb, call, job.model, job.prompt, job.images, {**job.parameters, "label": job.name})
    )


def plan_batch(
    calls: Calls,
    jobs: Iterable[Any],
    entries: Mapping[str, Entry],
    stem: Callable[[BatchJob], str],
    *,
    retry_failed: bool,
) -> BatchPlan:
    """Check all jobs.

    Args:
        calls: The client.
        jobs: The jobs, as mappings or `BatchJob`; an exception stands for one that could not be read.
        entries: The last entry of each label in the journal.
        stem: Returns the beginning of the file names of a job, or raises InvalidArgumentError.
        retry_failed: Whether jobs whose tasks failed are sent again.

    Raises:
        InvalidBatchError: Jobs violate rules, have the label of another job, or differ from the job of that
            label in an earlier run. It lists all of them.
    """
    plan = BatchPlan()
    problems: list[JobProblem] = []
    seen: dict[int, int] = {}
    for number, value in enumerate(jobs, 1):
        plan.total = number
        label: str | None = None
        try:
            if isinstance(value, Exception):
                raise value
            job = parse_job(number, value)
            label = job.name
            if (first := seen.setdefault(hash(stem(job)), number)) != number:
                raise InvalidArgumentError(f"its files would have the names of those of job {first}")
            if (first := seen.setdefault(hash((label,)), number)) != number:
                raise InvalidArgumentError(f"label is {safe_repr(label)}, which job {first} has")
            call = plan_job(calls, job)
            entry = entries.get(label)
            action = next_action(calls, entry, retry_failed=retry_failed)
            if entry is not None and action != "send" and entry.digest != body_digest(call):
                raise InvalidArgumentError(
                    "an earlier run has sent another job with this label; change the label, or the folder"
                )
        except (WanError, ValueError) as error:
            if len(problems) < MAX_PROBLEMS:
                problems.append(JobProblem(number, label, error))
            continue
        plan.actions[action] += 1
        if action == "send":
            plan.models[call.model.name] += 1
            plan.unpriced += call.price is None
            plan.amount += call.price.amount if call.price else 0
    if problems:
        count = f"{len(problems):,} jobs" if len(problems) > 1 else "1 job"
        raise InvalidBatchError(f"{count} of the batch can't be sent: {problems[0]}", problems)
    return plan


def next_action(calls: Calls, entry: Entry | None, *, retry_failed: bool) -> Action:
    """Return what is to be done for a job with this entry; None stands for a job that was never sent."""
    if entry is None:
        return "send"
    if entry.saved_at is not None:
        return "skip"
    state = entry.state
    if state == "lost":
        return "search"
    if state in ("running", "unsaved"):
        started = entry.accepted_at or entry.sent_at
        if started + calls.context.api.life.expires_after > calls.context.clock.wall():
            return "continue"
        return "send" if retry_failed else "fail"
    was_refused = entry.task_id is None and entry.status is None
    return "send" if was_refused or retry_failed else "fail"
