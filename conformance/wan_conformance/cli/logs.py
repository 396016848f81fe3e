"""The commands `report` and `diff`, which read verdict logs, and what `run` shares with them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wan_conformance.cli.report_options import (
    BadgeOption,
    GithubOption,
    HtmlOption,
    JunitOption,
    MarkdownOption,
    ReportFiles,
    SarifOption,
    SummaryOption,
)
from wanlib.base.redaction import printable
from wanlib.cli.errors import ExitCode
from wanlib.cli.file_conflicts import check_output_files

if TYPE_CHECKING:
    from wan_conformance.report.baseline import RunComparison, VerdictChange
    from wan_conformance.report.log import VerdictLog

_MAX_CHANGES = 50
"""Changes that are printed."""
_MAX_MOVED = 10
"""Cases that are printed below a change of the spec."""


def report(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="A verdict log: verdicts.ndjson or a baseline.")],
    html: HtmlOption = None,
    junit: JunitOption = None,
    markdown: MarkdownOption = None,
    sarif: SarifOption = None,
    summary: SummaryOption = None,
    badge: BadgeOption = None,
    github: GithubOption = False,
) -> int:
    """Regenerate the reports from a log.

    Without options, prints the results.

    Exit 0 if the run conforms, 1 if not, 2 for an unreadable log.
    """
    from wan_conformance.report.log import read_log
    from wan_conformance.report.terminal import console, print_log

    files = ReportFiles(html, junit, markdown, sarif, summary, badge, github)
    check_output_files(files.files, {"LOG": log})
    loaded = read_log(log)
    files.write(loaded)
    if files.is_empty:
        print_log(loaded, console())
    return exit_code(loaded)


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A verdict log or a baseline.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A later one.")],
) -> int:
    """Show what changed between two logs.

    Exit 0 if nothing got worse, 1 if a case that passed no longer does, 2 for an unreadable log.
    """
    from wan_conformance.report.baseline import compare
    from wan_conformance.report.log import read_log

    return print_comparison(compare(read_log(old), read_log(new)))


def exit_code(log: "VerdictLog") -> int:
    """Return the exit code for a run: 0 if it conforms."""
    from wan_conformance.report.tally import tally

    return ExitCode.OK if tally(log).conforms else ExitCode.FAILED


def print_comparison(comparison: "RunComparison") -> int:
    """Print changes of the spec with the cases that moved, then all others, and return the exit code."""
    for change, moved in comparison.spec:
        typer.echo(printable(f"spec: {change}"))
        _print_some([f"  {case}" for case in _by_case(moved)], _MAX_MOVED, "cases that moved")
    others = [f"{'REGRESSION ' if change.is_regression else ''}{change}" for change in comparison.others]
    _print_some(others, _MAX_CHANGES, "changes")
    if comparison.scopes:
        typer.echo(printable(f"compared is what both cover: {' and '.join(comparison.scopes)}"))
    spec, other, regressions = len(comparison.spec), len(comparison.others), comparison.regressions
    typer.echo(
        f"compared with the baseline: {spec:,} changes of the spec, {other:,} other changes,"
        f" {regressions:,} regressions"
    )
    return ExitCode.FAILED if regressions else ExitCode.OK


def _by_case(moved: "Sequence[VerdictChange]") -> list[str]:
    """Return a line for each case, with the number of its targets."""
    targets = Counter((change.word, change.case) for change in moved)
    return [f"{word}: {case} ({count} targets)" for (word, case), count in targets.items()]


def _print_some(lines: Sequence[str], count: int, noun: str) -> None:
    for line in lines[:count]:
        typer.echo(printable(line))
    if len(lines) > count:
        typer.echo(f"and {len(lines) - count:,} more {noun}")
