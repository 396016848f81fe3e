"""The `wan-conformance` command.

Exit codes: 0 conforms, 1 does not, 2 usage or unreadable input, 3 the harness itself broke.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from wan_conformance.cli import lifecycle_commands as lifecycle
from wan_conformance.cli.errors import CONFORMS, FAILS, handle_errors
from wan_conformance.engine.execute import RunRequest, UsageError, execute
from wan_conformance.engine.mutation_check import run_mutants
from wan_conformance.engine.sources import matching_body_rules
from wan_conformance.report.baseline import VerdictChange, changes, write_baseline
from wan_conformance.report.junit import write_junit
from wan_conformance.report.log import VerdictLog, read_log
from wan_conformance.report.markdown import write_markdown
from wan_conformance.report.tally import tally
from wan_conformance.report.terminal import console, print_log
from wanlib.base.redaction import printable
from wanlib.spec import load

_LISTED = 50

app = typer.Typer(
    name="wan-conformance",
    help="Puts cases made from the spec to everything that follows it, and reports who keeps which rule.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command()
def run(
    target: Annotated[list[str] | None, typer.Option(help="Ask this one only; may be repeated.")] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(help="Only rules whose ids match, as in 'wan2.7/n.*'; may be repeated."),
    ] = None,
    report: Annotated[Path, typer.Option(help="The folder for the log and the reports.")] = Path(
        "reports/last"
    ),
    baseline: Annotated[Path | None, typer.Option(help="Fail where this accepted run was better.")] = None,
    accept: Annotated[Path | None, typer.Option(help="Write the run to this file as a baseline.")] = None,
    seed: Annotated[int, typer.Option(help="What drawn bodies are drawn with.")] = 0,
    examples: Annotated[int, typer.Option(min=1, help="How many bodies a strategy draws.")] = 10,
    spec: Annotated[Path | None, typer.Option(help="Another spec than the packaged one.")] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The server that the target http judges, instead of the embedded emulator. It creates a task"
            " for every case that the server accepts, and cancels it where it can.",
        ),
    ] = None,
    api_key_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="The environment variable with that server's key.")
    ] = None,
) -> None:
    """Run every case on every target; write the log and the reports; print the table."""
    with handle_errors():
        job = RunRequest(
            report, tuple(target or ()), tuple(rule or ()), spec, seed, examples, base_url, api_key_env
        )
        if accept is not None and (baseline is not None or not job.is_complete):
            raise UsageError("--accept takes a whole run, without --baseline, --target, --rule, --base-url")
        old = None if baseline is None else read_log(baseline)
        log = execute(job)
        print_log(log, console())
        typer.echo(f"reports: {', '.join(str(report / name) for name in _FILES)}")
        found = [] if old is None else changes(old, log, job.covers)
        code = max(_code(log), _told(found) if old is not None else CONFORMS)
        if accept is not None:
            _accept(log, accept)
    raise typer.Exit(code)


_FILES = ("report.md", "junit.xml", "verdicts.ndjson")


@app.command("report")
def report_again(
    log: Annotated[Path, typer.Argument(help="A verdict log: verdicts.ndjson, or a baseline.")],
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write Markdown to this file.")] = None,
) -> None:
    """Make the reports again from a log. Without an option: the table."""
    with handle_errors():
        found = read_log(log)
        if junit is not None:
            write_junit(found, junit)
        if markdown is not None:
            write_markdown(found, markdown)
        if junit is None and markdown is None:
            print_log(found, console())
    raise typer.Exit(_code(found))


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="A verdict log or a baseline.")],
    new: Annotated[Path, typer.Argument(help="The later one.")],
) -> None:
    """Tell what changed between two logs; exit 1 where something that passed no longer does."""
    with handle_errors():
        code = _told(changes(read_log(old), read_log(new)))
    raise typer.Exit(code)


@app.command()
def mutants(
    rule: Annotated[str, typer.Option(help="Only rules whose ids match.")] = "*",
    spec: Annotated[Path | None, typer.Option(help="Another spec than the packaged one.")] = None,
) -> None:
    """Plant a fault in each rule, in every way, and see that the target http turns red; exit 1 where not."""
    with handle_errors():
        loaded = load(spec)
        rules = matching_body_rules(loaded, (rule,))
        if not rules:
            raise UsageError(f"no rule matches {rule!r}; `wanlib rules` lists them")
        counts = Counter({"killed": 0, "survived": 0, "equivalent": 0})
        for found in run_mutants(loaded, rules):
            counts[found.verdict] += 1
            if found.verdict == "survived":
                typer.echo(printable(f"SURVIVED {found.name}"))
        told = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items())
        typer.echo(f"{len(rules):,} rules, {counts.total():,} mutants: {told}")
    raise typer.Exit(FAILS if counts["survived"] else CONFORMS)


app.add_typer(lifecycle.app, name="lifecycle")
app.command()(lifecycle.replay)


def _code(log: VerdictLog) -> int:
    return CONFORMS if tally(log).conforms else FAILS


def _told(found: Sequence[VerdictChange]) -> int:
    """Prints what changed, regressions first; FAILS where there is a regression."""
    worse = sum(change.is_regression for change in found)
    for change in found[:_LISTED]:
        typer.echo(printable(f"{'REGRESSION ' if change.is_regression else ''}{change}"))
    if len(found) > _LISTED:
        typer.echo(f"and {len(found) - _LISTED:,} more changes")
    typer.echo(f"against the baseline: {len(found):,} changes, {worse:,} regressions")
    return FAILS if worse else CONFORMS


def _accept(log: VerdictLog, path: Path) -> None:
    if _code(log) != CONFORMS:
        typer.echo(f"{path} is not written: the run does not conform", err=True)
        return
    write_baseline(log, path)
    typer.echo(f"accepted: {path}")
