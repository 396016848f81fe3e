"""Build the rules and facts of `wire.yaml`, `task.yaml` and `service.yaml`.

A table that the service can violate yields rules; a table that only states something yields facts.
"""

from typing import Any

from wanlib.spec.model.model import CALLS, Fact, Rule
from wanlib.spec.source.yaml_reader import LineMap

_RULE_TABLES = ("headers", "answers")
_FACT_TABLES = (
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
_TASK_RULES = ("initial", "cancelable", "expires", "links_expire", "partial", "unlisted")
_SERVICE_TABLES = ("names", "fields", "headers", "errors", "messages")
"""Tables of `service.yaml` with a name for each row."""

_SERVICE_ENTRIES = ("watermark", "upload", "refusals", "failure", "error", "download", "storage")


def table_rules(wire: LineMap, models: tuple[str, ...]) -> list[Rule]:
    """Return the rules on models, endpoints, regions, headers and answers."""
    source = wire["source"]
    endpoints = {
        model: tuple(call for call in CALLS if call in calls) for model, calls in wire["endpoints"].items()
    }
    rules = [
        _body_rule("model", models, wire, _part(wire["model"], "notes", "")),
        _body_rule("endpoints", endpoints, wire),
        _table_rule("regions", "regions", wire["regions"], wire.lines["regions"], source, "wire"),
    ]
    for table in _RULE_TABLES:
        for name, value in wire[table].items():
            line, table_source = wire[table].lines[name], _table_source(wire, table)
            rules.append(_table_rule(f"{table}.{name}", table, value, line, table_source, "wire"))
    return rules


def task_rules(task: LineMap) -> list[Rule]:
    """Return the rules on the life cycle of a task: each state, then the time limits."""
    source = task["source"]
    rules = [
        _table_rule(f"states.{state}", "states", value, task["states"].lines[state], source, "task")
        for state, value in task["states"].items()
    ]
    for name in _TASK_RULES:
        if name in task:
            rules.append(_table_rule(name, name, task[name], task.lines[name], source, "task"))
    return rules


def table_facts(wire: LineMap) -> list[Fact]:
    """Return the facts of `wire.yaml`: each table as a whole, then row by row."""
    facts = []
    for table in _FACT_TABLES:
        if table in wire:
            source = _table_source(wire, table)
            facts.append(_fact(f"wire/{table}", wire[table], wire.lines[table], source))
            rows = wire[table] if isinstance(wire[table], LineMap) else LineMap(0)
            facts += [
                _fact(f"wire/{table}.{row}", rows[row], rows.lines[row], source)
                for row in rows
                if row not in ("source", "notes")
            ]
    return facts


def task_facts(task: LineMap) -> list[Fact]:
    """Return the fact that states the meaning of each terminal state."""
    return [_fact("task/outcomes", task["outcomes"], task.lines["outcomes"], task["source"])]


def service_facts(service: LineMap) -> list[Fact]:
    """Return the facts of `service.yaml`: each table, and each named row."""
    names = (*_SERVICE_TABLES, *_SERVICE_ENTRIES)
    facts = [_service_fact(service, name, service[name], service.lines[name]) for name in names]
    for table in _SERVICE_TABLES:
        rows = service[table]
        facts += [_service_fact(service, f"{table}.{name}", rows[name], rows.lines[name]) for name in rows]
    return facts


def _body_rule(kind: str, limit: Any, wire: LineMap, notes: str = "") -> Rule:
    return Rule(f"wire/{kind}", kind, limit, "rejected", "wire.yaml", wire.lines[kind], wire["source"], notes)


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


def _table_source(wire: LineMap, table: str) -> str:
    return str(wire.get("table_sources", {}).get(table, wire["source"]))


def _fact(fact_id: str, value: Any, line: int, source: str) -> Fact:
    file = f"{fact_id.partition('/')[0]}.yaml"
    return Fact(fact_id, value, file, line, _part(value, "source", source), _part(value, "notes", ""))


def _service_fact(service: LineMap, name: str, value: Any, line: int) -> Fact:
    return _fact(f"service/{name}", value, line, str(service["source"]))


def _part(value: Any, part: str, default: str) -> str:
    return str(value.get(part, default)) if isinstance(value, dict) else default
