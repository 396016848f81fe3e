"""Check `service.yaml` and the error rows of `wire.yaml` against the spec."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from wanlib.base.identifiers import parse_rule_id
from wanlib.base.wire_names import GROUPS, roles
from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.model.spec import Spec
from wanlib.spec.source.yaml_reader import LineMap

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {
    "errors": ("detail", "sse", "stream"),
    "refusals": ("field", "value", "limit", "low", "high", "detail"),
    "messages": ("url",),
    "storage": ("detail",),
    "headers": ("request_id", "timeout", "now"),
}
"""The placeholders that are allowed, by table."""

_NO_FIELD = "none"
"""The name of a role that no model has a field for."""

_KINDS_WITHOUT_VALUE = ("model", "required")
"""Kinds of rules that a request can violate by a missing member."""


def check_service(spec: Spec, service: LineMap, diagnostics: Diagnostics, *, is_own: bool) -> None:
    """Check that all names in `service.yaml` exist, and that every row has an effect.

    Args:
        spec: The other files.
        service: The content of `service.yaml`.
        diagnostics: Collects its problems.
        is_own: Whether rows without an effect are reported.
    """
    _check_names(spec, service["names"], diagnostics)
    if is_own:
        _check_fields(spec, service["fields"], diagnostics)
    for line, code in _codes(service):
        if code not in spec.wire["errors"]:
            diagnostics.unknown_name(line, "the code", code, spec.wire["errors"])
    _check_refusals(spec, service["refusals"], diagnostics, is_own)
    for table, row in _rows(service):
        _check_wording(table, row, diagnostics)


def check_error_rows(wire: LineMap, diagnostics: Diagnostics) -> None:
    """Check that error rows are complete and name only codes in the table.

    Args:
        wire: The content of `wire.yaml`.
        diagnostics: Collects its problems.
    """
    errors = wire["errors"]
    for code, row in errors.items():
        main = row.get("alias_of")
        if main is None:
            if not row.get("means"):
                diagnostics.add(
                    errors.lines[code], f"{code} does not say what it means", "means, or alias_of"
                )
        elif main not in errors:
            diagnostics.unknown_name(errors.lines[code], "the code", main, errors)
        elif "alias_of" in errors[main]:
            problem = f"{code} is an alias of an alias"
            diagnostics.add(errors.lines[code], problem, errors[main]["alias_of"])
        else:
            for part in ("class", "retry"):
                if row.get(part) != errors[main].get(part):
                    problem = f"{code} has another {part} than {main}"
                    diagnostics.add(errors.lines[code], problem, f"{errors[main].get(part, 'none')}")
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


# Names.


def _check_names(spec: Spec, names: LineMap, diagnostics: Diagnostics) -> None:
    """Check that every group has every role, and every name occurs in `wire.yaml`."""
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
    """Yield the names of members, query parameters and form fields in `wire.yaml`."""
    wire = spec.wire
    yield from wire["upload"]["form"]
    for body in spec.bodies.values():
        yield from (name for name, _ in body.members)
    for query in wire["queries"].values():
        yield from query
    for answer in wire["answers"].values():
        yield from _member_names(answer)


def _member_names(members: Any) -> Iterator[str]:
    for name, entry in members.items():
        yield name
        while isinstance(entry, dict) and "each" in entry:
            entry = entry["each"]
        if isinstance(entry, dict) and "members" in entry:
            yield from _member_names(entry["members"])


def _check_fields(spec: Spec, fields: LineMap, diagnostics: Diagnostics) -> None:
    known = {field.name for family in spec.families for field in family.fields}
    for role, name in fields.items():
        if name not in known and name != _NO_FIELD:
            diagnostics.unknown_name(fields.lines[role], f"the field of {role},", name, sorted(known))


def _codes(service: LineMap) -> Iterator[tuple[int, str]]:
    """Yield every error code that the file names, with its line."""
    for name in ("failure", "error"):
        yield service.lines[name], service[name]
    for name, code in service["download"].items():
        yield service["download"].lines[name], code
    for row in (*service["errors"].values(), *service["refusals"]):
        yield row.lines["code"], row["code"]
    for code in service["messages"]:
        yield service["messages"].lines[code], code


# Refusals and wordings.


def _check_refusals(spec: Spec, refusals: Any, diagnostics: Diagnostics, is_own: bool) -> None:
    """Check that every refusal can occur, and that every rule has one."""
    kinds = {*KINDS, *(rule.kind for rule in spec.rules.values())}
    covered_kinds: set[str] = set()
    for row in refusals:
        line = row.lines["kinds"]
        for kind in row["kinds"]:
            if kind not in kinds:
                diagnostics.unknown_name(line, "the kind", kind, sorted(kinds))
            elif is_own and (reason := _why_unused(spec, row, kind, covered_kinds)):
                diagnostics.add(line, f"the kind {kind!r} of a refusal {reason}", "it left out")
        if not {"field", "limit", "missing"} & {*row}:
            covered_kinds |= {*row["kinds"]}
    if refusals[-1]["kinds"]:
        problem = "the last row of refusals has kinds"
        diagnostics.add(refusals.lines[-1], problem, "an empty list, so that every rule has a row")


def _why_unused(spec: Spec, row: LineMap, kind: str, covered_kinds: Collection[str]) -> str:
    """Return why a row is never used for a kind, as a verb phrase; empty if it can be.

    Args:
        spec: The rules.
        row: The row.
        kind: One of its kinds.
        covered_kinds: The kinds for which earlier rows are used, with any field.
    """
    if kind in covered_kinds:
        return "is answered by an earlier row"
    if row.get("missing") and kind not in _KINDS_WITHOUT_VALUE:
        return "always has a value"
    rules = [rule for rule in spec.rules.values() if rule.kind == kind]
    if "field" in row and row["field"] not in {parse_rule_id(rule.id).field_name for rule in rules}:
        return f"has no rule on {row['field']}"
    if "limit" in row and row["limit"] not in [rule.limit for rule in rules]:
        return f"has no rule with the limit {row['limit']}"
    return ""


def _rows(service: LineMap) -> Iterator[tuple[str, LineMap]]:
    """Yield each row that has a wording, with the name of its table."""
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


def _check_wording(table: str, row: LineMap, diagnostics: Diagnostics) -> None:
    """Check that a wording has a source or is marked as ours, and that its placeholders exist."""
    key = "message" if "message" in row else "is"
    if ("source" in row) == ("ours" in row) and table != "headers":
        problem = "has a source and is ours" if "source" in row else "has no source and is not ours"
        diagnostics.add(row.lines[key], f"the wording {problem}", "a source, or ours: true")
    for placeholder in _PLACEHOLDER.findall(row[key]):
        if placeholder not in _PLACEHOLDERS[table]:
            subject = f"the placeholder of {table},"
            diagnostics.unknown_name(row.lines[key], subject, placeholder, _PLACEHOLDERS[table])
