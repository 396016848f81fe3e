"""`wanlib doctor`: what may keep calls from working, from the key to the clock."""

import os
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wanlib.base.clock import ClockOffset
from wanlib.base.identifiers import NO_TASK
from wanlib.base.redaction import printable, printable_json, redact_text
from wanlib.cli.errors import CliError, ExitCode, safe_file_name
from wanlib.cli.options.connection import ConnectionOptions

if TYPE_CHECKING:
    from wanlib import Wan

State = Literal["ok", "note", "warning", "problem"]
_MAX_CLOCK_OFFSET = 60.0
"""Seconds by which the clock may differ before times of tasks and signatures are misread."""
_BASE = "DASHSCOPE_HTTP_BASE_URL"
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_TLS_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_QUERY_TIMEOUT = 20.0


@dataclass(frozen=True)
class SetupFinding:
    """The result of one check.

    Attributes:
        check: What was checked.
        state: `ok`, `note` (nothing to do), `warning` or `problem`.
        text: What was found; no key, no password.
        advice: What to do; empty if nothing.
    """

    check: str
    state: State
    text: str
    advice: str = ""


def doctor(
    connection: ConnectionOptions,
    offline: Annotated[bool, typer.Option("--offline", help="Send nothing to the service.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> int:
    """Check what calls need, from the key to the clock.

    Queries a task that does not exist, which costs nothing. The key is never printed.

    Exit 0 if calls should work, 1 if not.
    """
    findings = list(_findings(connection, offline))
    if as_json:
        print(printable_json([vars(finding) for finding in findings], 2))
    else:
        for finding in findings:
            print(printable(f"{finding.state:<8} {finding.check:<9} {finding.text}"))
            if finding.advice:
                print(printable(f"{'':<19}{finding.advice}"))
    is_healthy = all(finding.state != "problem" for finding in findings)
    return ExitCode.OK if is_healthy else ExitCode.FAILED


def _findings(connection: ConnectionOptions, offline: bool) -> Iterator[SetupFinding]:
    yield _check_versions()
    yield from _check_extras()
    yield from _check_environment()
    from wanlib.errors import WanError

    try:
        wan = connection.open(timeout=_QUERY_TIMEOUT)
    except (CliError, WanError) as error:
        yield SetupFinding(
            "settings", "problem", str(error), "correct the option or the variable that is named"
        )
        return
    with wan:
        yield SetupFinding("API key", "ok", "set, and has the form of a key")
        source = "another address" if connection.base_url or _variable(_BASE) else "the region's address"
        yield SetupFinding("address", "ok", f"{wan.base_url}, {source}; region {wan.region}")
        if connection.journal is not None:
            yield _check_journal(connection.journal, connection)
        if offline:
            yield SetupFinding("service", "note", "not queried: --offline")
        else:
            yield from _check_service(wan, connection)


def _check_journal(path: Path, connection: ConnectionOptions) -> SetupFinding:
    from wanlib.client.journal.journal import Journal

    with Journal(path) as journal:
        left = len(journal.entries(connection.clock.wall(), connection.api.life.expires_after))
    text = f"{left:,} unfinished calls"
    return (
        SetupFinding("journal", "note", text, "wanlib resume continues them")
        if left
        else SetupFinding("journal", "ok", text)
    )


def _check_versions() -> SetupFinding:
    texts = [f"{name} {_version(name)}" for name in ("wanlib", "httpx")]
    return SetupFinding("versions", "ok", ", ".join([*texts, f"Python {platform.python_version()}"]))


def _check_extras() -> Iterator[SetupFinding]:
    """Yield which extras are installed, as the metadata of the package states what they need."""
    from importlib.metadata import requires

    needs: dict[str, list[str]] = {}
    for text in requires("wanlib") or ():
        if match := re.match(r"([\w.-]+).*extra == ['\"]([\w-]+)['\"]", text):
            needs.setdefault(match[2], []).append(match[1])
    for extra in ("dev", "bench", "docs", "examples"):  # of the checkout
        needs.pop(extra, None)
    installed = [extra for extra, packages in needs.items() if all(map(_version, packages))]
    missing = [extra for extra in needs if extra not in installed]
    text = f"installed: {', '.join(installed) or 'none'}"
    yield SetupFinding("extras", "ok", text + (f"; not installed: {', '.join(missing)}" if missing else ""))


def _version(package: str) -> str | None:
    """Return the version of an installed package; None if it is not installed."""
    from importlib import metadata  # 20 ms to import, and `--help` imports every command

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _check_environment() -> Iterator[SetupFinding]:
    names = [name for name in _PROXY_VARIABLES if _variable(name) or _variable(name.lower())]
    if names:
        values = (redact_text(_variable(name) or _variable(name.lower())) for name in names)
        text = ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
        yield SetupFinding("proxy", "note", text, "calls go through it, also to the store of the pictures")
    for name in _TLS_VARIABLES:
        if (value := _variable(name)) and not Path(value).exists():
            text = f"{name} names {safe_file_name(value)}, which does not exist"
            yield SetupFinding("tls", "problem", text, "correct or unset it")


def _variable(name: str) -> str:
    return os.environ.get(name, "")


def _check_service(wan: "Wan", connection: ConnectionOptions) -> Iterator[SetupFinding]:
    from wanlib.errors import WanError

    started_at = connection.clock.now()
    try:
        status = wan.get_task(NO_TASK)
    except WanError as error:
        error.task_id = None  # no task of the user
        yield SetupFinding(
            "service", "problem", str(error), error.advice or "check the address and the network"
        )
        return
    took = f"responded in {(connection.clock.now() - started_at) * 1000:.0f} ms"
    expected = connection.api.life.unknown
    if status.status == expected:
        yield SetupFinding("service", "ok", f"{took}, with the documented status")
    else:
        text = f"{took}: a task that does not exist is {status.status}, expected {expected}"
        yield SetupFinding("service", "warning", text, "`wan-conformance run --base-url` judges the service")
    yield _check_clock(wan.clock_offset)


def _check_clock(offset: ClockOffset | None) -> SetupFinding:
    if offset is None:
        return SetupFinding("clock", "note", "the service states no time")
    ahead = (offset.low + offset.high) / 2
    if min(abs(offset.low), abs(offset.high)) <= _MAX_CLOCK_OFFSET or offset.low <= 0 <= offset.high:
        return SetupFinding("clock", "ok", f"differs from the service's by about {abs(ahead):.0f} s")
    behind = "behind" if ahead > 0 else "ahead of"
    text = f"this machine is {abs(ahead):,.0f} s {behind} the service"
    return SetupFinding("clock", "warning", text, "set the clock: links and tasks expire by it")
