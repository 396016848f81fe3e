"""Emit the rule registry and the checker, so that no code reads YAML at run time."""

from typing import Any

from wanlib.emit.python_text import CodeWriter, python_literal
from wanlib.emit.validator.module import header
from wanlib.spec import Condition, Spec


def registry(spec: Spec) -> str:
    """Return the text of the module `registry`."""
    out = CodeWriter()
    out.lines = header("*.yaml")
    for line in ('"""Every rule and fact of the spec."""', "", "from typing import Any, NamedTuple", ""):
        out.line(line)
    out.line("from wanlib.base.values import Ratio")
    out.line()
    out.line()
    with out.block("class RuleEntry(NamedTuple)"):
        out.line('"""A rule: its kind, limit, outcome, models (none: all of them), scope and source."""')
        out.line()
        for line in (
            "kind: str",
            "limit: Any",
            "outcome: str",
            "models: tuple[str, ...]",
            "scope: str",
            "source: str",
        ):
            out.line(line)
    out.line()
    out.line()
    out.line("RULES: dict[str, RuleEntry] = {")
    for rule in spec.rules.values():
        values = (rule.kind, _bare_limit(rule.limit), rule.outcome, rule.models, rule.scope, rule.source)
        arguments = ", ".join(python_literal(value) for value in values)
        out.line(f"    {python_literal(rule.id)}: RuleEntry({arguments}),")
    out.line("}")
    out.line()
    out.line("FACTS: dict[str, Any] = {")
    for fact in spec.facts.values():
        out.line(f"    {python_literal(fact.id)}: {python_literal(_bare_limit(fact.value))},")
    out.line("}")
    return out.text()


def _bare_limit(value: Any) -> Any:
    """Return a limit without the notes and sources of its table."""
    if isinstance(value, Condition):
        return str(value)
    if isinstance(value, dict):
        return {key: _bare_limit(item) for key, item in value.items() if key not in ("notes", "source")}
    return [_bare_limit(item) for item in value] if isinstance(value, list) else value


def checker(spec: Spec) -> str:
    """Return the text of the module `checker`."""
    out = CodeWriter()
    out.lines = header("wire.yaml")
    for line in _HEAD:
        out.line(line)
    out.line(f"MODELS = {python_literal(spec.models)}")
    calls = spec.rules["wire/endpoints"].limit
    out.line(f"CALLS = {python_literal({model: calls[model] for model in spec.models})}")
    homes = {model: family.module for family in spec.families for model in family.models}
    out.line(f"_MODULES = {python_literal(homes)}")
    out.line(f"ENDING = {python_literal(spec.fine_tuned_ending)}")
    out.line("_CHECKS: dict[str, Check] = {}")
    out.line()
    out.line()
    out.line("@cache")
    with out.block("def _loaded(model: str) -> Any"):
        out.line('"""The validator module of a known model, loaded on first use."""')
        out.line("return import_module(f'.{_MODULES[model]}', __package__)")
    out.line()
    out.line()
    _check(out)
    out.line()
    out.line()
    _fast_path(out)
    out.line()
    out.line()
    _bill(out)
    return out.text()


_HEAD = (
    '"""The validator of each model."""',
    "",
    "from collections.abc import Callable, Mapping",
    "from functools import cache, partial",
    "from importlib import import_module",
    "from typing import TYPE_CHECKING, Any",
    "",
    "from wanlib.validation.check_result import Accepted, CheckResult, create_check_result",
    "from wanlib.base.identifiers import base_model",
    "from wanlib.base.urls import unix_seconds",
    "from wanlib.base.violation import Violation",
    "",
    "if TYPE_CHECKING:",
    "    from datetime import datetime",
    "",
    "    from wanlib.validation.bill import Bill",
    "    from wanlib.validation.output_size import SizeBounds",
    "    from wanlib.client.call.counting import Counter",
    "",
    "    SizeBoundsOf = Callable[[str, Mapping[str, Any], str | None], SizeBounds | None]",
    "",
    "Check = Callable[[dict[str, Any], str, str | None, bool, float | None], list[Violation]]",
    "Accept = Callable[[dict[str, Any], str, str | None, bool, float | None], Accepted | None]",
    "",
)


