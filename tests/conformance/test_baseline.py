"""Baselines: equal verdicts give equal bytes; which changes are regressions."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from wan_conformance.model import Verdict
from wan_conformance.report.baseline import changes, write_baseline
from wan_conformance.report.log import VerdictLog, read_log

from tests.conformance.tiny import HEAD, WORD, verdict

VERDICTS = [
    verdict(name="edge:1"),
    verdict(name="edge:1", target="other"),
    verdict("skip", WORD, "edge:2", reason="not judged by tiny", body={"cups": 1}),
    verdict("known", WORD, "edge:3", reason="no kettle", body={"cups": 1}),
]


def log(*verdicts: Verdict) -> VerdictLog:
    return VerdictLog(HEAD, verdicts)


def test_equal_verdicts_give_equal_baselines(tmp_path: Path) -> None:
    write_baseline(log(*VERDICTS), tmp_path / "one")
    later = [replace(item, ms=item.ms + 5, seed=9, body="other") for item in VERDICTS]
    random.Random(1).shuffle(later)
    write_baseline(VerdictLog(HEAD | {"started": "later"}, tuple(later)), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_baseline_leaves_out_what_differs_between_runs(tmp_path: Path) -> None:
    write_baseline(log(*VERDICTS), tmp_path / "base")
    text = (tmp_path / "base").read_bytes()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["case"], line["target"]) for line in lines] == [
        ("edge:1", "other"),
        ("edge:1", "tiny"),
        ("edge:2", "tiny"),
        ("edge:3", "tiny"),
    ]
    assert not {"run", "ms", "seed", "body", "model"} & {name for line in lines for name in line}
    assert b"\r" not in text


def test_a_baseline_can_be_read_as_a_log(tmp_path: Path) -> None:
    write_baseline(log(*VERDICTS), tmp_path / "base")
    assert changes(read_log(tmp_path / "base"), log(*VERDICTS)) == []


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
    (change,) = changes(log(*([verdict(old)] if old else [])), log(*([verdict(new)] if new else [])))
    assert (str(change), change.is_regression) == (text, worse)


def test_regressions_come_first_and_only_what_was_run_is_compared() -> None:
    old = log(verdict(name="edge:b"), verdict(name="edge:c", target="other"))
    new = log(verdict("fail", name="edge:b"), verdict(name="edge:a"))
    assert [item.case for item in changes(old, new)] == ["edge:b", "edge:c", "edge:a"]
    assert [item.case for item in changes(old, new, lambda item: item.target == "tiny")] == [
        "edge:b",
        "edge:a",
    ]
