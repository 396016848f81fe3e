"""Readable reports: each shows the failures, and no log can break one."""

import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console
from wan_conformance.model import FAILING, Observation
from wan_conformance.report.junit import write_junit
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.markdown import write_markdown
from wan_conformance.report.tally import TargetCell, tally
from wan_conformance.report.terminal import print_log

from tests.conformance.tiny import HEAD, MAX, MODEL, WORD, verdict
from wanlib.base.text import format_limit
from wanlib.base.values import Ratio
from wanlib.spec import load

EVIL = "\x1b[31m[bold]\x00`|\ud800 ]]> <b> & \x9b2J\ufffe\u2028\u202e\x85\x0b\r\nnext"
MIXED = VerdictLog(
    HEAD,
    (
        verdict(model=MODEL),
        verdict("fail", name="edge:2", model=MODEL, body={"cups": 5}),
        verdict("skip", WORD, "edge:3", model=MODEL, reason="not judged by tiny"),
        verdict("known", WORD, "edge:4", model=MODEL, reason="no kettle (2026-01-31)"),
        verdict("error", None, "vector:5", observed=Observation(None, (), error="broke"), target="other"),
    ),
)
GOOD = VerdictLog(HEAD, (verdict(model=MODEL),))
HOSTILE = VerdictLog(
    {
        "targets": [EVIL],
        "models": [EVIL],
        "rules": {EVIL: {"limit": EVIL, "outcome": EVIL}},
        "versions": {EVIL: EVIL},
    },
    (
        verdict("fail", EVIL, EVIL, target=EVIL, model=EVIL, reason=EVIL, body={EVIL: EVIL}),
        verdict("error", None, EVIL, target="b", observed=Observation(None, (), error=EVIL), body=EVIL),
        verdict("skip", None, EVIL, target="c", reason=EVIL),
    ),
)


def printed(log: VerdictLog, width: int = 100, **more: Any) -> str:
    out = io.StringIO()
    print_log(log, Console(file=out, width=width, highlight=False, **more))
    return out.getvalue()


def marked(log: VerdictLog, tmp_path: Path) -> str:
    write_markdown(log, tmp_path / "report.md")
    return (tmp_path / "report.md").read_text("utf-8")


def junit(log: VerdictLog, tmp_path: Path) -> ET.Element:
    write_junit(log, tmp_path / "junit.xml")
    return ET.parse(tmp_path / "junit.xml").getroot()


def _junit_text(log: VerdictLog, tmp_path: Path) -> str:
    junit(log, tmp_path)
    return (tmp_path / "junit.xml").read_text("utf-8")


@pytest.mark.parametrize(
    ("verdicts", "text"),
    [
        ([], "-"),
        (["skip"], "-"),
        (["pass", "pass", "skip"], "2"),
        (["pass", "fail", "error", "known"], "FAIL 2/4"),
        (["pass", "known"], "known 1/2"),
    ],
)
def test_cells(verdicts: list[str], text: str) -> None:
    cell = TargetCell()
    for word in verdicts:
        cell.add(word)
    assert str(cell) == text


def test_tally_groups_by_model_in_the_order_of_the_rules() -> None:
    verdicts = (
        verdict(about=WORD, model=MODEL),
        verdict(model=MODEL),
        verdict(),
        verdict(about="wire/n.max", model=MODEL),
    )
    counted = tally(VerdictLog(HEAD, verdicts))
    assert {name: list(rows) for name, rows in counted.groups.items()} == {
        MODEL: [MAX, WORD],
        "tea": [MAX],
        "wire": ["wire/n.max"],
    }
    assert list(counted.models) == [MODEL, "no one model"]


def test_a_verdict_on_several_models_counts_for_each_model_of_its_file() -> None:
    head = HEAD | {"families": {"tea": ["tea-1", "tea-2"]}}
    verdicts = (verdict(model=MODEL), verdict("fail", name="coverage:1"), verdict(about="wire/n.max"))
    groups = tally(VerdictLog(head, verdicts)).groups
    cells = {name: [str(row.cells["tiny"]) for row in rows.values()] for name, rows in groups.items()}
    assert cells == {"tea-1": ["FAIL 1/2"], "tea-2": ["FAIL 1/1"], "wire": ["1"]}


