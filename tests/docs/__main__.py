"""`python -m tests.docs`: build the documentation, warnings are errors; look at every page in a browser.

`--pictures DIR` keeps a picture of each page in light and dark, wide and narrow.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.reference import write_pages
from tests.docs.site import (
    broken_links,
    copy_problems,
    page_problems,
    private_names,
    search_problems,
    served,
    site_pages,
)
from tests.setup.readme import ROOT
from tests.support.browser import browsing

_CONFIGURATIONS = ("zensical.toml", "zensical.zh.toml")
_SITE = ROOT / "build" / "site"
_SEARCHES = {"": ("watermark", "journal", "wan2.7/n.max"), "zh/": ("付费",)}
"""Words that the search must find, by the address of the site in a language."""


def main() -> int:
    """Return 1 if the site cannot be built or a page has a problem, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each view")
    pictures: Path | None = parser.parse_args().pictures
    write_pages()
    shutil.rmtree(_SITE, ignore_errors=True)
    for name in _CONFIGURATIONS:
        build = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "--config-file", name]
        if subprocess.run(build, cwd=ROOT, check=False).returncode:
            return 1
    problems = [*broken_links(_SITE), *private_names(_SITE)]
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
    pages = site_pages(_SITE)
    with browsing() as browser, served(_SITE) as base:
        for page in pages:
            problems += page_problems(browser, base, page, pictures)
        problems += copy_problems(browser, base)
        for language, words in _SEARCHES.items():
            problems += search_problems(browser, f"{base}{language}", words)
    print(*problems, sep="\n")
    print(f"{len(pages)} pages, {len(problems)} problems: {_SITE.relative_to(ROOT)}")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
