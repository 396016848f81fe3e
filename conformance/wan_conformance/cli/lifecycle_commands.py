"""The commands on the life of tasks. Each loads its own part when it is called."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from wan_conformance.cli.errors import CONFORMS, FAILS, handle_errors, print_text
from wan_conformance.engine.execute import UsageError

app = typer.Typer(
    help="Plays clients through the life of tasks, in simulated time, and holds them to their promises.",
    no_args_is_help=True,
)
_SDK = typer.Option(metavar="NAME=PYTHON", help="The official SDK of that Python too: `pinned` or `newest`.")


@app.command()
def schedules(
    faults: Annotated[int, typer.Option(min=0, max=6, help="The most faults that meet one story.")] = 2,
    sdk: Annotated[list[str] | None, _SDK] = None,
) -> None:
    """Every schedule of faults; exit 1 where a promise breaks.

    The SDK plays those of up to one fault; what it is known to break fails nothing.
    """
    with handle_errors(), _sdks(sdk) as sdks:
        from wan_conformance.lifecycle.schedules.known import apply_known, read_known
        from wan_conformance.lifecycle.schedules.report import report
        from wan_conformance.lifecycle.schedules.run import run
        from wan_conformance.lifecycle.schedules.schedules import schedules

        known = read_known()
        found = run([*schedules(faults), *schedules(min(faults, 1), clients=[*sdks])], sdks=sdks)
        held = apply_known(found, known)
        report(found, held, print_text, sdks)
    raise typer.Exit(FAILS if held.has_failed else CONFORMS)


@app.command()
def mutation() -> None:
    """Every mutant of the table of states, and of the poll schedule; exit 1 where one survives."""
    with handle_errors():
        from wan_conformance.lifecycle.mutation.run import run

        code = run(print_text)
    raise typer.Exit(code)


@app.command()
def drawn(
    plays: Annotated[int, typer.Option(min=1, help="How many are drawn for each client.")] = 300,
    seed: Annotated[int, typer.Option(help="What they are drawn with.")] = 0,
) -> None:
    """Free plays drawn by chance, several tasks at once; exit 1 where a promise breaks."""
    with handle_errors():
        from wan_conformance.lifecycle.stateful.machine import report, run

        found = run(plays, seed)
        report(found, print_text)
    raise typer.Exit(FAILS if found.broken else CONFORMS)


@app.command()
def kills() -> None:
    """A real process killed at every point of its life, and the next one; exit 1 where a promise breaks."""
    with handle_errors():
        from wan_conformance.lifecycle.crash.run import run

        kept = run(print_text)
    raise typer.Exit(CONFORMS if kept else FAILS)


@app.command()
def load(
    calls: Annotated[int, typer.Option(min=20, help="How many there are under one client.")] = 10_000,
) -> None:
    """Many calls at once, with quotas and 3 % faults; exit 1 where a promise breaks."""
    with handle_errors():
        from wan_conformance.lifecycle.load.run import run

        kept = run(calls, print_text)
    raise typer.Exit(CONFORMS if kept else FAILS)


def replay(
    play: Annotated[str, typer.Argument(metavar="ID", help="As a failure names it.")],
    sdk: Annotated[list[str] | None, _SDK] = None,
) -> None:
    """Play one schedule or free play again and tell its story; exit 1 where a promise breaks."""
    with handle_errors(), _sdks(sdk) as sdks:
        from wan_conformance.lifecycle.schedules import run
        from wan_conformance.lifecycle.stateful import environment as free
        from wan_conformance.lifecycle.stateful.steps import FREE

        try:
            is_free = play.partition("/")[0] == FREE
            story, held = free.replay(play) if is_free else run.replay(play, sdks)
        except ValueError as error:
            raise UsageError(str(error)) from None
        print_text(story)
    raise typer.Exit(CONFORMS if held else FAILS)


@contextmanager
def _sdks(told: Sequence[str] | None) -> Iterator[dict[str, Path]]:
    """The clients that `--sdk` names, with their Pythons; one that can't be played is the user's to mend."""
    from wan_conformance.lifecycle.clients.sdk import NAMES, SdkError

    sdks: dict[str, Path] = {}
    for text in told or ():
        name, _, python = text.partition("=")
        if name not in NAMES or not python:
            raise UsageError(f"--sdk is {text!r}; allowed: NAME=PYTHON with a NAME of {', '.join(NAMES)}")
        sdks[f"sdk-{name}"] = Path(python).absolute()  # its links kept: they lead to its packages
    try:
        yield sdks
    except SdkError as error:
        raise UsageError(str(error)) from None
