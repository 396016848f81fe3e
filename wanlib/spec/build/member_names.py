"""Names of body members: their positions, and the names that only other models have.

The first goes into messages on misplaced and misspelt members; the second is the rule `only_for`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.model.model import Fact, Family, Field, Node, Rule
from wanlib.spec.source.yaml_reader import LineMap

_KIND = "only_for"
_MAX_LEVEL = 2
"""Levels of a body whose members count as names of the API: `input`, and its members."""


def positions_of(fields: tuple[Field, ...], form: Node) -> dict[str, str]:
    """Return where each field and each member of the body form belongs, as text.

    Members below the second level are left out: `role` and `content` are parts of a message.
    """
    in_form = form.field_names
    remaining = tuple(field.wire_name for field in fields if field.name not in in_form and not field.place)
    positions = dict(_positions(form, "", remaining))
    return positions | {
        field.wire_name: f"/{field.place}/{field.wire_name}" for field in fields if field.place
    }


def _positions(node: Node, path: str, remaining: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if node.form == "leaf":
        yield node.field, path
    elif node.form == "parts":
        for part, field in node.parts:
            yield field, f'{path} as {{"{part}": …}}'
    elif node.form == "rest":
        yield from ((name, f"{path}/{name}") for name in remaining)
    for name, child in node.members:
        member_path = f"{path}/{name}"
        if member_path.count("/") <= _MAX_LEVEL:
            yield name, member_path
        yield from _positions(child, member_path, remaining)
    if node.each:
        yield from _positions(node.each, f"{path}/0", remaining)


def with_only_for(
    families: list[Family], bodies: Mapping[str, Node], documents: Mapping[str, LineMap]
) -> tuple[list[Family], list[Fact], list[str]]:
    """Add the rule on names of other models to each family.

    The names are taken from the files of the other models. Where a page excludes one, `excluded` in the
    model file states it, and it becomes a fact with a source.

    Args:
        families: All families, without the rule.
        bodies: The body forms by name.
        documents: The files by stem.

    Returns:
        The families with the rule, the facts on excluded names, and diagnostics.
    """
    results, facts, lines = [], [], []
    for family in families:
        raw = documents[family.name]
        diagnostics = Diagnostics(f"{family.name}.yaml")
        names = _names_of_others(family, families)
        excluded: LineMap = raw.get("excluded", LineMap(raw.line))
        for name in excluded:
            if name not in names:
                diagnostics.unknown_name(excluded.lines[name], "the name of another model,", name, names)
        lines += diagnostics.lines
        instead = _names_to_send_instead(family, families, bodies) | {
            name: entry["instead"] for name, entry in excluded.items() if "instead" in entry
        }
        rule = _only_for_rule(family, names, raw)
        results.append(replace(family, only_for=rule, instead=MappingProxyType(instead)))
        facts += [_exclusion_fact(family, name, names[name], excluded) for name in excluded if name in names]
    return results, facts, lines


def _names_of_others(family: Family, families: list[Family]) -> dict[str, tuple[str, ...]]:
    """Return the names that only other families have, each with those families."""
    names: dict[str, list[str]] = {}
    for other in families:
        for name in other.positions:
            if name not in family.positions:
                names.setdefault(name, []).append(other.name)
    return {name: tuple(sorted(others)) for name, others in names.items()}


def _only_for_rule(family: Family, names: Mapping[str, tuple[str, ...]], raw: LineMap) -> Rule | None:
    if not names:
        return None
    return Rule(
        id=f"{family.name}/{_KIND}",
        kind=_KIND,
        limit=dict(names),
        outcome=KINDS[_KIND].outcome,
        file=f"{family.name}.yaml",
        line=raw.lines.get("excluded", raw.lines["fields"]),
        source=raw["source"],
        models=family.models,
    )


def _exclusion_fact(family: Family, name: str, others: tuple[str, ...], excluded: LineMap) -> Fact:
    entry = excluded[name]
    return Fact(
        id=f"{family.name}/{_KIND}.{name}",
        value=list(others),
        file=f"{family.name}.yaml",
        line=excluded.lines[name],
        source=entry["source"],
        notes=str(entry.get("notes", "")),
    )


def _names_to_send_instead(
    family: Family, families: list[Family], bodies: Mapping[str, Node]
) -> dict[str, str]:
    """Return the replacement for a name that another body form has."""
    instead: dict[str, str] = {}
    for other in families:
        if other.body == family.body or other.body not in bodies:  # cross_file_checks reports the latter
            continue
        for name, node in _named_members(bodies[other.body]):
            fields = [field for field in _fields_of(node) if field in family.positions]
            if name not in family.positions and fields:
                text = " and ".join(f"{field} at {family.positions[field]}" for field in fields)
                instead.setdefault(name, f"Send {text}")
    return instead


def _named_members(form: Node) -> list[tuple[str, Node]]:
    """Return the members of a container in a form, except containers of fields."""
    inner = [(name, node) for _, container in form.members for name, node in container.members]
    return [(name, node) for name, node in inner if node.form != "rest"]


def _fields_of(node: Node) -> list[str]:
    """Return the fields that a node and the nodes below it name, in order."""
    return [
        name for inner in node.walk() for name in (inner.field, *(field for _, field in inner.parts)) if name
    ]
