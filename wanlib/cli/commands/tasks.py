"""`wanlib tasks`: the tasks of the account."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.base.redaction import printable, safe_repr
from wanlib.cli.call_errors import CallErrorReporter, report_interrupt
from wanlib.cli.commands.create import TimeoutOption
from wanlib.cli.errors import FINE, NO, CliError, JsonOption, print_error, resolve_model
from wanlib.cli.options.connection import ConnectionOptions
from wanlib.cli.options.output_files import OutputOptions
from wanlib.cli.output import Progress, print_table

if TYPE_CHECKING:
    from wanlib.client.tasks.resume import LostCall
    from wanlib.client.tasks.status import TaskSummary


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_COLUMNS = ("task", "status", "model", "submitted", "ended")
_MEMBERS = ("task_id", "status", "model", "created_at", "started_at", "ended_at", "request_id")


def tasks(
    connection: ConnectionOptions,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="Only those that are so: PENDING, RUNNING …")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Only those of this model.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only those submitted since then: 90s, 10m, 2h, 1d.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """List the account's tasks; the service keeps them for a day.

    A table on a terminal, columns with tabs between them in a pipe. Exit 0; 1 where the service refuses, 2
    for usage and no key.
    """
    from wanlib.generated.calls import API

    if model is not None:
        resolve_model(model, tuple(API.models), API.fine_tuned.ending)
    start = None if since is None else connection.clock.wall() - _parse_age(since)

    def work() -> int:
        with connection.open() as wan:
            found = wan.tasks(status=status.upper() if status else None, model=model, start=start)
            _print(list(found), as_json)
        return FINE

    return CallErrorReporter(connection, None, as_json).run(work)


def _parse_age(text: str) -> float:
    """Seconds. Raises Refusal."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smhd])", text, re.ASCII)
    if found is None:
        raise CliError(f"--since {safe_repr(text)}: due is a number with s, m, h or d behind it, such as 2h")
    return float(found[1]) * _SECONDS[found[2]]


def _print(found: "Sequence[TaskSummary]", as_json: bool) -> None:
    if as_json:
        print(json.dumps([{name: getattr(each, name) for name in _MEMBERS} for each in found], indent=2))
    else:
        print_table(_COLUMNS, map(_table_row, found))


def _table_row(each: "TaskSummary") -> tuple[str, ...]:
    cells = (
        each.task_id,
        each.status,
        each.model or "",
        _format_time(each.created_at),
        _format_time(each.ended_at),
    )
    return tuple(map(printable, cells))


def _format_time(seconds: float | None) -> str:
    """A moment in local time, with its zone."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")


TasksArgument = Annotated[list[str], typer.Argument(metavar="ID...", help="What `wanlib submit` printed.")]
EachOption = Annotated[
    bool, typer.Option("--json", help="Print a JSON object for each task, result or error, on a line.")
]


def wait(
    tasks: TasksArgument,
    saving: OutputOptions,
    connection: ConnectionOptions,
    timeout: TimeoutOption = None,
    as_json: EachOption = False,
) -> int:
    """Wait for tasks of any process and save their pictures.

    Exit 0 where every picture came, 1 where something failed, 2 for usage and no key.
    """
    if saving.stem is not None and len(tasks) > 1:
        raise CliError("--stem: give one task with it; the files of several are named after their ids")
    telling = CallErrorReporter(connection, saving, as_json)

    def work() -> int:
        saving.check_writable()
        with report_interrupt(telling.resume_hint(*tasks)), connection.open() as wan:
            with Progress(connection.clock, as_json) as progress:
                ended = wan.wait(tasks, timeout=timeout, on_status=progress)
            return max([report_task(each, telling) for each in ended])

    return telling.run(work)


def report_task(ended: Any, telling: CallErrorReporter) -> int:
    """What a task has yielded, saved; or the error that it ended with, told -> the exit code."""
    from wanlib.errors import WanError

    if isinstance(ended, WanError):
        return telling.report(ended)
    saving = telling.saving or OutputOptions()
    return telling.run(lambda: saving.save(ended, telling.as_json))


def cancel(tasks: TasksArgument, connection: ConnectionOptions, as_json: JsonOption = False) -> int:
    """Cancel tasks that still wait for their turn.

    One that runs goes on and is billed. Exit 0 where all are canceled, 1 where one is not, 2 for usage and
    no key.
    """
    telling = CallErrorReporter(connection, None, as_json)

    def work() -> int:
        with connection.open() as wan:
            return max([telling.run(partial(_cancel, wan, each, as_json)) for each in tasks])

    return telling.run(work)


def _cancel(wan: Any, task_id: str, as_json: bool) -> int:
    wan.cancel(task_id)
    print(json.dumps({"task_id": task_id, "canceled": True}) if as_json else f"{task_id} is canceled")
    return FINE


def resume(
    saving: OutputOptions,
    connection: ConnectionOptions,
    timeout: TimeoutOption = None,
    as_json: EachOption = False,
) -> int:
    """Take up every unfinished call of a journal.

    Each task of the --journal is waited for and its pictures saved. A call whose
    task id was lost is looked for; where it is not certain which task it is, they are named. Exit 0 where
    every picture came, 1 where something failed or is lost, 2 for usage and no key.
    """
    if connection.journal is None or not connection.journal.is_file():
        raise CliError("--journal FILE: it is missing; due is the file that the calls were kept in")
    if saving.stem is not None:
        raise CliError("--stem: leave it out; the files of several tasks are named after their ids")
    telling = CallErrorReporter(connection, saving, as_json)

    def work() -> int:
        saving.check_writable()
        command = telling.command("resume")
        with report_interrupt(f"to take them up again: {command}"), connection.open() as wan:
            with Progress(connection.clock, as_json) as progress:
                found = wan.resume(timeout=timeout, on_status=progress)
            codes = [report_task(each, telling) for each in [*found.results, *found.failed]]
            codes += [_lost(each, as_json) for each in found.lost]
        if not codes:
            print_error("the journal has nothing unfinished")
        return max(codes, default=FINE)

    return telling.run(work)


def _lost(lost: "LostCall", as_json: bool) -> int:
    """Tells of a call that may have been accepted."""
    entry, ids = lost.entry, [each.task_id for each in lost.candidates]
    if as_json:
        print(json.dumps({"lost": {"model": entry.model, "sent_at": entry.sent_at, "candidates": ids}}))
    else:
        told = f"it may be one of these tasks: {', '.join(ids)}" if ids else "the service lists no such task"
        print_error(f"a call of {entry.model} was sent and its answer lost; {told}")
    return NO
