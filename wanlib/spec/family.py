"""A model file to a Family."""

from collections.abc import Mapping
from types import MappingProxyType

from wanlib.spec.complaints import Complaints
from wanlib.spec.counts import CountSection
from wanlib.spec.fields import FieldBuilder
from wanlib.spec.homes import homes_of
from wanlib.spec.meaning import Meaning
from wanlib.spec.mode import Expression, names
from wanlib.spec.mode_section import ModeSection
from wanlib.spec.model import Fact, Family, Field, Node
from wanlib.spec.picture_size import read_picture_size
from wanlib.spec.reader import Map
from wanlib.spec.rules import Origin
from wanlib.spec.size_section import SizeSection
from wanlib.spec.verbs import VerbSection

_SET_FORM = "images_of_a_set"


def build_family(stem: str, raw: Map, body: Node | None, complaints: Complaints) -> tuple[Family, list[Fact]]:
    """The family of a file that has the right shape. What it means wrongly goes to `complaints`."""
    models = tuple(raw["models"])
    origin = Origin(stem, models, raw["source"], complaints)
    builder = FieldBuilder(origin, body.assembled() if body else frozenset())
    fields = builder.fields(raw["fields"])
    verbs, counts, output = VerbSection(fields, origin), CountSection(fields, complaints), raw["output"]
    sizes = counts.read("size", output["size"])
    family = Family(
        name=stem,
        version=raw["wan"],
        models=models,
        body=raw["body"],
        modes=MappingProxyType(_modes(raw, fields, complaints)),
        fields=fields,
        unknown=builder.rules.implied("unknown", "unknown", raw.lines["fields"]),
        output=MappingProxyType(dict(output)),
        verbs=MappingProxyType(verbs.read(raw["verbs"])),
        count_of=MappingProxyType(counts.read("count_of", output["count_of"])),
        count_is=MappingProxyType(counts.read("count_is", output["count_is"])),
        homes=MappingProxyType(homes_of(fields, body) if body else {}),
        picture_size=MappingProxyType({mode: read_picture_size(size) for mode, size in sizes.items()}),
        set_form=MappingProxyType(counts.read(_SET_FORM, output.get(_SET_FORM, Map(0)))),
    )
    _check_set_form(output, complaints)
    counts.check_fields(output["count_of"])
    Meaning(family, builder, raw.get("modes", ()), counts.lines).check()
    if not complaints.lines:
        SizeSection(fields, complaints).check(sizes)
    return family, builder.defaults.facts + builder.advice.facts + verbs.facts + _output_facts(
        stem, raw, complaints.file
    )


def _modes(raw: Map, fields: tuple[Field, ...], complaints: Complaints) -> Mapping[str, Expression]:
    if "modes" not in raw:
        return {}
    return ModeSection(fields, tuple(raw["models"]), complaints).read(raw["modes"], raw["modes"].lines)


def _check_set_form(output: Map, complaints: Complaints) -> None:
    """How the pictures of a set stand in choices is stated exactly where they come as choices."""
    if (output["result"] == "choices") != (_SET_FORM in output):
        line = output.lines.get(_SET_FORM, output.lines["result"])
        met = "with" if _SET_FORM in output else "without"
        expected = "it left out" if _SET_FORM in output else f"{_SET_FORM} beside it"
        complaints.add(line, f"the result {output['result']} {met} {_SET_FORM}", expected)


def _output_facts(stem: str, raw: Map, file: str) -> list[Fact]:
    output: Map = raw["output"]
    return [
        Fact(f"{stem}/output.{key}", value, file, output.lines[key], raw["source"])
        for key, value in output.items()
    ]


def fields_read(family: Family, mode: str) -> set[str]:
    """The fields (and `model`, `call`) that a mode reads, directly or through modes."""
    found: set[str] = set()
    for name in names(family.modes[mode]):
        found |= fields_read(family, name) if name in family.modes else {name}
    return found
