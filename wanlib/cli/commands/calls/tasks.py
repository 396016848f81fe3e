"""`wanlib wait`, `tasks`, `cancel` and `resume`: tasks that were submitted earlier."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.base.redaction import printable, safe_repr
from wanlib.cli.call_errors import CallErrorReporter, report_interrupt
from wanlib.cli.commands.calls.create import TimeoutOption
from wanlib.cli.errors import CliError, ExitCode, JsonOption, print_error, resolve_model
from wanlib.cli.file_conflicts import check_output_files
from wanlib.cli.options.connection import ConnectionOptions
from wanlib.cli.options.output_files import OutputOptions
from wanlib.cli.output import Progress, print_table

if TYPE_CHECKING:
    from wanlib.client.journal.entry import Entry
    from wanlib.client.tasks.lost_calls import LostCall
    from wanlib.client.tasks.status import TaskSummary

TasksArgument = Annotated[
    list[str], typer.Argument(metavar="ID...", help="Ids that `wanlib submit` printed.")
]
JsonLinesOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object per task, its result or error, on each line.")
]
_SECONDS_BY_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_COLUMNS = ("task", "status", "model", "submitted", "ended")
_MEMBERS = ("task_id", "status", "model", "created_at", "started_at", "ended_at", "request_id")


def tasks(
    connection: ConnectionOptions,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="Only tasks with this status, such as PENDING.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Only tasks of this model.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only tasks submitted since then: 90s, 10m, 2h, 1d.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """List the account's tasks of the last 24 hours.

    Prints a table on a terminal, and tab-separated columns in a pipe. Exit 0; 1 if the service refuses, 2
    for a usage error or a missing key.
    """
    from wanlib.errors import WanError

    if model is not None:
        resolve_model(model, tuple(connection.api.models), connection.api.fine_tuned.ending)
    start = None if since is None else connection.clock.wall() - _parse_age(since)

    def list_tasks() -> int:
        summaries: list[TaskSummary] = []
        with connection.open() as wan:
            listed = wan.tasks(status=status.upper() if status else None, model=model, start=start)
            try:
                summaries.extend(listed)
            except WanError:
                if summaries and not as_json:
                    _print_tasks(summaries, as_json)  # before the error: they are the newest
                raise
        _print_tasks(summaries, as_json)
        return ExitCode.OK

    return CallErrorReporter(connection, None, as_json).run(list_tasks)


def _parse_age(text: str) -> float:
    """Return an age in seconds."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smhd])", text, re.ASCII)
    if match is None:
        raise CliError(f"--since {safe_repr(text)}: expected a number followed by s, m, h or d, such as 2h")
    return float(match[1]) * _SECONDS_BY_UNIT[match[2]]


def _print_tasks(summaries: "Sequence[TaskSummary]", as_json: bool) -> None:
    if as_json:
        rows = [{name: getattr(summary, name) for name in _MEMBERS} for summary in summaries]
        print(json.dumps(rows, indent=2))
    else:
        print_table(_COLUMNS, map(_table_row, summaries), ids=("task",))


def _table_row(summary: "TaskSummary") -> tuple[str, ...]:
    cells = (
        summary.task_id,
        summary.status,
        summary.model or "",
        _format_time(summary.created_at),
        _format_time(summary.ended_at),
    )
    return tuple(map(printable, cells))


def _format_time(seconds: float | None) -> str:
    """Return a Unix time in local time with its zone; an empty text for None."""
    if seconds is None:
        return ""
    try:
        return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")
    except (ValueError, OverflowError, OSError):  # the service states an impossible time
        return f"{seconds:g}"


def wait(
    tasks: TasksArgument,
    output_files: OutputOptions,
    connection: ConnectionOptions,
    timeout: TimeoutOption = None,
    as_json: JsonLinesOption = False,
) -> int:
    """Wait for tasks of any process and save their pictures.

    Exit 0 if every picture arrived, 1 if something failed, 2 for a usage error or a missing key.
    """
    if output_files.stem is not None and len(tasks) > 1:
        raise CliError("--stem: allowed for one task only; the files of several are named after their ids")
    check_output_files({"--out": output_files.known_files, "--journal": connection.journal}, {})
    reporter = CallErrorReporter(connection, output_files, as_json)

    def wait_for_all() -> int:
        output_files.check_writable()
        with report_interrupt(reporter.resume_hint(*tasks)), connection.open() as wan:
            with Progress(connection.clock, as_json) as progress:
                results = wan.wait(tasks, timeout=timeout, on_status=progress)
            return max([report_result(result, reporter, timeout) for result in results])

    return reporter.run(wait_for_all)


