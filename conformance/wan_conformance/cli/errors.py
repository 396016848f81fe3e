"""The exit codes and errors of the harness, on top of the error boundary of `wanlib`."""

from collections.abc import Callable

import typer

from wan_conformance.engine.execute import RunDeclinedError, RunUsageError
from wan_conformance.engine.known_failures import EntryFileError
from wan_conformance.engine.vectors import VectorError
from wan_conformance.live.cassette import CassetteError
from wan_conformance.live.naming.history import HistoryError
from wan_conformance.live.probe import ProbeLedgerError
from wan_conformance.report.log import VerdictLogError
from wan_conformance.targets.server.remote import ServerUnreachableError
from wanlib.base.redaction import printable
from wanlib.cli.errors import handle_errors
from wanlib.scale.workers import ScaleError
from wanlib.spec import SpecError

_USAGE_ERRORS = (
    RunUsageError,
    VectorError,
    VerdictLogError,
    EntryFileError,
    SpecError,
    CassetteError,
    HistoryError,
    ScaleError,
)
_FAILURES = (RunDeclinedError, ServerUnreachableError, ProbeLedgerError)


def add_command(app: typer.Typer, command: Callable[..., int], name: str | None = None) -> None:
    """Add a command that returns its exit code; its errors become messages.

    Args:
        app: The application.
        command: The command.
        name: Its name; None for the name of the function.
    """
    app.command(name)(handle_errors(command, "wan-conformance", _USAGE_ERRORS, _FAILURES))


def print_text(text: str) -> None:
    """Print a text line by line, without control characters."""
    for line in text.split("\n"):
        typer.echo(printable(line))
