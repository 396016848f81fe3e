"""`wanlib batch`: many calls, checked and priced first, and continued by the same command."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.base.redaction import printable, printable_json
from wanlib.cli.call_errors import exit_code, hide_warnings, report_interrupt
from wanlib.cli.commands.calls.create import FitOption
from wanlib.cli.errors import CliError, ExitCode, print_error, resolve_model, safe_file_name
from wanlib.cli.job_files import JobFile
from wanlib.cli.options.connection import ConnectionOptions
from wanlib.cli.options.parameters import parse_pairs
from wanlib.cli.output import Progress

if TYPE_CHECKING:
    from wanlib.types import BatchOutcome, BatchPlan, BatchProgress, BatchSummary

JOURNAL = "batch.sqlite"
_MAX_SHOWN, _MAX_NAMES = 20, 5
_INTERVAL = 10.0
"""Seconds between two lines of the progress where it is not drawn."""


def batch(
    jobs: Annotated[
        Path, typer.Argument(metavar="JOBS", help="A .jsonl or .csv file, or a folder of images.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder for pictures and journal.")],
    connection: ConnectionOptions,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="For jobs that state none.")] = None,
    prompt: Annotated[str | None, typer.Option(metavar="TEXT", help="For jobs that state none.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter for jobs that do not state it."),
    ] = None,
    names: Annotated[
        str, typer.Option(metavar="PATTERN", help="File names, with {label} and {number}.")
    ] = "{label}",
    in_flight: Annotated[
        int, typer.Option(min=1, max=1000, metavar="N", help="Maximum number of jobs in flight.")
    ] = 10,
    max_price: Annotated[
        str | None, typer.Option(metavar="X", help="Refuse jobs that could cost more in total; don't ask.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and price the jobs; send nothing.")
    ] = False,
    shared_account: Annotated[
        bool,
        typer.Option(
            "--shared-account",
            help="Other programs use the account for these models: report a lost call as uncertain.",
        ),
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Send jobs again whose tasks failed in an earlier run.")
    ] = False,
    fit: FitOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each job.")] = False,
) -> int:
    """Make many calls; run the command again to continue.

    All jobs are checked before the first is sent, and the total price is shown; on a terminal the command
    asks for confirmation. A later run recognizes each job by its label: saved pictures are not paid for
    again, and running tasks are awaited. The paths of the pictures go to stdout, everything else to stderr.

    Exit 0 if all pictures of all jobs are saved, 1 if not, 2 for jobs that cannot be sent or a usage error.
    """
    from wanlib.errors import BudgetExceededError, InvalidBatchError, WanError

    if connection.journal is not None:
        raise CliError(f"--journal: the journal of a batch is {JOURNAL} in the folder of --out")
    if jobs.is_dir() and out.exists() and jobs.samefile(out):
        raise CliError("--out: the images are in this folder, and a next run would take pictures for images")
    if model is not None:
        resolve_model(model, tuple(connection.api.models), connection.api.fine_tuned.ending)
    common = {"model": model, "prompt": prompt}
    common = {name: value for name, value in common.items() if value is not None}
    files = JobFile(jobs, common | parse_pairs("--set", settings or (), common), fit=fit)
    if files.left_out:
        print_error(
            f"{_count(len(files.left_out), 'file')} left out: {_some(files.left_out)}; {files.expected}"
        )
    options: dict[str, Any] = {"names": names, "in_flight": in_flight, "max_price": max_price}
    options |= {"shared_account": shared_account, "retry_failed": retry_failed, "fit": fit}
    journal = _journal(out, dry_run)
    hint = "the same command continues the batch"
    try:
        with hide_warnings(), connection.open(is_dry_run=dry_run, journal=journal) as wan:
            plan = wan.plan_batch(files, out, **options)
            print(_plan_line(plan, wan.currency), file=sys.stderr, flush=True)
            if dry_run:
                return ExitCode.OK
            if not (yes or max_price is not None or _confirm(plan)):
                print_error("nothing was sent")
                return ExitCode.FAILED
            with report_interrupt(hint), Progress(connection.clock, as_json) as progress:
                reporter = _Reporter(progress, as_json, wan.currency)
                summary = wan.batch(
                    files,
                    out,
                    **options,
                    on_outcome=reporter.show_outcome,
                    on_progress=reporter.show_progress,
                )
    except InvalidBatchError as error:
        print_error("nothing was sent", *(f"{files.place_of(each.number)}{each}" for each in error.problems))
        if more := error.count - len(error.problems):
            print_error(f"and {more:,} more")
        return ExitCode.USAGE
    except BudgetExceededError as error:
        print_error("nothing was sent", str(error))
        return ExitCode.FAILED
    except WanError as error:
        print_error(str(error))
        return exit_code(error)
    _print_summary(summary, as_json)
    return ExitCode.OK if summary.is_complete else ExitCode.FAILED


def _journal(out: Path, dry_run: bool) -> Path | None:
    """Make the folder and return its journal; a dry run leaves nothing, so None before the first run.

    Raises:
        CliError: The folder cannot be made.
    """
    journal = out / JOURNAL
    try:
        if dry_run:
            return journal if journal.exists() else None
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CliError(f"--out {safe_file_name(out)}: can't be made: {error.strerror or error}") from None
    return journal


def _plan_line(plan: "BatchPlan", currency: str) -> str:
    from wanlib.client.batch.lost import RESEND_AFTER

    send, skip = plan.actions["send"], plan.actions["skip"]
    going, lost = plan.actions["continue"], plan.actions["search"]
    unpriced = f", {plan.unpriced:,} of them without a documented price" if plan.unpriced else ""
    parts = [f"{_count(plan.total, 'job')}: {send:,} to send, at most {plan.amount} {currency}{unpriced}"]
    parts += [f"{_count(plan.fitted, 'image file')} to be changed to fit"] if plan.fitted else []
    parts += [f"{skip:,} saved already"] if skip else []
    parts += [f"{going:,} to continue"] if going else []
    parts += [f"{lost:,} whose answer was lost, searched for up to {_duration(RESEND_AFTER)}"] if lost else []
    parts += [f"{plan.actions['fail']:,} failed before"] if plan.actions["fail"] else []
    return "; ".join(parts)


def _confirm(plan: "BatchPlan") -> bool:
    """Ask on a terminal whether to send, if there is something to send."""
    if not plan.actions["send"] or not all(
        stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)
    ):
        return True
    print("Send them? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


class _Reporter:
    """Prints outcomes to stdout and shows the progress on stderr."""

    def __init__(self, progress: Progress, as_json: bool, currency: str) -> None:
        self._progress = progress
        self._as_json = as_json
        self._currency = currency
        self._shown_at = -_INTERVAL

    def show_outcome(self, outcome: "BatchOutcome") -> None:
        if self._as_json:
            print(printable_json(outcome.to_dict()), flush=True)
            return
        for path in outcome.paths if outcome.state == "saved" else ():
            print(printable(str(path)), flush=True)
        for change in outcome.changes:
            print_error(f"{outcome.label}: {change}")
        if outcome.missing:
            print_error(f"{outcome.label}: {_count(outcome.missing, 'picture')} fewer than requested")
        if outcome.error is not None:
            print_error(f"{outcome.label}: {outcome.state}: {outcome.error}")

    def show_progress(self, progress: "BatchProgress") -> None:
        is_due = progress.elapsed - self._shown_at >= _INTERVAL or progress.ended == progress.total
        if not (is_due or self._progress.is_drawn):
            return
        self._shown_at = progress.elapsed
        failed = f", {progress.failed:,} failed" if progress.failed else ""
        left = "" if progress.remaining is None else f", {_duration(progress.remaining)} left"
        problem = "" if progress.problem is None else f"; trying again: {progress.problem}"
        self._progress.show(
            "batch",
            f"{progress.ended:,} of {progress.total:,} jobs{failed}, {progress.running:,} in progress,"
            f" {progress.per_minute:.0f} a minute, {progress.spent} {self._currency}{left}{problem}",
        )


def _count(count: int, noun: str) -> str:
    """Return a number with its noun: `1 job`, `2,000 jobs`."""
    return f"{count:,} {noun}{'s' if count != 1 else ''}"


def _some(names: Sequence[str]) -> str:
    """Return the first of many names."""
    return ", ".join(names[:_MAX_NAMES]) + (", …" if len(names) > _MAX_NAMES else "")


def _duration(seconds: float) -> str:
    """Return a time as text: `45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _print_summary(summary: "BatchSummary", as_json: bool) -> None:
    counts = {
        "saved": summary.saved,
        "saved before": summary.skipped,
        "failed": summary.failed,
        "uncertain": summary.uncertain,
        "not started": summary.total - summary.ended,
    }
    text = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "no jobs"
    incomplete = f" ({summary.incomplete:,} with fewer pictures than requested)" if summary.incomplete else ""
    print_error(f"{text}{incomplete}; {summary.spent} {summary.currency} spent")
    if as_json:
        return
    for group in summary.groups[:_MAX_SHOWN]:
        more = f" and {group.count - len(group.labels):,} more" if group.count > len(group.labels) else ""
        print_error(f"{group.count:,} x {group.cause}: {group.example}", f"  {', '.join(group.labels)}{more}")
    if summary.stopped is not None:
        print_error(f"stopped: {summary.stopped}")
    if summary.failed:
        print_error(
            "the same command continues the batch; with --retry-failed it sends jobs again whose tasks failed"
        )
    elif summary.saved + summary.skipped < summary.total:
        print_error("the same command continues the batch")
