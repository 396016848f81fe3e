"""The service that the client's commands speak to."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.cli.errors import CliError

if TYPE_CHECKING:
    from wanlib.base.clock import Clock

_KEY = "DASHSCOPE_API_KEY"


@dataclass(frozen=True)
class ConnectionOptions:
    """The options of every command that uses the client. The key is none: others could read it."""

    region: Annotated[str | None, typer.Option(metavar="REGION", help="Of the key.")] = None
    workspace: Annotated[str | None, typer.Option(metavar="ID", help="For a workspace's own host.")] = None
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Another address of the API, http(s)://host/path; else DASHSCOPE_HTTP_BASE_URL.",
        ),
    ] = None
    journal: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep every paid call in this file; `wanlib resume` takes it up."),
    ] = None

    def open(self, *, idle: bool = False) -> Any:
        """A client, to be closed. idle: it will send nothing, so it needs neither key nor journal.

        Its verbs are typed for each model; what stands at a prompt is known as late as it is read, so the
        client is handed on as Any. Raises Refusal, ConfigurationError.
        """
        from wanlib import Wan
        from wanlib.errors import JournalError

        if not idle and not os.environ.get(_KEY, "").strip():
            raise CliError(f"there is no API key: set {_KEY} (it is read from the environment alone)")
        try:
            return Wan(
                _KEY if idle else None,  # its name stands for it: what is shown holds no key
                region=self.region,
                workspace=self.workspace,
                base_url=self.base_url,
                journal=None if idle else self.journal,
                clock=self.clock,
            )
        except JournalError as error:
            raise CliError(str(error)) from None

    @property
    def clock(self) -> "Clock":
        """The time that a command goes by."""
        return system_clock()

    def to_arguments(self) -> list[str]:
        """These options for another command."""
        given: dict[str, str | Path | None] = {
            "--region": self.region,
            "--workspace": self.workspace,
            "--base-url": self.base_url,
            "--journal": self.journal,
        }
        return [text for name, value in given.items() if value is not None for text in (name, str(value))]


def system_clock() -> "Clock":
    """The machine's own; a test puts another here."""
    from wanlib.base.clock import RealClock

    return RealClock()
