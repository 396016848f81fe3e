"""The sentence of every kind: what was found, what is allowed, by which rule, what to do."""

import re
from typing import Any

import pytest

from tests.base.expected_messages import MODELS, SENTENCES
from wanlib.base.messages import MESSAGE_BY_KIND, format_violation
from wanlib.base.text import json_type


@pytest.mark.parametrize(("rule", "path", "limit", "value", "sentence"), SENTENCES)
def test_sentence(rule: str, path: str, limit: Any, value: Any, sentence: str) -> None:
    assert format_violation(rule, path, limit, value) == sentence


def test_every_kind_has_a_sentence_here() -> None:
    tried = {rule.partition(":")[0].rpartition(".")[2].rpartition("/")[2] for rule, *_ in SENTENCES}
    assert tried == set(MESSAGE_BY_KIND)


@pytest.mark.parametrize(("rule", "path", "limit", "value", "sentence"), SENTENCES)
def test_parts_of_a_sentence(rule: str, path: str, limit: Any, value: Any, sentence: str) -> None:
    """Subject and place, then the rule in brackets, then what to do."""
    where = re.escape(path if "Unknown" not in sentence else path.rpartition("/")[0] or "the top level")
    subject = rf"(?:[a-z_]+|Unknown \w+ \S+) at {where}"
    assert re.fullmatch(rf"{subject}(?:[ ;].+)? \({re.escape(rule)}\)\.? [A-Z].+[^.]\.", sentence)
    assert not re.search(r"[.,;:?] ?[.,;:?]|  ", sentence)
    assert "\n" not in sentence


def test_body_that_is_not_an_object() -> None:
    assert format_violation("wire/model", "", MODELS, None).startswith(
        "model is missing; expected the name of a model (wire/model). Name one of: wan2.7-image"
    )


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "boolean"),
        (4, "integer"),
        (4.5, "number"),
        ("a", "text"),
        ([], "list"),
        ({}, "object"),
        ((), "tuple"),
    ],
)
def test_json_names(value: object, name: str) -> None:
    assert json_type(value) == name


@pytest.mark.parametrize("key", ["", "zzz", "\ud800", "x" * 100_000, "https://tea.example/?n=secret"])
def test_far_names_are_not_proposed(key: str) -> None:
    text_shown = format_violation("tea/unknown", "/parameters/a", ("n", "seed"), key)
    assert "did you mean" not in text_shown
    assert "secret" not in text_shown
    assert len(text_shown) < 250


def test_long_paths_are_cut() -> None:
    text_shown = format_violation("tea/unknown", "/parameters/" + "x" * 1000, ("n",), "x" * 1000)
    assert len(text_shown) < 300


def test_one_word_for_a_megabyte_only_where_it_is_whole() -> None:
    text_shown = format_violation("tea/images.each.max_bytes", "/0", 10_485_761, 10_485_762)
    assert "10,485,762 bytes; at most 10,485,761 bytes" in text_shown


def test_pixels_that_are_not_a_square() -> None:
    text_shown = format_violation("tea/size.max_pixels", "/size", 100_000, "100001*1")
    assert "at most 100,000 pixels (tea/size.max_pixels)" in text_shown


@pytest.mark.parametrize(
    ("kind", "due"),
    [
        ("text", "text"),
        ("integer", "a whole number"),
        ("number", "a number"),
        ("boolean", "true or false"),
        ("list", "a list"),
        ("object", "an object"),
        ("image", "text: a URL or a data URI"),
        ("size", "text: a keyword or width*height"),
        ("percent", 'text such as "25.00%"'),
    ],
)
def test_expected_types(kind: str, due: str) -> None:
    text_shown = format_violation("tea/x.type", "/x", kind, {})
    assert text_shown == f"x at /x is object ({{}}); expected {due} (tea/x.type). Send {due}."