@pytest.mark.parametrize("word", ["pass", "fail", "error", "known", "skip"])
def test_when_a_run_conforms(word: str) -> None:
    assert tally(VerdictLog(HEAD, (verdict(), verdict(word, name="edge:2")))).conforms is (
        word not in FAILING
    )
    assert tally(VerdictLog(HEAD, (verdict("skip"),))).conforms is False
    assert tally(VerdictLog(HEAD, ())).conforms is False


def test_the_table_shows_rules_failures_and_advice() -> None:
    text = printed(MIXED)
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.split()}
    assert rows[MAX] == ["4", "rejected", "FAIL", "1/2", "-"]
    assert rows[WORD][-3:] == ["known", "1/1", "-"]
    for text_part in (
        f"FAIL tiny: accepts what must be refused ({MAX})",
        "case      edge:2",
        f"expected  refused: {MAX}",
        "observed  accepted, no rule violated",
        'body      {"cups": 5}',
        f"wanlib explain {MAX}",
        "ERROR other: broke",
        "case      vector:5",
        "observed  broke",
        "2 rules, 5 cases: 1 pass, 1 fail, 1 error, 1 known, 1 skip",
        "does not conform",
    ):
        assert text_part in text


def test_the_table_of_a_good_run() -> None:
    assert printed(GOOD).splitlines()[-1] == "conforms"
    assert "FAIL" not in printed(GOOD)


def test_the_table_has_no_codes_in_a_file_and_colours_on_a_terminal() -> None:
    assert "\x1b" not in printed(MIXED)
    coloured = printed(MIXED, force_terminal=True, color_system="standard").splitlines()
    assert [line for line in coloured if "FAIL 1/2" in line and "\x1b[1;31m" in line]


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_rule_ids_are_whole_and_limits_are_not_cut(width: int) -> None:
    rule = "wire/messages.input.messages.each.content.text.max_count"
    limit = "%" * 50
    head = HEAD | {"rules": {rule: {"limit": limit, "outcome": "unspecified"}}}
    targets = ("generated", "interpreted", "json_schema")
    log = VerdictLog(head, tuple(verdict(about=rule, target=name, model=MODEL) for name in targets))
    lines = printed(log, width).splitlines()
    assert [line for line in lines if line.split()[:1] == [rule]]
    assert "".join(lines).count("%") == len(limit)
    assert width < 80 or all(len(line) <= width for line in lines)
    assert width < 200 or any(limit in line for line in lines)


@pytest.mark.parametrize("width", [80, 200])
def test_every_rule_of_the_spec_can_be_copied(width: int) -> None:
    rules = [rule for rule in load().rules.values() if rule.scope == "body"]
    limits = {rule.id: format_limit(rule.limit, rule.kind) for rule in rules}
    targets = ("generated", "interpreted", "json_schema", "client", "client_async", "http")
    head = HEAD | {"rules": {rule.id: {"limit": limits[rule.id], "outcome": rule.outcome} for rule in rules}}
    verdicts = (verdict(about=rule.id, target=name, model=MODEL) for rule in rules for name in targets)
    lines = printed(VerdictLog(head, tuple(verdicts)), width).splitlines()
    words = {word for line in lines for word in line.split()}
    assert {rule.id for rule in rules} <= words
    assert {word for limit in limits.values() for word in limit.split()} <= words


def test_the_failures_of_a_rule_are_one_cause_and_many_causes_are_cut() -> None:
    many = [verdict("fail", name=f"edge:{number}") for number in range(300)]
    text = printed(VerdictLog(HEAD, (*many, verdict("fail", WORD, "edge:last"))))
    assert "case      edge:0 and 300 more verdicts" in text
    errors = [
        verdict("error", WORD, f"edge:{number}", observed=Observation(None, (), error=f"broke {number}"))
        for number in range(100)
    ]
    assert "and 80 more causes of failures" in printed(VerdictLog(HEAD, tuple(errors)))


