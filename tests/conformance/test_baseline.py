"""Baselines: equal verdicts give equal bytes; which changes are regressions."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from wan_conformance.model import ExpectedAnswer, Verdict
from wan_conformance.report.baseline import RunComparison, compare, write_baseline
from wan_conformance.report.log import VerdictLog, VerdictLogError, read_log

from tests.conformance.tiny import HEAD, MAX, WORD, verdict

VERDICTS = [
    verdict(name="edge:1"),
    verdict(name="edge:1", target="other"),
    verdict("skip", WORD, "edge:2", reason="not judged by tiny", body={"cups": 1}),
    verdict("known", WORD, "edge:3", reason="no kettle", body={"cups": 1}),
]


def log(*verdicts: Verdict, **head: Any) -> VerdictLog:
    return VerdictLog(HEAD | head, verdicts)


def test_equal_verdicts_give_equal_baselines(tmp_path: Path) -> None:
    write_baseline(log(*VERDICTS), tmp_path / "one")
    later = [replace(item, ms=item.ms + 5, seed=9, body="other") for item in VERDICTS]
    random.Random(1).shuffle(later)
    write_baseline(VerdictLog(HEAD | {"started": "later"}, tuple(later)), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_baseline_omits_data_that_varies_between_runs(tmp_path: Path) -> None:
    write_baseline(log(*VERDICTS), tmp_path / "base")
    text = (tmp_path / "base").read_bytes()
    head, *lines = (json.loads(line) for line in text.splitlines())
    assert head == {"run": {"rules": HEAD["rules"], "facts": HEAD["facts"]}}
    assert [(line["case"], line["target"]) for line in lines] == [
        ("edge:1", "other"),
        ("edge:1", "tiny"),
        ("edge:2", "tiny"),
        ("edge:3", "tiny"),
    ]
    assert not {"ms", "seed", "body", "model"} & {name for line in lines for name in line}
    assert b"\r" not in text


def test_a_baseline_can_be_read_as_a_log(tmp_path: Path) -> None:
    write_baseline(log(*VERDICTS), tmp_path / "base")
    assert compare(read_log(tmp_path / "base"), log(*VERDICTS)) == RunComparison((), ())


@pytest.mark.parametrize(
    ("old", "new", "text", "worse"),
    [
        ("pass", "fail", "changed: tiny: edge:1: pass -> fail", True),
        ("pass", "error", "changed: tiny: edge:1: pass -> error", True),
        ("pass", "skip", "changed: tiny: edge:1: pass -> skip", True),
        ("pass", "known", "changed: tiny: edge:1: pass -> known", True),
        ("pass", None, "gone: tiny: edge:1: pass -> none", True),
        ("fail", "pass", "changed: tiny: edge:1: fail -> pass", False),
        ("known", None, "gone: tiny: edge:1: known -> none", False),
        (None, "pass", "new: tiny: edge:1: none -> pass", False),
        (None, "fail", "new: tiny: edge:1: none -> fail", False),
    ],
)
def test_changes(old: str | None, new: str | None, text: str, worse: bool) -> None:
    (change,) = compare(log(*([verdict(old)] if old else [])), log(*([verdict(new)] if new else []))).others
    assert (str(change), change.is_regression) == (text, worse)


def test_regressions_come_first_and_only_cases_of_the_run_are_compared() -> None:
    old = log(verdict(name="edge:b"), verdict(name="edge:c", target="other"))
    new = log(verdict("fail", name="edge:b"), verdict(name="edge:a"))
    assert [item.case for item in compare(old, new).others] == ["edge:b", "edge:c", "edge:a"]
    of_tiny = compare(old, VerdictLog({**new.run, "covers": {"targets": ["tiny"]}}, new.verdicts))
    assert [item.case for item in of_tiny.others] == ["edge:b", "edge:a"]
    of_nothing = VerdictLog({**new.run, "covers": {"rules": ["coffee/*"]}}, new.verdicts)
    with pytest.raises(VerdictLogError, match="no case in common; they cover everything and rule coffee"):
        compare(old, of_nothing)


# Changes of the spec


def rule(kind: str, limit: str, number: float | None = None, outcome: str = "rejected") -> dict[str, Any]:
    """Return the part of a log's head about one rule of the field cups."""
    entry = {"limit": limit, "outcome": outcome} | ({} if number is None else {"number": number})
    return {"rules": {f"tea/cups.{kind}": entry}}


BETWEEN = "bodies with cups between the old and the new limit are now rejected"


