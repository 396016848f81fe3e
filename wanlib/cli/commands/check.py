"""`wanlib check`: a wire body, or one on each line, against every rule, and what it can cost."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from wanlib.base.redaction import printable, safe_repr
from wanlib.cli.errors import FINE, NO, USAGE, CliError, SpecOption, load_spec, print_error
from wanlib.cli.input_files import read_body, read_lines
from wanlib.cli.output import violation_lines
from wanlib.cli.strict_json import InvalidJsonError
from wanlib.validation.check_result import Bill, CheckResult, check_result

Judge = Callable[[Any], CheckResult]


class CallMode(StrEnum):
    """How a body is sent; stream is the synchronous call with the SSE header."""

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
        CallMode | None, typer.Option(help="How it will be sent, for the rules that ask.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 for any violation, ignored and unspecified ones too.")
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Accept image URLs on this machine or network, for local testing.")
    ] = False,
    max_price: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Exit 1 where the price could be higher.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="REGION", help="Whose price holds; the default region unless given.")
    ] = None,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Print the body with all safe corrections; what they are goes to stderr."),
    ] = False,
    spec: SpecOption = None,
) -> int:
    """Check a request body as it goes over the wire, and print what it can cost.

    Exit 0 where nothing would be rejected or truncated and the price is within --max-price, 1 where not or
    where no price is known for --max-price, 2 where it can't be read. With --fix, the exit code is that of
    the corrected body.
    """
    if fix and (as_json or spec):
        raise CliError(f"--fix prints the body; leave out {'--json' if as_json else '--spec'}")
    judge = _judge(spec, call.value if call else None, local, region)
    verdict = _Verdict(judge, strict, _amount(max_price), _headers(spec))
    if fix:
        fixing = _Fixing(verdict, call.value if call else None, local)
        if lines:
            return max(fixing.line(number, body) for number, body in enumerate(read_lines(file), 1))
        return fixing.body(read_body(file))
    if lines:
        return max(verdict.line(number, body) for number, body in enumerate(read_lines(file), 1))
    return verdict.body(read_body(file), as_json)


@dataclass(frozen=True)
class _Verdict:
    """How a body is judged, printed and turned into an exit code."""

    judge: Judge
    strict: bool
    max_price: Decimal | None
    headers: Sequence[tuple[str, str, Sequence[str]]]

    def body(self, body: Any, as_json: bool) -> int:
        """Print the verdict on one body and return the exit code."""
        result = self.judge(body)
        if as_json:
            print(json.dumps(result.to_dict()))
        else:
            notes = _header_notes(body, self.headers)
            print("\n".join([*violation_lines(result), *_bill_lines(result.bill), *notes]))
        return self.code(result, "")

    def line(self, number: int, body: Any) -> int:
        """Print the object for one line at once, for a pipe that waits for it, and return its exit code."""
        if isinstance(body, InvalidJsonError):
            unreadable = {"line": number, "ok": False, "error": str(body), "violations": []}
            print(json.dumps(unreadable), flush=True)
            return USAGE
        result = self.judge(body)
        print(json.dumps(result.to_dict()), flush=True)
        return self.code(result, f"line {number}: ")

    def code(self, result: CheckResult, place: str) -> int:
        """Return the exit code; say on stderr why a price is too high."""
        too_high = self.max_price is not None and _too_high(result.bill, self.max_price)
        if too_high:
            print_error(f"{place}{too_high}")
        return NO if too_high or not result.ok or (self.strict and result) else FINE


@dataclass(frozen=True)
class _Fixing:
    """How a body is corrected and printed."""

    verdict: _Verdict
    call: str | None
    local: bool

    def body(self, body: Any) -> int:
        """Print one body, indented, and return its exit code."""
        return self._printed(body, "", 2)

    def line(self, number: int, body: Any) -> int:
        """Print one body on one line; an empty line for one that can't be read keeps the lines in step."""
        if isinstance(body, InvalidJsonError):
            print_error(f"line {number}: {body}")
            print(flush=True)
            return USAGE
        return self._printed(body, f"line {number}: ", None)

    def _printed(self, body: Any, place: str, indent: int | None) -> int:
        from wanlib.fixing import fix

        fixed = fix(body, call=self.call, local=self.local)
        print(json.dumps(fixed.body, indent=indent, ensure_ascii=False), flush=True)
        for change in fixed.changes:
            print_error(f"{place}fixed {change}")
        result = self.verdict.judge(fixed.body)
        for line in violation_lines(result) if result else ():
            print(f"{place}{line}", file=sys.stderr)
        return self.verdict.code(result, place)


def _judge(folder: Path | None, call: str | None, local: bool, region: str | None) -> Judge:
    """Return a function that checks one body and bills it in a region. Raises Refusal."""
    if folder is None:
        from wanlib.generated.calls import API
        from wanlib.generated.checker import bill
        from wanlib.generated.checker import check as generated

        _known(region, tuple(API.regions))

        def judge(body: Any) -> CheckResult:
            found = generated(body, call=call, local=local)
            return check_result(found, body, call, lambda body, call: bill(body, call=call, region=region))

        return judge
    from wanlib.spec import interpret
    from wanlib.spec.interpreter.picture_count import bill as bill_by_spec

    spec = load_spec(folder)
    _known(region, tuple(spec.wire["regions"]))

    def judge_by_spec(body: Any) -> CheckResult:
        found = interpret(spec, body, call=call, local=local)
        return check_result(found, body, call, lambda body, call: bill_by_spec(spec, body, call, region))

    return judge_by_spec


def _known(region: str | None, regions: Sequence[str]) -> None:
    if region is not None and region not in regions:
        raise CliError(f"--region {safe_repr(region)}: there is no such region; known: {', '.join(regions)}")


def _amount(text: str | None) -> Decimal | None:
    """Return the price cap. Raises Refusal."""
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


def _too_high(bill: Bill, most: Decimal) -> str:
    """Return why a price is not within a cap, or an empty text."""
    if bill.price is None:
        return f"the price is unknown, so it may be more than --max-price {most}: {bill.reason}"
    if bill.price.amount > most:
        return f"the price could be {bill.price.amount} {bill.price.currency}, more than --max-price {most}"
    return ""
