"""The rule registry: every rule and fact as data, so that nothing at run time needs the YAML."""

from typing import Any

from wanlib.emit.names import literal
from wanlib.emit.validator import header
from wanlib.emit.writer import Writer
from wanlib.spec import Condition, Spec


def registry(spec: Spec) -> str:
    """The text of `wanlib/generated/registry.py`."""
    out = Writer()
    out.lines = header("*.yaml")
    for line in ('"""Every rule and fact of the spec."""', "", "from typing import Any, NamedTuple", ""):
        out.line(line)
    out.line("from wanlib.base.ratio import Ratio")
    out.line()
    out.line()
    with out.block("class Entry(NamedTuple)"):
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
    out.line("RULES: dict[str, Entry] = {")
    for rule in spec.rules.values():
        values = (rule.kind, _plain(rule.limit), rule.outcome, rule.models, rule.scope, rule.source)
        out.line(f"    {literal(rule.id)}: Entry({', '.join(literal(value) for value in values)}),")
    out.line("}")
    out.line()
    out.line("FACTS: dict[str, Any] = {")
    for fact in spec.facts.values():
        out.line(f"    {literal(fact.id)}: {literal(_plain(fact.value))},")
    out.line("}")
    return out.text()


def _plain(value: Any) -> Any:
    """A limit without the notes and sources of its table."""
    if isinstance(value, Condition):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if key not in ("notes", "source")}
    return [_plain(each) for each in value] if isinstance(value, list) else value
