"""The loader of vector files: what it reads, and how it refuses wrong ones."""

import json
from pathlib import Path
from typing import Any

import pytest
from wan_conformance.engine.vectors import VectorError, load

from wanlib.boundary.images import data_uri_of_image

GOOD = {"id": "a", "statement": "guide#n", "body": 1, "expect": []}


def entry(*without: str, **changed: Any) -> str:
    """A file of one vector, good but for this; JSON is YAML."""
    return json.dumps([{key: value for key, value in (GOOD | changed).items() if key not in without}])


def expanded(folder: Path, body: str) -> Any:
    (folder / "a.yaml").write_text(entry("body")[:-2] + f", body: {body}}}]", encoding="utf-8")
    return load(folder)[0].body()


def test_macros_are_expanded(tmp_path: Path) -> None:
    assert expanded(tmp_path, '{a: {$text: {char: "字", count: 3}}}') == {"a": "字字字"}
    assert expanded(tmp_path, "[1, {$repeat: {of: [2], count: 2}}, 3]") == [1, [2], [2], 3]
    assert expanded(tmp_path, "[{$repeat: {of: {a: {$text: {char: b, count: 2}}}, count: 1}}]") == [
        {"a": "bb"}
    ]
    assert expanded(tmp_path, "[{$repeat: {of: 1, count: 0}}]") == []


def test_an_image_macro_uses_all_its_members(tmp_path: Path) -> None:
    uri = expanded(tmp_path, "{$image: {format: png, width: 3, height: 2, bytes: 300, mime: image/bmp}}")
    assert uri == data_uri_of_image("png", 3, 2, mime="image/bmp", size_bytes=300)
    uri = expanded(tmp_path, '{$image: {format: png, width: 3, height: 2, alpha: true, prefix: "X,"}}')
    assert uri == "X," + data_uri_of_image("png", 3, 2, alpha=True).partition(",")[2]


def test_every_expansion_is_new(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        entry(body={"a": [1], "b": [{"$repeat": {"of": [1], "count": 2}}]}), encoding="utf-8"
    )
    (vector,) = load(tmp_path)
    body = vector.body()
    body["a"].append(2)
    body["b"][0].append(2)
    assert body["b"][1] == [1]
    assert vector.body() == {"a": [1], "b": [[1], [1]]}


