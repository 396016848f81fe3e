"""Every line of the spec files has an effect: a sample of them here, all with `make effects`."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.effects.changes import Change, Vocabulary
from tests.effects.judge import DEAD, REFUSED, Effect, Judge
from tests.effects.spec_values import (
    Documents,
    SpecValue,
    find_values,
    replace_value,
    with_item,
    without_item,
)
from wanlib.spec.load import read_documents, spec_folder
from wanlib.spec.source.schema_check import SCHEMA
from wanlib.spec.source.yaml_reader import LineList, LineMap, read_yaml

SAMPLE = 24
SEED = 1
ONCE_DEAD = [  # lines that had no effect when the test was written
    ("wan2.7", ("output", "format")),
    ("wan2.7", ("output", "size", "otherwise", "ratio")),
    ("wan2.7", ("output", "size", "otherwise", "without_image")),
    ("wan2.7", ("output", "images_of_a_set", "sequential")),
    ("wan2.6", ("output", "size", "interleave", "max_pixels")),
    ("wan2.5", ("output", "size", "otherwise", "pixels")),
    ("wan2.5", ("output", "seed_step")),
    ("wanx2.1", ("output", "size", "upscaling", "scaled_by")),
    ("wanx2.1", ("output", "size", "expanding", "extended_by", "width")),
    ("wire", ("times", "list", "form")),
    ("wire", ("streaming", "usage")),
    ("wire", ("streaming", "parts_of_a_chunk")),
    ("wire", ("timeouts", "internal")),
    ("wire", ("timeouts", "internal_code")),
    ("wire", ("polling", "min_interval")),
]


@pytest.fixture(scope="module")
def judge() -> Judge:
    """The packaged spec."""
    return Judge(read_documents(spec_folder()))


@pytest.mark.long
def test_a_sample_of_all_values_has_an_effect(judge: Judge) -> None:
    chosen = Random(SEED).sample(judge.places, SAMPLE)
    bad = [str(finding) for finding in judge.effects(chosen) if finding.is_bad]
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize(("file", "path"), ONCE_DEAD, ids=lambda value: str(value))
def test_lines_that_were_dead_have_an_effect(judge: Judge, file: str, path: tuple[str, ...]) -> None:
    (place,) = [value for value in judge.places if (value.file, value.path) == (file, path)]
    findings = [*judge.effects([place])]
    assert findings and not [str(effect) for effect in findings if effect.is_bad]


def test_an_unchanged_value_has_no_effect(judge: Judge) -> None:
    """Otherwise every change would seem to have an effect."""
    place = judge.places[0]
    assert judge.effect(place, Change("the same", place.value)) == DEAD


@pytest.mark.parametrize("value", ["5 h", 5, True, ["sync"]])
def test_a_dead_line_is_found(tmp_path: Path, value: Any) -> None:
    """The loader accepts the line and nothing reads it."""
    documents, schema = with_dead_line(tmp_path, "patience", value)
    judge = Judge(documents, schema)
    place = next(place for place in judge.places if "patience" in place.path)
    change = next(Vocabulary([]).changes(place))
    finding = Effect(place, change, judge.effect(place, change))
    assert finding.effect == DEAD and finding.is_bad


def with_dead_line(folder: Path, name: str, value: Any) -> tuple[Documents, Path]:
    """Return the packaged spec with one more member in `timeouts`, and a schema that allows it."""
    documents = read_documents(spec_folder())
    timeouts: LineMap = documents["wire"]["timeouts"]
    grown = LineMap(timeouts.line)
    grown.update(timeouts)
    grown.lines = timeouts.lines | {name: timeouts.line}
    listed = value
    if isinstance(value, list):
        listed = with_item(LineList(timeouts.line), value[0])
    grown[name] = listed
    schema: Any = json.loads((spec_folder() / SCHEMA).read_text("utf-8"))
    schema["$defs"]["wire"]["properties"]["timeouts"]["properties"][name] = {}
    path = folder / SCHEMA
    path.write_text(json.dumps(schema), "utf-8")
    return replace_value(documents, SpecValue("wire", ("timeouts",), None, 0), grown), path


def test_a_change_that_the_loader_refuses_has_an_effect(judge: Judge) -> None:
    (place,) = [value for value in judge.places if (value.file, value.path) == ("task", ("initial",))]
    assert judge.effect(place, Change("no state", "SLEEPING")) == REFUSED


def values_in(text: str) -> Iterator[SpecValue]:
    yield from find_values({"wire": read_yaml(text, "wire.yaml")})


def test_every_scalar_and_every_list_is_a_place() -> None:
    text = "a: 1\nb: {c: [x, {d: true}], e: []}\n"
    assert [(place.path, place.line) for place in values_in(text)] == [
        (("a",), 1),
        (("b", "c"), 2),
        (("b", "c", 0), 2),
        (("b", "c", 1, "d"), 2),
        (("b", "e"), 2),
    ]


def test_a_value_is_replaced_and_the_rest_shared() -> None:
    documents = {"wire": read_yaml("a: {b: [1, 2]}\nc: {}\n", "wire.yaml")}
    place = next(value for value in find_values(documents) if value.path == ("a", "b", 1))
    changed = replace_value(documents, place, 3)
    assert changed["wire"] == {"a": {"b": [1, 3]}, "c": {}} and documents["wire"]["a"]["b"] == [1, 2]
    assert changed["wire"]["c"] is documents["wire"]["c"]
    assert changed["wire"]["a"].lines == documents["wire"]["a"].lines


def test_lists_grow_and_shrink() -> None:
    items: LineList = read_yaml("a: [1, 2]\n", "wire.yaml")["a"]
    assert without_item(items, 0) == [2] and with_item(items, 3) == [1, 2, 3] and items == [1, 2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: true\n", [False]),
        ("a: 4\n", [5, 3]),
        ("a: 0.5\n", [0.75, 0.25]),
        ("a: 24 h\n", ["24 h another", "24 hanother", "25 h"]),
        ("a: 1280*960\n", ["1280*960 another", "1280*960another", "1281*960", "1280*961"]),
        ("a: red\nb: {a: blue}\n", ["blue", "red another", "redanother"]),
    ],
)
def test_other_values(text: str, expected: list[Any]) -> None:
    first, *_ = known = [*values_in(text)]
    assert [change.value for change in Vocabulary(known).changes(first)] == expected


def test_words_of_a_closed_vocabulary_are_those_of_the_schema(judge: Judge) -> None:
    (place,) = [
        value
        for value in judge.places
        if (value.file, value.path) == ("wan2.7", ("output", "size", "otherwise", "ratio"))
    ]
    assert "square" in [change.value for change in Vocabulary([]).changes(place)]
