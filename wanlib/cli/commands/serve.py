"""`wanlib serve`: run the emulator on this machine."""

import gc
import math
import sys
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wanlib.base.redaction import printable, safe_repr
from wanlib.cli.errors import CliError, ExitCode, SpecOption, load_spec, safe_file_name
from wanlib.cli.file_conflicts import check_folder_exists, check_output_files
from wanlib.extras import missing_extra_message

if TYPE_CHECKING:
    from wanlib.emulator import Clock, Emulator, Fault, Settings
    from wanlib.emulator.storage.sqlite_store import SqliteStore
    from wanlib.spec import Spec

_PACKAGES = ("starlette", "uvicorn", "PIL", "yaml", "jsonschema")
_MAX_AHEAD = 366 * 86_400
_ALL_INTERFACES = ("0.0.0.0", "::")


class ClockKind(Enum):
    """The source of time of the emulator."""

    NOW = "now"
    REAL = "real"
    MANUAL = "manual"


class FailureCodePlacement(Enum):
    """Where the body of a failed task has its error code."""

    NESTED = "nested"
    FLAT = "flat"


class ChoiceLayout(Enum):
    """How several pictures are laid out in `choices`."""

    DOCUMENTED = "documented"
    SINGLE = "single"
    EACH = "each"


@dataclass(frozen=True)
class BindOptions:
    """The options about the address.

    Attributes:
        port: The TCP port; 0 for any free one.
        host: The address of the interface.
    """

    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="The port; 0 for any free one.")
    ] = 8686
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="The interface to listen on. With any address other than loopback, others on the network "
            "can use the API and the admin page. Keys are not checked unless --key is set.",
        ),
    ] = "127.0.0.1"


