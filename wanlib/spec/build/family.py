"""A model file to a Family."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any
from wanlib.base.redaction import safe_repr
from wanlib.spec.build.fields import UNDEFAULTED, fits
from wanlib.spec.build.rule_checks import violated_bounds
from wanlib.spec.model.model import Fact, Field, Verb
from wanlib.spec.source.yaml_reader import LineMap
from wanlib.spec.build.rules import SourceFile
from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.modes import Condition, parse_condition
from wanlib.spec.model.model import Field
from collections.abc import Mapping
from wanlib.spec.build.fields import FieldBuilder
from wanlib.spec.build.bodies import homes_of
from wanlib.spec.build.rule_checks import RuleChecker
from wanlib.spec.model.modes import Expression
from wanlib.spec.build.modes import ModeParser
from wanlib.spec.model.model import Fact, Family, Field, Node
from wanlib.spec.model.picture_size import read_picture_size
from wanlib.spec.build.picture_sizes import SizeSection


class VerbSection:
    """Reads the verbs of one file, with a fact for each."""

    def __init__(self, fields: Iterable[Field], origin: SourceFile) -> None:
        self.fields = {field.name: field for field in fields}
        self.origin = origin
        self.diagnostics = origin.diagnostics
        self.facts: list[Fact] = []

    def read(self, raw: LineMap) -> dict[str, Verb]:
        """Every verb by its name; what is wrong in it is complained of."""
        verbs = {}
        for name in raw:
            self._fact(name, raw[name], raw.lines[name])
            means, starts = (raw[name].get(part, LineMap(0)) for part in ("means", "starts"))
            for each in (means, starts):
                self._check(each)
            for field in starts:
                if field in means:
                    what = f"{name} starts with {field}, which it means too"
                    self.diagnostics.add(starts.lines[field], what, "it once")
            verbs[name] = Verb(MappingProxyType(means), MappingProxyType(starts))
        return verbs

    def _fact(self, name: str, raw: LineMap, line: int) -> None:
        source, notes = raw.get("source", self.origin.source), raw.get("notes", "")
        stem, file = self.origin.stem, self.diagnostics.file
        self.facts.append(Fact(f"{stem}/verbs.{name}", raw, file, line, source, notes))

    def _check(self, values: LineMap) -> None:
        for name, value in values.items():
            if name not in self.fields:
                self.diagnostics.unknown_name(values.lines[name], "the field", name, self.fields)
            else:
                self._check_value(self.fields[name], value, values.lines[name])

    def _check_value(self, field: Field, value: Any, line: int) -> None:
        if field.type in UNDEFAULTED or not fits(value, field.type):
            expected = "none of it" if field.type in UNDEFAULTED else f"a value of the type {field.type}"
            self.diagnostics.add(line, f"{field.name} of the type {field.type} is {safe_repr(value)}", expected)
            return
        for rule in violated_bounds(field, None, value):
            self.diagnostics.add(line, f"{field.name} is {safe_repr(value)}", f"a value that keeps {rule.id}")


OTHERWISE = "otherwise"


class CountSection:
    """Reads them for one file. lines: of each kind and condition."""

    def __init__(self, fields: Iterable[Field], diagnostics: Diagnostics) -> None:
        self.fields = {field.name: field for field in fields}
        self.diagnostics = diagnostics
        self.lines: dict[str, dict[Condition, int]] = {}

    def read(self, kind: str, raw: LineMap) -> dict[Condition | None, Any]:
        """The values of a fact such as `count_of` by condition; None is the condition of `otherwise`."""
        values: dict[Condition | None, Any] = {}
        lines = self.lines[kind] = {}
        for key, value in raw.items():
            if key == OTHERWISE:
                values[None] = value
                continue
            try:
                condition = parse_condition(key)
            except ValueError:
                self.diagnostics.add(raw.lines[key], f"{key!r} is not a condition", "a mode or not a mode")
                continue
            values[condition], lines[condition] = value, raw.lines[key]
        return values

    def check_fields(self, raw: LineMap) -> None:
        """What bounds the pictures is a whole number that the client can always send."""
        for key, name in raw.items():
            field = self.fields.get(name)
            if field is None:
                integers = [each.name for each in self.fields.values() if each.type == "integer"]
                self.diagnostics.unknown_name(raw.lines[key], "the field", name, integers)
            elif field.type != "integer" or not _has_always_a_default(field):
                what = f"count_of names {name}, of the type {field.type}"
                self.diagnostics.add(raw.lines[key], what, "an integer field with a default")


def _has_always_a_default(field: Field) -> bool:
    """Whether there is a number to send in every mode."""
    return None in field.default and "derived" not in field.default.values()


_SET_FORM = "images_of_a_set"


def build_family(stem: str, raw: LineMap, body: Node | None, diagnostics: Diagnostics) -> tuple[Family, list[Fact]]:
    """The family of a file that has the right shape. What it means wrongly goes to `diagnostics`."""
    models = tuple(raw["models"])
    origin = SourceFile(stem, models, raw["source"], diagnostics)
    builder = FieldBuilder(origin, body.list_parts() if body else frozenset())
    fields = builder.fields(raw["fields"])
    verbs, counts, output = VerbSection(fields, origin), CountSection(fields, diagnostics), raw["output"]
    sizes = counts.read("size", output["size"])
    family = Family(
        name=stem,
        version=raw["wan"],
        models=models,
        body=raw["body"],
        modes=MappingProxyType(_modes(raw, fields, diagnostics)),
        fields=fields,
        unknown=builder.rules.implied("unknown", "unknown", raw.lines["fields"]),
        output=MappingProxyType(dict(output)),
        verbs=MappingProxyType(verbs.read(raw["verbs"])),
        count_of=MappingProxyType(counts.read("count_of", output["count_of"])),
        count_is=MappingProxyType(counts.read("count_is", output["count_is"])),
        homes=MappingProxyType(homes_of(fields, body) if body else {}),
        picture_size=MappingProxyType({mode: read_picture_size(size) for mode, size in sizes.items()}),
        set_form=MappingProxyType(counts.read(_SET_FORM, output.get(_SET_FORM, LineMap(0)))),
    )
    _check_set_form(output, diagnostics)
    counts.check_fields(output["count_of"])
    RuleChecker(family, builder, raw.get("modes", ()), counts.lines).check()
    if not diagnostics.lines:
        SizeSection(fields, diagnostics).check(sizes)
    return family, builder.defaults.facts + builder.advice.facts + verbs.facts + _output_facts(
        stem, raw, diagnostics.file
    )


def _modes(raw: LineMap, fields: tuple[Field, ...], diagnostics: Diagnostics) -> Mapping[str, Expression]:
    if "modes" not in raw:
        return {}
    return ModeParser(fields, tuple(raw["models"]), diagnostics).read(raw["modes"], raw["modes"].lines)


def _check_set_form(output: LineMap, diagnostics: Diagnostics) -> None:
    """How the pictures of a set stand in choices is stated exactly where they come as choices."""
    if (output["result"] == "choices") != (_SET_FORM in output):
        line = output.lines.get(_SET_FORM, output.lines["result"])
        met = "with" if _SET_FORM in output else "without"
        expected = "it left out" if _SET_FORM in output else f"{_SET_FORM} beside it"
        diagnostics.add(line, f"the result {output['result']} {met} {_SET_FORM}", expected)


def _output_facts(stem: str, raw: LineMap, file: str) -> list[Fact]:
    output: LineMap = raw["output"]
    return [
        Fact(f"{stem}/output.{key}", value, file, output.lines[key], raw["source"])
        for key, value in output.items()
    ]