_BILL_WORDS = (
    '"""Return the number of pictures that a request body can return, and their price.',
    "",
    "Args:",
    "    body: The body as it goes over the wire.",
    "    call: How it is sent; None if that is not known.",
    "    region: The region whose prices apply; None for the default region.",
    "",
    "Raises:",
    "    InvalidArgumentError: The region is unknown.",
    '"""',
)


_CHECK_DOC = '''"""Return all violations of a request body as it goes over the wire, and what it can cost.

It accepts any JSON and never raises on a body. It opens no file and no connection.

Args:
    body: the parsed JSON.
    call: how the body is sent, `sync`, `async` or `stream`, for the rules that depend on it; None if
        it is not known.
    local: lift the rule that image URLs are public (`public`), for a service on this machine or network.
    now: the time by which a signature in an image URL has expired (`unexpired`), as Unix seconds or an
        aware datetime. None means the clock of this machine, which is read only if a URL has such a
        signature: pass a time if the result must be reproducible.

Returns:
    A list of violations, empty for a body that satisfies every rule, with `ok`, `model`, `pictures`,
    `price` and `bill`.

Raises:
    ValueError: `now` is a datetime without a time zone.
"""'''


def _check(out: CodeWriter) -> None:
    head = (
        "def check(body: Any, *, call: str | None = None, "
        "local: bool = False, now: 'float | datetime | None' = None) -> CheckResult"
    )
    with out.block(head):
        for line in _CHECK_DOC.splitlines():
            out.line(line) if line else out.lines.append("")
        with out.block("if now is not None"):
            out.line("now = unix_seconds(now)")
        out.line("model: Any = body.get('model') if isinstance(body, dict) else None")
        out.line("judge = _CHECKS.get(model) if isinstance(model, str) else None")
        with out.block("if judge is None"):
            with out.block("if (base := base_model(model, MODELS, ENDING)) is None"):
                out.line("path = '/model' if isinstance(body, dict) else ''")
                out.line("unknown = Violation('wire/model', 'rejected', path, MODELS, model)")
                out.line("return create_check_result([unknown], body, call, _bill)")
            out.line("model = base")
            out.line("judge = _CHECKS[model] = _loaded(model).check")
        with out.block("if call is None or call in CALLS[model]"):
            out.line("return create_check_result(judge(body, model, call, local, now), body, call, _bill)")
        out.line("wrong = Violation('wire/endpoints', 'rejected', '/model', CALLS[model], call)")
        out.line(
            "return create_check_result([wrong, *judge(body, model, call, local, now)], body, call, _bill)"
        )


def _fast_path(out: CodeWriter) -> None:
    with out.block("def fast_path(model: object, call: str | None) -> tuple[str, Accept] | None"):
        out.line(
            '"""Return the base of a model, and the fast path that takes it; None if `check` must decide."""'
        )
        out.line("base = base_model(model, MODELS, ENDING)")
        with out.block("if base is None or not (call is None or call in CALLS[base])"):
            out.line("return None")
        out.line("return base, _loaded(base).accept")


def _bill(out: CodeWriter) -> None:
    with out.block("def bill(body: Any, *, call: str | None = None, region: str | None = None) -> 'Bill'"):
        for line in _BILL_WORDS:
            out.line(line)
        out.line("return _create_bill()(body, call, region)")
    out.line()
    out.line()
    out.line("@cache")
    with out.block("def _create_bill() -> Callable[[Any, str | None, str | None], 'Bill']"):
        out.line('"""The function that makes bills, loaded on first use."""')
        out.line("from .calls import API")
        out.line("from wanlib.client.call.counting import create_bill")
        out.line()
        out.line("return partial(create_bill, API, _counter)")
    out.line()
    out.line()
    with out.block("def _bill(body: Any, call: str | None) -> 'Bill'"):
        out.line("return bill(body, call=call)")
    out.line()
    out.line()
    with out.block("def size_bounds(model: str) -> 'SizeBoundsOf'"):
        out.line('"""Return the function from fields to the limits on the output size, of a known model."""')
        out.line("bounds: SizeBoundsOf = _loaded(model).size_bounds")
        out.line("return bounds")
    out.line()
    out.line()
    with out.block("def _counter(model: str) -> 'Counter'"):
        out.line("counter: Counter = _loaded(model).count")
        out.line("return counter")
