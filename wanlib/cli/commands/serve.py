"""`wanlib serve`: the service on this machine."""

import gc
import sys
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wanlib.base.extras import missing
from wanlib.base.redaction import safe_repr
from wanlib.cli.errors import FINE, CliError, SpecOption, load_spec

if TYPE_CHECKING:
    from wanlib.emulator import Clock, Emulator, Fault, Settings
    from wanlib.emulator.storage.sqlite_store import SqliteStore
    from wanlib.spec import Spec

_NEEDS = ("starlette", "uvicorn", "PIL", "yaml", "jsonschema")
_ANY = ("0.0.0.0", "::")


class ClockKind(Enum):
    """Where the emulator's time comes from."""

    NOW = "now"
    REAL = "real"
    MANUAL = "manual"


class FailureCodePlacement(Enum):
    """Where a FAILED body has its code."""

    NESTED = "nested"
    FLAT = "flat"


class ChoiceLayout(Enum):
    """How several pictures stand in `choices`."""

    DOCUMENTED = "documented"
    SINGLE = "single"
    EACH = "each"


@dataclass(frozen=True)
class BindOptions:
    """Where it listens."""

    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8686
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Where it listens. Any address but loopback lets others on the network in: they can use the"
            " API and, by an address, the page. It checks no key.",
        ),
    ] = "127.0.0.1"


@dataclass(frozen=True)
class EmulatorOptions:
    """How it plays the service."""

    seed: Annotated[int, typer.Option(help="The same requests get the same answers.")] = 0
    clock: Annotated[
        ClockKind,
        typer.Option(
            help="real: tasks take --waiting and --working. now: they end at once. manual: time stands"
            " still until the page advances it."
        ),
    ] = ClockKind.REAL
    waiting: Annotated[float, typer.Option(metavar="SECONDS", help="That a task is PENDING.")] = 0.5
    working: Annotated[float, typer.Option(metavar="SECONDS", help="That it is RUNNING.")] = 1.0
    region: Annotated[str, typer.Option(metavar="REGION", help="Whose models and prices hold.")] = ""
    key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY[@REGION]",
            help="Take this key alone, of this region or of another, as a key of the wrong region is refused;"
            " may be given several times. Without it any key will do.",
        ),
    ] = None
    quotas: Annotated[bool, typer.Option("--quotas", help="Enforce the limits on rate.")] = False
    faults: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'KIND ...'",
            help="What goes wrong now and then, such as 'error code=Throttling retry_after=2' or 'cut"
            " where=inside'; may be given several times.",
        ),
    ] = None
    fault_rate: Annotated[
        float, typer.Option(metavar="SHARE", min=0.0, max=1.0, help="Of requests, for --faults.")
    ] = 0.03
    local_images: Annotated[
        bool,
        typer.Option("--local-images", help="Accept image URLs on this machine or network."),
    ] = False
    mutant: Annotated[
        str,
        typer.Option(metavar="RULE", help="Plant one fault, at this rule: a harness must see it."),
    ] = ""
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep everything in this folder, so that a restart loses nothing."),
    ] = None
    failed: Annotated[FailureCodePlacement, typer.Option(help="Where a FAILED body has its code.")] = (
        FailureCodePlacement.NESTED
    )
    several: Annotated[
        ChoiceLayout, typer.Option(help="One choice for several pictures, or one for each.")
    ] = ChoiceLayout.DOCUMENTED

    def settings(self, spec: "Spec") -> "Settings":
        """For the emulator. Raises Refusal."""
        from wanlib.emulator import Settings

        if self.region and self.region not in spec.wire["regions"]:
            raise CliError(f"no region {safe_repr(self.region)}; known: {', '.join(spec.wire['regions'])}")
        at_once = self.clock is ClockKind.NOW
        return Settings(
            waiting=0.0 if at_once else _seconds("--waiting", self.waiting),
            working=0.0 if at_once else _seconds("--working", self.working),
            region=self.region,
            keys=dict(_key(text, self.region, spec) for text in self.key or ()),
            failure_codes=self.failed.value,
            choice_layout=self.several.value,
            quotas=self.quotas,
            local_images=self.local_images,
            fault_rate=self.fault_rate if self.faults else 0.0,
            faults=tuple(map(_fault, self.faults or ())),
        )

    def emulator(self, spec: "Spec") -> "Emulator":
        """The service. Raises Refusal."""
        from wanlib.emulator import Emulator, ManualClock, RealClock
        from wanlib.emulator.storage.database import StoreError

        settings, store = self.settings(spec), self._store()
        clock: Clock = RealClock()
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

    def _store(self) -> "SqliteStore | None":
        """What it remembers by: a folder, or memory alone."""
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
    playing: EmulatorOptions,
    spec: SpecOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no line for each request.")] = False,
) -> int:
    """Play the service on this machine, until Ctrl-C.

    The API stands under /api/v1, a page for people at /. It needs no key, sends nothing anywhere, and costs
    nothing. Point a client at it by the lines that it prints. Each request is a line on stderr: time, method,
    path, status, task id, broken rules.
    """
    _check_extra()
    from wanlib.emulator.server.serve import EmulatorServer, listen

    loaded = load_spec(spec)
    emulator = playing.emulator(loaded)
    try:
        bound = listen(address.host, address.port)
    except OSError as error:
        raise CliError(
            f"{address.host}:{address.port}: {error.strerror or error}; --port 0 takes one that is free"
        ) from None
    with bound:
        _tell(address.host, bound.getsockname()[1], loaded, "KEY" if playing.key else "sk-local")
        gc.freeze()  # what was loaded stays: nobody needs to look through it for garbage
        try:
            access_log = None if quiet else _log
            EmulatorServer(emulator, host=address.host, access_log=access_log).run([bound])
        finally:
            emulator.close()
    return FINE


