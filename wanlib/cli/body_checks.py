"""The check of bodies as `wanlib check` does it: the rules, the price, and the exit code.

`CheckOptions` is what the command line says, in a form that can be sent to another process.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from wanlib.base.redaction import redact_text, safe_repr
from wanlib.cli.errors import CliError, ExitCode, load_spec
from wanlib.cli.strict_json import InvalidJsonError
from wanlib.validation.bill import Bill, Price
from wanlib.validation.check_result import CheckResult, create_check_result

CheckFunction = Callable[[Any], CheckResult]


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How bodies are checked.

    Attributes:
        spec: The folder of the spec; None for the packaged one.
        call: How the bodies are sent; None if that is not known.
        local: Whether image URLs on this machine or network are accepted.
        region: The region whose prices hold; None for the default region.
        strict: Whether any violation fails, even an ignored one.
        max_price: The most that a body may cost; None for no limit.
    """

    spec: Path | None = None
    call: str | None = None
    local: bool = False
    region: str | None = None
    strict: bool = False
    max_price: Decimal | None = None


class BodyChecker:
    """Checks bodies, and says how each line of a file of bodies is answered."""

    def __init__(self, options: CheckOptions) -> None:
        """Load what checks bodies.

        Raises:
            CliError: The spec is broken, or the region is unknown.
        """
        self._options = options
        self.check = _check_function(options)

    def code(self, result: CheckResult) -> tuple[ExitCode, str]:
        """Return the exit code, and why the price is too high; empty if it is not."""
        maximum = self._options.max_price
        problem = "" if maximum is None else _price_problem(result.bill, maximum)
        failed = problem or not result.ok or (self._options.strict and result)
        return ExitCode.FAILED if failed else ExitCode.OK, problem

    def line(self, body: Any, number: int, mark: str = "%d") -> tuple[str, ExitCode, str]:
        """Return the JSON object for one line, its exit code, and why its price is too high.

        Args:
            body: The value of the line, or the error of a line that can't be read.
            number: The number of the line.
            mark: How the number appears.
        """
        if isinstance(body, InvalidJsonError):
            line, error = mark % number, json.dumps(str(body))
            return f'{{"line": {line}, "ok": false, "error": {error}, "violations": []}}', ExitCode.USAGE, ""
        result = self.check(body)
        code, problem = self.code(result)
        if result:
            return json.dumps(result.to_dict()), code, problem
        bill = result.bill
        return _clean_line(bill.model, bill.pictures, bill.price), code, problem


@lru_cache(maxsize=1024)
def _clean_line(model: str | None, pictures: int | None, price: Price | None) -> str:
    """Return the object for a body without violations; most lines of a file share a few of them."""
    bill = Bill(model, pictures, True, price)
    shown = None if model is None else redact_text(model)
    return json.dumps({"model": shown, "ok": True, **bill.to_dict(), "violations": []})


def _check_function(options: CheckOptions) -> CheckFunction:
    """Return a function that checks one body and computes its price in a region."""
    call, local, region = options.call, options.local, options.region
    if options.spec is None:
        from wanlib.generated.calls import API
        from wanlib.generated.checker import bill
        from wanlib.generated.checker import check as check_generated

        _check_region(region, tuple(API.regions))
        if region is None:
            return partial(check_generated, call=call, local=local)

        def check_by_generated(body: Any) -> CheckResult:
            violations = check_generated(body, call=call, local=local)
            return create_check_result(
                violations, body, call, lambda body, call: bill(body, call=call, region=region)
            )

        return check_by_generated
    from wanlib.spec import interpret
    from wanlib.spec.interpreter.picture_count import bill as bill_by_spec

    spec = load_spec(options.spec)
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


def _price_problem(bill: Bill, max_price: Decimal) -> str:
    """Return why a price is not within a limit, or an empty text."""
    if bill.price is None:
        return f"the price is unknown, so it may be more than --max-price {max_price}: {bill.reason}"
    if bill.price.amount > max_price:
        return (
            f"the price could be {bill.price.amount} {bill.price.currency}, more than --max-price {max_price}"
        )
    return ""
