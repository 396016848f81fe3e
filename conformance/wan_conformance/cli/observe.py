"""`wan-conformance observe`: the rules of conduct on recorded traffic."""

from pathlib import Path
from typing import Annotated

import typer

from wanlib.base.redaction import printable, printable_json
from wanlib.base.text import quantity
from wanlib.cli.errors import CliError, ExitCode, JsonOption, SpecOption, load_spec, safe_file_name


def observe(
    log: Annotated[
        Path,
        typer.Argument(
            metavar="LOG",
            help="A HAR file, a cassette, a report of `wanlib serve --report`, or a journal of the client.",
        ),
    ],
    ongoing: Annotated[
        bool,
        typer.Option(
            "--ongoing", help="The clients are still running, so actions that are missing so far may follow."
        ),
    ] = False,
    as_json: JsonOption = False,
    spec: SpecOption = None,
) -> int:
    """Judge the conduct of clients in recorded traffic.

    A rule without evidence in a recording is not judged, and never counts as passed: only the service's own
    books show what was accepted without a response, and only a run with a known order shows deadlines and
    outcomes.

    Exit 0 if no rule of conduct is broken, 1 if one is or if nothing was judged, 2 for an unreadable
    recording.
    """
    from wan_conformance.conduct.recordings import read_recording
    from wanlib.conduct.judge import judge
    from wanlib.conduct.rules import RULES

    loaded = load_spec(spec)
    try:
        recording = read_recording(log, loaded)
    except OSError as error:
        raise CliError(f"{safe_file_name(log)}: {error.strerror or error}") from None
    record = recording.record._replace(is_over=False) if ongoing else recording.record
    report = judge(record, loaded, rules=recording.rules)
    missing = [rule for rule in RULES if rule not in recording.rules]
    if as_json:
        printed = {"kind": recording.kind, "verdicts": report.to_json(), "not_shown": missing}
        typer.echo(printable_json(printed, indent=2))
    else:
        exchanges = quantity(len(record.exchanges), "exchange")
        typer.echo(f"{recording.kind}: {exchanges}, {quantity(len(record.jobs), 'accepted job')}")
        for line in report.lines():
            typer.echo(printable(line))
        if missing:
            typer.echo(f"not shown by a {recording.kind}: {', '.join(missing)}")
    is_judged = any(verdict.verdict != "not judged" for verdict in report.verdicts)
    return ExitCode.OK if is_judged and report.is_clean else ExitCode.FAILED
