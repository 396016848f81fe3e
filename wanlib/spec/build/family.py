"""Build a Family from a model file, with its verbs, its facts and all checks."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.spec.build.fields import TYPES_WITHOUT_DEFAULT, FieldBuilder, fits
from wanlib.spec.build.member_names import positions_of
from wanlib.spec.build.modes import ModeParser
from wanlib.spec.build.picture_sizes import PictureSizeChecker
from wanlib.spec.build.rule_checks import RuleChecker, violated_bounds
from wanlib.spec.build.rules import CALLS_SECTION, SourceFile
from wanlib.spec.model.errors import Diagnostics, check_model_name
from wanlib.spec.model.model import DERIVED, OTHERWISE, Fact, Family, Field, Node, Verb
from wanlib.spec.model.modes import Condition, Expression, parse_condition
from wanlib.spec.model.picture_size import parse_picture_size
from wanlib.spec.source.own_rows import is_by_model, without_remarks
from wanlib.spec.source.yaml_reader import LineMap

_SET_FORM = "images_of_a_set"


def build_family(
    stem: str, raw: LineMap, form: Node | None, diagnostics: Diagnostics
) -> tuple[Family, list[Fact]]:
    """Build the family of a file that matches the schema.

    Args:
        stem: The name of the file without `.yaml`.
        raw: Its content.
        form: Its body form; None if `wire.yaml` does not have it.
        diagnostics: Collects the problems of the file.

    Returns:
        The family and its facts. If there are diagnostics, both are incomplete.
    """
    models = tuple(raw["models"])
    for model, line in zip(models, raw["models"].lines, strict=True):
        check_model_name(model, line, diagnostics)
    source_file = SourceFile(stem, models, raw["source"], diagnostics)
    builder = FieldBuilder(
        source_file,
        form.list_parts if form else frozenset(),
        form.field_names if form else frozenset(),
    )
    fields = builder.fields(raw["fields"])
    has_rest = form is None or any(node.form == "rest" for node in form.walk())
    verbs = VerbBuilder(fields, source_file)
    tables, output = OutputTableBuilder(fields, diagnostics), raw["output"]
    sizes = tables.by_condition("size", output["size"])
    family = Family(
        name=stem,
        version=raw["wan"],
        models=models,
        body=raw["body"],
        modes=MappingProxyType(_modes(raw, fields, diagnostics)),
        fields=fields,
        unknown=builder.rules.implied("unknown", "unknown", raw.lines["fields"]) if has_rest else None,
        output=MappingProxyType(dict(output)),
        verbs=MappingProxyType(verbs.verbs(raw["verbs"])),
        count_of=MappingProxyType(tables.by_condition("count_of", output["count_of"])),
        count_is=MappingProxyType(tables.by_condition("count_is", output["count_is"])),
        positions=MappingProxyType(positions_of(fields, form) if form else {}),
        picture_size=MappingProxyType({mode: parse_picture_size(size) for mode, size in sizes.items()}),
        set_form=MappingProxyType(tables.by_condition(_SET_FORM, output.get(_SET_FORM, LineMap(0)))),
        call_rules=MappingProxyType(builder.rules.call_rules(_call_entries(raw))),
    )
    _check_set_form(output, diagnostics)
    tables.check_count_fields(output["count_of"])
    RuleChecker(family, builder, raw.get("modes", ()), tables.lines).check()
    if not diagnostics.lines:
        PictureSizeChecker(fields, diagnostics).check(sizes)
    facts = builder.defaults.facts + builder.advice.facts + verbs.facts
    return family, facts + _output_facts(stem, raw, diagnostics.file)


class VerbBuilder:
    """Builds the verbs of one file, with a fact for each.

    Attributes:
        facts: The facts, in the order of the file.
    """

    def __init__(self, fields: Iterable[Field], source_file: SourceFile) -> None:
        """Prepare to build verbs that send these fields."""
        self.facts: list[Fact] = []
        self._fields = {field.name: field for field in fields}
        self._source_file = source_file
        self._diagnostics = source_file.diagnostics

    def verbs(self, raw: LineMap) -> dict[str, Verb]:
        """Return every verb by name; problems are added to the diagnostics."""
        verbs = {}
        for name in raw:
            self._add_fact(name, raw[name], raw.lines[name])
            means, starts = (raw[name].get(part, LineMap(0)) for part in ("means", "starts"))
            self._check_values(means)
            self._check_values(starts)
            for field in starts:
                if field in means:
                    problem = f"{name} starts with {field}, which it means too"
                    self._diagnostics.add(starts.lines[field], problem, "it once")
            verbs[name] = Verb(MappingProxyType(means), MappingProxyType(starts))
        return verbs

    def _add_fact(self, name: str, raw: LineMap, line: int) -> None:
        source, notes = raw.get("source", self._source_file.source), raw.get("notes", "")
        fact_id = f"{self._source_file.stem}/verbs.{name}"
        self.facts.append(Fact(fact_id, raw, self._diagnostics.file, line, source, notes))

    def _check_values(self, values: LineMap) -> None:
        for name, value in values.items():
            if name not in self._fields:
                self._diagnostics.unknown_name(values.lines[name], "the field", name, self._fields)
            else:
                self._check_value(self._fields[name], value, values.lines[name])

    def _check_value(self, field: Field, value: Any, line: int) -> None:
        has_none = field.type in TYPES_WITHOUT_DEFAULT
        if has_none or not fits(value, field.type):
            expected = "none of it" if has_none else f"a value of the type {field.type}"
            problem = f"{field.name} of the type {field.type} is {safe_repr(value)}"
            self._diagnostics.add(line, problem, expected)
            return
        for rule in violated_bounds(field, None, value):
            problem = f"{field.name} is {safe_repr(value)}"
            self._diagnostics.add(line, problem, f"a value that satisfies {rule.id}")


class OutputTableBuilder:
    """Builds the tables by condition in the `output` section of one file.

    Attributes:
        lines: The line of each entry, by table and condition.
    """

    def __init__(self, fields: Iterable[Field], diagnostics: Diagnostics) -> None:
        """Prepare to build tables of a file with these fields."""
        self.lines: dict[str, dict[Condition, int]] = {}
        self._fields = {field.name: field for field in fields}
        self._diagnostics = diagnostics

    def by_condition(self, name: str, raw: LineMap) -> dict[Condition | None, Any]:
        """Return the values of a table such as `count_of`; None is the key of `otherwise`."""
        values: dict[Condition | None, Any] = {}
        lines = self.lines[name] = {}
        for key, value in raw.items():
            if key == OTHERWISE:
                values[None] = value
                continue
            try:
                condition = parse_condition(key)
            except ValueError:
                problem = f"{key!r} is not a condition"
                self._diagnostics.add(raw.lines[key], problem, "a mode or not a mode")
                continue
            values[condition], lines[condition] = value, raw.lines[key]
        return values

    def check_count_fields(self, raw: LineMap) -> None:
        """Check that pictures are bounded by an integer that can always be sent."""
        for key, name in raw.items():
            field = self._fields.get(name)
            if field is None:
                integers = [field.name for field in self._fields.values() if field.type == "integer"]
                self._diagnostics.unknown_name(raw.lines[key], "the field", name, integers)
            elif field.type != "integer" or not _has_always_a_default(field):
                problem = f"count_of names {name}, of the type {field.type}"
                self._diagnostics.add(raw.lines[key], problem, "an integer field with a default")


def _has_always_a_default(field: Field) -> bool:
    """Return whether there is a number to send in every mode."""
    return None in field.default and DERIVED not in field.default.values()


def _call_entries(raw: LineMap) -> LineMap:
    """Return the calls of a file; none if they are stated by model, which has no rules."""
    has_rules = CALLS_SECTION in raw and not is_by_model(raw, CALLS_SECTION)
    return without_remarks(raw[CALLS_SECTION]) if has_rules else LineMap(0)


def _modes(raw: LineMap, fields: tuple[Field, ...], diagnostics: Diagnostics) -> Mapping[str, Expression]:
    if "modes" not in raw:
        return {}
    return ModeParser(fields, tuple(raw["models"]), diagnostics).modes(raw["modes"], raw["modes"].lines)


def _check_set_form(output: LineMap, diagnostics: Diagnostics) -> None:
    """Check that the form of a set is stated only if pictures come as choices."""
    if (output["result"] == "choices") != (_SET_FORM in output):
        line = output.lines.get(_SET_FORM, output.lines["result"])
        has = "with" if _SET_FORM in output else "without"
        expected = "it left out" if _SET_FORM in output else f"{_SET_FORM} beside it"
        diagnostics.add(line, f"the result {output['result']} {has} {_SET_FORM}", expected)


def _output_facts(stem: str, raw: LineMap, file: str) -> list[Fact]:
    output: LineMap = raw["output"]
    return [
        Fact(f"{stem}/output.{key}", value, file, output.lines[key], raw["source"])
        for key, value in output.items()
    ]
