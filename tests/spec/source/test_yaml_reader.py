"""Strict YAML: values and lines. Refused files are in `tests/spec/broken/broken_yaml.py`."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.spec.broken.broken_yaml import BROKEN_YAML
from wanlib.spec import SpecError
from wanlib.spec.load import spec_folder
from wanlib.spec.source import yaml_reader as reader
from wanlib.spec.source.yaml_reader import LineList, LineMap, read_file, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4", 4),
        ("-4", -4),
        ("+4", 4),
        ("0", 0),
        ("4.0", 4.0),
        (".5", 0.5),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        ("1.5E-1", 0.15),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("1:8", "1:8"),
        ("768*768", "768*768"),
        ("20 MB", "20 MB"),
        ("2K", "2K"),
        ("not sequential", "not sequential"),
        ("yesterday", "yesterday"),
        ("2026-11-22", "2026-11-22"),
        ("'yes'", "yes"),
        ('"0777"', "0777"),
        ('"1_000"', "1_000"),
        ("'null'", "null"),
        ("''", ""),
        ("'4'", "4"),
        ('"a\\nb"', "a\nb"),
        ("'*'", "*"),
        ("[]", []),
        ("{}", {}),
        ("[a, 1, [b]]", ["a", 1, ["b"]]),
        ("|\n  no\n  more", "no\nmore"),
        (">-\n  no\n  more", "no more"),
        ("a # a comment", "a"),
        ("größe", "größe"),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    read = read_yaml(f"key: {text}", "tea.yaml")["key"]
    assert read == value
    assert type(read) is type(value) or isinstance(read, LineMap | LineList)


TEXT = """\
# a comment
one: 1

two:
  three: [a,
    b]
  "four": {five: 5,
           six: 6}
list:
  - x
  # between

  - y: 1
    z: 2
"""


def test_lines() -> None:
    top = read_yaml(TEXT, "tea.yaml")
    assert (top.line, top.lines) == (2, {"one": 2, "two": 4, "list": 9})
    assert (top["two"].line, top["two"].lines) == (5, {"three": 5, "four": 7})
    assert (top["two"]["three"].line, top["two"]["three"].lines) == (5, [5, 6])
    assert top["two"]["four"].lines == {"five": 7, "six": 8}
    assert (top["list"].line, top["list"].lines) == (10, [10, 13])
    assert top["list"][1].lines == {"y": 13, "z": 14}


def test_keys_are_text() -> None:
    assert list(read_yaml("1: a\n'true': b\n1K: c\nn: d\nwhen big: e\n", "tea.yaml")) == [
        "1",
        "true",
        "1K",
        "n",
        "when big",
    ]


def test_equal_keys_in_different_mappings() -> None:
    assert read_yaml("a: {x: 1}\nb: {x: 2}", "tea.yaml") == {"a": {"x": 1}, "b": {"x": 2}}


@pytest.mark.parametrize("broken", BROKEN_YAML, ids=lambda broken: broken.name)
def test_the_python_loader_refuses_the_same_files(broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML has no C parser on some machines."""
    monkeypatch.setattr(reader, "_LOADER", yaml.SafeLoader)
    with pytest.raises(SpecError) as exc_info:
        read_yaml(broken.files()[broken.file], broken.file)
    assert str(exc_info.value).startswith(f"{broken.place()}: {broken.words.partition('…')[0]}")


class LimitedLoader(yaml.SafeLoader):
    """A parser that refuses 60 levels, with its own message, before it returns their events."""

    def fetch_flow_collection_start(self, token: Any) -> None:
        if self.flow_level >= 60:
            raise yaml.scanner.ScannerError(None, None, "exceeded its own limit", self.get_mark())
        super().fetch_flow_collection_start(token)


LOADERS = [reader._LOADER, yaml.SafeLoader, LimitedLoader]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: " + "[" * 100_000, 1),
        ("a: [1]\nb: '[[['\nc: " + "{d: " * 5_000, 3),
        ("a: " + "[\n" * 5_000, 40),
        ("a: " + "[" * 1_500 + "]" * 1_500, 1),
        ("a:\n  " + "- " * 3_000, 2),
        ("".join(" " * i + "a:\n" for i in range(1_500)), 41),
        ("a: " + "[" * 45 + "}", 1),
    ],
    ids=["brackets", "braces", "lines", "closed", "items", "indents", "and wrong"],
)
def test_deep_nesting_is_refused_early(
    text: str, line: int, loader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our limit and message come first, with any limit of the parser."""
    monkeypatch.setattr(reader, "_LOADER", loader)
    start = time.process_time()
    with pytest.raises(SpecError) as exc_info:
        read_yaml(text, "tea.yaml")
    assert str(exc_info.value) == f"tea.yaml:{line}: nests deeper than 40 levels, expected a shallower file"
    assert time.process_time() - start < 5


@pytest.mark.parametrize("loader", LOADERS)
def test_an_error_before_the_deep_part_is_reported_first(
    loader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first error of the file is reported."""
    monkeypatch.setattr(reader, "_LOADER", loader)
    with pytest.raises(SpecError, match=r"tea\.yaml:1: is not YAML \(.*node content"):
        read_yaml("a: [}\nb: " + "[" * 100, "tea.yaml")


def test_depth_is_counted_per_branch() -> None:
    """Many shallow values are not a deep one."""
    assert len(read_yaml("a: [" + "[[]], " * 100 + "]", "tea.yaml")["a"]) == 100
    assert read_yaml("a: " + "[" * 39 + "]" * 39, "tea.yaml")


def test_line_of_text_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "tea.yaml").write_bytes(b"one: 1\ntwo: gr\xfcn\n")
    with pytest.raises(SpecError) as exc_info:
        read_file(tmp_path / "tea.yaml")
    assert exc_info.value.diagnostics == ["tea.yaml:2: is not UTF-8, expected UTF-8 text"]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as exc_info:
        read_file(tmp_path / "tea.yaml")
    expected = "tea.yaml:1: can't be read (No such file or directory), expected a spec file"
    assert exc_info.value.diagnostics == [expected]


MARKS = st.text("abn01:-#[]{}*&!|>'\"%@,? \n\t.x_", max_size=40)


@given(st.text(st.characters(codec="utf-8"), max_size=60) | MARKS | MARKS.map("a: {}\nb: ".format))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(read_yaml(text, "tea.yaml"), LineMap)
    except SpecError as error:
        assert len(error.diagnostics) == 1
        assert error.diagnostics[0].startswith("tea.yaml:")


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers(number: float) -> None:
    """Each is read exactly, or refused for its length."""
    try:
        assert read_yaml(f"a: {number}", "tea.yaml")["a"] == number
    except SpecError:
        assert len(str(number)) > 40


def test_the_spec_reads_alike_without_libyaml() -> None:
    """A wheel of PyYAML can lack libyaml, whose grammar is wider."""
    for path in sorted(spec_folder().rglob("*.yaml")):
        text = path.read_text("utf-8")
        plain = yaml.load(text, Loader=yaml.SafeLoader)
        assert plain == yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), path.name
