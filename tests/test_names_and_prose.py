"""The rules of CONTRIBUTING.md about names and prose; the last part injects a violation of each."""

import re
from pathlib import Path

import pytest

from tests.support.source_tree import (
    all_modules,
    duplicate_classes,
    forbidden_identifiers,
    forbidden_words,
    has_section,
    public_definitions,
    write_modules,
)
from tests.test_documents import PAGES, ROOT

SHARED_CLASS_NAMES = {
    "Request": "an HTTP request, as the client sends and as the emulator receives it",
    "Response": "an HTTP response, likewise",
    "Settings": "the settings of a client and of an emulator",
}
"""Class names that several modules may define, because they are the same idea on two sides."""

FORBIDDEN_WORDS = re.compile(
    r"bureau|depot|\bdesk\b|\bfate\b|roads|plainly|\btold\b|\bwhoever\b|\bwhatever\b|\bnobody\b"
    r"|\bstrangers?\b|\btill\b|for ever\b|none of its|\bis no\b(?! longer)|met with|\boctets\b|in the midst"
    r"|\banew\b|\btime-outs?\b|\bshar(?:e|es|ed|ing) out\b|\bmade fit\b|\bcom(?:e|es|ing) about\b"
    r"|\bleads? into\b|of one's own|\bstill to be\b"
    r"|\bthe most (?:bytes|seconds|attempts|pages|jobs|that)\b|\bstill to come\b"
    r"|\bplant(?:s|ed|ing)?\b|what is wrong with it\b",
    re.IGNORECASE,
)
FORBIDDEN_NAMES = frozenset(
    {
        "told",
        "said",
        "met",
        "asked",
        "octets",
        "stray",
        "strays",
        "lone",
        "stranger",
        "strangers",
        "doubt",
        "doubtful",
        "liar",
        "liars",
        "complaint",
        "complaints",
        "bureau",
        "depot",
        "desk",
        "fate",
        "fated",
        "roads",
        "purse",
        "whole",
        "mutilated",
        "unsayable",
        "unsaid",
        "sayable",
        "plainly",
        "theatre",
        "playground",
        "planted",
        "shelf",
    }
)


def test_class_names_are_unique() -> None:
    duplicates = duplicate_classes(all_modules())
    assert {name: places for name, places in duplicates.items() if name not in SHARED_CLASS_NAMES} == {}
    unneeded = SHARED_CLASS_NAMES.keys() - duplicate_classes(all_modules()).keys()
    assert not unneeded


def test_identifiers_use_the_terms_of_the_field() -> None:
    wrong = forbidden_identifiers(all_modules(), FORBIDDEN_NAMES)
    assert not wrong, "\n".join(wrong)


def test_texts_are_in_plain_english() -> None:
    wrong = forbidden_words(all_modules(), FORBIDDEN_WORDS)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_are_in_plain_english(page: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    assert FORBIDDEN_WORDS.findall(prose) == []


def test_every_package_has_a_docstring_of_three_lines() -> None:
    short = [
        module.name
        for module in all_modules()
        if module.is_package and len((module.docstring or "").splitlines()) < 3
    ]
    assert not short, short


MIN_SECTIONS = 150


def test_public_docstrings_have_sections() -> None:
    found = [
        name for module in all_modules() for name, node in public_definitions(module) if has_section(node)
    ]
    assert len(found) >= MIN_SECTIONS


# Each rule finds an injected violation


def test_a_class_name_used_twice_is_found(tmp_path: Path) -> None:
    modules = write_modules(
        tmp_path,
        {
            "wanlib/a.py": "class Plan: ...\nclass _Part: ...\n",
            "wanlib/b.py": "class Plan: ...\nclass _Part: ...\nclass Step: ...\n",
        },
    )
    assert duplicate_classes(modules) == {"Plan": ["wanlib.a", "wanlib.b"]}


@pytest.mark.parametrize(
    "text",
    [
        "told = 1",
        "def f(said): ...",
        "class StrayPart: ...",
        "x.octets = 1",
        "for met in y: ...",
        "def _told(): ...",
    ],
)
def test_a_forbidden_name_is_found(tmp_path: Path, text: str) -> None:
    modules = write_modules(tmp_path, {"wanlib/a.py": f"x = y = 1\n{text}\nmethod = metal = 1\n"})
    assert [line.partition(": ")[0] for line in forbidden_identifiers(modules, FORBIDDEN_NAMES)] == [
        "wanlib.a:2"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "# nobody knows",
        "# after the time-out",
        'x = """Say what\nis told."""',
        '"""One.\n\nfor ever"""',
        "y = 'it is no model'",
    ],
)
def test_a_forbidden_word_is_found(tmp_path: Path, text: str) -> None:
    modules = write_modules(tmp_path, {"wanlib/a.py": f"x = 'this is not a comment'\n{text}\n"})
    line = 1 + len(text.splitlines())
    assert [found.rpartition(": ")[0] for found in forbidden_words(modules, FORBIDDEN_WORDS)] == [
        f"wanlib.a:{line}"
    ]


def test_sections_are_recognized(tmp_path: Path) -> None:
    text = (
        'def plain():\n    """Return one."""\n\n\n'
        'def full(x):\n    """Return x.\n\n    Args:\n        x: a number.\n    """\n'
        'def _private():\n    """Return x.\n\n    Returns:\n        A number.\n    """\n'
    )
    (module,) = write_modules(tmp_path, {"wanlib/a.py": text})
    assert [(name, has_section(node)) for name, node in public_definitions(module)] == [
        ("plain", False),
        ("full", True),
    ]
