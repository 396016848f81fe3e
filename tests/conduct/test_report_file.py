"""Reports of conduct: the file has all of a record, a damaged file is refused, and no secret is in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import in_process
from tests.conduct.test_rules import KEY, conduct
from wanlib.conduct.judge import judge
from wanlib.conduct.report_file import RecordError, read_report, report_to_json, write_report
from wanlib.conduct.rules import STATEMENTS


@pytest.mark.parametrize("situation", ["all is well", "the task never ends", "polls are refused"])
def test_a_record_is_the_same_after_it_was_written_and_read(situation: str, tmp_path: Path) -> None:
    emulator, _ = conduct("sends the key as a parameter", situation)
    record = emulator.record()
    report = judge(record, emulator.spec)
    write_report(tmp_path / "report.json", record, report)
    text = (tmp_path / "report.json").read_text()
    assert read_report(json.loads(text)) == record
    assert KEY not in text and "Signature" not in text and "A bridge" not in text
    write_report(tmp_path / "report.txt", record, report)
    lines = (tmp_path / "report.txt").read_text().splitlines()
    assert lines[0].startswith("BROKEN client/no-secret-in-url: ")


def changed(value: Any, path: str, new: Any) -> Any:
    copy = json.loads(json.dumps(value))
    *parents, last = (int(part) if part.isdecimal() else part for part in path.split("."))
    node = copy
    for parent in parents:
        node = node[parent]
    node[last] = new
    return copy


@pytest.mark.parametrize(
    ("path", "new", "named"),
    [
        ("format", "other-1", "format"),
        ("record", [], "record"),
        ("record.exchanges", {}, "exchanges"),
        ("record.exchanges.0", {"at": 1}, "exchanges"),
        ("record.exchanges.0.at", "now", "at"),
        ("record.exchanges.0.at", 10**400, "at"),
        ("record.exchanges.0.at", 1e300, "at"),
        ("record.exchanges.0.status", True, "status"),
        ("record.exchanges.0.jobs", [1], "jobs"),
        ("record.jobs.0.pictures", None, "pictures"),
        ("record.jobs.0.id", ["x"], "id"),
        ("record.until", None, "until"),
    ],
)
def test_a_damaged_report_is_refused_with_the_problem(path: str, new: Any, named: str) -> None:
    emulator, _ = conduct("", "all is well")
    record = emulator.record()
    good = report_to_json(record, judge(record, emulator.spec))
    assert read_report(good) == record
    with pytest.raises(RecordError, match=named):
        read_report(changed(good, path, new))


def test_every_rule_of_conduct_is_explained_with_its_source() -> None:
    assert "client/no-secret-in-log" in STATEMENTS
    for rule in STATEMENTS.values():
        ran = in_process("explain", rule.id)
        assert ran.code == 0 and rule.statement in ran.out and "source" in ran.out
        assert "spec/" in ran.out or "RFC 9110" in ran.out
    ran = in_process("explain", "client/never-pays")
    assert ran.code == 2 and "client/never-pays-twice" in ran.err
