"""The HTML report: what each view shows, that it is one small file, and that no text in it does anything."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from wan_conformance.report.causes.grouping import group_by_cause
from wan_conformance.report.html.history import read_history
from wan_conformance.report.html.page import html_page, write_html
from wan_conformance.report.html.size_plane import sizes_by_area
from wan_conformance.report.log import VerdictLog, read_log

from tests.conformance.report.examples import HOSTILE, MIXED, OTHER, RULE, RUN, failing, passing
from tests.support.browser import browsing, complaints, open_page
from tests.support.report_pages import report_problems

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BASELINE = Path(__file__).parents[3] / "reports/baseline.ndjson"
VIEWS = ("causes", "matrix", "sizes", "task", "history")


class _Texts(HTMLParser):
    """The texts and the elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with browsing() as opened:
        yield opened


@pytest.fixture
def page(browser: "Browser", tmp_path: Path) -> Iterator["Page"]:
    """The report of the mixed log in a browser."""
    write_html(MIXED, tmp_path / "report.html", tmp_path / "vectors")
    opened = open_page(browser)
    opened.goto((tmp_path / "report.html").as_uri())
    yield opened
    opened.close()


def shown(page: "Page") -> list[str]:
    """The headings of the views that are visible."""
    return [
        heading.inner_text() for heading in page.query_selector_all("main .view > h2") if heading.is_visible()
    ]


def go(page: "Page", fragment: str) -> None:
    page.evaluate("fragment => { location.hash = fragment; }", fragment)
    page.wait_for_function("fragment => location.hash === fragment", arg=fragment)


# Without JavaScript


def test_the_page_begins_with_the_causes_and_how_to_repeat_them() -> None:
    text = _Texts(html_page(MIXED, vectors=Path("reports/last/vectors"))).text
    causes = group_by_cause(MIXED)
    assert [cause.rule for cause in causes] == [RULE, OTHER, None]
    for part in (
        f"http: accepts what must be refused ({RULE})",
        "4, rejected",
        "spec/wan2.7.yaml:",
        '"n": 5',
        "200 (request r-1)",
        f"wan-conformance run --target http --case edge:{RULE}/breaks/5",
        "curl -sS -X POST http://127.0.0.1:9/api/v1/",
        f"found-wan2.7-n.max-{causes[0].id}.patch",
        "- id: found-wan2.7-n.max-",
        "500: Oops: it broke",
        "does not conform",
    ):
        assert part in text, part
    assert text.index("accepts what must be refused") < text.index("Rules and targets")


def test_the_matrix_marks_failures_and_disagreements() -> None:
    found = html_page(MIXED)
    row = next(row for row in found.split("<tr") if f"#rule/{RULE}" in row and "<td" in row)
    assert row.startswith(' class="fd"')
    assert 'class="bad">FAIL 2/4<' in row


def test_the_data_of_the_rules_is_compact_and_complete() -> None:
    found = re.search(r'id="data">(.*?)</script>', html_page(MIXED))
    assert found
    data = json.loads(found[1])
    case = next(case for case in data["cases"] if case[0] == "~breaks/5")
    assert (data["rules"][case[1]][0], case[2], case[3]) == (RULE, "pf", {"1": 0})
    skipped = next(case for case in data["cases"] if case[0] == "~keeps/8")
    assert data["reasons"][skipped[4]["1"]] == "the server takes no such file"


def test_a_tested_size_is_wrong_if_any_target_did_otherwise() -> None:
    sizes = sizes_by_area(MIXED, len(RUN["sizes"]))[0]
    assert [(size.width, size.must_be_accepted, list(size.failed)) for size in sizes] == [
        (4096, False, ["http"]),
        (1024, True, []),
    ]
    marks = [attributes for tag, attributes in _Texts(html_page(MIXED)).elements if "mark" in str(attributes)]
    assert sorted(str(mark["class"]) for mark in marks) == ["mark", "mark wrong"]


def test_state_changes_are_counted_and_impossible_ones_marked() -> None:
    page = html_page(MIXED)
    assert "PENDING → RUNNING</th><td>1</td><td>3</td>" in page
    assert "RUNNING → SUCCEEDED</th><td>0</td><td>3</td>" in page
    assert 'RUNNING → PENDING</th><td>1</td><td>0</td><td><span class="bad">contradicts' in page


def test_a_log_without_facts_and_verdicts_makes_a_report() -> None:
    text = _Texts(html_page(VerdictLog({}, ()))).text
    assert "nothing was judged" in text and "no areas of sizes" in text and "no state table" in text
    assert "conforms" in _Texts(html_page(VerdictLog(RUN, (passing(1),)))).text


def test_a_gate_that_failed_comes_first() -> None:
    gates = [{"target": "generated", "min_cases": 2}]
    text = _Texts(html_page(VerdictLog({**RUN, "gates": gates}, (passing(1),)))).text
    assert "Failures by cause gate FAILED: " in text and "does not conform" in text


# The history


