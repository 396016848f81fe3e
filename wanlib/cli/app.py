"""The Typer application: `create_app` for any program of ours, `app` for `wanlib` with its commands."""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from wanlib import __version__
from wanlib.cli.errors import handle_errors
from wanlib.cli.options.option_groups import expand_option_groups

EXIT_CODES = (
    "Exit codes: 0 success; 1 failure (rule violated, request refused, picture missing); 2 usage error,"
    " unreadable input, broken spec or missing key; 3 internal error; 130 Ctrl-C; 143 SIGTERM."
)

# Command -> module in `commands`, in the order of the help text. The function is named after the last word.
_COMMANDS = {
    "check": "check",
    "size": "size",
    "rules": "rules",
    "explain": "explain",
    "diff": "diff",
    "migrate": "migrate",
    "edit": "calls.create",
    "generate": "calls.create",
    "submit": "calls.create",
    "batch": "calls.batch",
    "wait": "calls.tasks",
    "tasks": "calls.tasks",
    "cancel": "calls.tasks",
    "resume": "calls.tasks",
    "doctor": "doctor",
    "serve": "serve",
    "spec lint": "spec_files",
    "new-model": "spec_files",
    "schema": "generate",
    "openapi": "generate",
    "emit": "generate",
}


def create_app(program: str, description: str) -> typer.Typer:
    """Return an application without commands that has `-h`, `--version` and shell completion.

    Args:
        program: The name of the program.
        description: The first paragraphs of its help text.
    """
    created = typer.Typer(
        name=program,
        no_args_is_help=True,
        rich_markup_mode=None,  # usage errors as plain lines, without importing rich for them
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )

    def print_version(is_set: bool) -> None:
        if is_set:
            typer.echo(f"{program} {__version__}")
            raise typer.Exit

    @created.callback(help=f"{description}\n\n{EXIT_CODES}")
    def options(
        version: Annotated[
            bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
        ] = False,
    ) -> None:
        pass

    return created


def app(words: Sequence[str] = ()) -> typer.Typer:
    """Return `wanlib` for a command line.

    Args:
        words: The arguments. If the first is a command, only that one is loaded: loading the others takes
            half as long as `serve` needs to start.
    """
    created = create_app(
        "wanlib",
        "Check request bodies for the Wan image models, list and explain the rules, and make the calls.",
    )
    first = words[0] if words else ""
    groups: dict[str, typer.Typer] = {}
    for names in [command for command in _COMMANDS if command.split()[0] == first] or _COMMANDS:
        *group, name = names.split()
        module = import_module(f"wanlib.cli.commands.{_COMMANDS[names]}")
        command = expand_option_groups(handle_errors(getattr(module, name.replace("-", "_"))))
        _parent(created, groups, *group).command(name)(command)
    return created


_HELP_OF_GROUP = {"spec": "Check the files of a spec."}


def _parent(root: typer.Typer, groups: dict[str, typer.Typer], group: str = "") -> typer.Typer:
    """Return the application that a command belongs to: the root, or a group, made for its first command."""
    if not group:
        return root
    if group not in groups:
        groups[group] = typer.Typer(no_args_is_help=True, help=_HELP_OF_GROUP[group], rich_markup_mode=None)
        groups[group].callback()(lambda: None)
        root.add_typer(groups[group], name=group)
    return groups[group]
