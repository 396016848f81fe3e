"""The commands `run`, `report`, `diff` and `mutants`, and the application `app` with all commands."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from wan_conformance.cli import lifecycle_commands
from wan_conformance.cli.errors import add_command
from wan_conformance.engine.execute import RunRequest, RunUsageError, execute
from wan_conformance.engine.mutation_check import run_mutants
from wan_conformance.engine.sources import matching_body_rules
from wan_conformance.report.baseline import RunComparison, VerdictChange, compare, write_baseline
from wan_conformance.report.junit import write_junit
from wan_conformance.report.log import VerdictLog, read_log
from wan_conformance.report.markdown import write_markdown
from wan_conformance.report.tally import tally
from wan_conformance.report.terminal import console, print_log
from wanlib.base.redaction import printable
from wanlib.cli.app import create_app
from wanlib.cli.errors import ExitCode, SpecOption, print_error
from wanlib.spec import load

_MAX_CHANGES = 50
"""Changes that are printed."""
_MAX_MOVED = 10
"""Cases that are printed below a change of the spec."""
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
    code = _exit_code(log)
    if old is not None:
        code = max(code, _print_comparison(compare(old, log, request.covers, request.covers_rule)))
    if accept is not None:
        _accept(log, accept)
    return code


def report(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="A verdict log: verdicts.ndjson or a baseline.")],
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML to this file.")] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write Markdown to this file.")
    ] = None,
) -> int:
    """Create the reports again from a log.

    Without options, prints the results.

    Exit 0 if the run conforms, 1 if not, 2 for an unreadable log.
    """
    loaded = read_log(log)
    if junit is not None:
        write_junit(loaded, junit)
    if markdown is not None:
        write_markdown(loaded, markdown)
    if junit is None and markdown is None:
        print_log(loaded, console())
    return _exit_code(loaded)


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A verdict log or a baseline.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A later one.")],
) -> int:
    """Show what changed between two logs.

    Exit 0 if nothing got worse, 1 if a case that passed no longer does, 2 for an unreadable log.
    """
    return _print_comparison(compare(read_log(old), read_log(new)))


def mutants(
    rule: Annotated[str, typer.Option(metavar="GLOB", help="Only rules with matching ids.")] = "*",
    spec: SpecOption = None,
) -> int:
    """Test whether a change of any rule is detected.

    Changes each rule of the emulator in every way, and checks that the target http fails.

    Exit 0 if every change is detected, 1 if one is not.
    """
    loaded = load(spec)
    rules = matching_body_rules(loaded, (rule,))
    if not rules:
        raise RunUsageError(f"no rule matches {rule!r}; `wanlib rules` lists the rules")
    counts = Counter({"killed": 0, "survived": 0, "equivalent": 0})
    for mutant in run_mutants(loaded, rules):
        counts[mutant.verdict] += 1
        if mutant.verdict == "survived":
            typer.echo(printable(f"SURVIVED {mutant.name}"))
    summary = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items())
    typer.echo(f"{len(rules):,} rules, {counts.total():,} mutants: {summary}")
    return ExitCode.FAILED if counts["survived"] else ExitCode.OK


def _exit_code(log: VerdictLog) -> int:
    return ExitCode.OK if tally(log).conforms else ExitCode.FAILED


def _print_comparison(comparison: RunComparison) -> int:
    """Print changes of the spec with the cases that moved, then all others, and return the exit code."""
    for change, moved in comparison.spec:
        typer.echo(printable(f"spec: {change}"))
        _print_some([f"  {case}" for case in _by_case(moved)], _MAX_MOVED, "cases that moved")
    others = [f"{'REGRESSION ' if change.is_regression else ''}{change}" for change in comparison.others]
    _print_some(others, _MAX_CHANGES, "changes")
    spec, other, regressions = len(comparison.spec), len(comparison.others), comparison.regressions
    typer.echo(
        f"compared with the baseline: {spec:,} changes of the spec, {other:,} other changes,"
        f" {regressions:,} regressions"
    )
    return ExitCode.FAILED if regressions else ExitCode.OK


def _by_case(moved: Sequence[VerdictChange]) -> list[str]:
    """Return a line for each case, with the number of its targets."""
    targets = Counter((change.word, change.case) for change in moved)
    return [f"{word}: {case} ({count} targets)" for (word, case), count in targets.items()]


def _print_some(lines: Sequence[str], most: int, noun: str) -> None:
    for line in lines[:most]:
        typer.echo(printable(line))
    if len(lines) > most:
        typer.echo(f"and {len(lines) - most:,} more {noun}")


def _accept(log: VerdictLog, path: Path) -> None:
    """Write a baseline if the run conforms."""
    if _exit_code(log) != ExitCode.OK:
        print_error(f"{path} is not written: the run does not conform", program="wan-conformance")
        return
    write_baseline(log, path)
    typer.echo(f"accepted: {path}")


app = create_app(
    "wan-conformance",
    "Test implementations against cases that are made from the spec, and report which rules they follow.",
)
for command in (run, report, diff, mutants):
    add_command(app, command)
app.add_typer(lifecycle_commands.app, name="lifecycle")
add_command(app, lifecycle_commands.replay)