def test_the_history_goes_from_file_to_file(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_html(VerdictLog({**RUN, "started": "2026-01-01"}, (passing(1), failing(5))), path)
    write_html(VerdictLog({**RUN, "started": "2026-01-02"}, (passing(1),)), path)
    write_html(VerdictLog({**RUN, "started": "2026-01-03"}, MIXED.verdicts), path)
    write_html(VerdictLog({**RUN, "started": "2026-01-03"}, MIXED.verdicts), path)
    runs = read_history(path)
    seen = [(run.started[-1], run.failed, len(run.causes)) for run in runs]
    assert seen == [("1", 1, 1), ("2", 0, 0), ("3", 4, 3)]
    text = _Texts(path.read_text("utf-8")).text
    assert "since 2026-01-01" in text and "new in this run" in text


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no report",
        '<script type="application/json" id="history">[</script>',
        '<script type="application/json" id="history">{"a": 1}</script>',
        '<script type="application/json" id="history">[1, ["a"], ["a", "b", -1, 0, 0, {}]]</script>',
        '<script type="application/json" id="history">[["a", "b", 1, 0, 0, {"x": 5}]]</script>',
        '<script type="application/json" id="history">[["a", "b", true, 0, 0, []]]</script>',
        "\xff\xfe",
    ],
)
def test_a_file_that_holds_no_history_is_replaced(content: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(content.encode("latin-1"))
    assert read_history(path) == []
    write_html(MIXED, path)
    assert len(read_history(path)) == 1


def test_the_history_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    entry = ["2026", "abc", 1, 2, 3, {str(number): "cause" for number in range(200)}]
    path.write_text(f'<script type="application/json" id="history">{json.dumps([entry] * 300)}</script>')
    assert len(read_history(path)) == 50


# One small file, in which no text does anything


def test_a_full_run_takes_at_most_one_and_a_half_megabytes() -> None:
    log = read_log(BASELINE)
    assert len(html_page(log).encode()) < 1_500_000
    broken = [
        replace(each, verdict="fail", body={"n": 1}, expected=replace(each.expected, accepted=False))
        for each in log.verdicts
        if each.target == "http"
    ]
    assert len(html_page(VerdictLog(log.run, tuple(broken))).encode()) < 1_500_000


def test_no_text_becomes_markup() -> None:
    page = html_page(HOSTILE)
    elements = _Texts(page).elements
    assert [tag for tag, _ in elements].count("script") == 3
    assert not {"img", "iframe", "link", "object"} & {tag for tag, _ in elements}
    assert not [name for _, attributes in elements for name in attributes if name.startswith("on")]
    for _, attributes in elements:
        for name in ("href", "src"):
            assert str(attributes.get(name) or "#").startswith("#")
    assert "\x1b" not in page and "\u202e" not in page


def test_hostile_texts_do_nothing_in_a_browser(browser: "Browser", tmp_path: Path) -> None:
    write_html(HOSTILE, tmp_path / "report.html")
    page = open_page(browser)
    with complaints(page) as logged:
        page.goto((tmp_path / "report.html").as_uri())
        rule = page.evaluate("document.querySelector('#rules a, .facts a').hash")
        for fragment in (*(f"#{view}" for view in VIEWS), rule, "#rule/%3Cb%3E", "#cause/none", "#%"):
            go(page, fragment)
        assert page.title() == "Conformance: does not conform"
    page.close()
    assert logged == []


# In a browser


def test_the_report_is_accessible_and_loads_nothing(browser: "Browser", tmp_path: Path) -> None:
    write_html(MIXED, tmp_path / "report.html", tmp_path / "vectors")
    assert report_problems(browser, tmp_path / "report.html") == []


def test_every_view_is_a_url(page: "Page") -> None:
    seen = []
    for view in VIEWS:
        go(page, f"#{view}")
        (heading,) = shown(page)
        seen.append(heading)
        assert page.inner_text("nav a[aria-current]").split()[0] in (
            "Causes",
            "Rules",
            "Sizes",
            "Task",
            "History",
        )
    assert seen == ["Failures by cause", "Rules and targets", "Sizes", "Life of a task", "History"]
    go(page, f"#rule/{RULE}")
    assert shown(page) == [RULE]
    assert "edge:wan2.7/n.max/breaks/5" in page.inner_text("main")
    page.click("td.bad a")
    cause = group_by_cause(MIXED)[0]
    assert page.evaluate("location.hash") == f"#cause/{cause.id}"
    assert page.is_visible(f"[id='cause/{cause.id}'] pre")


def test_filters_are_in_the_url(page: "Page") -> None:
    def rows() -> list[str]:
        return [
            row.inner_text().split()[0]
            for row in page.query_selector_all("#rules tr:not(.group) th[scope=row]")
            if row.is_visible()
        ]

    go(page, "#matrix")
    assert rows() == ["size.max_pixels", "n.max"]
    page.fill("[name=q]", "PIXELS")
    assert rows() == ["size.max_pixels"]
    assert page.evaluate("location.hash") == "#matrix?q=PIXELS"
    page.reload()
    assert rows() == ["size.max_pixels"]
    go(page, "#matrix?show=failures&target=generated")
    assert rows() == []
    go(page, "#matrix?show=disagreements")
    assert rows() == ["size.max_pixels", "n.max"]


def test_without_javascript_everything_but_rules_can_be_read(browser: "Browser", tmp_path: Path) -> None:
    write_html(MIXED, tmp_path / "report.html")
    context: Any = browser.new_context(java_script_enabled=False)
    page = open_page(context)
    page.goto((tmp_path / "report.html").as_uri())
    assert shown(page) == ["Failures by cause", "Rules and targets", "Sizes", "Life of a task", "History"]
    assert not page.is_visible("#filters")
    context.close()
