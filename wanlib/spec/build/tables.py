"""The rules and facts of wire.yaml and task.yaml that are tables rather than fields."""

from typing import Any
from wanlib.spec.model.model import CALLS, Fact, Rule
from wanlib.spec.source.yaml_reader import LineMap
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from wanlib.base.rule_id import parse_rule_id
from wanlib.base.api_tables import GROUPS, roles
from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.model.model import Fact, Spec


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


def table_rules(wire: LineMap, models: tuple[str, ...]) -> list[Rule]:
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


def task_rules(task: LineMap) -> list[Rule]:
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


def table_facts(wire: LineMap) -> list[Fact]:
    """The tables that nothing can break: prices, rates, codes; each as a whole and row by row."""
    facts = []
    for table in _FACTS:
        if table in wire:
            source = _source(wire, table)
            facts.append(_fact(f"wire/{table}", wire[table], wire.lines[table], source))
            rows = wire[table] if isinstance(wire[table], LineMap) else LineMap(0)
            facts += [
                _fact(f"wire/{table}.{row}", rows[row], rows.lines[row], source)
                for row in rows
                if row not in ("source", "notes")
            ]
    return facts


def task_facts(task: LineMap) -> list[Fact]:
    """Which terminal state says what."""
    return [_fact("task/outcomes", task["outcomes"], task.lines["outcomes"], task["source"])]


def _body_rule(kind: str, limit: Any, wire: LineMap, notes: str = "") -> Rule:
    return Rule(f"wire/{kind}", kind, limit, "rejected", "wire.yaml", wire.lines[kind], wire["source"], notes)


def _source(wire: LineMap, table: str) -> str:
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


_HOLE = re.compile(r"\{([^{}]*)\}")
_HOLES: Mapping[str, tuple[str, ...]] = {
    "errors": ("detail", "sse", "stream"),
    "refusals": ("field", "value", "limit", "low", "high", "detail"),
    "messages": ("url",),
    "storage": ("detail",),
    "headers": ("request_id", "timeout", "now"),
}
"""What may stand in braces, by table."""

_WITHOUT_VALUE = ("model", "required")
"""Kinds of rules that a request can break by a member that is not there."""

_TABLES = ("names", "fields", "headers", "errors", "messages")
_WHOLE = ("watermark", "upload", "refusals", "failure", "error", "download", "storage")


def service_facts(service: LineMap) -> list[Fact]:
    """List the facts of the file: each table as a whole, and those with names row by row."""
    facts = [_service_fact(service, name, service[name], service.lines[name]) for name in (*_TABLES, *_WHOLE)]
    for table in _TABLES:
        rows = service[table]
        facts += [_service_fact(service, f"{table}.{name}", rows[name], rows.lines[name]) for name in rows]
    return facts


def check_service(spec: Spec, service: LineMap, diagnostics: Diagnostics) -> None:
    """Add a complaint for each row that names what the other files do not have."""
    _check_names(spec, service["names"], diagnostics)
    _check_fields(spec, service["fields"], diagnostics)
    for line, code in _codes(service):
        if code not in spec.wire["errors"]:
            diagnostics.unknown_name(line, "the code", code, spec.wire["errors"])
    kinds = {*KINDS, *(rule.kind for rule in spec.rules.values())}
    general: set[str] = set()
    for row in service["refusals"]:
        for kind in row["kinds"]:
            if kind not in kinds:
                diagnostics.unknown_name(row.lines["kinds"], "the kind", kind, sorted(kinds))
            elif met := _idle(spec, row, kind, general):
                diagnostics.add(row.lines["kinds"], f"the kind {kind!r} of a refusal {met}", "it left out")
        if not {"field", "limit", "missing"} & {*row}:
            general |= {*row["kinds"]}
    if service["refusals"][-1]["kinds"]:
        line = service["refusals"].lines[-1]
        diagnostics.add(
            line, "the last row of refusals has kinds", "an empty list, so that every rule has a row"
        )
    for table, row in _rows(service):
        _check_row(table, row, diagnostics)


def _idle(spec: Spec, row: LineMap, kind: str, general: Collection[str]) -> str:
    """Why a row never answers a rule of a kind, in words; empty where it can.

    general: the kinds that earlier rows answer whatever the field.
    """
    if kind in general:
        return "is answered by an earlier row"
    if row.get("missing") and kind not in _WITHOUT_VALUE:
        return "always has a value"
    ids = [parse_rule_id(rule.id) for rule in spec.rules.values() if rule.kind == kind]
    if "field" in row and row["field"] not in {each.field_name for each in ids}:
        return f"has no rule on {row['field']}"
    limits = [rule.limit for rule in spec.rules.values() if rule.kind == kind]
    return (
        f"has no rule with the limit {row['limit']}" if "limit" in row and row["limit"] not in limits else ""
    )


def _service_fact(service: LineMap, name: str, value: Any, line: int) -> Fact:
    stated = value if isinstance(value, dict) else {}
    source = str(stated.get("source", service["source"]))
    return Fact(f"service/{name}", value, "service.yaml", line, source, str(stated.get("notes", "")))


