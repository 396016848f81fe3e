"""Options that select the service, and the client made from them."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.cli.errors import CliError, SpecOption

if TYPE_CHECKING:
    from wanlib.base.api_tables import ApiTables
    from wanlib.base.clock import Clock

_API_KEY = "DASHSCOPE_API_KEY"


@dataclass(frozen=True)
class ConnectionOptions:
    """The options of every command that uses the client.

    The API key is not among them, since other users of the machine can read the arguments of a process.

    Attributes:
        region: The region of the key; None for the default region.
        workspace: The id of a workspace that has its own host; None for the shared host.
        base_url: Another address of the API; None for that of the region.
        journal: The file in which paid calls are recorded; None to record none.
        spec: The folder of the spec; None for the packaged one.
    """

    region: Annotated[str | None, typer.Option(metavar="REGION", help="The region of the API key.")] = None
    workspace: Annotated[str | None, typer.Option(metavar="ID", help="Use the host of this workspace.")] = (
        None
    )
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Another address of the API, http(s)://host/path; default: DASHSCOPE_HTTP_BASE_URL.",
        ),
    ] = None
    journal: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The journal: a file that records every paid call, for `wanlib resume`."
        ),
    ] = None
    spec: SpecOption = None

    def open(
        self, *, is_dry_run: bool = False, timeout: float | None = None, journal: Path | None = None
    ) -> Any:
        """Return a client, to be closed by the caller.

        Its methods are typed for each model, which is only known when the command line is read, hence Any.

        Args:
            is_dry_run: Whether it sends nothing, so that it needs no key and not the journal of the options.
            timeout: Seconds of each call. None means the client's own default.
            journal: The file in which paid calls are recorded. None means that of the options.

        Raises:
            CliError: The key is missing, or the journal cannot be used.
            ConfigurationError: A setting is invalid.
        """
        from wanlib import Wan
        from wanlib.cli.output import print_client_warnings
        from wanlib.client.protocol.context import TIMEOUT
        from wanlib.errors import JournalError

        print_client_warnings()

        if not is_dry_run and not os.environ.get(_API_KEY, "").strip():
            raise CliError(f"no API key: set {_API_KEY} (the key is only read from the environment)")
        try:
            return Wan(
                "dry-run" if is_dry_run else None,  # nothing is sent, and what is printed contains no key
                region=self.region,
                workspace=self.workspace,
                base_url=self.base_url,
                journal=journal or (None if is_dry_run else self.journal),
                clock=self.clock,
                spec=self.spec,
                timeout=TIMEOUT if timeout is None else timeout,
            )
        except JournalError as error:
            raise CliError(str(error)) from None

    @cached_property
    def api(self) -> "ApiTables":
        """The tables of the spec.

        Raises:
            CliError: The spec is broken, or its folder does not exist.
        """
        if self.spec is None:
            from wanlib.generated.calls import API

            return API
        from wanlib.errors import ConfigurationError
        from wanlib.private_spec import load_api

        try:
            return load_api(self.spec)
        except ConfigurationError as error:
            raise CliError(*str(error).removeprefix("spec: ").splitlines()) from None

    @property
    def clock(self) -> "Clock":
        """The source of time of the command."""
        return system_clock()

    def to_arguments(self) -> list[str]:
        """Return these options as arguments for another command."""
        options: dict[str, str | Path | None] = {
            "--region": self.region,
            "--workspace": self.workspace,
            "--base-url": self.base_url,
            "--journal": self.journal,
            "--spec": self.spec,
        }
        return [text for name, value in options.items() if value is not None for text in (name, str(value))]


def system_clock() -> "Clock":
    """Return the clock of the machine; tests replace this function."""
    from wanlib.base.clock import RealClock

    return RealClock()
