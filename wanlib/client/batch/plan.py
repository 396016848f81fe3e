"""The check of all jobs before the first is sent: violations, labels, price, and results of earlier runs."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias
from unicodedata import normalize

from wanlib.base.redaction import safe_repr
from wanlib.client.batch.calls import Calls
from wanlib.client.batch.job import BatchJob, JobProblem, parse_job
from wanlib.client.batch.lost import RESEND_AFTER
from wanlib.client.batch.settings import BatchSettings
from wanlib.client.call.arguments import get_model
from wanlib.client.call.options import infer_verb, parse_call
from wanlib.client.call.plan import CallPlan
from wanlib.client.journal.entry import Entry
from wanlib.client.tasks.billing import body_digest
from wanlib.errors import InvalidArgumentError, InvalidBatchError, WanError

Action: TypeAlias = Literal["send", "skip", "continue", "search", "fail"]
MAX_PROBLEMS = 1000
"""Maximum number of reported problems; a batch with more probably has the same problem everywhere."""


@dataclass(slots=True)
class BatchPlan:
    """The actions of a batch run.

    Attributes:
        total: The number of jobs.
        actions: The number of jobs to send, skip, continue, look up, or leave failed.
        models: The number of jobs to send to each model.
        amount: The maximum total cost of the jobs to send, in the currency of the prices.
        unpriced: How many of them have no documented price.
        fitted: How many of their images will be changed to fit.
    """

    total: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    amount: Decimal = Decimal(0)
    unpriced: int = 0
    fitted: int = 0


def plan_job(calls: Calls, job: BatchJob, *, fit: bool) -> CallPlan:
    """Validate and price one job. Raise InvalidRequestError, InvalidArgumentError."""
    model = get_model(calls.context.api, job.model)
    verb = infer_verb(model, job.images, job.parameters)
    call = "sync" if "async" not in model.endpoints else "async"
    options = {"fit": fit, **job.parameters, "label": job.name}
    return calls.plan(parse_call(verb, call, job.model, job.prompt, job.images, options))


def plan_batch(
    calls: Calls,
    jobs: Iterable[Any],
    entries: Mapping[str, Entry],
    settings: BatchSettings,
) -> BatchPlan:
    """Check all jobs.

    Args:
        calls: The client.
        jobs: The jobs, as mappings or `BatchJob`; an exception for one that could not be read.
        entries: The last entry of each label in the journal.
        settings: How the batch runs.

    Raises:
        InvalidBatchError: Jobs violate rules, share a label or file names with another job, differ from the
            job with the same label in an earlier run, or would be saved under names of existing files. It
            lists all of them.
    """
    plan = BatchPlan()
    problems: list[JobProblem] = []
    wrong = 0
    seen: dict[int, int] = {}
    for number, value in enumerate(jobs, 1):
        plan.total = number
        label: str | None = None
        try:
            if isinstance(value, Exception):
                raise value
            job = parse_job(number, value)
            label = job.name
            stem = settings.stem(job)
            if (first := seen.setdefault(hash(_same_on_any_disk(stem)), number)) != number:
                raise InvalidArgumentError(
                    f"its files would have the names of those of job {first}; give it another label"
                )
            if (first := seen.setdefault(hash((label,)), number)) != number:
                raise InvalidArgumentError(
                    f"label is {safe_repr(label)}, which job {first} has; give it another one"
                )
            call = plan_job(calls, job, fit=settings.fit)
            entry = entries.get(label)
            action = next_action(calls, entry, retry_failed=settings.retry_failed)
            if entry is not None and action != "send" and entry.digest != body_digest(call):
                raise InvalidArgumentError(
                    "an earlier run has sent another job with this label; change the label, or the folder"
                )
            if action == "send":
                _check_files(settings.folder, stem, call.pictures)
        except (WanError, ValueError) as error:
            wrong += 1
            if len(problems) < MAX_PROBLEMS:
                problems.append(JobProblem(number, label, error))
            continue
        plan.actions[action] += 1
        if action == "send":
            plan.models[call.model.name] += 1
            plan.unpriced += call.price is None
            plan.fitted += len(call.changes)
            plan.amount += call.price.amount if call.price else 0
    if problems:
        jobs_text = f"{wrong:,} jobs" if wrong > 1 else "1 job"
        raise InvalidBatchError(f"{jobs_text} of the batch can't be sent: {problems[0]}", problems, wrong)
    return plan


def _same_on_any_disk(stem: str) -> str:
    """Return the same text for names that a file system may treat as equal: macOS and Windows ignore case."""
    return normalize("NFC", normalize("NFC", stem).casefold())


def _check_files(folder: Path, stem: str, pictures: int) -> None:
    """Raise InvalidArgumentError if a file of a job exists, because the paid picture could not replace it."""
    for number in range(1, pictures + 1):
        if os.path.lexists(path := folder / f"{stem}-{number}.png"):
            raise InvalidArgumentError(
                f"{safe_repr(str(path))} exists, and the journal has no call for it; move it, or choose "
                "another folder or label"
            )


def next_action(calls: Calls, entry: Entry | None, *, retry_failed: bool) -> Action:
    """Return the next action for a job with this entry; None for a job that was never sent.

    A lost call that the list of tasks cannot explain, because it has no task or the list is too short, is
    never sent again under its label.
    """
    if entry is None:
        return "send"
    if entry.saved_at is not None:
        return "skip"
    state, now = entry.state, calls.context.clock.wall()
    expires_after = calls.context.api.life.expires_after
    if state == "lost":
        can_be_found = entry.call == "async" and entry.sent_at + expires_after - RESEND_AFTER > now
        return "search" if can_be_found else "fail"
    if state in ("running", "unsaved"):
        if (entry.accepted_at or entry.sent_at) + expires_after > now:
            return "continue"
        return "send" if retry_failed else "fail"
    was_refused = entry.task_id is None and entry.status is None
    return "send" if was_refused or retry_failed else "fail"
