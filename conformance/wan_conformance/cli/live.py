"""The command `live`: probe a service within a budget, and name what changed."""

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wan_conformance.cli.errors import print_text
from wanlib.base.clock import Clock, ManualClock, RealClock
from wanlib.base.redaction import safe_repr
from wanlib.base.urls import get_host
from wanlib.cli.errors import (
    CliError,
    ExitCode,
    JsonOption,
    SpecOption,
    load_spec,
    print_error,
    resolve_model,
    safe_file_name,
)
from wanlib.cli.file_conflicts import check_folder_exists, check_output_files

if TYPE_CHECKING:
    from wan_conformance.live.cassette import Send
    from wan_conformance.live.ledger import ProbeLedger
    from wan_conformance.live.planning.plan import ProbePlan
    from wan_conformance.live.report import LiveReport
    from wan_conformance.live.sender import LiveSender
    from wanlib.spec import Spec

_PROGRAM = "wan-conformance"
_API_KEY = "DASHSCOPE_API_KEY"
_LEDGER = Path("reports/live-ledger.db")
_SECONDS = 3600.0
"""Seconds for which a run may send; the whole plan takes a few minutes at the documented rates."""
_PATCH = b"--- a/"
"""The first bytes of a patch."""
_REPLAY_URL = "http://replay.invalid"
_REPLAY_BUDGET = Decimal(10**9)
"""A replay spends nothing. It needs the recorded budget only if that was too small for some probe."""


def live(
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The service. Its key is read from the environment."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="AMOUNT", help="The maximum amount that all runs with the same ledger may spend."
        ),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(metavar="MODEL", help="Only this model. Repeat for more models.")
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Only rules with matching ids, such as 'wan2.7/n.*'. Repeatable."),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Send nothing; print the number of requests and the price.")
    ] = False,
    sentinel: Annotated[
        bool,
        typer.Option(
            "--sentinel",
            help="Plan at most 13 requests, about rules that changed in the past: in the dated revisions, "
            "and in earlier runs with this ledger. For nightly runs.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking.")] = False,
    patch: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the patch of the spec to this file instead of printing it. The patch of an earlier "
            "run is removed.",
        ),
    ] = None,
    cassette: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Record every exchange, without secrets, to this file."),
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Answer from a recorded file; send and spend nothing.")
    ] = None,
    ledger: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="The file that records reserved and spent amounts; findings are stored next to it.",
        ),
    ] = _LEDGER,
    release: Annotated[
        bool,
        typer.Option(
            "--release",
            help="Release the amounts that earlier runs left reserved with an unknown outcome. Check the "
            "account's bill first.",
        ),
    ] = False,
    image_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A public image, for limits that require a download."),
    ] = None,
    api_key_env: Annotated[
        str, typer.Option(metavar="NAME", help="The environment variable with the key.")
    ] = _API_KEY,
    spec: SpecOption = None,
    as_json: JsonOption = False,
) -> int:
    """Probe a service within a budget and report what changed.

    Requests that must be refused come first, since they cost nothing. Those that must be accepted are few,
    and their tasks are canceled while pending. Prints the changes and a patch of the spec.

    Exit 0 for no change, 1 for a change, an unreachable service, requests without a response or an unclear
    bill, 2 for a usage error.
    """
    from wan_conformance.live.naming.history import history_path, recorded_changes
    from wan_conformance.live.planning.not_judged import not_judged
    from wan_conformance.live.planning.plan import make_plan, plan_price
    from wan_conformance.live.planning.sentinel import past_changes, sentinel_plan
    from wan_conformance.live.pricing import region_of, worst_price
    from wan_conformance.live.report import not_judged_lines, plan_json, plan_lines

    allowed = None if budget is None else _amount(budget)
    _check_urls(base_url, image_url)
    written = () if replay else (ledger, history_path(ledger)) if ledger.name else (ledger,)
    outputs = {"--patch": patch, "--cassette": cassette, "--ledger": written}
    check_output_files(outputs, {"--replay": replay, "--spec": spec})
    _check_patch(patch)
    loaded = load_spec(spec)
    ending = loaded.fine_tuned_ending
    models = tuple(resolve_model(name, loaded.models, ending) for name in model or ())
    globs = _checked_globs(loaded, rule or [])
    planned = make_plan(loaded, models, globs, image_url)
    if sentinel:
        own = recorded_changes(history_path(ledger))
        planned = sentinel_plan(planned, Counter(past_changes()) + Counter(own))
    if not planned.count:
        raise CliError("no rule of these models can be probed; `wanlib rules` lists the rules")
    region = region_of(loaded, base_url) if base_url else None
    price = plan_price(planned, lambda probe: worst_price(loaded, probe.body, probe.call, region))
    lines = [*plan_lines(planned, price, loaded.wire["currency"])]
    unseen = {} if sentinel else not_judged(loaded, planned, models, globs, image_url)
    if plan:
        if as_json:
            print(
                json.dumps(
                    plan_json(planned, price, loaded.wire["currency"]) | {"not_judged": unseen}, indent=2
                )
            )
        else:
            print_text("\n".join([*lines, *not_judged_lines(unseen)]))
        return ExitCode.OK
    service = _Service(
        loaded,
        *_connection(base_url, api_key_env, replay),
        _REPLAY_BUDGET if replay and allowed is None else _required(allowed),
        ledger,
        cassette,
        replay,
        region,
    )
    if replay is None and not (yes or _is_confirmed(lines)):
        return ExitCode.OK
    _remove_patch(patch)
    report = _run(service, planned, unseen, image_url, spec, release=release)
    _write(report, patch, as_json)
    is_clean = report.is_complete and not report.result.findings and not report.disputed
    return ExitCode.OK if is_clean else ExitCode.FAILED


