"""`sources.yaml` compared with the spec and with the guide, and the splitter of the guide."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.spec.guide import normalize_space, sha256, split_statements
from wanlib.spec import Spec, load

SHARED = Path(__file__).parents[3] / "shared"
GUIDE = SHARED / "guide.txt"
ID = re.compile(r"[a-z0-9]+#[a-z0-9]+([.-][a-z0-9]+)*")
# A run of this many words in common with the guide is a copy.
COPY = 8

Statements = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load()


@pytest.fixture(scope="module")
def statements(spec: Spec) -> Statements:
    return dict(spec.sources["statements"])


@pytest.fixture(scope="module")
def guide() -> list[str]:
    if not GUIDE.is_file():
        pytest.skip("the vendor's guide is not beside this checkout (../shared/guide.txt)")
    return split_statements(GUIDE.read_text("utf-8"))


def hashes(holder: Mapping[str, Any]) -> list[str]:
    """Return the hashes of a statement or group: several if the guide says it in several places."""
    value = holder.get("sha256", [])
    return [value] if isinstance(value, str) else list(value)


def listed(spec: Spec) -> Iterator[tuple[str, str]]:
    """Yield every hash with the name of what lists it."""
    for name, holder in (*spec.sources["statements"].items(), *spec.sources["not_normative"].items()):
        yield from ((digest, name) for digest in hashes(holder))


def test_statements_name_rules_and_facts_that_exist(spec: Spec, statements: Statements) -> None:
    ties = {(name, tie) for name, statement in statements.items() for tie in statement.get("rules", ())}
    known = {*spec.rules, *spec.facts}
    assert len(ties) > 300
    assert sorted(f"{name}: {tie}" for name, tie in ties if tie not in known) == []


def test_every_body_rule_has_a_statement(spec: Spec, statements: Statements) -> None:
    tied = {tie for statement in statements.values() for tie in statement.get("rules", ())}
    body_rules = [rule.id for rule in spec.rules.values() if rule.scope == "body"]
    assert len(body_rules) > 200
    assert [rule for rule in body_rules if rule not in tied] == []


def test_statements_are_complete(spec: Spec, statements: Statements) -> None:
    """Each names a section of its page, and has either rules or a reason why not."""
    pages = spec.sources["pages"]
    for name, statement in statements.items():
        page = name.partition("#")[0]
        assert ID.fullmatch(name), name
        assert statement["section"] in pages[page]["sections"], name
        assert statement["says"] == normalize_space(statement["says"]) != "", name
        assert bool(statement.get("rules")) is not bool(statement.get("not_encoded")), name
        assert (page == "guide") is bool(hashes(statement)), name


def test_every_page_is_used(spec: Spec, statements: Statements) -> None:
    assert set(spec.sources["pages"]) == {name.partition("#")[0] for name in statements}


def test_groups_without_a_statement_have_a_reason(spec: Spec) -> None:
    for name, group in spec.sources["not_normative"].items():
        assert group["because"], name
        assert hashes(group), name


def test_hashes_are_valid_and_unique(spec: Spec) -> None:
    assert [name for digest, name in listed(spec) if not re.fullmatch(r"[0-9a-f]{64}", digest)] == []
    twice = {digest for digest, count in Counter(digest for digest, _ in listed(spec)).items() if count > 1}
    assert [(digest, name) for digest, name in listed(spec) if digest in twice] == []


def test_every_unit_of_the_guide_is_listed(spec: Spec, guide: list[str]) -> None:
    known = {digest for digest, _ in listed(spec)}
    assert len(guide) > 200
    assert [unit for unit in guide if sha256(unit) not in known] == []


def test_every_hash_is_in_the_guide(spec: Spec, guide: list[str]) -> None:
    present = {sha256(unit) for unit in guide}
    assert [name for digest, name in listed(spec) if digest not in present] == []


def test_units_of_the_guide_differ(guide: list[str]) -> None:
    assert [unit for unit, count in Counter(guide).items() if count > 1] == []


def test_statements_do_not_copy_the_guide(statements: Statements, guide: list[str]) -> None:
    """No statement contains a long run of words of the guide."""
    theirs = {run for unit in guide for run in runs(unit)}
    assert [
        name for name, statement in statements.items() if theirs.intersection(runs(statement["says"]))
    ] == []


def runs(text: str) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9.*_]+", text.lower())
    for start in range(len(words) - COPY + 1):
        yield tuple(words[start : start + COPY])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("One cup. Two cups!  Three?", ["One cup.", "Two cups!", "Three?"]),
        ("A heading\nA sentence.", ["A heading", "A sentence."]),
        ("Tea is\thot.\nMilk is not.", ["Tea is hot.", "Milk is not."]),
        ("Set the\nheat to\n3 and wait.", ["Set the heat to 3 and wait."]),
        ("Write it as:\ncup: full", ["Write it as: cup: full"]),
        ("These kinds:\nGreen tea", ["These kinds:", "Green tea"]),
        ("Keep it warm.Then drink.", ["Keep it warm.", "Then drink."]),
        ("Use cups.4 will do.", ["Use cups.", "4 will do."]),
        ("Tea 2.7 and v1.25.15 stay whole.", ["Tea 2.7 and v1.25.15 stay whole."]),
        ("Herbs, e.g. Mint, are fine.", ["Herbs, e.g. Mint, are fine."]),
        ('Say "one." Then "two".', ['Say "one."', 'Then "two".']),
        ("- One cup\n-\nTwo cups. -\nThree cups", ["One cup", "Two cups.", "Three cups"]),
        ("One.- Two: hot - Three. - four", ["One.", "Two: hot", "Three.", "four"]),
        ("From 240 - 8,000 leaves", ["From 240 - 8,000 leaves"]),
        ("![]() | ![]() |\n---\n", []),
        ("Hot.\nHot.\nCold.\nHot.", ["Hot.", "Hot. (2)", "Cold.", "Hot. (3)"]),
    ],
)
def test_sentences_are_split(text: str, expected: list[str]) -> None:
    assert split_statements(text) == expected


def test_equal_cells_differ_by_row_and_column() -> None:
    table = "Before.\n| Cup | Tea | Milk |\n|---|---|---|\n| Small | 1 | 1 |\n| Big |  | 1 |\nAfter."
    assert split_statements(table) == [
        "Before.",
        *("Cup", "Tea", "Milk"),
        *("Cup | Small", "Tea | Small | 1", "Milk | Small | 1"),
        *("Cup | Big", "Milk | Big | 1"),
        "After.",
    ]


def test_cells_beyond_the_head_and_pictures() -> None:
    assert split_statements("| Cup |\n|---|\n| Small | 5 |\n| ![](cup) |  |") == [
        "Cup",
        "Cup | Small",
        " | Small | 5",
        "Cup | ![](cup)",
    ]
    assert split_statements("| In | Out |\n|---|---|\n![]() | ![]() |") == ["In", "Out"]


def test_the_hash_is_of_normalized_text() -> None:
    assert normalize_space(" Tea  is\n hot.\t") == "Tea is hot."
    assert sha256("Tea is hot.") == "29636ba58c0d357fc272179601668860d9b15a9c44d1a239c5c2d459fb302a5d"
