"""Files cite only documents that a reader of this repository can open."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("spec", "wanlib", "conformance", "tests", "reports")
FILES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*")))
    if path.suffix in {".py", ".yaml", ".json", ".md"} and path != Path(__file__)
)
UNREACHABLE = re.compile(
    r"""\b(?:FACTS|FIELD|HOUSE)(?:\.md|[ ,]+(?:section[ ])?[A-Z]?[0-9])  # a place in a working paper
    |\b(?:SDK_STUDY|DESIGN|HOUSE|FIELD\ NOTES)\b|fact\ sheet
    |\((?:[A-Z][A-Z0-9]+,[ ])?[CFN][0-9]{1,2}\)                          # an entry of one
    |\b(?:H2[1567]|QN2[567][a-z]?)\b                                     # its names of pages
    """,
    re.VERBOSE,
)


def unreachable_citations(text: str) -> list[str]:
    """Return the citations of documents outside the repository."""
    return [match.group() for match in UNREACHABLE.finditer(text)]


def test_nothing_unreachable_is_cited() -> None:
    assert len(FILES) > 300
    citations = {
        str(path.relative_to(ROOT)): unreachable_citations(path.read_text("utf-8")) for path in FILES
    }
    assert {path: words for path, words in citations.items() if words} == {}


@pytest.mark.parametrize(
    "text",
    [
        "notes: the guide says 4 (FACTS C1)",
        "notes: see FACTS 2.1",
        "SDK_STUDY, rows on streams",
        "(DESIGN, *Decided once*)",
        "HOUSE section 4",
        "FIELD F10",
        "by the fact sheet",
        "1 in H27",
        "QN27q has it",
        "two levels (C15)",
    ],
)
def test_a_citation_that_leads_nowhere_is_seen(text: str) -> None:
    assert unreachable_citations(text)


@pytest.mark.parametrize(
    "text", ["source: h27#text", "FACTS = ImageInfo()", "the name (4K)", "_FACTS, FIELDS"]
)
def test_other_words_pass(text: str) -> None:
    assert unreachable_citations(text) == []
