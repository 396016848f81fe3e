"""The commands put together."""

from typing import Annotated

import typer

from wanlib import __version__
from wanlib.cli.check import check
from wanlib.cli.emit import emit
from wanlib.cli.explain import explain
from wanlib.cli.exports import openapi, schema
from wanlib.cli.plainly import plainly
from wanlib.cli.rules import rules

app = typer.Typer(
    name="wanlib",
    no_args_is_help=True,
    rich_markup_mode=None,  # usage errors as plain lines, and no import of rich for them
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"wanlib {__version__}")
        raise typer.Exit


@app.callback()
def wanlib(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Every documented limit of the Wan image models: check request bodies, list and explain the rules.

    Exit codes of every command: 0 fine, 1 the answer is no (see the command), 2 usage, unreadable input,
    an unknown model or rule, a broken spec.
    """


for command in (check, rules, explain, schema, openapi, emit):
    app.command()(plainly(command))
