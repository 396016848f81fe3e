"""The check of bodies for `wanlib check`: the rules, the price, and the exit code.

`CheckOptions` holds the options of the command line, in a form that can be sent to another process.
"""

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from wanlib.base.redaction import redact_text, safe_repr
from wanlib.base.violation import Violation
from wanlib.cli.errors import CliError, ExitCode, load_spec
from wanlib.cli.input_files import parse_line
from wanlib.cli.strict_json import InvalidJsonError, count_colons, has_unique_keys, parse_json
from wanlib.validation.bill import Bill, Price
from wanlib.validation.check_result import Accepted, CheckResult, create_check_result

CheckFunction = Callable[[Any], CheckResult]
FastPath = Callable[[Any, str | None], "tuple[str, AcceptFunction] | None"]
AcceptFunction = Callable[[dict[str, Any], str, str | None, bool, float | None], Accepted | None]
_MAX_RESULTS = 4096
"""Maximum number of cached texts of violations, and of bodies without any."""
_MAX_MODELS = 64
"""Maximum number of cached model names; bodies with another name take longer."""
_MAX_LENGTH = 200
"""Maximum length of path and value of a violation whose text is cached, and of a model name."""
_SCALARS = frozenset({str, int, bool, type(None)})


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How bodies are checked.

    Attributes:
        spec: The folder of the spec; None for the packaged one.
        call: How the bodies are sent; None if that is not known.
        local: Whether image URLs on this machine or network are accepted.
        region: The region whose prices apply; None for the default region.
        strict: Whether any violation fails, even an ignored one.
        max_price: The maximum cost of a body; None for no limit.
    """

    spec: Path | None = None
    call: str | None = None
    local: bool = False
    region: str | None = None
    strict: bool = False
    max_price: Decimal | None = None


LINE_NUMBER = "\0"
"""Stands for the number of a line; no JSON text has this character."""


@dataclass(frozen=True, slots=True)
class LineResult:
    """The output for one line of a file of bodies.

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
        check: Returns the violations of a body with its price.
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


@dataclass(frozen=True, slots=True)
class _Model:
    """Cached data of a model.

    Attributes:
        base: The base model.
        accept: The fast path of its validator.
        results: The results of bodies without violations, by what their number of pictures depends on.
    """

    base: str
    accept: AcceptFunction
    results: dict[tuple[Any, ...], LineResult]


class _Models(dict[Any, _Model]):
    """Cached data of models by the names in bodies; a KeyError for a name without a fast path."""

    def __init__(self, options: CheckOptions) -> None:
        super().__init__()
        self._fast_path, self._call = _fast_path_function(options), options.call

    def __missing__(self, name: Any) -> _Model:
        found = self._fast_path(name, self._call)
        if found is None:
            raise KeyError(name)
        model = _Model(*found, {})
        if len(self) < _MAX_MODELS:
            self[name] = model
        return model


class LineChecker(BodyChecker):
    """Checks the lines of a file of bodies."""

    def __init__(self, options: CheckOptions) -> None:
        """Load the validator.

        Raises:
            CliError: The spec is broken, or the region is unknown.
        """
        super().__init__(options)
        self._read, self._models = _fast_reader(), _Models(options)
        self._call, self._local = options.call, options.local
        self._frequent_head = lru_cache(maxsize=_MAX_RESULTS)(_head_text)
        self._frequent_text = lru_cache(maxsize=_MAX_RESULTS)(_violation_text)

    def line(self, raw: bytes) -> LineResult:
        """Return the result for one line, given without its end.

        Most bodies of a file violate nothing and share a few results. They take a fast reader and the fast
        path of the validator; any other line is read strictly and checked in full.
        """
        body: Any = None
        model = None
        try:
            body = self._read(raw)
            model = self._models[body["model"]]
        except (ValueError, TypeError, KeyError):
            pass
        if model is None:  # not JSON, or names no known model
            del body  # so that a long line is not in memory twice
            return self._strict(raw)
        accepted = model.accept(body, model.base, self._call, self._local, None)
        colons = count_colons(body) if accepted is None else accepted[0]
        if colons is None or not has_unique_keys(raw, colons):
            del body  # so that a long line is not in memory twice
            return self._strict(raw)
        return self._result_of_model(body, model, accepted)

    def _strict(self, raw: bytes) -> LineResult:
        """Return the result for a line that is read strictly."""
        body = parse_line(raw)
        if isinstance(body, InvalidJsonError):
            return unreadable_line(body)
        try:
            model = self._models[body["model"]]
        except (TypeError, KeyError):
            return self._result(body)
        accepted = model.accept(body, model.base, self._call, self._local, None)
        return self._result_of_model(body, model, accepted)

    def _result_of_model(self, body: Any, model: _Model, accepted: Accepted | None) -> LineResult:
        """Return the result for a body of a model, a kept one if the fast path accepts the body."""
        if accepted is None:
            return self._result(body)
        result = model.results.get(accepted[1])
        if result is None:
            result = self._result(body)
            if len(model.results) < _MAX_RESULTS // _MAX_MODELS:
                model.results[accepted[1]] = result
        return result

    def _result(self, body: Any) -> LineResult:
        result = self.check(body)
        bill = result.bill
        head_text = self._frequent_head if len(bill.model or "") <= _MAX_LENGTH else _head_text
        head = head_text(bill.model, result.ok, bill.pictures, bill.price)
        violations = ", ".join([self._text(violation, bill.model) for violation in result])
        return LineResult(f'{head}, "violations": [{violations}]}}', *self.code(result))

    def _text(self, violation: Violation, model: str | None) -> str:
        """Return the JSON object for a violation, which is often in many bodies of a file."""
        value = violation.value
        kind = type(value)
        is_scalar = kind in _SCALARS or (kind is float and value)  # the text of -0.0 is not that of 0.0
        if is_scalar and len(violation.path) + (len(value) if kind is str else 0) <= _MAX_LENGTH:
            try:
                return self._frequent_text(violation, model, kind.__name__)
            except TypeError:  # a limit that has no hash
                pass
        return _violation_text(violation)


def unreadable_line(error: InvalidJsonError) -> LineResult:
    """Return the result for a line that can't be read."""
    text = f'{{"line": {LINE_NUMBER}, "ok": false, "error": {json.dumps(str(error))}, "violations": []}}'
    return LineResult(text, ExitCode.USAGE, "")


def _head_text(model: str | None, ok: bool, pictures: int | None, price: Price | None) -> str:
    """Return the text before the violations in the JSON object for a body."""
    bill = Bill(model, pictures, False, price)
    return json.dumps({"model": model and redact_text(model), "ok": ok, **bill.to_dict()})[:-1]


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


def _fast_path_function(options: CheckOptions) -> FastPath:
    """Return the function from a model and a call to its fast path; of a spec in a folder there is none."""
    if options.spec is not None:
        return lambda model, call: None
    from wanlib.generated.checker import fast_path

    return fast_path


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
