"""Diagnostics: their form, suggestions for unknown names, and names that are not allowed."""

import pytest

from wanlib.spec.model.errors import Diagnostics, check_name, suggest_name


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("max_char", ["max_count", "max_chars"], "max_chars"),
        ("zzz", ["a", "b"], "one of a, b"),
        ("zzz", ["a"], "a"),
        ("zzz", ["a", "a"], "a"),
        ("zzz", [], "none"),
        ("zzz", list("abcdefghi"), "one of a, b, c, d, e, f, g, h, i"),
        ("zzz", list("abcdefghijk"), "one of a, b, c, d, e, f, g, h, i and 2 more"),
        (5, [True, 51], "51"),
    ],
)
def test_suggested_name(name: object, known: list[object], expected: str) -> None:
    assert suggest_name(name, known) == expected


def test_lines_of_diagnostics() -> None:
    diagnostics = Diagnostics("tea.yaml")
    diagnostics.add(3, "n is 5", "4")
    diagnostics.unknown_name(9, "the mode", "larg", ["large"])
    assert diagnostics.lines == [
        "tea.yaml:3: n is 5, expected 4",
        "tea.yaml:9: the mode 'larg' does not exist, expected large",
    ]


@pytest.mark.parametrize("name", ["n", "max", "type", "a1", "a_b", "match", "unknown", "models"])
def test_good_names(name: str) -> None:
    diagnostics = Diagnostics("tea.yaml")
    check_name("field", name, 1, diagnostics)
    assert diagnostics.lines == []


@pytest.mark.parametrize(
    "name",
    [
        *("model", "call", "count", "each", "fields"),
        *("class", "not", "None", "True", "lambda"),
        *("", "N", "aB", "1a", "_a", "a-b", "a.b", "a b", "ä", "a\n", "when a"),
    ],
)
def test_bad_names(name: str) -> None:
    diagnostics = Diagnostics("tea.yaml")
    check_name("mode", name, 7, diagnostics)
    words = "expected [a-z][a-z0-9_]*, and no word of Python or of the spec"
    assert diagnostics.lines == [f"tea.yaml:7: the mode name {name!r} can't be used, {words}"]
