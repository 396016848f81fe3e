"""`wanlib check`: check request bodies against every rule, and show what they can cost."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from wanlib.base.redaction import printable, printable_json
from wanlib.cli.body_checks import LINE_NUMBER, BodyChecker, CheckOptions, LineChecker, unreadable_line
from wanlib.cli.errors import CliError, ExitCode, SpecOption, load_spec, print_error, safe_file_name
from wanlib.cli.input_files import is_regular_file, read_body, read_lines, read_raw_lines, too_large_error
from wanlib.cli.output import violation_lines
from wanlib.cli.strict_json import InvalidJsonError
from wanlib.validation.bill import Bill
from wanlib.validation.check_result import CheckResult


class CallMode(StrEnum):
    """How a body is sent; `stream` is the synchronous call with the SSE header."""

    SYNC = "sync"
    ASYNC = "async"
    STREAM = "stream"


def check(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Request bodies in JSON; - is standard input.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object: model, ok, pictures, price, violations.")
    ] = False,
    lines: Annotated[
        bool, typer.Option("--lines", help="Read JSON Lines; print one JSON object for each line.")
    ] = False,
    call: Annotated[
        CallMode | None, typer.Option(help="How the body will be sent, for rules that depend on it.")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit 1 for any violation, even ignored or unspecified ones."),
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Accept image URLs on this machine or network, for local testing.")
    ] = False,
    max_price: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Exit 1 if the price could be higher.")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="REGION", help="Use the prices of this region; default: the default region."),
    ] = None,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Print the body with all safe corrections; list them on stderr."),
    ] = False,
    workers: Annotated[
        str | None,
        typer.Option(
            metavar="N|dask://HOST:PORT",
            help="With --lines: check in N processes, or on a Dask cluster whose machines all have FILE.",
        ),
    ] = None,
    shards: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="With --lines: keep finished parts here; the same command continues after an interruption.",
        ),
    ] = None,
    spec: SpecOption = None,
) -> int:
    """Check request bodies, and print what each can cost.

    A body is the JSON of a request, as the client sends it. --json, --lines and --fix take a single file.

    Exit 0 if nothing would be rejected or truncated and the price is within --max-price; 1 otherwise, also
    if --max-price is set and the price is unknown; 2 if a body can't be read. With --fix, the exit code is
    that of the corrected body.
    """
    if fix and (as_json or spec):
        raise CliError(f"--fix prints the body; remove {'--json' if as_json else '--spec'}")
    if len(files) > 1 and (as_json or lines or fix):
        option = "--json" if as_json else "--lines" if lines else "--fix"
        raise CliError(f"{option} takes one file, found {len(files)}; run the command once for each")
    is_shared = workers is not None or shards is not None
    if is_shared and (fix or not lines):
        raise CliError("--workers and --shards need --lines, and no --fix")
    options = CheckOptions(spec, call and call.value, local, region, strict, _parse_max_price(max_price))
    file = files[0]
    if lines and not fix and (is_shared or is_regular_file(file)):
        return _check_file(file, options, workers, shards)
    if lines and not fix:
        return _print_lines(LineChecker(options), file)
    checker = BodyChecker(options)
    if len(files) > 1:
        return max([_print_file(checker, name, _headers(spec)) for name in files])
    if fix:
        fixer = _BodyFixer(checker, options.call, local)
        if lines:
            return max(fixer.line(number, body) for number, body in enumerate(read_lines(file), 1))
        return fixer.body(read_body(file))
    return _print_body(checker, read_body(file), as_json, _headers(spec))


def _check_file(file: str, options: CheckOptions, workers: str | None, shards: Path | None) -> int:
    """Check the lines of a regular file, distributed if workers or a folder are named."""
    from wanlib.cli.line_shards import check_lines
    from wanlib.scale.workers import parse_workers

    if not is_regular_file(file):
        raise CliError(
            f"{safe_file_name(file)}: not a file on disk that can be read, which --workers and --shards need"
        )
    return check_lines(file, options, None if workers is None else parse_workers(workers), shards)


def _print_file(checker: BodyChecker, name: str, headers: Sequence[tuple[str, str, Sequence[str]]]) -> int:
    """Print the name of one of several files and its result, and return its exit code."""
    shown_name = safe_file_name(name)
    print(f"{shown_name}:", flush=True)
    try:
        return _print_body(checker, read_body(name), False, headers, f"{shown_name}: ")
    except CliError as error:
        print_error(str(error))
        return ExitCode.USAGE


def _print_body(
    checker: BodyChecker,
    body: Any,
    as_json: bool,
    headers: Sequence[tuple[str, str, Sequence[str]]],
    place: str = "",
) -> int:
    """Print the result for one body and return the exit code; `place` as in `_code`."""
    result = checker.check(body)
    if as_json:
        print(json.dumps(result.to_dict()))
    else:
        print("\n".join([*violation_lines(result), *_bill_lines(result.bill), *_header_notes(body, headers)]))
    return _code(checker, result, place)


def _print_lines(checker: LineChecker, file: str) -> int:
    """Print the object for each line immediately, for a pipe, and return the worst exit code."""
    worst = ExitCode.OK
    for number, raw in enumerate(read_raw_lines(file), 1):
        result = unreadable_line(too_large_error()) if raw is None else checker.line(raw)
        print(result.text.replace(LINE_NUMBER, str(number)), flush=True)
        if result.problem:
            print_error(f"line {number}: {result.problem}")
        worst = max(worst, result.code)
    return worst


def _code(checker: BodyChecker, result: CheckResult, place: str) -> int:
    """Return the exit code of a body; print to stderr why its price is too high, with the place before it."""
    code, problem = checker.code(result)
    if problem:
        print_error(f"{place}{problem}")
    return code


@dataclass(frozen=True)
class _BodyFixer:
    """Corrects bodies, prints them and returns exit codes."""

    checker: BodyChecker
    call: str | None
    local: bool

    def body(self, body: Any) -> int:
        """Print one body, indented, and return its exit code."""
        return self._fix(body, "", 2)

    def line(self, number: int, body: Any) -> int:
        """Print one body on one line; an empty line if it can't be read, so that line numbers match."""
        if isinstance(body, InvalidJsonError):
            print_error(f"line {number}: {body}")
            print(flush=True)
            return ExitCode.USAGE
        return self._fix(body, f"line {number}: ", None)

    def _fix(self, body: Any, place: str, indent: int | None) -> int:
        from wanlib.fixing import fix

        fixed = fix(body, call=self.call, local=self.local)
        print(printable_json(fixed.body, indent), flush=True)
        for change in fixed.changes:
            print_error(f"{place}fixed {change}")
        result = self.checker.check(fixed.body)
        for line in violation_lines(result) if result else ():
            print(f"{place}{line}", file=sys.stderr)
        return _code(self.checker, result, place)


