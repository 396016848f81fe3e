"""Which models a rule can meet: those whose body form it is of, and whose modes can let it hold."""

from collections.abc import Iterable
from dataclasses import replace
from wanlib.spec.model.modes import holds
from wanlib.spec.model.mode_values import value_combinations
from wanlib.spec.model.modes import Condition
from wanlib.spec.model.model import Family, Field, Node, Rule
from collections.abc import Mapping
from types import MappingProxyType
from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.model.model import Fact, Family, Node, Rule
from wanlib.spec.source.yaml_reader import LineMap


def restrict_to_models(family: Family) -> Family:
    """The family, each variant's rules with the models that can ever be in its mode."""
    return replace(family, fields=tuple(_field(family, field) for field in family.fields))


def with_models(node: Node, models: tuple[str, ...]) -> Node:
    """A body form, its rules with the models that are written in it."""
    return replace(
        node,
        rules=tuple(replace(rule, models=models) for rule in node.rules),
        members=tuple((name, with_models(child, models)) for name, child in node.members),
        each=with_models(node.each, models) if node.each else None,
    )


def models_of(family: Family, condition: Condition) -> tuple[str, ...]:
    """The models for which a condition holds under some values of what its mode reads."""
    met = {
        model
        for values in value_combinations(family, (condition.mode,))
        if holds(family.modes, condition.mode, values) is condition.wanted
        for model in ([values["model"]] if "model" in values else family.models)
    }
    return tuple(model for model in family.models if model in met)


def _field(family: Family, field: Field) -> Field:
    return replace(
        field,
        rules=tuple(_rules(family, field.rules)),
        each=_field(family, field.each) if field.each else None,
        members=tuple(_field(family, member) for member in field.members),
    )


def _rules(family: Family, rules: Iterable[Rule]) -> Iterable[Rule]:
    for rule in rules:
        yield replace(rule, models=models_of(family, rule.condition)) if rule.condition else rule


KIND = "only_for"


def with_only_for(
    families: list[Family], bodies: Mapping[str, Node], documents: Mapping[str, LineMap]
) -> tuple[list[Family], list[Fact], list[str]]:
    """Return the families with their rules on names of other models, the facts on these, and diagnostics.

    A name is found in the files of the other models. A page that excludes it is stated under `excluded`, and
    makes it a fact with a source.
    """
    found, facts, diagnostics = [], [], []
    for family in families:
        raw = documents[family.name]
        gathered = Diagnostics(f"{family.name}.yaml")
        names = _only_for(family, families)
        stated: LineMap = raw.get("excluded", LineMap(raw.line))
        for name in stated:
            if name not in names:
                gathered.unknown_name(stated.lines[name], "the name of another model,", name, names)
        diagnostics += gathered.lines
        instead = _instead(family, families, bodies) | {
            name: each["instead"] for name, each in stated.items() if "instead" in each
        }
        rule = _rule(family, names, raw)
        found.append(replace(family, only_for=rule, instead=MappingProxyType(instead)))
        facts += [_fact(family, name, names[name], stated) for name in stated if name in names]
    return found, facts, diagnostics


def _only_for(family: Family, families: list[Family]) -> dict[str, tuple[str, ...]]:
    """The names that other families document and this one does not, each with those families, sorted."""
    names: dict[str, list[str]] = {}
    for other in families:
        for name in other.homes:
            if name not in family.homes:
                names.setdefault(name, []).append(other.name)
    return {name: tuple(sorted(others)) for name, others in names.items()}


def _rule(family: Family, names: Mapping[str, tuple[str, ...]], raw: LineMap) -> Rule | None:
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


def _fact(family: Family, name: str, others: tuple[str, ...], stated: LineMap) -> Fact:
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
