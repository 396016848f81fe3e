"""Checks of a self-contained HTML report in a real browser: every kind of report passes the same ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.support.browser import complaints, contrasts, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_WIDE, _NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
_LEAST_CONTRAST = 4.5  # WCAG 2, level AA, for text of ordinary size

_SHOW_ALL = """() => {
  document.querySelectorAll("details").forEach((each) => { each.open = true; });
  document.querySelectorAll("main > section").forEach((each) => { each.hidden = false; });
}"""
_FOCUSABLE = """() => {
  const selector = "a[href], button, input, select, summary, [tabindex]:not([tabindex='-1'])";
  window.focusable = [...document.querySelectorAll(selector)].filter((node) => node.checkVisibility());
  return window.focusable.length;
}"""
_FOCUSED = """() => {
  const node = document.activeElement;
  const seen = getComputedStyle(node);
  return [window.focusable.indexOf(node), seen.outlineStyle !== "none" && parseFloat(seen.outlineWidth) >= 1];
}"""


def report_problems(browser: "Browser", file: Path, pictures: Path | None = None) -> list[str]:
    """Return what is wrong with a report, one line for each problem; nothing is wrong with a good one.

    The report is opened in light and dark, at 1280 and 390 pixels, with all of its views shown. It may
    request nothing but itself, log nothing, violate no rule of axe-core, and scroll in one direction only.
    Its text has the contrast of WCAG AA. The Tab key visits every element that can have the focus, in the
    order of the document, with a visible focus.

    Args:
        browser: The browser, of `tests.support.browser.browsing`.
        file: The HTML file.
        pictures: A folder for a picture of each view; None takes none.
    """
    problems: list[str] = []
    for scheme in _SCHEMES:
        page = open_page(browser, color_scheme=scheme, viewport=_WIDE)
        requests: list[str] = []
        page.on("request", lambda request, urls=requests: urls.append(request.url))
        with complaints(page) as logged:
            page.goto(file.as_uri())
            page.evaluate(_SHOW_ALL)
            found = [*rule_violations(page), *_faint_texts(page)]
            _take_picture(page, pictures, f"{file.stem}-{scheme}-wide.png")
            if scheme == _SCHEMES[0]:
                found += _keyboard_problems(page)
            page.set_viewport_size(_NARROW)  # type: ignore[arg-type]
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > _NARROW["width"]:
                found.append(f"scrolls sideways: {width} pixels wide in a window of {_NARROW['width']}")
            _take_picture(page, pictures, f"{file.stem}-{scheme}-narrow.png")
        found += [f"logs: {line}" for line in logged]
        found += [f"loads {url}" for url in requests if url != file.as_uri()]
        problems += [f"{scheme}: {problem}" for problem in found]
        page.close()
    return problems


def rule_violations(page: "Page") -> Iterator[str]:
    """Yield the violations that axe-core finds."""
    from axe_playwright_python.sync_playwright import Axe

    for violation in Axe().run(page).response["violations"]:
        targets = [str(node["target"]) for node in violation["nodes"][:3]]
        yield f"axe-core {violation['id']}: {violation['help']}, at {', '.join(targets)}"


def _faint_texts(page: "Page") -> Iterator[str]:
    for text, contrast in contrasts(page).items():
        if contrast < _LEAST_CONTRAST:
            yield f"contrast {contrast:.1f} of {text!r}"


def _keyboard_problems(page: "Page") -> Iterator[str]:
    """Yield what the Tab key does not visit in order, or visits without a visible focus."""
    for expected in range(page.evaluate(_FOCUSABLE)):
        page.keyboard.press("Tab")
        position, is_seen = page.evaluate(_FOCUSED)
        if not is_seen:
            yield f"the focus of element {position} is not visible"
        if position != expected:
            yield f"Tab goes to element {position} instead of {expected}"
            return


def _take_picture(page: "Page", folder: Path | None, name: str) -> None:
    if folder is not None:
        page.screenshot(path=folder / name, full_page=True)