def test_a_vector_has_file_and_position(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(entry(body=None, id="z"), encoding="utf-8")
    (tmp_path / "a.yaml").write_text(
        "- {id: x, statement: h27#n.max, call: sync, body: 1, expect: []}\n"
        '- {id: y, statement: guide#n, body: {}, expect: ["wan2.7/n.max:sequential", wire/model]}\n',
        encoding="utf-8",
    )
    first, second, third = load(tmp_path)
    assert (first.file, first.line, first.call, first.statement) == ("a.yaml", 1, "sync", "h27#n.max")
    assert (second.line, second.call, second.expect) == (2, None, ("wan2.7/n.max:sequential", "wire/model"))
    assert (third.id, third.file, third.body()) == ("z", "b.yaml", None)


BAD_FILES = [
    ("- [", "a.yaml: not plain YAML: "),
    ("- !!python/name:os.system ''", "a.yaml: not plain YAML: could not determine a constructor"),
    ("- {id: \xff", "a.yaml: not plain YAML: "),
    ("- {body: 2026-13-45}", "a.yaml: not plain YAML: month must be in 1..12"),
    ("- 0x_", "a.yaml: not plain YAML: invalid literal for int"),
    ("- {body: {n: 1, n: 2}}", "a.yaml: not plain YAML: line 1: the key 'n' is repeated"),
    ("", "a.yaml: expected a list of vectors, found null"),
    ("{}", "a.yaml: expected a list of vectors, found object"),
    ("- 5", "a.yaml:1: 0: expected a mapping, found 5"),
    (entry("expect"), "a.yaml:1: a: expect is missing"),
    (entry("id"), "a.yaml:1: 0: id is missing"),
    (entry("body"), "a.yaml:1: a: body is missing"),
    (entry("statement"), "a.yaml:1: a: statement is missing"),
    (entry(why="b"), "a.yaml:1: a: no member 'why', expected id, statement, body, expect or call"),
    (entry(id="A b"), "a.yaml:1: A b: id is 'A b', expected the form [a-z0-9]"),
    (entry(id="a b"), "a.yaml:1: a b: id is 'a b', expected the form [a-z0-9]"),
    (entry(id=7), "a.yaml:1: 7: id is 7, expected the form [a-z0-9]"),
    (entry(statement="n"), "a.yaml:1: a: statement is 'n', expected the form [a-z0-9]+#"),
    (entry(call="SYNC"), "a.yaml:1: a: call is 'SYNC', expected one of sync, async, stream"),
    (entry(call=None), "a.yaml:1: a: call is None, expected one of sync, async, stream (or no call"),
    (entry(expect="wire/model"), "a.yaml:1: a: expect is 'wire/model', expected a list of rule ids"),
    (entry(expect=["n.max"]), "a.yaml:1: a: a rule of expect is 'n.max', expected the form [a-z]"),
    (entry(expect=["wire/model"] * 2), "a.yaml:1: a: expect has wire/model twice"),
    (f"{entry()[:-1]}, {entry()[1:]}", "a.yaml:1: a: the id is taken at a.yaml:1"),
]

BAD_BODIES = [
    ({"$txt": {}}, "no macro $txt, expected one of $text, $image, $repeat"),
    ({"b": [{"$text": {"char": "a"}}]}, "$text requires count"),
    ({"$text": {"char": "a", "count": 1, "of": 2}}, "$text has no member of, only char, count"),
    ({"$text": {"char": "a", "count": True}}, "$text: count is True, expected int of 0 or more"),
    ({"$text": {"char": "a", "count": -1}}, "$text: count is -1, expected int of 0 or more"),
    ({"$text": {"char": 1, "count": 1}}, "$text: char is 1, expected str"),
    ({"$text": "a"}, "$text requires a mapping, found 'a'"),
    (
        {"b": 1, "$text": {"char": "a", "count": 1}},
        "$text must be the only key of its mapping, found b, $text",
    ),
    ({"$repeat": {"of": 1, "count": 2}}, "$repeat is allowed only inside a list"),
    ([{"$repeat": {"of": {"$x": 1}, "count": 2}}], "no macro $x, expected one of"),
    (
        {"$image": {"format": "svg", "width": 1, "height": 1}},
        "$image: format is 'svg', expected one of jpeg,",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD_FILES)
def test_a_bad_file_is_refused_with_a_message(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.yaml").write_bytes(text.encode("latin-1"))
    with pytest.raises(VectorError) as caught:
        load(tmp_path)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("body", "message"), BAD_BODIES)
def test_a_bad_macro_is_refused_when_it_is_loaded(tmp_path: Path, body: Any, message: str) -> None:
    (tmp_path / "a.yaml").write_text(entry(body=body), encoding="utf-8")
    with pytest.raises(VectorError) as caught:
        load(tmp_path)
    assert str(caught.value).startswith(f"a.yaml:1: a: {message}")


def test_a_boolean_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VectorError, match=r"^a\.yaml:1: a: the key True is not a string: quote it$"):
        expanded(tmp_path, "{on: 1}")


def test_an_impossible_image_is_an_error_when_it_is_expanded(tmp_path: Path) -> None:
    with pytest.raises(VectorError, match=r"^a\.yaml:1: a: a 9x9 png takes [0-9]+ bytes, more than 8$"):
        expanded(tmp_path, "{$image: {format: png, width: 9, height: 9, bytes: 8}}")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VectorError, match=r"no vectors, expected \*\.yaml files"):
        load(tmp_path)