def _check_names(spec: Spec, names: LineMap, diagnostics: Diagnostics) -> None:
    """Every group has every role, and no name is without a place in `wire.yaml`."""
    for group in GROUPS:
        if group not in names:
            diagnostics.add(names.line, f"names lacks {group}", "every group")
    known = set(_wire_names(spec))
    for group, table in names.items():
        line = names.lines[group]
        if group not in GROUPS:
            diagnostics.unknown_name(line, "the group", group, GROUPS)
            continue
        for role in roles(group):
            if role not in table:
                diagnostics.add(line, f"{group} lacks {role}", "every role of the group")
        for role, name in table.items():
            if role in ("source", "notes"):
                continue
            if role not in roles(group):
                diagnostics.unknown_name(table.lines[role], f"the role of {group},", role, roles(group))
            elif group != "storage" and name not in known:
                diagnostics.unknown_name(table.lines[role], f"the name of {role},", name, sorted(known))


def _wire_names(spec: Spec) -> Iterator[str]:
    """Names that `wire.yaml` gives to members of bodies and answers, query parameters and form fields."""
    wire = spec.wire
    yield from wire["upload"]["form"]
    for body in spec.bodies.values():
        yield from (name for name, _ in body.members)
    for query in wire["queries"].values():
        yield from query
    for form in wire["answers"].values():
        yield from _members(form)


def _members(members: Any) -> Iterator[str]:
    for name, stated in members.items():
        yield name
        while isinstance(stated, dict) and "each" in stated:
            stated = stated["each"]
        if isinstance(stated, dict) and "members" in stated:
            yield from _members(stated["members"])


def _check_fields(spec: Spec, fields: LineMap, diagnostics: Diagnostics) -> None:
    known = {field.name for family in spec.families for field in family.fields}
    for role, name in fields.items():
        if name not in known:
            diagnostics.unknown_name(fields.lines[role], f"the field of {role},", name, sorted(known))


def _codes(service: LineMap) -> Iterator[tuple[int, str]]:
    for name in ("failure", "error"):
        yield service.lines[name], service[name]
    for name, code in service["download"].items():
        yield service["download"].lines[name], code
    for row in (*service["errors"].values(), *service["refusals"]):
        yield row.lines["code"], row["code"]
    for code in service["messages"]:
        yield service["messages"].lines[code], code


def _rows(service: LineMap) -> Iterator[tuple[str, LineMap]]:
    """Each row that holds a wording, with the name of its table."""
    tables: Mapping[str, Iterable[Any]] = {
        "errors": service["errors"].values(),
        "refusals": service["refusals"],
        "messages": [row for rows in service["messages"].values() for row in rows],
        "storage": service["storage"]["answers"].values(),
        "headers": service["headers"].values(),
    }
    for table, rows in tables.items():
        for row in rows:
            yield table, row


def _check_row(table: str, row: LineMap, diagnostics: Diagnostics) -> None:
    """A wording has a source or is ours, and only what is known stands in its braces."""
    key = "message" if "message" in row else "is"
    if ("source" in row) == ("ours" in row) and table != "headers":
        what = "has a source and is ours" if "source" in row else "has no source and is not ours"
        diagnostics.add(row.lines[key], f"the wording {what}", "a source, or ours: true")
    for hole in _HOLE.findall(row[key]):
        if hole not in _HOLES[table]:
            diagnostics.unknown_name(row.lines[key], f"what stands in braces in {table},", hole, _HOLES[table])


def check_error_rows(wire: LineMap, diagnostics: Diagnostics) -> None:
    """Add a complaint for each row that names a code that is not in the table, or says too little.

    Args:
        wire: the mapping of `wire.yaml`.
        diagnostics: those of that file.
    """
    errors = wire["errors"]
    for code, row in errors.items():
        main = row.get("alias_of")
        if main is None:
            if not row.get("means"):
                diagnostics.add(errors.lines[code], f"{code} does not say what it means", "means, or alias_of")
        elif main not in errors:
            diagnostics.unknown_name(errors.lines[code], "the code", main, errors)
        elif "alias_of" in errors[main]:
            diagnostics.add(errors.lines[code], f"{code} is an alias of an alias", errors[main]["alias_of"])
        else:
            for part in ("class", "retry"):
                if row.get(part) != errors[main].get(part):
                    what = f"{code} has another {part} than {main}"
                    diagnostics.add(errors.lines[code], what, f"{errors[main].get(part, 'none')}")
    prefixes = wire["error_prefixes"]["is"]
    for line, prefix in zip(prefixes.lines, prefixes, strict=True):
        if prefix not in errors:
            diagnostics.unknown_name(line, "the code", prefix, errors)
    for row in wire["error_wordings"].values():
        for code in row["codes"]:
            if code not in errors:
                diagnostics.unknown_name(row.lines["codes"], "the code", code, errors)
        if row["contains"] != row["contains"].lower():
            diagnostics.add(row.lines["contains"], "contains has capitals", row["contains"].lower())
