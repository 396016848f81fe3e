"""What `service.yaml` says: its facts, and what its rows have to agree with in the other files.

A wording is a template. What stands in braces comes from the rule that is broken, so that no bound is
written twice.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from wanlib.base.rule_id import parse_rule_id
from wanlib.base.wire_names import GROUPS, roles
from wanlib.spec.complaints import Complaints
from wanlib.spec.kinds import KINDS
from wanlib.spec.model import Fact, Spec
from wanlib.spec.reader import Map

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


def service_facts(service: Map) -> list[Fact]:
    """List the facts of the file: each table as a whole, and those with names row by row."""
    facts = [_fact(service, name, service[name], service.lines[name]) for name in (*_TABLES, *_WHOLE)]
    for table in _TABLES:
        rows = service[table]
        facts += [_fact(service, f"{table}.{name}", rows[name], rows.lines[name]) for name in rows]
    return facts


def check_service(spec: Spec, service: Map, complaints: Complaints) -> None:
    """Add a complaint for each row that names what the other files do not have."""
    _check_names(spec, service["names"], complaints)
    _check_fields(spec, service["fields"], complaints)
    for line, code in _codes(service):
        if code not in spec.wire["errors"]:
            complaints.unknown(line, "the code", code, spec.wire["errors"])
    kinds = {*KINDS, *(rule.kind for rule in spec.rules.values())}
    general: set[str] = set()
    for row in service["refusals"]:
        for kind in row["kinds"]:
            if kind not in kinds:
                complaints.unknown(row.lines["kinds"], "the kind", kind, sorted(kinds))
            elif met := _idle(spec, row, kind, general):
                complaints.add(row.lines["kinds"], f"the kind {kind!r} of a refusal {met}", "it left out")
        if not {"field", "limit", "missing"} & {*row}:
            general |= {*row["kinds"]}
    if service["refusals"][-1]["kinds"]:
        line = service["refusals"].lines[-1]
        complaints.add(
            line, "the last row of refusals has kinds", "an empty list, so that every rule has a row"
        )
    for table, row in _rows(service):
        _check_row(table, row, complaints)


def _idle(spec: Spec, row: Map, kind: str, general: Collection[str]) -> str:
    """Why a row never answers a rule of a kind, in words; empty where it can.

    general: the kinds that earlier rows answer whatever the field.
    """
    if kind in general:
        return "is answered by an earlier row"
    if row.get("missing") and kind not in _WITHOUT_VALUE:
        return "always has a value"
    ids = [parse_rule_id(rule.id) for rule in spec.rules.values() if rule.kind == kind]
    if "field" in row and row["field"] not in {each.field for each in ids}:
        return f"has no rule on {row['field']}"
    limits = [rule.limit for rule in spec.rules.values() if rule.kind == kind]
    return (
        f"has no rule with the limit {row['limit']}" if "limit" in row and row["limit"] not in limits else ""
    )


def _fact(service: Map, name: str, value: Any, line: int) -> Fact:
    stated = value if isinstance(value, dict) else {}
    source = str(stated.get("source", service["source"]))
    return Fact(f"service/{name}", value, "service.yaml", line, source, str(stated.get("notes", "")))


def _check_names(spec: Spec, names: Map, complaints: Complaints) -> None:
    """Every group has every role, and no name is without a place in `wire.yaml`."""
    for group in GROUPS:
        if group not in names:
            complaints.add(names.line, f"names lacks {group}", "every group")
    known = set(_wire_names(spec))
    for group, table in names.items():
        line = names.lines[group]
        if group not in GROUPS:
            complaints.unknown(line, "the group", group, GROUPS)
            continue
        for role in roles(group):
            if role not in table:
                complaints.add(line, f"{group} lacks {role}", "every role of the group")
        for role, name in table.items():
            if role in ("source", "notes"):
                continue
            if role not in roles(group):
                complaints.unknown(table.lines[role], f"the role of {group},", role, roles(group))
            elif group != "storage" and name not in known:
                complaints.unknown(table.lines[role], f"the name of {role},", name, sorted(known))


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


def _check_fields(spec: Spec, fields: Map, complaints: Complaints) -> None:
    known = {field.name for family in spec.families for field in family.fields}
    for role, name in fields.items():
        if name not in known:
            complaints.unknown(fields.lines[role], f"the field of {role},", name, sorted(known))


def _codes(service: Map) -> Iterator[tuple[int, str]]:
    for name in ("failure", "error"):
        yield service.lines[name], service[name]
    for name, code in service["download"].items():
        yield service["download"].lines[name], code
    for row in (*service["errors"].values(), *service["refusals"]):
        yield row.lines["code"], row["code"]
    for code in service["messages"]:
        yield service["messages"].lines[code], code


def _rows(service: Map) -> Iterator[tuple[str, Map]]:
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


def _check_row(table: str, row: Map, complaints: Complaints) -> None:
    """A wording has a source or is ours, and only what is known stands in its braces."""
    key = "message" if "message" in row else "is"
    if ("source" in row) == ("ours" in row) and table != "headers":
        what = "has a source and is ours" if "source" in row else "has no source and is not ours"
        complaints.add(row.lines[key], f"the wording {what}", "a source, or ours: true")
    for hole in _HOLE.findall(row[key]):
        if hole not in _HOLES[table]:
            complaints.unknown(row.lines[key], f"what stands in braces in {table},", hole, _HOLES[table])
