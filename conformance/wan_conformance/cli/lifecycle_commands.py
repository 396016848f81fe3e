"""The commands `lifecycle …` and `replay`, which test clients over the life of tasks.

Each command imports its part of `wan_conformance.lifecycle` when it runs.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from wan_conformance.cli.errors import add_command, print_text
from wanlib.base.redaction import safe_repr
from wanlib.cli.errors import CliError, ExitCode
from wanlib.cli.options.workers import WorkersOption, workers_of

SdkOption = Annotated[
    list[str] | None,
    typer.Option(
        "--sdk",
        metavar="NAME=PYTHON",
        help="Also test the official SDK that this Python has; NAME is `pinned` or `newest`. Repeatable.",
    ),
]


def schedules(
    faults: Annotated[
        int, typer.Option(min=0, max=6, metavar="N", help="Maximum number of faults per scenario.")
    ] = 2,
    sdk: SdkOption = None,
    workers: WorkersOption = None,
) -> int:
    """Run every schedule of faults (exhaustive tests).

    The official SDK runs the schedules with at most one fault; its known violations don't count as failures.
    Without --workers, there is one process per core.
    Exit 0 if every promise holds, 1 if one is broken.
    """
    with sdk_pythons(sdk) as sdks:
        from wan_conformance.lifecycle.schedules.known import apply_known, read_known
        from wan_conformance.lifecycle.schedules.report import report
        from wan_conformance.lifecycle.schedules.run import run
        from wan_conformance.lifecycle.schedules.schedules import schedules

        known = read_known()
        chosen = [*schedules(faults), *schedules(min(faults, 1), clients=[*sdks])]
        results = run(chosen, workers_of(workers, default=os.cpu_count() or 1), sdks)
        judged = apply_known(results, known)
        report(results, judged, print_text, sdks)
    return ExitCode.FAILED if judged.has_failed else ExitCode.OK


def mutation() -> int:
    """Test mutants of the state table and poll schedule.

    Exit 0 if every mutant is detected, 1 if one survives.
    """
    from wan_conformance.lifecycle.mutation.run import run

    return run(print_text)


def stateful(
    sessions: Annotated[
        int, typer.Option(min=1, max=1_000_000, metavar="N", help="Number of sessions per client.")
    ] = 300,
    seed: Annotated[int, typer.Option(metavar="N", help="Random seed.")] = 0,
) -> int:
    """Run random sessions (model-based stateful tests).

    A session has several tasks at the same time.

    Exit 0 if every promise holds, 1 if one is broken.
    """
    from wan_conformance.lifecycle.stateful.machine import report, run

    result = run(sessions, seed)
    report(result, print_text)
    return ExitCode.FAILED if result.violating else ExitCode.OK


def crash() -> int:
    """Kill a process at every point of a call (crash tests).

    Checks how the next process continues.

    Exit 0 if every promise holds, 1 if one is broken.
    """
    from wan_conformance.lifecycle.crash.run import run

    return ExitCode.OK if run(print_text) else ExitCode.FAILED


def load(
    calls: Annotated[
        int, typer.Option(min=20, max=1_000_000, metavar="N", help="Number of calls of one client.")
    ] = 10_000,
) -> int:
    """Make many calls at once (load tests).

    The service has rate limits and 3 % faults.

    Exit 0 if every promise holds, 1 if one is broken.
    """
    from wan_conformance.lifecycle.load.run import run

    return ExitCode.OK if run(calls, print_text) else ExitCode.FAILED


def replay(
    scenario: Annotated[
        str, typer.Argument(metavar="ID", help="The id of the scenario or session, as a failure shows it.")
    ],
    sdk: SdkOption = None,
) -> int:
    """Run one scenario or session again and print it.

    Exit 0 if every promise holds, 1 if one is broken.
    """
    with sdk_pythons(sdk) as sdks:
        from wan_conformance.lifecycle.schedules import run
        from wan_conformance.lifecycle.stateful import environment
        from wan_conformance.lifecycle.stateful.steps import STATEFUL_PREFIX

        try:
            is_session = scenario.partition("/")[0] == STATEFUL_PREFIX
            transcript, holds = environment.replay(scenario) if is_session else run.replay(scenario, sdks)
        except ValueError as error:
            raise CliError(str(error)) from None
        print_text(transcript)
    return ExitCode.OK if holds else ExitCode.FAILED


def parse_sdks(options: Sequence[str] | None) -> dict[str, Path]:
    """Return the Python of each SDK that `--sdk` names. Raise CliError."""
    from wan_conformance.lifecycle.clients.sdk import NAMES

    sdks: dict[str, Path] = {}
    for text in options or ():
        name, _, python = text.partition("=")
        if name not in NAMES or not python:
            raise CliError(
                f"--sdk is {safe_repr(text)}; allowed: NAME=PYTHON with a NAME of {', '.join(NAMES)}"
            )
        sdks[f"sdk-{name}"] = Path(python).absolute()  # a link: its location matters
    return sdks


@contextmanager
def sdk_pythons(options: Sequence[str] | None) -> Iterator[dict[str, Path]]:
    """Yield the Python of each SDK that `--sdk` names; an SDK that cannot be run is a usage error."""
    from wan_conformance.lifecycle.clients.sdk import SdkError

    try:
        yield parse_sdks(options)
    except SdkError as error:
        raise CliError(str(error)) from None


app = typer.Typer(help="Test clients over the life cycle of tasks, in simulated time.", no_args_is_help=True)
for command in (mutation, schedules, stateful, crash, load):
    add_command(app, command)
