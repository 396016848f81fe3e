"""The option `--workers`, and what its text means."""

from typing import Annotated

import typer

from wanlib.scale.workers import Workers, parse_workers

WorkersOption = Annotated[
    str | None,
    typer.Option(
        metavar="N|dask://HOST:PORT",
        help="Distribute the work over N processes, or over a Dask cluster whose machines all have the "
        "files.",
    ),
]


def workers_of(text: str | None, default: int = 1) -> Workers:
    """Return the workers that `--workers` names.

    Args:
        text: The text of the option; None if it is not set.
        default: The number of processes without the option; 1 is this process.

    Raises:
        InvalidWorkersError: It is neither a number nor a scheduler.
    """
    return Workers(default) if text is None else parse_workers(text)
