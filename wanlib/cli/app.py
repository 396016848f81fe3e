"""The commands put together."""

from typing import Annotated

import typer

from wanlib import __version__
from wanlib.cli.cancel import cancel
from wanlib.cli.check import check
from wanlib.cli.create import edit, generate, submit
from wanlib.cli.emit import emit
from wanlib.cli.explain import explain
from wanlib.cli.exports import openapi, schema
from wanlib.cli.plainly import plainly
from wanlib.cli.resume import resume
from wanlib.cli.rules import rules
from wanlib.cli.serve import serve
from wanlib.cli.spread import spread
from wanlib.cli.tasks import tasks
from wanlib.cli.wait import wait

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
    """Every documented limit of the Wan image models: check request bodies, list and explain the rules,
    make the calls.

    Exit codes of every command: 0 fine, 1 the answer is no (see the command), 2 usage, unreadable input,
    an unknown model or rule, a broken spec, no key.
    """


_CLIENT = (edit, generate, submit, wait, tasks, cancel, resume)

for command in (check, rules, explain, *_CLIENT, serve, schema, openapi, emit):
    app.command()(spread(plainly(command)))
