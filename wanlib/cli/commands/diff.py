"""`wanlib diff`: what changed between two specs or models, and what breaks."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wanlib import __version__
from wanlib.cli.errors import CliError, ExitCode, SpecOption, print_error, safe_file_name
from wanlib.cli.file_conflicts import check_folder_exists, check_output_files
from wanlib.cli.input_files import read_lines

if TYPE_CHECKING:
    from wanlib.diff.change import Diff
    from wanlib.diff.recorded_requests import Request
    from wanlib.diff.side import Side


_OldArgument = Annotated[
    str,
    typer.Argument(
        metavar="OLD",
        help="A spec folder, a git revision, a date such as 2026-05, a model, or 'packaged'.",
    ),
]
_NewArgument = Annotated[str, typer.Argument(metavar="NEW", help="The same; a model if OLD is one.")]
_JsonFlag = Annotated[
    bool, typer.Option("--json", help="Print one JSON object: old, new, breaking, changes.")
]
_ChangelogFlag = Annotated[bool, typer.Option("--changelog", help="Print a section for a changelog.")]
_AnnotationsFlag = Annotated[bool, typer.Option("--github", help="Print annotations for GitHub Actions.")]
_MarkdownFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also write the changes as Markdown.")
]
_HtmlFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also write the changes as one HTML page.")
]
_SarifFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also write the changes as SARIF 2.1.0.")
]
_BodiesFile = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Recorded request bodies in JSON Lines; - is standard input. Report those that are judged, "
        "priced or sized differently.",
    ),
]
_CallsPath = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Python source, which is not run: report the calls to this client and to the official SDK "
        "that are judged, priced or sized differently.",
    ),
]


def diff(
    old: _OldArgument,
    new: _NewArgument,
    as_json: _JsonFlag = False,
    changelog: _ChangelogFlag = False,
    annotations: _AnnotationsFlag = False,
    markdown: _MarkdownFile = None,
    html: _HtmlFile = None,
    sarif: _SarifFile = None,
    bodies: _BodiesFile = None,
    calls: _CallsPath = None,
    spec: SpecOption = None,
) -> int:
    """Show what changed between two specs or models, and what breaks.

    Both sides judge the same requests. For each change in what is accepted, the smallest request that one
    side accepts and the other refuses is shown. --spec is the folder in which models are looked up.

    Exit 0 if nothing that worked breaks, 1 if something does, 2 for a usage error or a broken spec.
    """
    from wanlib.diff.comparison import compare
    from wanlib.diff.recorded_requests import request_effects
    from wanlib.diff.resolving import resolve_sides

    if as_json + changelog + annotations > 1:
        raise CliError("--json, --changelog and --github exclude each other")
    if changelog and (bodies is not None or calls is not None):
        raise CliError("--changelog excludes --bodies and --calls: a changelog is only about the spec")
    if spec is not None and not spec.is_dir():
        raise CliError(f"--spec {safe_file_name(spec)}: no such folder")
    files = {"--markdown": markdown, "--html": html, "--sarif": sarif}
    check_output_files(
        files,
        {
            "OLD": Path(old),
            "NEW": Path(new),
            "--spec": spec,
            "--bodies": None if bodies is None else Path(bodies),
            "--calls": calls,
        },
    )
    for option, file in files.items():
        check_folder_exists(option, file)
    sides = resolve_sides(old, new, repository=Path.cwd(), folder=spec)
    result = compare(*sides)
    if bodies is not None or calls is not None:
        if sides[0].model is not None:
            raise CliError(
                "--bodies and --calls compare two specs, not two models; "
                "`wanlib migrate` converts a request to another model"
            )
        requests = chain(_recorded(bodies), _called(sides[0], calls))
        result = replace(result, requests=list(request_effects(*sides, requests)))
    _write_files(result, markdown, html, sarif)
    if as_json:
        print(json.dumps(result.to_dict(), indent=2))
    else:
        for line in _text(result, changelog=changelog, annotations=annotations):
            print(line)
    return ExitCode.FAILED if result.is_breaking else ExitCode.OK


def _recorded(name: str | None) -> Iterator["Request"]:
    """Yield each recorded request, and report the lines that cannot be read."""
    from wanlib.diff.recorded_requests import Request

    if name is None:
        return
    for number, body in enumerate(read_lines(name), 1):
        if isinstance(body, Exception):
            print_error(f"--bodies: line {number}: {body}; it is left out")
        else:
            yield Request(f"line {number}", body)


def _called(old: "Side", source: Path | None) -> Iterator["Request"]:
    """Yield each call in Python source, and report what cannot be read."""
    from wanlib.diff.recorded_requests import Request
    from wanlib.migration.source_calls import body_of_call
    from wanlib.migration.source_files import calls_below

    if source is None:
        return
    if not source.exists():
        raise CliError(f"--calls {safe_file_name(source)}: no such file or folder")
    for file, call, line, problem in calls_below(old.spec, source):
        place = f"{safe_file_name(file)}{f':{line}' if line else ''}"
        body = None if call is None else body_of_call(old.spec, call)
        if call is None or body is None:
            reason = problem or f"{call.model if call else ''} is called in a form that it does not have"
            print_error(f"--calls: {place}: {reason}; it is left out")
            continue
        unread = f" ({', '.join(call.unread)} not read)" if call.unread else ""
        yield Request(f"{place}{unread}", body, call.kind, (file.as_posix(), call.line))


def _write_files(result: "Diff", markdown: Path | None, html: Path | None, sarif: Path | None) -> None:
    from wanlib.diff.report.html import html_page
    from wanlib.diff.report.markdown import markdown_lines
    from wanlib.diff.report.sarif import sarif as sarif_log

    if markdown is not None:
        markdown.write_text("\n".join(markdown_lines(result)) + "\n", encoding="utf-8")
    if html is not None:
        html.write_text(html_page(result), encoding="utf-8")
    if sarif is not None:
        log = sarif_log(result, __version__, {"old": _folder(result.old), "new": _folder(result.new)})
        sarif.write_text(json.dumps(log, indent=2) + "\n", encoding="utf-8")


def _folder(label: str) -> str:
    """Return the folder of a side as locations name it: a folder itself, else `spec`."""
    return Path(label).as_posix() if Path(label).is_dir() else "spec"


def _text(result: "Diff", *, changelog: bool, annotations: bool) -> Iterator[str]:
    from wanlib.diff.report.annotations import annotation_lines
    from wanlib.diff.report.markdown import changelog_lines
    from wanlib.diff.report.text import text_lines

    if changelog:
        return changelog_lines(result)
    if annotations:
        return annotation_lines(result, _folder(result.new))
    return text_lines(result)