def test_junit_has_a_suite_for_each_target(tmp_path: Path) -> None:
    root = junit(MIXED, tmp_path)
    tiny, other = root
    names = ("tests", "failures", "errors")
    assert [tiny.get(name) for name in names] == ["4", "1", "0"]
    assert [other.get(name) for name in names] == ["1", "0", "1"]
    assert [root.get(name) for name in names] == ["5", "1", "1"]
    assert [suite.get("skipped") for suite in root] == ["2", "0"]
    passed, failed, skipped, known = tiny
    assert (passed.get("name"), list(passed), passed.get("time")) == ("edge:1", [], "0.001500")
    assert "expected refused: tea/cups.max; observed accepted" in str(failed[0].get("message"))
    assert "repeat: wan-conformance run --target tiny --case edge:2" in str(failed[0].text)
    assert (skipped[0].tag, skipped[0].get("message")) == ("skipped", "skip: not judged by tiny")
    assert (known[0].tag, known[0].get("message")) == ("skipped", "known: no kettle (2026-01-31)")


def test_markdown_shows_the_same(tmp_path: Path) -> None:
    text = marked(MIXED, tmp_path)
    assert text.startswith("# Conformance: does not conform\n")
    for text_part in (
        "| `cups.max` | 4 | rejected | **FAIL 1/2** | - |",
        "## Failures by cause (2)",
        "wanlib explain tea/cups.max",
    ):
        assert text_part in text
    assert marked(GOOD, tmp_path).startswith("# Conformance: conforms\n")


def test_no_log_can_break_a_report(tmp_path: Path) -> None:
    """Whatever it contains, no control character, markup or line break of it gets out."""
    text = printed(HOSTILE, width=4000) + marked(HOSTILE, tmp_path)
    assert not set(text) & set("\x1b\x00\x9b\ud800")
    assert "\nnext" not in text
    shown = printed(HOSTILE, width=4000)
    assert shown.count("1b[31m[bold]") == shown.count("1b[31m") > 5
    assert "<b>" not in re.sub("`[^`]*`", "", marked(HOSTILE, tmp_path).replace("\\`", ""))
    root = junit(HOSTILE, tmp_path)
    assert "\\x1b[31m" in str(root[0].get("name"))


def test_markdown_tables_have_their_columns(tmp_path: Path) -> None:
    lines = [line for line in marked(HOSTILE, tmp_path).splitlines() if line.startswith("| `")]
    assert lines
    assert {line.replace("\\|", "").count("|") for line in lines} == {5, 7}


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (True, "required", ""),
        (5000, "max_chars", "5000"),
        (20 * 1_048_576, "max_bytes", "20 MB"),
        (589_824, "min_pixels", "768*768"),
        (1_000_001, "max_pixels", "1,000,001"),
        (Ratio(1, 8), "min_ratio", "1:8"),
        (("jpeg", "png"), "formats", "jpeg png"),
        ((True,), "one_of", "true"),
        ({"1K": 1, "2K": 2}, "keywords", "1K 2K"),
        ({}, "keywords", "none"),
        (1.0, "min", "1.0"),
    ],
)
def test_limits(value: Any, kind: str, text: str) -> None:
    assert format_limit(value, kind) == text


def test_every_limit_of_the_spec_has_words() -> None:
    for rule in load().rules.values():
        assert "object at" not in format_limit(rule.limit, rule.kind), rule.id


@pytest.mark.parametrize("report", [lambda log, _: printed(log), marked, _junit_text])
def test_no_report_steers_a_terminal(report: Any, tmp_path: Path) -> None:
    text = report(HOSTILE, tmp_path)
    assert not [char for line in text.split("\n") for char in line if not char.isprintable()]
    assert not [line for line in text.split("\n") if line.startswith("next")]
