"""The commands put together."""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from wanlib import __version__
from wanlib.cli.errors import handle_errors
from wanlib.cli.options.option_groups import expand_option_groups

# The module of each command, in which the function has the command's name; in the order of the help.
_COMMANDS = {
    "check": "check",
    "size": "size",
    "rules": "rules",
    "explain": "explain",
    "edit": "create",
    "generate": "create",
    "submit": "create",
    "wait": "tasks",
    "tasks": "tasks",
    "cancel": "tasks",
    "resume": "tasks",
    "serve": "serve",
    "schema": "generate",
    "openapi": "generate",
    "emit": "generate",
}


def app(words: Sequence[str] = ()) -> typer.Typer:
    """The application for a command line: with the command that its words begin with, else with all.

    To load the others takes half as long as it takes to serve.
    """
    made = typer.Typer(
        name="wanlib",
        no_args_is_help=True,
        rich_markup_mode=None,  # usage errors as plain lines, and no import of rich for them
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    made.callback()(wanlib)
    named = words[0] if words else ""
    for name in [named] if named in _COMMANDS else _COMMANDS:
        command = getattr(import_module(f"wanlib.cli.commands.{_COMMANDS[name]}"), name)
        made.command()(expand_option_groups(handle_errors(command)))
    return made


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"wanlib {__version__}")
        raise typer.Exit


def wanlib(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Every documented limit of the Wan image models: check request bodies, list and explain the rules,
    make the calls.

    Exit codes of every command: 0 fine, 1 the answer is no (see the command), 2 usage, unreadable input,
    an unknown model or rule, a broken spec, no key.
    """
