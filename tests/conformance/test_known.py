"""Known failures: they do not fail a run, but an entry without a failing case does."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from wan_conformance.engine.known_failures import (
    EntryFileError,
    KnownFailure,
    KnownFailures,
    load_known,
)
from wan_conformance.selection import Selection

from tests.conformance.tiny import MAX, MODEL, WORD, Tiny, raises, right, run

WRONG = Tiny(lambda body: [], "wrong")


def known(rule: str = "*", case: str = "*", target: str = "*") -> KnownFailures:
    return KnownFailures([KnownFailure(rule, case, target, "no kettle", date(2026, 1, 31))])


def words(failures: KnownFailures, *targets: Tiny, is_complete: bool = True) -> list[str]:
    return [verdict.verdict for verdict in run(targets, known=failures, is_complete=is_complete)]


def test_a_known_failure_is_known_with_its_reason() -> None:
    verdicts = run([WRONG], known=known(MAX, "*/breaks/*"))
    assert [verdict.verdict for verdict in verdicts] == ["pass", "known", "pass", "fail"]
    assert verdicts[1].reason == "no kettle (2026-01-31)"


def test_an_error_can_be_known() -> None:
    assert words(known(target="tiny"), Tiny(raises)) == ["known"] * 4


def test_an_entry_about_a_rule_leaves_the_cases_that_pass() -> None:
    assert words(known(MAX), WRONG) == ["pass", "known", "pass", "fail"]
    assert words(known(), WRONG) == ["pass", "known", "pass", "known"]


def test_an_entry_without_a_failing_case_fails_the_run() -> None:
    *verdicts, last = run([Tiny(right)], known=known(MAX))
    assert [verdict.verdict for verdict in (*verdicts, last)] == ["pass"] * 4 + ["fail"]
    assert last.case == f"known:{MAX} * *"
    assert last.reason == "known to fail since 2026-01-31, but no case fails: remove it from known.yaml"


@pytest.mark.parametrize(
    ("entry", "selection", "is_outdated"),
    [
        ({"rule": MAX}, Selection(), True),
        ({"rule": MAX}, Selection(rules=("tea/*",)), True),
        ({"rule": "tea/*"}, Selection(rules=(MAX,)), False),  # it may be about another rule
        ({"rule": MAX}, Selection(rules=(WORD,)), False),
        ({"rule": MAX}, Selection(models=(MODEL,)), False),
        ({"rule": MAX, "target": "other"}, Selection(), False),
        ({"case": f"edge:{MAX}/keeps/4black@{MODEL}"}, Selection(cases=("edge:*",)), True),
        ({"case": f"edge:{MAX}/keeps/4*"}, Selection(cases=("edge:*",)), False),
    ],
)
def test_an_own_entry_is_out_of_date_if_the_run_has_all_of_its_cases(
    entry: dict[str, str], selection: Selection, is_outdated: bool
) -> None:
    (failure,) = known(**entry).entries
    own = KnownFailures([replace(failure, is_own=True)])
    verdicts = run([Tiny(right)], known=own, selection=selection, is_complete=False)
    assert [verdict.verdict for verdict in verdicts[4:]] == ["fail"] * is_outdated


@pytest.mark.parametrize("entry", [known("tea/no.*"), known(case="edge:none"), known(target="other")])
def test_an_entry_that_matches_no_case_fails_the_run(entry: KnownFailures) -> None:
    verdicts = run([Tiny(right)], known=entry)
    assert [verdict.verdict for verdict in verdicts] == ["pass"] * 4 + ["fail"]
    assert verdicts[-1].observed.error is not None
    assert "remove it" in verdicts[-1].observed.error


def test_an_unmatched_entry_does_not_fail_a_partial_run() -> None:
    assert words(known("tea/no.*"), Tiny(right), is_complete=False) == ["pass"] * 4


def test_a_skipped_case_matches_no_entry() -> None:
    assert words(known(WORD), Tiny(right, kinds=["max"])) == ["pass", "pass", "skip", "skip", "known"]
    assert words(known(WORD), Tiny(right, leaves_out=[WORD]), is_complete=False)[-1] == "skip"


def test_the_file_of_this_project_can_be_read() -> None:
    assert all(entry.reason for entry in load_known().entries)


def test_entries_are_read(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text("- {rule: tea/*, reason: no kettle, date: 2026-01-31}\n", "utf-8")
    (entry,) = load_known([path]).entries
    assert replace(entry, file="known.yaml", is_own=False) == known("tea/*").entries[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "known.yaml: can't be read as YAML"),
        ("- {rule: a, reason: b, date: 2026-13-45}", "known.yaml: can't be read as YAML: month must be"),
        ("- 0x_", "known.yaml: can't be read as YAML: invalid literal"),
        ("[" * 3000, "known.yaml: can't be read as YAML: "),
        (
            "- {rule: a, rule: b, reason: no kettle, date: 2026-01-31}",
            "can't be read as YAML: line 1: the key 'rule' is repeated",
        ),
        ("a: 1", "holds object, expected a list"),
        ("", "holds null, expected a list"),
        ("- 5", "entry 1: is 5, expected a mapping of rule, case, target, reason, date"),
        ("- {rule: a, reason: b, date: 2026-01-31, rulle: c}", "entry 1: is {"),
        ("- {reason: b, date: 2026-01-31}", "entry 1: matches every case"),
        ("- {rule: a, date: 2026-01-31}", "entry 1: expected text in rule, case, target and a reason"),
        ("- {rule: 5, reason: b, date: 2026-01-31}", "entry 1: expected text"),
        ("- {rule: a, reason: b, date: soon}", "entry 1: date is 'soon'"),
        ("- {rule: a, reason: b}", "entry 1: date is None"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(EntryFileError, match=re.escape(message)):
        load_known([path])


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EntryFileError, match="can't be read"):
        load_known([tmp_path / "none.yaml"])
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EntryFileError, match="can't be read"):
        load_known([tmp_path / "binary.yaml"])