def _log(line: str) -> None:
    """Print a line of the access log; a closed stderr stops no server."""
    with suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def _check_extra() -> None:
    lacking = [name for name in _NEEDS if find_spec(name) is None]
    if lacking:
        raise CliError(missing("emulator", *lacking))


def _seconds(name: str, value: float) -> float:
    if not value >= 0:
        raise CliError(f"{name} is {value}, expected 0 or more seconds, or inf: until it is told on the page")
    return value


def _key(text: str, own: str, spec: "Spec") -> tuple[str, str]:
    """Split `KEY@REGION`; without a region the key is of the server's own."""
    key, _, region = text.partition("@")
    region = region or own or spec.wire["default_region"]
    if not key or region not in spec.wire["regions"]:
        expected = f"expected KEY or KEY@REGION with a region of {', '.join(spec.wire['regions'])}"
        raise CliError(
            f"--key: {'there is no key' if not key else f'no region {safe_repr(region)}'}; {expected}"
        )
    return key, region


def _fault(text: str) -> "Fault":
    from wanlib.emulator.core.fault import parse_fault

    try:
        return parse_fault(text)
    except ValueError as error:
        raise CliError(f"--faults {safe_repr(text)}: {error}") from None


def _tell(host: str, port: int, spec: "Spec", key: str) -> None:
    """The lines that point clients here. key: what stands for a key; one that was given is not shown."""
    name = "127.0.0.1" if host in _ANY else f"[{host}]" if ":" in host else host
    origin = f"http://{name}:{port}"
    base = origin + spec.wire["base_path"]
    print(f"The page:  {origin}/")
    which = "any key will do" if key == "sk-local" else "KEY: one of --key"
    print(f"Any client that reads the environment, ours and the official SDK ({which}):")
    print(f"  export DASHSCOPE_HTTP_BASE_URL={base} DASHSCOPE_API_KEY={key}")
    print(f'The official SDK:  dashscope.base_http_api_url = "{base}"')
    print(f'Ours:  Wan("{key}", base_url="{base}")')
    print(f"curl:  curl {base}{_list_path(spec)} -H 'Authorization: Bearer {key}'")
    if host in _ANY or not _is_loopback(host):
        print(f"It listens on {host}: others on the network can reach it.")
    print("Ctrl-C ends it.", flush=True)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _list_path(spec: "Spec") -> str:
    path: str = spec.wire["paths"]["list"]
    return path.partition(" ")[2]