@dataclass(frozen=True)
class _Service:
    """How a run reaches the service, and what it may spend."""

    spec: "Spec"
    url: str
    key: str
    budget: Decimal
    ledger: Path
    cassette: Path | None
    replay: Path | None
    region: str | None

    @contextmanager
    def sender(self) -> Iterator[tuple["LiveSender", "ProbeLedger", Clock]]:
        """Yield a sender with its ledger and its clock."""
        from wan_conformance.live.cassette import CassettePlayer, recording
        from wan_conformance.live.connection import http_send, live_server
        from wan_conformance.live.ledger import ProbeLedger
        from wan_conformance.live.probe import ProbeLedgerError
        from wan_conformance.live.sender import LiveSender

        with ExitStack() as stack:
            path = self.ledger
            clock: Clock = RealClock()
            send: Send
            if self.replay is not None:
                player = CassettePlayer(self.replay)
                send, clock = player, ManualClock(player.recorded_at)
                path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "ledger.db"
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                send = stack.enter_context(http_send(self.url, _SECONDS))
                if self.cassette is not None:
                    send = stack.enter_context(recording(self.cassette, send, self.spec, clock))
            try:
                ledger = ProbeLedger(path, self.budget, self.spec.wire["currency"])
            except ProbeLedgerError as error:
                raise CliError(str(error)) from None
            stack.callback(ledger.close)
            server = live_server(self.spec, send, self.url, self.key, clock)
            yield LiveSender(self.spec, server, ledger, clock, self.region), ledger, clock


