"""The check of bodies as `wanlib check` does it: the rules, the price, and the exit code.

`CheckOptions` holds the options of the command line, in a form that can be sent to another process.
"""

import json
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from wanlib.base.redaction import redact_text, safe_repr
from wanlib.base.violation import Violation
from wanlib.cli.errors import CliError, ExitCode, load_spec
from wanlib.cli.input_files import parse_line
from wanlib.cli.strict_json import InvalidJsonError, has_unique_keys, parse_json
from wanlib.validation.bill import Bill
from wanlib.validation.check_result import Accepted, CheckResult, create_check_result

CheckFunction = Callable[[Any], CheckResult]
AcceptFunction = Callable[[Any], Accepted | None]
_MAX_RESULTS = 4096
"""Texts that are kept: of violations, and of bodies without any, by model and number of pictures."""
_MAX_LENGTH = 200
"""Characters of path and value of a violation whose text is kept."""
_SCALARS = frozenset({str, int, bool, type(None)})  # equal numbers of floating point may differ in their text


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How bodies are checked.

    Attributes:
        spec: The folder of the spec; None for the packaged one.
        call: How the bodies are sent; None if that is not known.
        local: Whether image URLs on this machine or network are accepted.
        region: The region whose prices apply; None for the default region.
        strict: Whether any violation fails, even an ignored one.
        max_price: The most that a body may cost; None for no limit.
    """

    spec: Path | None = None
    call: str | None = None
    local: bool = False
    region: str | None = None
    strict: bool = False
    max_price: Decimal | None = None


LINE_NUMBER = "\0"
"""Stands for the number of a line; no JSON text has this character."""


class LineResult(NamedTuple):
    """What is printed for one line of a file of bodies.

    Attributes:
        text: The JSON object, with `LINE_NUMBER` where the number of the line belongs.
        code: The exit code.
        problem: Why the price is too high; empty if it is not.
    """

    text: str
    code: ExitCode
    problem: str


class BodyChecker:
    """Checks bodies.

    Attributes:
        check: Returns the violations of a body with what it costs.
    """

    def __init__(self, options: CheckOptions) -> None:
        """Load the validator.

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


class LineChecker(BodyChecker):
    """Checks the lines of a file of bodies."""

    def __init__(self, options: CheckOptions) -> None:
        """Load the validator.

        Raises:
            CliError: The spec is broken, or the region is unknown.
        """
        super().__init__(options)
        self._read, self._accept = _fast_reader(), _accept_function(options)
        self._accepted: dict[tuple[str, tuple[Any, ...]], LineResult] = {}
        self._frequent_text = lru_cache(maxsize=_MAX_RESULTS)(_violation_text)

    def line(self, raw: bytes) -> LineResult:
        """Return the result for one line, given without its end.

        Most bodies of a file violate nothing and share a few results. They take a fast reader and the fast
        path of the validator; any other line is read strictly and checked in full.
        """
        try:
            body = self._read(raw)
        except ValueError:
            body = accepted = None
        else:
            accepted = self._accept(body)
        if accepted is None or not has_unique_keys(raw, accepted[0]):
            body = None  # so that a long line is not in memory twice
            body = parse_line(raw)
            if isinstance(body, InvalidJsonError):
                return unreadable_line(body)
            accepted = self._accept(body)
            if accepted is None:
                return self._result(body)
        key = (body["model"], accepted[1])
        result = self._accepted.get(key)
        if result is None:
            result = self._result(body)
            if len(self._accepted) < _MAX_RESULTS:
                self._accepted[key] = result
        return result

    def _result(self, body: Any) -> LineResult:
        result = self.check(body)
        violations = ", ".join([self._text(violation, result.model) for violation in result])
        model = None if result.model is None else redact_text(result.model)
        head = json.dumps({"model": model, "ok": result.ok, **result.bill.to_dict()})
        return LineResult(f'{head[:-1]}, "violations": [{violations}]}}', *self.code(result))

    def _text(self, violation: Violation, model: str | None) -> str:
        """Return the JSON object for a violation, which is often in many bodies of a file."""
        value = violation.value
        length = len(violation.path) + (len(value) if isinstance(value, str) else 0)
        if type(value) in _SCALARS and length <= _MAX_LENGTH:
            with suppress(TypeError):  # a limit that has no hash
                return self._frequent_text(violation, model, type(value).__name__)
        return _violation_text(violation)


def unreadable_line(error: InvalidJsonError) -> LineResult:
    """Return the result for a line that can't be read."""
    text = f'{{"line": {LINE_NUMBER}, "ok": false, "error": {json.dumps(str(error))}, "violations": []}}'
    return LineResult(text, ExitCode.USAGE, "")


def _violation_text(violation: Violation, *_: Hashable) -> str:
    """Return the JSON object for a violation; the other arguments are part of the key of the cache."""
    return json.dumps(violation.to_dict())


def _fast_reader() -> Callable[[bytes], Any]:
    """Return a function that reads JSON or raises ValueError; of repeated keys, it may keep the last."""
    try:
        from orjson import loads
    except ModuleNotFoundError:
        return parse_json
    return loads


def _accept_function(options: CheckOptions) -> AcceptFunction:
    """Return the fast path of the validator; of a spec in a folder there is none."""
    if options.spec is not None:
        return lambda body: None
    from wanlib.generated.checker import accept

    return partial(accept, call=options.call, local=options.local)


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
