"""The command `run`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wan_conformance.cli.cases import CaseOption, ModelOption, VectorsOption
from wan_conformance.cli.logs import exit_code, print_comparison
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
from wanlib.cli.errors import CliError, ExitCode, SpecOption, print_error
from wanlib.cli.file_conflicts import check_folder_exists, check_output_files
from wanlib.cli.options.payment import is_interactive
from wanlib.cli.options.workers import WorkersOption, workers_of
from wanlib.scale.workers import Workers

if TYPE_CHECKING:
    from wan_conformance.engine.execute import JudgeElsewhere, RunRequest
    from wan_conformance.report.log import VerdictLog

_MAX_SECONDS = 7 * 24 * 3600


def run(
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TARGET",
            help="Only this target: a built-in one, a package of `wanlib emit --out`, a validator such as"
            " my_validator:validate, or a program that answers JSON Lines, 'exec:COMMAND'. Repeatable.",
        ),
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Only rules and checks with matching ids, such as 'wan2.7/n.*' or 'task:*'. Repeatable.",
        ),
    ] = None,
    model: ModelOption = None,
    case: CaseOption = None,
    claims: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND|GLOB",
            help="Judge a validator by these rules, not by those that it implements. Repeatable.",
        ),
    ] = None,
    answer_timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="The timeout for an answer of a program.")
    ] = 10,
    report: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder for the log and the reports.")
    ] = Path("reports/last"),
    known: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Known failures, which don't fail the run. Repeatable."),
    ] = None,
    gates: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Quality gates: minimums for how much must be judged. YAML or JSON."
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Fail if this accepted run was better in the cases that both runs cover."
        ),
    ] = None,
    accept: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the run to this file as a baseline, if it conforms."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Random seed for generated bodies.")] = 0,
    examples: Annotated[
        int, typer.Option(min=1, max=100_000, metavar="N", help="Number of bodies per strategy.")
    ] = 10,
    spec: SpecOption = None,
    vectors: VectorsOption = None,
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
    may_skip: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Rules or checks that may remain unjudged, such as 'task:fails:*'. Repeatable. Without "
            "it, a run that judges less than requested is incomplete, exit 1.",
        ),
    ] = None,
    deadline: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Send nothing more to the server after this time; the rest fails. Default: 4 hours.",
        ),
    ] = None,
    workers: WorkersOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Don't ask before judging a server that may bill.")
    ] = False,
    only_failures: Annotated[bool, typer.Option(help="Print failures and totals only.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print one line.")] = False,
    html: HtmlOption = None,
    junit: JunitOption = None,
    markdown: MarkdownOption = None,
    sarif: SarifOption = None,
    summary: SummaryOption = None,
    badge: BadgeOption = None,
    github: GithubOption = False,
) -> int:
    """Run all cases on all targets and report the results.

    Writes a verdict log and reports in HTML, Markdown and JUnit XML, and prints a table for each model.

    Exit 0 if every target conforms, 1 if not or if the server is unreachable, 2 for a usage error, 3 if the
    harness fails.
    """
    from wan_conformance.engine.execute import RunRequest, execute
    from wan_conformance.report.baseline import compare
    from wan_conformance.report.files import HTML, JUNIT, LOG, MARKDOWN, VECTORS
    from wan_conformance.report.log import read_log
    from wan_conformance.report.terminal import console, print_log, print_totals
    from wan_conformance.targets.server.remote import RUN_SECONDS

    request = RunRequest(
        folder=report,
        targets=tuple(target or ()),
        rules=tuple(rule or ()),
        spec=spec,
        seed=seed,
        examples=examples,
        base_url=base_url,
        api_key_env=api_key_env,
        vectors=vectors,
        models=tuple(model or ()),
        cases=tuple(case or ()),
        claims=tuple(claims or ()),
        answer_timeout=_seconds("--answer-timeout", answer_timeout, 0.01),
        known=tuple(known or ()),
        gates=gates,
        may_skip=tuple(may_skip or ()),
        deadline=_seconds("--deadline", RUN_SECONDS if deadline is None else deadline, 1),
    )
    files = ReportFiles(html, junit, markdown, sarif, summary, badge, github)
    names = (LOG, MARKDOWN, JUNIT, HTML)
    check_output_files(
        {**files.files, "--accept": accept, "--report": [report / name for name in names]},
        {
            "--known": known or (),
            "--gates": gates,
            "--baseline": baseline,
            "--spec": spec,
            "--vectors": vectors,
        },
    )
    if base_url is None:
        for option, value in (("--api-key-env", api_key_env), ("--deadline", deadline)):
            if value is not None:
                raise CliError(f"{option} is for a server: name it with --base-url")
    if accept is not None and baseline is not None:
        raise CliError("--accept and --baseline exclude each other: compare first, then accept")
    check_folder_exists("--accept", accept)
    old = None if baseline is None else read_log(baseline)
    replaced = read_log(accept) if accept is not None and accept.exists() else None
    elsewhere = None if workers is None else _shared(request, workers_of(workers))
    log = execute(request, lambda lines, may_bill: _confirm(lines, may_bill and not yes), elsewhere)
    if quiet:
        print_totals(log, console())
    else:
        print_log(log, console(), only_failures, report / VECTORS)
        for line in log.run.get("left_out", ()):
            typer.echo(printable(f"left out: {line}"))
    code = exit_code(log)
    if old is not None:
        code = max(code, print_comparison(compare(old, log)))
    if accept is not None:
        _accept(log, accept, replaced)
    files.write(log)
    if not quiet:
        typer.echo(f"reports: {', '.join(str(report / name) for name in names)}")
    return code


def _seconds(option: str, value: float, least: float) -> float:
    if not least <= value <= _MAX_SECONDS:  # also NaN
        raise CliError(f"{option} is {value:g}; allowed: {least:g} to {_MAX_SECONDS} seconds")
    return value


def _shared(request: "RunRequest", workers: Workers) -> "JudgeElsewhere | None":
    """Return the function that judges the cases in several processes; None for this process."""
    from wan_conformance.shards.cases import judge_shared
    from wan_conformance.targets.validator.create import is_program

    if workers.is_this_process:
        return None
    if request.base_url is not None or any(map(is_program, request.targets)):
        raise CliError(
            "--workers judges what is in Python; a server at a URL or a program is judged by one process"
        )
    return lambda run, request: judge_shared(run, request, workers)


def _confirm(lines: Sequence[str], asks: bool) -> bool:
    """Print the problems of a server before it is judged; ask on a terminal, and continue elsewhere."""
    for line in lines:
        print_error(line, program="wan-conformance")
    if not asks or not is_interactive():
        return True
    print("Judge it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _accept(log: "VerdictLog", path: Path, replaced: "VerdictLog | None") -> None:
    """Write a baseline if the run conforms, and covers the same as the one that it replaces."""
    from wan_conformance.report.baseline import scope_of, write_baseline

    if replaced is not None and scope_of(replaced) != scope_of(log):
        raise CliError(
            f"{path} is not written: it covers {scope_of(replaced)}, and this run covers {scope_of(log)};"
            " name another file, or remove this one"
        )
    if exit_code(log) != ExitCode.OK:
        print_error(f"{path} is not written: the run does not conform", program="wan-conformance")
        return
    write_baseline(log, path)
    typer.echo(f"accepted: {path}")
