"""The error boundary of the harness, on top of that of `wanlib`, and text for a terminal."""

from collections.abc import Callable

import typer

from wan_conformance.errors import RunFailedError
from wanlib.base.redaction import printable
from wanlib.cli.errors import handle_errors


def add_command(app: typer.Typer, command: Callable[..., int], name: str | None = None) -> None:
    """Add a command that returns its exit code; its errors become messages.

    Args:
        app: The application.
        command: The command.
        name: Its name; None for the name of the function.
    """
    app.command(name)(handle_errors(command, "wan-conformance", "conformance", RunFailedError))


def print_text(text: str) -> None:
    """Print a text line by line, without control characters."""
    for line in text.split("\n"):
        typer.echo(printable(line))
