"""A model file to a Family, with the checks of meaning that a shape can't say."""

import re
from itertools import combinations
from types import MappingProxyType
from typing import Any

from wanlib.spec.complaints import Complaints
from wanlib.spec.exclusive import can_hold_together
from wanlib.spec.fields import NAME, FieldBuilder
from wanlib.spec.kinds import KINDS
from wanlib.spec.mode import Compare, Condition, Count, Expression, leaves, names, parse_mode
from wanlib.spec.model import CALLS, Fact, Family, Field, Node
from wanlib.spec.reader import Map


def build_family(stem: str, raw: Map, body: Node | None, complaints: Complaints) -> tuple[Family, list[Fact]]:
    """The family of a file that has the right shape. What it means wrongly goes to `complaints`."""
    models = tuple(raw["models"])
    builder = FieldBuilder(stem, models, raw["source"], body.assembled() if body else frozenset(), complaints)
    fields = builder.fields(raw["fields"])
    family = Family(
        name=stem,
        version=raw["wan"],
        models=models,
        body=raw["body"],
        modes=MappingProxyType(_modes(raw.get("modes"), fields, models, complaints)),
        fields=fields,
        unknown=builder.implied("unknown", "unknown", raw.lines["fields"]),
        output=MappingProxyType(dict(raw.get("output", {}))),
    )
    lines = raw["output"].lines if "output" in raw else {}
    facts = builder.facts + [
        Fact(f"{stem}/output.{key}", value, complaints.file, lines[key], raw["source"])
        for key, value in family.output.items()
    ]
    _Meaning(family, complaints).check()
    return family, facts


def _modes(
    raw: Map | None, fields: tuple[Field, ...], models: tuple[str, ...], complaints: Complaints
) -> dict[str, Expression]:
    modes: dict[str, Expression] = {}
    by_name = {field.name: field for field in fields}
    for name in raw or ():
        assert raw is not None
        line = raw.lines[name]
        if not NAME.fullmatch(name) or name in by_name:
            complaints.add(
                line, f"the mode name {name!r} can't be used", "[a-z][a-z0-9_]*, and no field's name"
            )
        try:
            modes[name] = parse_mode(raw[name])
        except ValueError as error:
            complaints.add(line, *str(error).rsplit(", expected ", 1))
            continue
        for leaf in leaves(modes[name]):
            _check_leaf(leaf, name, modes, by_name, models, complaints, line)
    return modes


def _check_leaf(
    leaf: Any,
    name: str,
    modes: dict[str, Expression],
    fields: dict[str, Field],
    models: tuple[str, ...],
    complaints: Complaints,
    line: int,
) -> None:
    left = leaf.left if isinstance(leaf, Compare) else leaf
    known = [mode for mode in modes if mode != name]
    if isinstance(left, Count):
        if left.name not in fields or fields[left.name].type != "list":
            complaints.unknown(
                line, "the list", left.name, [each for each in fields if fields[each].type == "list"]
            )
        return
    if isinstance(leaf, Compare):
        _check_compare(leaf, left.name, fields, models, complaints, line)
        return
    if left.name not in known and (left.name not in fields or fields[left.name].type != "boolean"):
        booleans = [each for each in fields if fields[each].type == "boolean"]
        complaints.unknown(line, "the boolean field or mode above", left.name, known + booleans)
    elif left.name in fields:
        _check_read(fields[left.name], complaints, line)


def _check_compare(
    leaf: Compare,
    name: str,
    fields: dict[str, Field],
    models: tuple[str, ...],
    complaints: Complaints,
    line: int,
) -> None:
    values = leaf.literal if isinstance(leaf.literal, tuple) else (leaf.literal,)
    if name in fields:
        _check_read(fields[name], complaints, line)
        allowed = [value for rule in fields[name].of_kind("one_of") for value in rule.limit]
    elif name in ("model", "call"):
        allowed = list(models if name == "model" else CALLS)
    else:
        complaints.unknown(line, "the field", name, ["model", "call", *fields])
        return
    for value in values:
        if allowed and value not in allowed:
            complaints.unknown(line, f"the {name}", str(value), map(str, allowed))


def _check_read(field: Field, complaints: Complaints, line: int) -> None:
    if any(condition for condition in field.default):
        complaints.add(
            line, f"a mode reads {field.name}, whose default hangs on a mode", "a field with one default"
        )


class _Meaning:
    """What a family's rules say of each other."""

    def __init__(self, family: Family, complaints: Complaints) -> None:
        self.family = family
        self.complaints = complaints
        self.by_name = {field.name: field for field in family.fields}

    def check(self) -> None:
        for field in self.family.walk():
            self._conditions(field)
            self._variants(field)
            self._references(field)
            self._patterns(field)

    def _conditions(self, field: Field) -> None:
        used = [(rule.line, rule.condition) for rule in field.rules if rule.condition]
        used += [(rule.line, rule.limit) for rule in field.rules if isinstance(rule.limit, Condition)]
        for line, condition in used:
            if condition.mode not in self.family.modes:
                self.complaints.unknown(line, "the mode", condition.mode, self.family.modes)

    def _variants(self, field: Field) -> None:
        for kind in KINDS:
            self._exclusive(
                kind, [(rule.condition, rule.line) for rule in field.of_kind(kind) if rule.condition]
            )
        conditions = [condition for condition in field.default if condition]
        self._exclusive("default", [(condition, field.rules[0].line) for condition in conditions])

    def _exclusive(self, kind: str, variants: list[tuple[Condition, int]]) -> None:
        known = [each for each in variants if each[0].mode in self.family.modes]
        for (one, _), (two, line) in combinations(known, 2):
            if witness := can_hold_together(self.family, one, two):
                self.complaints.add(
                    line,
                    f"{kind} varies by {one} and by {two}, which hold together ({witness})",
                    "modes of which one holds",
                )

    def _references(self, field: Field) -> None:
        for rule in field.rules:
            if rule.kind in ("same_count_as", "inside", "same_pixels_as"):
                target = self.by_name.get(rule.limit)
                lists = [
                    name for name, each in self.by_name.items() if each.type == "list" and name != field.name
                ]
                if target is None or target.name not in lists:
                    self.complaints.unknown(rule.line, "the list", rule.limit, lists)
                elif rule.kind != "same_count_as" and (target.each is None or target.each.type != "image"):
                    self.complaints.add(
                        rule.line, f"{rule.kind}: {rule.limit} holds no images", "a list of images"
                    )
            if rule.kind == "total":
                members = {each.name: each for each in (field.each.members if field.each else ())}
                if rule.of not in members or members[rule.of].type != "percent":
                    self.complaints.unknown(
                        rule.line,
                        "the percent member",
                        rule.of,
                        [m for m in members if members[m].type == "percent"],
                    )

    def _patterns(self, field: Field) -> None:
        for rule in field.of_kind("pattern"):
            if not rule.keeps or not rule.breaks:
                self.complaints.add(rule.line, "pattern without examples", "keeps: and breaks:")
            for word, examples, due in (("keeps", rule.keeps, True), ("breaks", rule.breaks, False)):
                for text in examples:
                    if (re.fullmatch(rule.limit, str(text), re.ASCII) is not None) is not due:
                        self.complaints.add(
                            rule.line,
                            f"{word} lists {text!r}",
                            f"texts that the pattern {'takes' if due else 'refuses'}",
                        )


def fields_read(family: Family, mode: str) -> set[str]:
    """The fields (and `model`, `call`) that a mode reads, directly or through modes."""
    found: set[str] = set()
    for name in names(family.modes[mode]):
        found |= fields_read(family, name) if name in family.modes else {name}
    return found