@pytest.mark.parametrize(
    ("kind", "old", "new", "text"),
    [
        ("max", ("4", 4), ("6", 6), "4 → 6: bodies with cups 5 and 6 are now accepted"),
        ("max", ("6", 6), ("5", 5), "6 → 5: bodies with cups 6 are now rejected"),
        ("max", ("4", 4), ("90", 90), "4 → 90: bodies with cups 5 to 90 are now accepted"),
        ("max", ("4", 4), ("4", 4, "ignored"), "4: a violation is now ignored, not rejected"),
        ("min", ("4", 4), ("2", 2), "4 → 2: bodies with cups 2 and 3 are now accepted"),
        ("min", ("0.5", 0.5), ("1", 1), f"0.5 → 1: {BETWEEN}"),
        ("max_count", ("3", 3), ("4", 4), "3 → 4: bodies with 4 items in cups are now accepted"),
        (
            "max_chars",
            ("800", 800, "truncated"),
            ("900", 900, "truncated"),
            "800 → 900: bodies with 801 to 900 characters in cups are no longer truncated",
        ),
        ("max_ratio", ("8:1", 8), ("4:1", 4), f"8:1 → 4:1: {BETWEEN}"),
        (
            "one_of",
            ("black green",),
            ("black white",),
            "black green → black white: bodies with cups white are now accepted;"
            " bodies with cups green are now rejected",
        ),
    ],
)
def test_a_changed_limit_is_one_line(kind: str, old: Any, new: Any, text: str) -> None:
    ((change, moved),) = compare(log(**rule(kind, *old)), log(**rule(kind, *new))).spec
    assert (str(change), moved) == (f"tea/cups.{kind} {text}", ())


def test_rules_and_facts_that_are_new_gone_or_changed() -> None:
    old = log(**rule("max", "4"), facts={"a/n.default": 4, "a/p": {"x": "0.20"}})
    new = log(**rule("min", "1"), facts={"a/n.default": 5, "a/p": {"x": "0.21", "y": "1"}})
    assert [str(change) for change, _ in compare(old, new).spec] == [
        "tea/cups.max 4 → none: violations are no longer found",
        "tea/cups.min none → 1: a violation is rejected",
        "a/n.default 4 → 5",
        "a/p.x 0.20 → 0.21",
        "a/p.y none → 1",
    ]


FOUR, SIX = rule("max", "4", 4), rule("max", "6", 6)


def test_cases_move_with_their_limit_and_a_regression_stands_out() -> None:
    """New and gone cases of the rule, its field and its file are explained; a case that fails is not."""
    explained, foreign = (MAX, "tea/cups.min", WORD), "pot/lid.type"
    before = [verdict(about=about, name=f"edge:{about}/old") for about in (*explained, foreign)]
    after = [verdict(about=about, name=f"edge:{about}/new") for about in (*explained, foreign)]
    stays, fails = verdict(name="edge:stays"), verdict("fail", name="edge:stays")
    found = compare(log(*before, stays, **FOUR), log(*after, fails, **SIX))
    ((change, moved),) = found.spec
    assert change.id == MAX
    assert [(item.word, item.case) for item in moved] == [
        *(("gone", f"edge:{about}/old") for about in explained),
        *(("new", f"edge:{about}/new") for about in explained),
    ]
    assert [(str(item), item.is_regression) for item in found.others] == [
        ("gone: tiny: edge:pot/lid.type/old: pass -> none", True),
        ("changed: tiny: edge:stays: pass -> fail", True),
        ("new: tiny: edge:pot/lid.type/new: none -> pass", False),
    ]
    assert found.regressions == 2


def test_a_case_by_hand_moves_with_its_own_rule_alone() -> None:
    refused = replace(verdict(name="vector:five"), expected=ExpectedAnswer(False, (MAX,)))
    accepted = replace(verdict(about=None, name="vector:five"), expected=ExpectedAnswer(True, ()))
    gone = verdict(about=WORD, name="vector:sort")
    found = compare(log(refused, gone, **FOUR), log(accepted, **SIX))
    assert [(item.word, item.case) for item in found.spec[0][1]] == [("moved", "vector:five")]
    assert [str(item) for item in found.others] == ["gone: tiny: vector:sort: pass -> none"]
    assert compare(log(refused, **FOUR), log(accepted, **FOUR)) == RunComparison((), ())


def test_a_log_without_limits_is_refused() -> None:
    with pytest.raises(VerdictLogError, match=r"no limits and facts in its first line.*--accept"):
        compare(VerdictLog({}, ()), log())


def test_a_run_about_some_models_is_compared_by_the_rules_of_both() -> None:
    """The baseline has no models; a verdict is compared if it must be in both logs, or is."""
    of_model = {**HEAD, "covers": {"models": ["tea-1"]}, "rules": {MAX: HEAD["rules"][MAX]}}  # type: ignore[index]
    old = log(verdict(name="edge:1"), verdict(name="edge:gone"), verdict(about=WORD, name="edge:2"))
    new = VerdictLog(
        of_model, (verdict("fail", name="edge:1", model="tea-1"), verdict(name="edge:3", model="tea-1"))
    )
    found = compare(old, new)
    assert found.spec == ()
    assert [str(change) for change in found.others] == [
        "changed: tiny: edge:1: pass -> fail",
        "new: tiny: edge:3: none -> pass",
    ]
    assert found.scopes == ("everything", "model tea-1")
    full = log(verdict(name="edge:1", model="tea-1"), verdict(about=WORD, name="edge:2", model="tea-1"))
    (change,) = compare(VerdictLog(of_model, new.verdicts[:1]), full).others
    assert str(change) == "changed: tiny: edge:1: fail -> pass"