@dataclass(frozen=True)
class EmulatorOptions:
    """The options about the behaviour of the emulator; the help text of each option describes it."""

    seed: Annotated[
        int, typer.Option(metavar="N", help="The same seed and requests give the same responses.")
    ] = 0
    clock: Annotated[
        ClockKind,
        typer.Option(
            help="real: tasks take --waiting and --working seconds. now: tasks end immediately. manual: "
            "time only"
            " advances on the admin page."
        ),
    ] = ClockKind.REAL
    ahead: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="How far the emulator's clock is ahead of this machine's clock; negative if behind.",
        ),
    ] = 0.0
    waiting: Annotated[float, typer.Option(metavar="SECONDS", help="How long a task is PENDING.")] = 0.5
    working: Annotated[float, typer.Option(metavar="SECONDS", help="How long a task is RUNNING.")] = 1.0
    region: Annotated[
        str, typer.Option(metavar="REGION", help="The region whose models and prices apply.")
    ] = ""
    key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY[@REGION]",
            help="Accept only this key, for the default region or the given one (a key for the wrong "
            "region is refused)."
            " Repeat for more keys. Default: accept any key.",
        ),
    ] = None
    quotas: Annotated[bool, typer.Option("--quotas", help="Enforce rate limits.")] = False
    faults: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'KIND ...'",
            help="A fault to inject into some requests, such as 'error code=Throttling retry_after=2' or 'cut"
            " where=inside'. Repeat for more faults. Kinds: error, html, inside, cut, trickle, slow, silent,"
            " doubled, repeated, surplus, status, other, reused, again, neighbour, fail, partial, short,"
            " download, soon.",
        ),
    ] = None
    fault_rate: Annotated[
        float,
        typer.Option(
            metavar="SHARE", min=0.0, max=1.0, help="Share of requests that get a fault of --faults."
        ),
    ] = 0.03
    local_images: Annotated[
        bool,
        typer.Option("--local-images", help="Accept image URLs on this machine or network."),
    ] = False
    mutant: Annotated[
        str,
        typer.Option(
            metavar="RULE", help="Change this rule in one way, to test whether a harness detects it."
        ),
    ] = ""
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Store everything in this folder, to survive a restart."),
    ] = None
    failed: Annotated[
        FailureCodePlacement, typer.Option(help="Where the body of a failed task has its error code.")
    ] = FailureCodePlacement.NESTED
    several: Annotated[
        ChoiceLayout, typer.Option(help="One choice for several pictures, or one for each.")
    ] = ChoiceLayout.DOCUMENTED

    def settings(self, spec: "Spec") -> "Settings":
        """Return the settings of the emulator.

        Args:
            spec: The spec to serve.

        Raises:
            CliError: An option is invalid.
        """
        from wanlib.emulator import Settings

        if self.region and self.region not in spec.wire["regions"]:
            raise CliError(
                f"--region {safe_repr(self.region)}: unknown region; known: {', '.join(spec.wire['regions'])}"
            )
        ends_at_once, rate = self.clock is ClockKind.NOW, _share("--fault-rate", self.fault_rate)
        return Settings(
            waiting=0.0 if ends_at_once else _seconds("--waiting", self.waiting),
            working=0.0 if ends_at_once else _seconds("--working", self.working),
            region=self.region,
            keys=dict(_parse_key(text, self.region, spec) for text in self.key or ()),
            failure_codes=self.failed.value,
            choice_layout=self.several.value,
            quotas=self.quotas,
            local_images=self.local_images,
            fault_rate=rate if self.faults else 0.0,
            faults=tuple(map(_parse_fault, self.faults or ())),
        )

    def emulator(self, spec: "Spec") -> "Emulator":
        """Return the emulator.

        Args:
            spec: The spec to serve.

        Raises:
            CliError: An option is invalid, or the data folder cannot be used.
        """
        from wanlib.emulator import Emulator, ManualClock, RealClock
        from wanlib.emulator.storage.database import StoreError

        settings, store = self.settings(spec), self._store()
        clock: Clock = RealClock(self._clock_difference())
        try:
            if self.clock is ClockKind.MANUAL:
                clock = store.manual_clock() if store else ManualClock()
            return Emulator(
                spec, clock=clock, seed=self.seed, settings=settings, store=store, mutant=self.mutant
            )
        except StoreError as error:
            raise CliError(f"--data: {error}") from None
        except ValueError as error:
            raise CliError(f"--mutant {safe_repr(self.mutant)}: {error}") from None

    def _clock_difference(self) -> float:
        if not abs(self.ahead) <= _MAX_AHEAD:
            raise CliError(f"--ahead is {self.ahead}; expected seconds, at most {_MAX_AHEAD:,} either way")
        if self.ahead and self.clock is ClockKind.MANUAL:
            raise CliError("--ahead: a manual clock is set on the admin page; leave out one of the two")
        return self.ahead

    def _store(self) -> "SqliteStore | None":
        """Return the store of the data folder; None to store in memory only."""
        if self.data is None:
            return None
        from wanlib.emulator.storage.database import StoreError
        from wanlib.emulator.storage.sqlite_store import open_store

        try:
            return open_store(self.data)
        except StoreError as error:
            raise CliError(f"--data: {error}") from None


def serve(
    address: BindOptions,
    options: EmulatorOptions,
    spec: SpecOption = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Don't print a line for each request.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="At the end, judge the conduct of the clients (paid twice, never fetched, polled too "
            "often, ...) and write the record and the findings to this file: JSON, or text if its "
            "name ends with .txt.",
        ),
    ] = None,
) -> int:
    """Run the emulator on this machine until Ctrl-C.

    The API is under /api/v1, the admin page at /. The emulator needs no key, makes no outgoing connection and
    costs nothing. It prints how to connect a client. Each request is logged as one line on stderr: time,
    method, path, status, task id, violated rules.
    """
    _check_extra()
    from wanlib.emulator.server.serve import EmulatorServer, listen

    if report is not None:
        check_output_files({"--report": report}, {"--spec": spec, "--data": options.data})
        check_folder_exists("--report", report)
    loaded = load_spec(spec)
    emulator = options.emulator(loaded)
    try:
        bound = listen(address.host, address.port)
    except OSError as error:
        raise CliError(
            f"{address.host}:{address.port}: {error.strerror or error}; --port 0 chooses a free port"
        ) from None
    with bound:
        _print_instructions(
            address.host, bound.getsockname()[1], loaded, "KEY" if options.key else "sk-local"
        )
        gc.freeze()  # what is loaded now stays until the end, so the collector can skip it
        try:
            access_log = None if quiet else _log
            EmulatorServer(emulator, host=address.host, access_log=access_log).run([bound])
        finally:
            if report is not None:
                _write_report(emulator, report)
            emulator.close()
    return ExitCode.OK


