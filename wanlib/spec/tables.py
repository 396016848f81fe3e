"""The rules and facts of wire.yaml and task.yaml that are tables rather than fields."""

from typing import Any

from wanlib.spec.model import CALLS, Fact, Rule
from wanlib.spec.reader import Map

_RULES = ("headers", "answers")
_FACTS = (
    "fine_tuned",
    "sister_endpoints",
    "paths",
    "task_id",
    "queries",
    "times",
    "streaming",
    "answer_of",
    "errors",
    "error_prefixes",
    "error_wordings",
    "statuses",
    "default_region",
    "rates",
    "account_rates",
    "polling",
    "timeouts",
    "currency",
    "prices",
    "upload",
)


def table_rules(wire: Map, models: tuple[str, ...]) -> list[Rule]:
    """`wire/model`, `wire/endpoints`, then regions, headers and answers (rules on a call, not on a body)."""
    source = wire["source"]
    endpoints = {
        model: tuple(call for call in CALLS if call in calls) for model, calls in wire["endpoints"].items()
    }
    rules = [
        _body_rule("model", models, wire, _part(wire["model"], "notes", "")),
        _body_rule("endpoints", endpoints, wire),
        _table_rule("regions", "regions", wire["regions"], wire.lines["regions"], source, "wire"),
    ]
    for table in _RULES:
        for name, value in wire[table].items():
            line = wire[table].lines[name]
            rules.append(_table_rule(f"{table}.{name}", table, value, line, _source(wire, table), "wire"))
    return rules


def task_rules(task: Map) -> list[Rule]:
    """The life of a task as rules: one for each state, and the two terms of 24 hours."""
    source = task["source"]
    rules = [
        _table_rule(f"states.{state}", "states", value, task["states"].lines[state], source, "task")
        for state, value in task["states"].items()
    ]
    for name in ("initial", "cancelable", "expires", "links_expire", "partial", "unlisted"):
        if name in task:
            rules.append(_table_rule(name, name, task[name], task.lines[name], source, "task"))
    return rules


def table_facts(wire: Map) -> list[Fact]:
    """The tables that nothing can break: prices, rates, codes; each as a whole and row by row."""
    facts = []
    for table in _FACTS:
        if table in wire:
            source = _source(wire, table)
            facts.append(_fact(f"wire/{table}", wire[table], wire.lines[table], source))
            rows = wire[table] if isinstance(wire[table], Map) else Map(0)
            facts += [
                _fact(f"wire/{table}.{row}", rows[row], rows.lines[row], source)
                for row in rows
                if row not in ("source", "notes")
            ]
    return facts


def task_facts(task: Map) -> list[Fact]:
    """Which terminal state says what."""
    return [_fact("task/outcomes", task["outcomes"], task.lines["outcomes"], task["source"])]


def _body_rule(kind: str, limit: Any, wire: Map, notes: str = "") -> Rule:
    return Rule(f"wire/{kind}", kind, limit, "rejected", "wire.yaml", wire.lines[kind], wire["source"], notes)


def _source(wire: Map, table: str) -> str:
    return str(wire.get("table_sources", {}).get(table, wire["source"]))


def _part(value: Any, part: str, otherwise: str) -> str:
    return str(value.get(part, otherwise)) if isinstance(value, dict) else otherwise


def _table_rule(path: str, kind: str, value: Any, line: int, source: str, scope: str) -> Rule:
    return Rule(
        id=f"{scope}/{path}",
        kind=kind,
        limit=value,
        outcome="rejected",
        file=f"{scope}.yaml",
        line=line,
        source=_part(value, "source", source),
        notes=_part(value, "notes", ""),
        scope=scope,
    )


def _fact(name: str, value: Any, line: int, source: str) -> Fact:
    file = f"{name.partition('/')[0]}.yaml"
    return Fact(name, value, file, line, _part(value, "source", source), _part(value, "notes", ""))
