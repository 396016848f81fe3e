"""The reports of a diff: text, Markdown, changelog, annotations, SARIF, and the page in a real browser."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from tests.support.browser import browsing, open_page
from tests.support.report_pages import report_problems
from tests.support.sarif_schema import sarif_errors
from wanlib.base.violation import Violation
from wanlib.diff.change import ChangeClass, Diff, DiffChange, Location, Relation, Witness
from wanlib.diff.recorded_requests import Request, RequestChange, Treatment
from wanlib.diff.report.annotations import annotation_lines
from wanlib.diff.report.html import html_page
from wanlib.diff.report.markdown import changelog_lines, markdown_lines
from wanlib.diff.report.sarif import sarif
from wanlib.diff.report.text import text_lines
from wanlib.validation.bill import Bill

_IMAGE = "data:image/png;base64," + "iVBORw0KGgo" * 1000


def _change(name: str, change_class: ChangeClass, relation: Relation, *witnesses: Witness) -> DiffChange:
    return DiffChange(
        id=f"wan0.0/{name}",
        relation=relation,
        change_class=change_class,
        old=4,
        new=6,
        models=("tea-1",),
        text=f"{name} of tea-1 <b>is</b> 6 (was: 4), 100%.",
        witnesses=witnesses,
        old_location=Location("wan0.0.yaml", 7),
        new_location=None if relation is Relation.REMOVED else Location("wan0.0.yaml", 9),
    )


def _treatment(size: str, *refused: Violation) -> Treatment:
    return Treatment(refused, (), Bill("tea-1", 1, True, None, "no price"), size)


@pytest.fixture(scope="module")
def diff() -> Diff:
    body = {"model": "tea-1", "parameters": {"n": 5}}
    image = {"model": "tea-1", "input": {"image": _IMAGE, "text": "<script>alert(1)</script>"}}
    return Diff(
        "old\x1b[31m",
        "new",
        [
            _change("n.max", ChangeClass.BREAKING, Relation.NARROWER, Witness(body, None, "old")),
            _change("n.default", ChangeClass.BEHAVIOUR, Relation.CHANGED),
            _change("images.max_bytes", ChangeClass.ADDITIVE, Relation.WIDER, Witness(image, "sync", "new")),
            _change("style", ChangeClass.EDITORIAL, Relation.REMOVED),
        ],
        [
            RequestChange(Request("line 1\x1b[31m", {}), _treatment("1K"), _treatment("2K")),
            RequestChange(
                Request("<i>app.py:7", {}, source=("app.py", 7)),
                _treatment("1K"),
                _treatment("", Violation("wan0.0/n.max", "rejected", "/parameters/n", 4, 5)),
            ),
        ],
    )


def _text_reports(diff: Diff) -> Sequence[str]:
    return ["\n".join(lines(diff)) for lines in (text_lines, markdown_lines, changelog_lines)]


def test_no_report_has_control_characters_or_long_images(diff: Diff) -> None:
    page, log = html_page(diff), json.dumps(sarif(diff, "1", {"old": "spec", "new": "spec"}))
    for report in chain(_text_reports(diff), (page, log, "\n".join(annotation_lines(diff, "spec")))):
        assert "\x1b" not in report
        assert len(report) < 20_000
        assert _IMAGE not in report


def test_text_shows_the_important_first(diff: Diff) -> None:
    text, markdown, changelog = _text_reports(diff)
    for report in (text, markdown):
        positions = [report.index(change.id) for change in diff.changes]
        assert positions == sorted(positions)
        assert "wan0.0.yaml:9" in report
    assert '{"model": "tea-1", "parameters": {"n": 5}}' in text
    assert "1 breaking, 1 behaviour, 1 additive, 1 editorial" in text.splitlines()[0]
    assert "wan0.0/style" not in changelog
    assert r"\<b\>" in markdown


def test_annotations_mark_the_new_lines(diff: Diff) -> None:
    lines = list(annotation_lines(diff, "spec"))
    assert [line.split(" ")[0] for line in lines] == [
        *("::error", "::warning", "::notice"),
        *("::warning", "::error"),
    ]
    assert lines[4].startswith("::error file=app.py,line=7,title=<i>app.py%3A7::accepted, now refused: ")
    assert lines[0].startswith("::error file=spec/wan0.0.yaml,line=9,title=wan0.0/n.max::")
    assert lines[0].endswith("100%25.")


def test_sarif_has_both_places_and_a_fingerprint(diff: Diff) -> None:
    log = sarif(diff, "1.2", {"old": "before", "new": "after"})
    (run,) = log["runs"]
    assert (log["version"], run["tool"]["driver"]["version"]) == ("2.1.0", "1.2")
    assert [result["level"] for result in run["results"]] == [
        *("error", "warning", "note", "note"),
        *("warning", "error"),
    ]
    first, last, call = run["results"][0], run["results"][3], run["results"][5]
    assert call["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "app.py"
    uris = [
        place["physicalLocation"]["artifactLocation"]["uri"]
        for place in (*first["locations"], *first["relatedLocations"])
    ]
    assert uris == ["after/wan0.0.yaml", "before/wan0.0.yaml"]
    assert last["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "before/wan0.0.yaml"
    assert len({result["partialFingerprints"]["change/v1"] for result in run["results"][:4]}) == 4
    assert {result["ruleId"] for result in run["results"]} == {
        rule["id"] for rule in run["tool"]["driver"]["rules"]
    }


def test_sarif_is_valid_by_its_schema(diff: Diff) -> None:
    log = sarif(diff, "1.2", {"old": "/old spec/ä", "new": "./new spec"})
    empty = sarif(Diff("a", "b", []), "1.2", {"old": "spec", "new": "spec"})
    assert sarif_errors(log) == sarif_errors(empty) == []
    first = log["runs"][0]["results"][0]
    places = [place["physicalLocation"] for place in (*first["locations"], *first["relatedLocations"])]
    assert [place["artifactLocation"]["uri"] for place in places] == [
        "new%20spec/wan0.0.yaml",
        "file:///old%20spec/%C3%A4/wan0.0.yaml",
    ]
    places[0]["artifactLocation"]["uri"] = "new spec/wan0.0.yaml"
    log["version"] = "2.0.0"
    assert len(sarif_errors(log)) == 2


def test_the_page_in_a_browser(diff: Diff, tmp_path: Path) -> None:
    path = tmp_path / "diff.html"
    path.write_text(html_page(diff), encoding="utf-8")
    with browsing() as browser:
        assert report_problems(browser, path) == []
        page = open_page(browser)
        page.goto(path.as_uri())
        assert page.locator("article").count() == len(diff.changes) + 2
        assert page.locator("i").count() == 0
        assert page.locator("script").count() == 0
        assert (page.locator("pre").nth(1).text_content() or "").count("<script>") == 1


def test_the_page_names_no_place_where_neither_side_states_one(diff: Diff) -> None:
    nowhere = replace(diff.changes[0], old_location=None, new_location=None)
    page = html_page(Diff("a", "b", [nowhere]))
    assert "</code> · narrower</p>" in page
