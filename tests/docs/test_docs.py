"""Every block of the pages in `docs/` runs, and the pages that are made from the spec are current."""

import re
from pathlib import Path

import pytest

from tests.docs.in_process import in_process_shell
from tests.docs.reference import FOLDER, reference_pages
from tests.setup.readme import ROOT, blocks, images, run_page
from tests.support.image_files import picture

DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.glob("*.md") if page.read_text("utf-8")[:4] != "--8<")
TRANSLATED = [
    ("README.zh.md", "README.md"),
    *((f"docs/zh/{page.name}", f"docs/{page.name}") for page in (DOCS / "zh").glob("*.md")),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    for name in images(text):
        (tmp_path / name).write_bytes(picture("png" if name.endswith(".png") else "jpeg", size=(640, 560)))
    with in_process_shell(tmp_path) as shell:
        run_page(shell, str(page.relative_to(ROOT)), text)


def test_the_pages_made_from_the_spec_are_current() -> None:
    stale = [name for name, text in reference_pages().items() if (FOLDER / name).read_text("utf-8") != text]
    assert not stale, "run `make emit`"


@pytest.mark.parametrize(("page", "original"), TRANSLATED)
def test_a_translation_has_only_blocks_of_its_original(page: str, original: str) -> None:
    """So the tests of the original run them. A page of the site has all of them."""
    translated, known = (
        [(block.kind, block.text) for block in blocks((ROOT / name).read_text("utf-8"))]
        for name in (page, original)
    )
    assert [block for block in translated if block not in known] == []
    assert page == "README.zh.md" or translated == known


@pytest.mark.parametrize(
    ("configuration", "folder"), [("zensical.toml", "docs"), ("zensical.zh.toml", "docs/zh")]
)
def test_every_page_is_in_the_navigation(configuration: str, folder: str) -> None:
    listed = re.findall(r'= "([\w/.-]+\.md)"', (ROOT / configuration).read_text("utf-8"))
    pages = {str(page.relative_to(ROOT / folder)) for page in (ROOT / folder).rglob("*.md")}
    pages = {page for page in pages if folder != "docs" or not page.startswith("zh/")} | {
        "reference/commands.md"
    }
    assert len(listed) == len({*listed})
    assert {*listed} | {"reference/commands.md"} == pages