def _parse_max_price(text: str | None) -> Decimal | None:
    """Return the price limit; None if there is none."""
    from wanlib.client.protocol.budget import parse_amount
    from wanlib.errors import InvalidArgumentError

    try:
        return parse_amount(text, "--max-price")
    except InvalidArgumentError as error:
        raise CliError(str(error)) from None


def _headers(folder: Path | None) -> list[tuple[str, str, Sequence[str]]]:
    """Return name, value and URL schemes of each header that the scheme of an image URL requires."""
    if folder is None:
        from wanlib.generated.calls import API

        return [(header.name, header.value, header.schemes) for header in API.headers if header.schemes]
    headers = load_spec(folder).wire["headers"]
    return [
        (name, header["is"], header["schemes"]) for name, header in headers.items() if "schemes" in header
    ]


def _header_notes(body: Any, headers: Sequence[tuple[str, str, Sequence[str]]]) -> list[str]:
    """Return a line for each header without which the service does not read a URL of the body."""
    return [
        f"{scheme}:// URLs need the header {name}: {value}; the client of wanlib sends it"
        for name, value, schemes in headers
        for scheme in schemes
        if _has_url(body, f"{scheme}://")
    ]


def _has_url(value: Any, beginning: str) -> bool:
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, str):
        return value[: len(beginning)].lower() == beginning
    return any(_has_url(member, beginning) for member in members)


def _bill_lines(bill: Bill) -> list[str]:
    """Return the lines about the price, as text."""
    return [printable(line) for line in (str(bill), bill.advice) if line]