def _run(
    service: _Service,
    plan: "ProbePlan",
    unseen: Mapping[str, Sequence[str]],
    image_url: str | None,
    folder: Path | None,
    *,
    release: bool,
) -> "LiveReport":
    """Send the probes of a plan, and return the report."""
    from wan_conformance.live.audit import audit
    from wan_conformance.live.naming.history import history_path, record_run
    from wan_conformance.live.patching.spec_patch import make_patch
    from wan_conformance.live.report import LiveReport
    from wan_conformance.live.session import run_plan

    with service.sender() as (sender, ledger, clock):
        for earlier in sender.recover():
            is_released = release and earlier.state == "unknown"
            if is_released:
                ledger.release(earlier.key)
            outcome = "is released" if is_released else "stays reserved"
            amount = f"{earlier.reserved} {ledger.currency}"
            print_error(
                f"an earlier run: {amount} of {earlier.probe} {outcome}: {earlier.reason}", program=_PROGRAM
            )
        result = run_plan(service.spec, plan, sender, image_url=image_url)
        disputed = tuple(audit(sender))
        for problem in disputed:
            print_error(problem, program=_PROGRAM)
        totals = ledger.totals()
        date = datetime.fromtimestamp(clock.wall(), UTC).date().isoformat()
    if service.replay is None:
        record_run(history_path(service.ledger), date, result.findings)
    patch = make_patch(service.spec, result.findings, result.probed_models, folder, date)
    budget = None if service.replay else service.budget
    return LiveReport(
        service.url,
        date,
        plan,
        result,
        patch,
        totals.spent,
        totals.reserved,
        budget,
        service.spec.wire["currency"],
        unseen,
        disputed,
    )


def _write(report: "LiveReport", patch: Path | None, as_json: bool) -> None:
    """Print a report, then write its patch to a file or below it."""
    print_text(json.dumps(report.as_json(), indent=2) if as_json else "\n".join(report.lines()))
    if not report.patch.text:
        return
    if patch is not None:
        patch.write_text(report.patch.text, encoding="utf-8")
    if not as_json:
        print_text(f"patch: {patch}" if patch else report.patch.text.rstrip("\n"))


def _checked_globs(spec: "Spec", globs: list[str]) -> tuple[str, ...]:
    for glob in globs:
        if not any(fnmatchcase(rule_id, glob) for rule_id in spec.rules):
            raise CliError(f"no rule matches {safe_repr(glob)}; `wanlib rules` lists the rules")
    return tuple(globs)


def _check_urls(base_url: str | None, image_url: str | None) -> None:
    """Raise CliError or RunUsageError if a URL cannot be what its option is for."""
    from wan_conformance.engine.execute import check_base_url

    if base_url is not None:
        check_base_url(base_url)
    if image_url is not None and get_host(image_url) is None:
        raise CliError(f"--image-url is {safe_repr(image_url)}; allowed: the http(s) URL of a public image")


def _check_patch(path: Path | None) -> None:
    """Raise CliError if a patch cannot be written: its folder is missing, or the file is something else."""
    if path is None:
        return
    check_folder_exists("--patch", path)
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(_PATCH)) in (b"", _PATCH):
                return
        raise CliError(f"--patch {safe_file_name(path)}: exists and is not a patch; name another file")


def _remove_patch(path: Path | None) -> None:
    """Remove the patch of an earlier run, but no device."""
    if path is not None and path.is_file():
        path.unlink()


def _required(budget: Decimal | None) -> Decimal:
    if budget is None:
        raise CliError("--budget is missing: give the maximum amount to spend, such as --budget 2")
    return budget


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise CliError(f"--budget is {safe_repr(text)}; allowed: an amount such as 5 or 0.50")
    return amount


def _connection(base_url: str | None, api_key_env: str, replay: Path | None) -> tuple[str, str]:
    """Return the URL of the service and its key. Raise CliError if one is missing."""
    if replay is not None:
        return base_url or _REPLAY_URL, "sk-replay"
    if base_url is None:
        raise CliError("--base-url is missing: the service to probe")
    key = os.environ.get(api_key_env, "").strip()
    if not key:
        raise CliError(f"no API key: set {api_key_env} (the key is only read from the environment)")
    return base_url, key


def _is_confirmed(lines: list[str]) -> bool:
    """Ask on a terminal whether to send. Raise CliError if no person can answer."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise CliError("accepted requests can cost money: pass --yes, or --plan to see the price first")
    print(*lines, sep="\n", file=sys.stderr)
    print("Send them? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
