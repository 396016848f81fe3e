"""The Markdown pages name only files that exist, and the glossary explains each term once."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    *ROOT.glob("*.md"),
    *(
        path
        for folder in ("spec", "examples", "wanlib", "conformance", "tests", "reports", "docs")
        for path in (ROOT / folder).rglob("*.md")
    ),
]
CREATED = {"reports/last/", "last/", "out/", "verdicts.ndjson", "report.md"}
"""Files that commands create."""


def named_files(text: str) -> list[str]:
    """Return the paths of source files and folders that a page names in backquotes."""
    inline = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return [
        path
        for path in re.findall(r"`([\w./*-]+)`", inline)
        if path.endswith((".py", ".yaml", ".md", ".ndjson", ".txt", ".toml"))
        or re.fullmatch(r"[\w./-]+/", path)
    ]


def exists(path: str, page: Path) -> bool:
    """Return True if a path leads somewhere from the root, from the page, or from some package."""
    if path in CREATED or path.startswith("reports/last/") or "*" in path:
        return True
    if (ROOT / path).exists() or (page.parent / path).exists():
        return True
    folders = [ROOT / name for name in ("wanlib", "conformance", "tests", "spec", "examples")]
    return any(True for folder in folders for _ in folder.glob(f"**/{path}"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    missing = [path for path in named_files(page.read_text("utf-8")) if not exists(path, page)]
    assert not missing


def test_a_file_that_does_not_exist_is_found() -> None:
    assert named_files("see `wanlib/nowhere.py` and `tests/`, not `n=1`") == ["wanlib/nowhere.py", "tests/"]
    assert not exists("wanlib/nowhere.py", ROOT / "README.md")
    assert exists("client/core.py", ROOT / "README.md")


def test_the_glossary_explains_each_term_once() -> None:
    text = (ROOT / "GLOSSARY.md").read_text("utf-8")
    terms = [term for term in re.findall(r"^\| ([^|]+?) \| .+ \|$", text, re.MULTILINE) if term != "term"]
    assert len(terms) >= 40 and len(terms) == len(set(terms))