def _log(line: str) -> None:
    """Print a line of the access log; a closed stderr does not stop the server."""
    with suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def _write_report(emulator: "Emulator", path: Path) -> None:
    """Judge the clients, write the report, and print the findings in a line each."""
    from wanlib.conduct.judge import judge
    from wanlib.conduct.report_file import write_report

    record = emulator.record(is_over=False)
    judged = judge(record, emulator.spec)
    write_report(path, record, judged)
    for finding in judged.findings:
        _log(printable(str(finding)))
    _log(f"report: {safe_file_name(path)}")


def _check_extra() -> None:
    not_installed = [name for name in _PACKAGES if find_spec(name) is None]
    if not_installed:
        raise CliError(missing_extra_message("emulator", *not_installed))


def _seconds(name: str, value: float) -> float:
    if not value >= 0:
        raise CliError(f"{name} is {value}; expected 0 or more seconds, or inf to wait for the admin page")
    return value


def _share(name: str, value: float) -> float:
    if math.isnan(value):  # no number is out of range for it, so that Typer lets it pass
        raise CliError(f"{name} is nan; expected a share from 0 to 1")
    return value


def _parse_key(text: str, server_region: str, spec: "Spec") -> tuple[str, str]:
    """Split `KEY@REGION`; without a region, the key belongs to the region of the server."""
    key, _, region = text.partition("@")
    region = region or server_region or spec.wire["default_region"]
    if not key or region not in spec.wire["regions"]:
        expected = f"expected KEY or KEY@REGION with a region of {', '.join(spec.wire['regions'])}"
        raise CliError(
            f"--key: {'the key is empty' if not key else f'unknown region {safe_repr(region)}'}; {expected}"
        )
    return key, region


def _parse_fault(text: str) -> "Fault":
    from wanlib.emulator.core.fault import parse_fault

    try:
        return parse_fault(text)
    except ValueError as error:
        raise CliError(f"--faults {safe_repr(text)}: {error}") from None


def _print_instructions(host: str, port: int, spec: "Spec", key: str) -> None:
    """Print how to connect clients; `key` is a placeholder, real keys are not shown."""
    name = "127.0.0.1" if host in _ALL_INTERFACES else f"[{host}]" if ":" in host else host
    origin = f"http://{name}:{port}"
    base = origin + spec.wire["base_path"]
    print(f"Admin page:  {origin}/")
    accepted = "any key is accepted" if key == "sk-local" else "KEY: one of --key"
    print(f"Any client that reads the environment, including wanlib and the official SDK ({accepted}):")
    print(f"  export DASHSCOPE_HTTP_BASE_URL={base} DASHSCOPE_API_KEY={key}")
    print(f'Official SDK:  dashscope.base_http_api_url = "{base}"')
    print(f'wanlib:  Wan("{key}", base_url="{base}")')
    print(f"curl:  curl {base}{_list_path(spec)} -H 'Authorization: Bearer {key}'")
    if host in _ALL_INTERFACES or not _is_loopback(host):
        print(f"It listens on {host}, so others on the network can reach it.")
    print("Press Ctrl-C to stop.", flush=True)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _list_path(spec: "Spec") -> str:
    path: str = spec.wire["paths"]["list"]
    return path.partition(" ")[2]
