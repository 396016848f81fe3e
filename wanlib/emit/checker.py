"""The module that finds a body's family: the one entry of the generated validator."""

from wanlib.emit.names import literal, module
from wanlib.emit.validator import header
from wanlib.emit.writer import Writer
from wanlib.spec import Spec


def checker(spec: Spec) -> str:
    """The text of `wanlib/generated/checker.py`."""
    out = Writer()
    out.lines = header("wire.yaml")
    for line in ('"""Which validator judges which model."""', "", "from typing import Any", ""):
        out.line(line)
    out.line("from wanlib.base.violation import Violation")
    modules = [module(family.name) for family in spec.families]
    out.line(f"from wanlib.generated import {', '.join(sorted(modules))}")
    out.line()
    out.line(f"MODELS = {literal(spec.models)}")
    out.line(
        f"CALLS = {literal({model: spec.rules['wire/endpoints'].limit[model] for model in spec.models})}"
    )
    out.line("_CHECK = {")
    for family in spec.families:
        for model in family.models:
            out.line(f"    {literal(model)}: {module(family.name)}.check,")
    out.line("}")
    out.line("CORE = {")
    for family in spec.families:
        for model in family.models:
            out.line(f"    {literal(model)}: {module(family.name)}.core,")
    out.line("}")
    out.line()
    out.line()
    _check(out)
    return out.text()


def _check(out: Writer) -> None:
    with out.block("def check(body: Any, *, call: str | None = None) -> list[Violation]"):
        out.line('"""All violations of a wire body; see `wanlib.check`."""')
        out.line("model: Any = body.get('model') if isinstance(body, dict) else None")
        out.line("judge = _CHECK.get(model) if isinstance(model, str) else None")
        with out.block("if judge is None"):
            out.line("path = '/model' if isinstance(body, dict) else ''")
            out.line("return [Violation('wire/model', 'rejected', path, MODELS, model)]")
        with out.block("if call is None or call in CALLS[model]"):
            out.line("return judge(body, model, call)")
        out.line("wrong = Violation('wire/endpoints', 'rejected', '/model', CALLS[model], call)")
        out.line("return [wrong, *judge(body, model, call)]")
