"""`wanlib check`: check request bodies against every rule, and show what they can cost."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from wanlib.base.redaction import printable, printable_json, safe_repr
from wanlib.cli.errors import CliError, ExitCode, SpecOption, load_spec, print_error
from wanlib.cli.input_files import read_body, read_lines
from wanlib.cli.output import violation_lines
from wanlib.cli.strict_json import InvalidJsonError
from wanlib.validation.bill import Bill
from wanlib.validation.check_result import CheckResult, create_check_result

CheckFunction = Callable[[Any], CheckResult]


class CallMode(StrEnum):
    """How a body is sent; `stream` is the synchronous call with the SSE header."""

    SYNC = "sync"
    ASYNC = "async"
    STREAM = "stream"


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A request body in JSON; - is standard input.")],
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
    spec: SpecOption = None,
) -> int:
    """Check a request body, and print what it can cost.

    The body is what the client sends over the wire.

    Exit 0 if nothing would be rejected or truncated and the price is within --max-price, 1 if not or if
    --max-price is set and the price is unknown, 2 if the body can't be read. With --fix, the exit code is
    that of the corrected body.
    """
    if fix and (as_json or spec):
        raise CliError(f"--fix prints the body; remove {'--json' if as_json else '--spec'}")
    check_body = _check_function(spec, call.value if call else None, local, region)
    checker = _BodyChecker(check_body, strict, _parse_max_price(max_price), _headers(spec))
    if fix:
        fixer = _BodyFixer(checker, call.value if call else None, local)
        if lines:
            return max(fixer.line(number, body) for number, body in enumerate(read_lines(file), 1))
        return fixer.body(read_body(file))
    if lines:
        return max(checker.line(number, body) for number, body in enumerate(read_lines(file), 1))
    return checker.body(read_body(file), as_json)


@dataclass(frozen=True)
class _BodyChecker:
    """Checks bodies, prints the results and returns exit codes."""

    check: CheckFunction
    strict: bool
    max_price: Decimal | None
    headers: Sequence[tuple[str, str, Sequence[str]]]

    def body(self, body: Any, as_json: bool) -> int:
        """Print the result for one body and return the exit code."""
        result = self.check(body)
        if as_json:
            print(json.dumps(result.to_dict()))
        else:
            notes = _header_notes(body, self.headers)
            print("\n".join([*violation_lines(result), *_bill_lines(result.bill), *notes]))
        return self.code(result, "")

    def line(self, number: int, body: Any) -> int:
        """Print the object for one line immediately, for a pipe, and return its exit code."""
        if isinstance(body, InvalidJsonError):
            unreadable = {"line": number, "ok": False, "error": str(body), "violations": []}
            print(json.dumps(unreadable), flush=True)
            return ExitCode.USAGE
        result = self.check(body)
        print(json.dumps(result.to_dict()), flush=True)
        return self.code(result, f"line {number}: ")

    def code(self, result: CheckResult, place: str) -> int:
        """Return the exit code; print to stderr why a price is too high.

        Args:
            result: The result of the check.
            place: The beginning of the message: the line of the body, or an empty text.
        """
        too_expensive = self.max_price is not None and _price_problem(result.bill, self.max_price)
        if too_expensive:
            print_error(f"{place}{too_expensive}")
        return ExitCode.FAILED if too_expensive or not result.ok or (self.strict and result) else ExitCode.OK


@dataclass(frozen=True)
class _BodyFixer:
    """Corrects bodies, prints them and returns exit codes."""

    checker: _BodyChecker
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
        return self.checker.code(result, place)


def _check_function(folder: Path | None, call: str | None, local: bool, region: str | None) -> CheckFunction:
    """Return a function that checks one body and computes its price in a region."""
    if folder is None:
        from wanlib.generated.calls import API
        from wanlib.generated.checker import bill
        from wanlib.generated.checker import check as check_generated

        _check_region(region, tuple(API.regions))

        def check_by_generated(body: Any) -> CheckResult:
            violations = check_generated(body, call=call, local=local)
            return create_check_result(
                violations, body, call, lambda body, call: bill(body, call=call, region=region)
            )

        return check_by_generated
    from wanlib.spec import interpret
    from wanlib.spec.interpreter.picture_count import bill as bill_by_spec

    spec = load_spec(folder)
    _check_region(region, tuple(spec.wire["regions"]))

    def check_by_spec(body: Any) -> CheckResult:
        violations = interpret(spec, body, call=call, local=local)
        return create_check_result(
            violations, body, call, lambda body, call: bill_by_spec(spec, body, call, region)
        )

    return check_by_spec


def _check_region(region: str | None, regions: Sequence[str]) -> None:
    if region is not None and region not in regions:
        raise CliError(f"--region {safe_repr(region)}: unknown region; known: {', '.join(regions)}")


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
    """Return the lines about the price for people."""
    return [printable(line) for line in (str(bill), bill.advice) if line]


def _price_problem(bill: Bill, max_price: Decimal) -> str:
    """Return why a price is not within a limit, or an empty text."""
    if bill.price is None:
        return f"the price is unknown, so it may be more than --max-price {max_price}: {bill.reason}"
    if bill.price.amount > max_price:
        return (
            f"the price could be {bill.price.amount} {bill.price.currency}, more than --max-price {max_price}"
        )
    return ""