def report_result(result: Any, reporter: CallErrorReporter, timeout: float | None) -> int:
    """Save the pictures of a task or report its error, and return the exit code.

    Args:
        result: An Output, or the WanError with which the task ended.
        reporter: Reports errors; it also names the output files.
        timeout: Seconds for saving; None for the default.
    """
    from wanlib.errors import WanError

    if isinstance(result, WanError):
        return reporter.report(result)
    output_files = reporter.output_files or OutputOptions()
    return reporter.run(lambda: output_files.save(result, reporter.as_json, timeout))


def cancel(tasks: TasksArgument, connection: ConnectionOptions, as_json: JsonOption = False) -> int:
    """Cancel tasks that are still pending.

    A task that is already running continues and is billed. Exit 0 if all are canceled, 1 if one is not,
    2 for a usage error or a missing key.
    """
    reporter = CallErrorReporter(connection, None, as_json)

    def cancel_all() -> int:
        with connection.open() as wan:
            return max([reporter.run(partial(_cancel, wan, task_id, as_json)) for task_id in tasks])

    return reporter.run(cancel_all)


def _cancel(wan: Any, task_id: str, as_json: bool) -> int:
    wan.cancel(task_id)
    print(json.dumps({"task_id": task_id, "canceled": True}) if as_json else f"{task_id} is canceled")
    return ExitCode.OK


def resume(
    output_files: OutputOptions,
    connection: ConnectionOptions,
    timeout: TimeoutOption = None,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="Assert that no other program uses the account for these models: lost calls adopt the "
            "tasks found, if there are equally many.",
        ),
    ] = False,
    as_json: JsonLinesOption = False,
) -> int:
    """Continue every unfinished call of a journal.

    Waits for each task in the --journal file and saves its pictures. If the id of a task was lost, the
    tasks that were submitted at that time are listed; with --adopt they are continued. Exit 0 if every
    picture arrived, 1 if something failed, is lost or is in use by another process, 2 for a usage error or
    a missing key.
    """
    if connection.journal is None or not connection.journal.is_file():
        raise CliError("--journal FILE: missing; expected the file in which the calls were recorded")
    if output_files.stem is not None:
        raise CliError("--stem: not allowed; the files of several tasks are named after their ids")
    check_output_files({"--out": output_files.known_files, "--journal": connection.journal}, {})
    reporter = CallErrorReporter(connection, output_files, as_json)

    def resume_all() -> int:
        output_files.check_writable()
        hint = f"to continue: {reporter.command('resume')}"
        with report_interrupt(hint), connection.open() as wan:
            with Progress(connection.clock, as_json) as progress:
                resumed = wan.resume(timeout=timeout, on_status=progress, adopt=adopt)
            codes = [
                report_result(result, reporter, timeout) for result in [*resumed.results, *resumed.failed]
            ]
            codes += [_report_lost(lost, as_json) for lost in resumed.lost]
        if any(lost.candidates for lost in resumed.lost) and not adopt and not as_json:
            command = reporter.command("resume", "--adopt")
            print_error(f"to continue them, if no other program uses the account for this model: {command}")
        codes += [_report_leased(entry, as_json) for entry in resumed.leased]
        if not codes:
            print_error("the journal has no unfinished calls")
        return max(codes, default=ExitCode.OK)

    return reporter.run(resume_all)


def _report_leased(entry: "Entry", as_json: bool) -> int:
    """Report a call that another process works on, or has worked on until it ended on another machine."""
    if as_json:
        call = {"task_id": entry.task_id, "model": entry.model, "leased_until": entry.leased_until}
        print(json.dumps({"leased": call}))
    else:
        task = f"task {entry.task_id}" if entry.task_id else "a call without a task id"
        until = _format_time(entry.leased_until)
        print_error(f"{task} of {entry.model} is left to the process that leases it until {until}")
    return ExitCode.FAILED


def _report_lost(lost: "LostCall", as_json: bool) -> int:
    """Report a call that may have been accepted."""
    entry, ids = lost.entry, [candidate.task_id for candidate in lost.candidates]
    error = lost.error
    if as_json:
        call = {"model": entry.model, "label": entry.label, "sent_at": entry.sent_at, "candidates": ids}
        print(json.dumps({"lost": call | {"error": error.to_dict() if error else None}}))
    else:
        tasks = "the service lists no task of that time"
        if error is not None:
            tasks = f"the list of tasks can't be searched: {error}"
        elif ids:
            tasks = f"tasks of that time, which may be those of another program: {', '.join(ids)}"
        name = f" ({entry.label})" if entry.label else ""
        print_error(f"a call of {entry.model}{name} was sent, but its response was lost; {tasks}")
    return ExitCode.FAILED
