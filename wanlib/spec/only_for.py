"""The names that other models document, as rules and facts of the models that do not have them."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from wanlib.spec.complaints import Complaints
from wanlib.spec.kinds import KINDS
from wanlib.spec.model import Fact, Family, Node, Rule
from wanlib.spec.reader import Map

KIND = "only_for"


def with_only_for(
    families: list[Family], bodies: Mapping[str, Node], documents: Mapping[str, Map]
) -> tuple[list[Family], list[Fact], list[str]]:
    """Return the families with their rules on names of other models, the facts on these, and complaints.

    A name is found in the files of the other models. A page that excludes it is stated under `excluded`, and
    makes it a fact with a source.
    """
    found, facts, complaints = [], [], []
    for family in families:
        raw = documents[family.name]
        gathered = Complaints(f"{family.name}.yaml")
        names = _only_for(family, families)
        stated: Map = raw.get("excluded", Map(raw.line))
        for name in stated:
            if name not in names:
                gathered.unknown(stated.lines[name], "the name of another model,", name, names)
        complaints += gathered.lines
        instead = _instead(family, families, bodies) | {
            name: each["instead"] for name, each in stated.items() if "instead" in each
        }
        rule = _rule(family, names, raw)
        found.append(replace(family, only_for=rule, instead=MappingProxyType(instead)))
        facts += [_fact(family, name, names[name], stated) for name in stated if name in names]
    return found, facts, complaints


def _only_for(family: Family, families: list[Family]) -> dict[str, tuple[str, ...]]:
    """The names that other families document and this one does not, each with those families, sorted."""
    names: dict[str, list[str]] = {}
    for other in families:
        for name in other.homes:
            if name not in family.homes:
                names.setdefault(name, []).append(other.name)
    return {name: tuple(sorted(others)) for name, others in names.items()}


def _rule(family: Family, names: Mapping[str, tuple[str, ...]], raw: Map) -> Rule | None:
    if not names:
        return None
    return Rule(
        id=f"{family.name}/{KIND}",
        kind=KIND,
        limit=dict(names),
        outcome=KINDS[KIND].outcome,
        file=f"{family.name}.yaml",
        line=raw.lines.get("excluded", raw.lines["fields"]),
        source=raw["source"],
        models=family.models,
    )


def _fact(family: Family, name: str, others: tuple[str, ...], stated: Map) -> Fact:
    """The fact that a page excludes a name here."""
    file, each = f"{family.name}.yaml", stated[name]
    line, notes = stated.lines[name], str(each.get("notes", ""))
    return Fact(f"{family.name}/{KIND}.{name}", list(others), file, line, each["source"], notes)


def _instead(family: Family, families: list[Family], bodies: Mapping[str, Node]) -> dict[str, str]:
    """What to send for a name of another body form whose fields this family has: where they belong here."""
    found: dict[str, str] = {}
    for other in families:
        if other.body == family.body or other.body not in bodies:  # the check of the whole names the latter
            continue
        for name, node in _members(bodies[other.body]):
            fields = [each for each in _fields(node) if each in family.homes]
            if name not in family.homes and fields:
                found.setdefault(
                    name, "Send " + " and ".join(f"{each} at {family.homes[each]}" for each in fields)
                )
    return found


def _members(form: Node) -> list[tuple[str, Node]]:
    """The members of a form's first two levels, but for the containers of fields."""
    inner = [(name, node) for _, outer in form.members for name, node in outer.members]
    return [(name, node) for name, node in inner if node.form != "rest"]


def _fields(node: Node) -> list[str]:
    return [
        name for each in node.walk() for name in (each.field, *(field for _, field in each.parts)) if name
    ]
