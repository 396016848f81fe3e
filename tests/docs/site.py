"""The built documentation, page by page: links that lead nowhere, and what a browser finds wrong."""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from tests.support.browser import complaints, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_LINK = re.compile(r'(?:href|src)="([^"#]*)(?:#[^"]*)?"')
_PRIVATE = re.compile(r'id="(wan[\w.]*\._\w+)"')
_SCHEMES = ("light", "dark")
_WIDE, _NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
_CONTENT = {"include": [["article"]], "exclude": [[".md-code__nav"]]}
"""The content for axe-core: that of this project. The rest of a page, such as buttons, is the theme's."""


def site_pages(site: Path) -> list[str]:
    """Return the address of each page in a site, relative to it."""
    return sorted(str(file.relative_to(site).parent) for file in site.rglob("index.html"))


def broken_links(site: Path) -> Iterator[str]:
    """Yield the links to files that a site does not have."""
    for page in sorted(site.rglob("index.html")):
        for link in _LINK.findall(page.read_text("utf-8")):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            target = (page.parent / unquote(parts.path)).resolve()
            if not (target / "index.html" if target.is_dir() else target).exists():
                yield f"{page.relative_to(site)}: {link} leads nowhere"


def private_names(site: Path) -> Iterator[str]:
    """Yield the private names that the API reference documents."""
    for page in sorted(site.rglob("index.html")):
        for name in _PRIVATE.findall(page.read_text("utf-8")):
            yield f"{page.relative_to(site)}: {name} is private"


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a site on a loopback port and yield its address."""
    handler = partial(_QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def page_problems(browser: "Browser", base: str, page: str, pictures: Path | None) -> Iterator[str]:
    """Yield what is wrong with a page, in light and dark, at 1280 and 390 pixels.

    axe-core finds no violation in what this project writes; the page scrolls in one direction only, logs
    nothing, and requests nothing from another host.

    Args:
        browser: The browser, of `tests.support.browser.browsing`.
        base: The address of the site.
        page: The page, as of `site_pages`.
        pictures: A folder for a picture of each view; None takes none.
    """
    name = page.replace("/", "-").strip(".") or "index"
    for scheme in _SCHEMES:
        tab = open_page(browser, color_scheme=scheme, viewport=_WIDE)
        foreign: list[str] = []
        tab.on("request", lambda request, urls=foreign: urls.append(request.url))
        with complaints(tab) as logged:
            tab.goto(f"{base}{page}/")
            found = [*_rule_violations(tab)]
            _take_picture(tab, pictures, f"{name}-{scheme}-wide.png")
            tab.set_viewport_size(_NARROW)  # type: ignore[arg-type]
            width = tab.evaluate("document.documentElement.scrollWidth")
            if width > _NARROW["width"]:
                found.append(f"scrolls sideways: {width} pixels wide in a window of {_NARROW['width']}")
            _take_picture(tab, pictures, f"{name}-{scheme}-narrow.png")
        found += [f"logs: {line}" for line in logged]
        found += [f"loads {url}" for url in foreign if not url.startswith((base, "data:", "blob:"))]
        yield from (f"{page} ({scheme}): {problem}" for problem in found)
        tab.close()


def search_problems(browser: "Browser", base: str, words: Sequence[str]) -> Iterator[str]:
    """Yield the words for which the search of a site finds no page.

    Args:
        browser: The browser.
        base: The address of the site.
        words: The words.
    """
    for word in words:
        tab = open_page(browser)
        tab.goto(base)
        tab.wait_for_load_state("networkidle")
        tab.keyboard.press("/")
        tab.keyboard.type(word)
        try:
            tab.wait_for_selector(f"a[href]:has-text('{word}') mark, a[href] mark", timeout=5000)
        except Exception:
            yield f"{base}: the search finds nothing for {word!r}"
        tab.close()


def copy_problems(browser: "Browser", base: str) -> Iterator[str]:
    """Yield what is wrong with the text that the copy button of the first commands copies."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(base)
    tab.wait_for_load_state("networkidle")
    tab.locator(".highlight button").first.click()
    copied = str(tab.evaluate("navigator.clipboard.readText()"))
    if not copied.startswith("python3 ") or "$ " in copied or "…" in copied:
        yield f"{base}: the copy button copies {copied!r}"
    context.close()


def _rule_violations(tab: "Page") -> Iterator[str]:
    from axe_playwright_python.sync_playwright import Axe

    for violation in Axe().run(tab, context=_CONTENT).response["violations"]:
        targets = [str(node["target"]) for node in violation["nodes"][:3]]
        yield f"axe-core {violation['id']}: {violation['help']}, at {', '.join(targets)}"


def _take_picture(tab: "Page", folder: Path | None, name: str) -> None:
    if folder is not None:
        tab.screenshot(path=folder / name, full_page=True)
