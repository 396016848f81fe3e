"""Mode expressions: parsing, refusals, and three-valued evaluation."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wanlib.spec.model.modes import (
    BoolOp,
    Comparison,
    Condition,
    Expression,
    ItemCount,
    Name,
    Not,
    holds,
    leaves,
    parse_condition,
    parse_mode,
    referenced_names,
)

A, B, C = Name("a"), Name("b"), Name("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        ("not a", Not(A)),
        ("not not a", Not(Not(A))),
        ("a and b and c", BoolOp("and", (A, B, C))),
        ("a or b and c", BoolOp("or", (A, BoolOp("and", (B, C))))),
        ("(a or b) and c", BoolOp("and", (BoolOp("or", (A, B)), C))),
        ("not a or b", BoolOp("or", (Not(A), B))),
        ("count(a) == 0", Comparison(ItemCount("a"), "==", 0)),
        ("a == 'x'", Comparison(A, "==", "x")),
        ("a != 2", Comparison(A, "!=", 2)),
        ("a < 2.5", Comparison(A, "<", 2.5)),
        ("a <= -2", Comparison(A, "<=", -2)),
        ("a > 2", Comparison(A, ">", 2)),
        ("a >= 2", Comparison(A, ">=", 2)),
        ("a == True", Comparison(A, "==", True)),
        ("a in ('x', 'y')", Comparison(A, "in", ("x", "y"))),
        ("a not in ('x',)", Comparison(A, "not in", ("x",))),
        ("a == 'f()'", Comparison(A, "==", "f()")),
        ("a" * 200, Name("a" * 200)),
        ("not " * 49 + "aaaa", None),
        ("(" * 98 + "a" + ")" * 98, A),
    ],
)
def test_expressions_are_parsed(text: str, tree: Expression | None) -> None:
    assert parse_mode(text) == tree or tree is None


FORM = "names, and, or, not, comparisons, count(field), given(field)"
LEFT = "a name or count(field) before a comparison"


@pytest.mark.parametrize(
    ("text", "shown", "expected"),
    [
        ("a()", "'a()'", FORM),
        ("a.b", "'a.b'", FORM),
        ("a[0]", "'a[0]'", FORM),
        ("lambda: a", "'lambda: a'", FORM),
        ("f'{a}'", "\"f'{a}'\"", FORM),
        ("a if b else c", "'a if b else c'", FORM),
        ("(a := b)", "'(a := b)'", FORM),
        ("a < b < c", "'a < b < c'", FORM),
        ("0 < a < 3", "'0 < a < 3'", FORM),
        ("a + b", "'a + b'", FORM),
        ("-a", "'-a'", FORM),
        ("[a]", "'[a]'", FORM),
        ("a, b", "'(a, b)'", FORM),
        ("await a", "'await a'", FORM),
        ("[a for a in b]", "'[a for a in b]'", FORM),
        ("True", "'True'", FORM),
        ("1", "'1'", FORM),
        ("'a'", "\"'a'\"", FORM),
        ("...", "'...'", FORM),
        ("count(a)", "'count(a)'", FORM),
        ("__import__('os').system('x')", "\"__import__('os').system('x')\"", FORM),
        ("a is True", "'a is True'", "one of ==, !=, <, <=, >, >=, in, not in"),
        ("len(a) == 1", "'len(a)'", LEFT),
        ("count() == 1", "'count()'", LEFT),
        ("count(a, b) == 1", "'count(a, b)'", LEFT),
        ("count(x=a) == 1", "'count(x=a)'", LEFT),
        ("count(*a) == 1", "'count(*a)'", LEFT),
        ("count(a.b) == 1", "'count(a.b)'", LEFT),
        ("count('a') == 1", "\"count('a')\"", LEFT),
        ("a + 1 == 2", "'a + 1'", LEFT),
        ("(a or b) == True", "'a or b'", LEFT),
        ("a == b", "'b'", "a literal"),
        ("4 == a", "'a'", "a literal"),
        ("a == 1 + 1", "'1 + 1'", "a literal"),
        ("a == f'x'", "\"f'x'\"", "a literal"),
        ("a == None", "'None'", "text, numbers, True or False"),
        ("a == b'x'", "\"b'x'\"", "text, numbers, True or False"),
        ("a == 1j", "'1j'", "text, numbers, True or False"),
        ("a == 1e999", "'1e309'", "text, numbers, True or False"),
        ("a in ((1,),)", "'((1,),)'", "text, numbers, True or False"),
        ("a in ['x']", "\"['x']\"", "text, numbers, True or False"),
        ("a in {1, 2}", "'{1, 2}'", "text, numbers, True or False"),
        ("a in ()", "'()'", "at least one literal"),
        ("a in 'x'", "\"a in 'x'\"", "a tuple behind in, one literal elsewhere"),
        ("a == ('x',)", "\"a == ('x',)\"", "a tuple behind in, one literal elsewhere"),
    ],
)
def test_expressions_that_are_not_allowed(text: str, shown: str, expected: str) -> None:
    with pytest.raises(ValueError, match="expected") as exc_info:
        parse_mode(text)
    assert str(exc_info.value) == f"{shown} is not allowed in a mode, expected {expected}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a b",
        "a ==",
        "(" * 99,
        "a\nb",
        "import os",
        "a = 1",
        "\0",
        "a\\",
        "'",
        "*a",
        "not",
        "a == '\\d'",
        "1if a else b",
    ],
)
def test_text_that_is_not_an_expression(text: str) -> None:
    with pytest.raises(ValueError, match="expected") as exc_info:
        parse_mode(text)
    assert str(exc_info.value) == f"{text!r} is not an expression, expected {FORM}"


@pytest.mark.parametrize(
    "text", ["a" * 201, " or ".join(["abc"] * 43), "(" * 200 + "a" + ")" * 200, "not " * 200 + "a"]
)
def test_an_expression_that_is_too_long(text: str) -> None:
    with pytest.raises(ValueError, match=rf"^has {len(text)} characters, expected at most 200$"):
        parse_mode(text)


@given(st.text(max_size=250) | st.text("ab()<>=! .,'\"[]{}:notadcur0", max_size=200))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        tree = parse_mode(text)
    except ValueError as error:
        assert ", expected " in str(error)
    else:
        assert referenced_names(tree)


@pytest.mark.parametrize(
    ("text", "condition"),
    [("a", Condition("a", True)), ("not a", Condition("a", False)), (" not  a ", Condition("a", False))],
)
def test_conditions_are_parsed(text: str, condition: Condition) -> None:
    assert parse_condition(text) == condition


@pytest.mark.parametrize(
    "value",
    ["", "a and b", "not not a", "a b", "a.b", "not 1", 5, True, None, ["a"], {"a": 1}],
)
def test_text_that_is_not_a_condition(value: object) -> None:
    with pytest.raises(ValueError, match=r"is not a condition, expected a mode or not a mode$"):
        parse_condition(value)


def test_text_of_a_condition() -> None:
    yes, no = Condition("a", True), Condition("a", False)
    assert (str(yes), str(no), yes.id_suffix, no.id_suffix) == ("a", "not a", "a", "not-a")


def test_leaves_in_order() -> None:
    tree = parse_mode("not a and (count(b) > 1 or c == 'x') and a")
    assert list(leaves(tree)) == [A, Comparison(ItemCount("b"), ">", 1), Comparison(C, "==", "x"), A]
    assert referenced_names(tree) == {"a", "b", "c"}


def value(text: str, **values: Any) -> bool | None:
    return holds({"mode": parse_mode(text)}, "mode", values)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("a", {"a": True}, True),
        ("a", {"a": False}, False),
        ("not a", {"a": False}, True),
        ("a and b", {"a": True, "b": True}, True),
        ("a and b", {"a": True, "b": False}, False),
        ("a or b", {"a": False, "b": True}, True),
        ("a or b", {"a": False, "b": False}, False),
        ("count(a) == 0", {"a": 0}, True),
        ("count(a) >= 2", {"a": 1}, False),
        ("count(a) >= 2", {"a": 2}, True),
        ("a < 2", {"a": 2}, False),
        ("a <= 2", {"a": 2}, True),
        ("a > 2", {"a": 2}, False),
        ("a != 'x'", {"a": "x"}, False),
        ("a in ('x', 'y')", {"a": "y"}, True),
        ("a not in ('x', 'y')", {"a": "y"}, False),
        ("a == 4", {"a": 4.0}, True),
        # Undetermined, even where the rest would decide.
        ("a", {"a": None}, None),
        ("a", {}, None),
        ("not a", {"a": None}, None),
        ("a and b", {"a": False, "b": None}, None),
        ("a or b", {"a": True, "b": None}, None),
        ("a == 'x'", {"a": None}, None),
        ("a != 'x'", {"a": None}, None),
        ("count(a) == 0", {"a": None}, None),
    ],
)
def test_three_valued_evaluation(text: str, values: Mapping[str, Any], expected: bool | None) -> None:
    assert value(text, **values) is expected


def test_modes_that_read_modes() -> None:
    modes = {"low": parse_mode("a"), "mid": parse_mode("low and b"), "top": parse_mode("not mid")}
    assert holds(modes, "top", {"a": True, "b": True}) is False
    assert holds(modes, "top", {"a": True, "b": False}) is True
    assert holds(modes, "top", {"a": None, "b": False}) is None
    assert holds(modes, "low", {"a": True, "b": None}) is True
