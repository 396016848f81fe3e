"""A real browser for page tests: the Chromium of the system, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.patience import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Text against its ground, by WCAG 2: every element that has text of its own and is seen.
_CONTRASTS = """() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const light = (colour) => colour.slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const hasText = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  return [...document.body.querySelectorAll("*")].filter((node) => hasText(node) && node.checkVisibility())
    .map((node) => {
      const [dark, bright] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort();
      return [node.textContent.trim().slice(0, 40), (bright + 0.05) / (dark + 0.05)];
    });
}"""


@contextmanager
def browsing() -> Iterator["Browser"]:
    """The browser; the test is skipped where there is none."""
    driver = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(_NAMES)} is installed")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


def open_page(browser: "Browser | BrowserContext", **options: Any) -> "Page":
    """A new page that waits as long as a busy machine needs."""
    page = browser.new_page(**options)
    page.set_default_timeout(PATIENCE * 1000)
    return page


@contextmanager
def complaints(page: "Page") -> Iterator[list[str]]:
    """The browser's errors meanwhile: failing scripts, and everything that the policy forbids."""
    found: list[str] = []

    def note(event: Any) -> None:
        found.append(getattr(event, "text", None) or str(event))

    for name in ("console", "pageerror"):
        page.on(name, note)  # type: ignore[call-overload]
    yield found
    for name in ("console", "pageerror"):
        page.remove_listener(name, note)


def contrasts(page: "Page") -> dict[str, float]:
    """The least contrast of each text that is seen."""
    least: dict[str, float] = {}
    for text, ratio in page.evaluate(_CONTRASTS):
        least[text] = min(ratio, least.get(text, ratio))
    return least
