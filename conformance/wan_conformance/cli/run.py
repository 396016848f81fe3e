"""The command `run`."""

from pathlib import Path
from typing import Annotated

import typer

from wan_conformance.cli.logs import exit_code, print_comparison
from wan_conformance.engine.execute import RunRequest, RunUsageError, execute
from wan_conformance.report.baseline import compare, write_baseline
from wan_conformance.report.log import VerdictLog, read_log
from wan_conformance.report.terminal import console, print_log
from wanlib.base.redaction import printable
from wanlib.cli.errors import ExitCode, SpecOption, print_error

_REPORT_FILES = ("report.md", "junit.xml", "verdicts.ndjson")


def run(
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TARGET",
            help="Only this target, or a package of `wanlib emit --out`. Repeat for more targets.",
        ),
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Only rules with matching ids, such as 'wan2.7/n.*'. Repeatable."),
    ] = None,
    report: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder for the log and the reports.")
    ] = Path("reports/last"),
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Fail if this accepted run was better.")
    ] = None,
    accept: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the run to this file as a baseline.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed for generated bodies.")] = 0,
    examples: Annotated[int, typer.Option(min=1, help="Number of bodies per strategy.")] = 10,
    spec: SpecOption = None,
    vectors: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A folder with vectors for the spec, beside the packaged ones."),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The server that the target http tests, instead of the built-in emulator. Every case that"
            " the server accepts creates a task, which is canceled if possible.",
        ),
    ] = None,
    api_key_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="The environment variable with the key of that server.")
    ] = None,
) -> int:
    """Run all cases on all targets and report the results.

    Writes a verdict log, a Markdown and a JUnit report, and prints a table for each model.

    Exit 0 if every target conforms, 1 if not or if the server is unreachable, 2 for a usage error, 3 if the
    harness fails.
    """
    request = RunRequest(
        report, tuple(target or ()), tuple(rule or ()), spec, seed, examples, base_url, api_key_env, vectors
    )
    if accept is not None and (baseline is not None or not request.is_complete):
        raise RunUsageError("--accept needs a full run, without --baseline, --target, --rule and --base-url")
    old = None if baseline is None else read_log(baseline)
    log = execute(request)
    print_log(log, console())
    for line in log.run.get("left_out", ()):
        typer.echo(printable(f"left out: {line}"))
    typer.echo(f"reports: {', '.join(str(report / name) for name in _REPORT_FILES)}")
    code = exit_code(log)
    if old is not None:
        code = max(code, print_comparison(compare(old, log, request.covers, request.covers_rule)))
    if accept is not None:
        _accept(log, accept)
    return code


def _accept(log: VerdictLog, path: Path) -> None:
    """Write a baseline if the run conforms."""
    if exit_code(log) != ExitCode.OK:
        print_error(f"{path} is not written: the run does not conform", program="wan-conformance")
        return
    write_baseline(log, path)
    typer.echo(f"accepted: {path}")
