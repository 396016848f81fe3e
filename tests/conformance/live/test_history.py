"""Runs record what they found, and the nightly form asks first about what changed most often."""

import json
from pathlib import Path

import pytest
from wan_conformance.live.naming.findings import Finding
from wan_conformance.live.naming.history import HistoryError, history_path, record_run, recorded_changes


def wider(rule: str, old: int, new: int) -> Finding:
    return Finding(rule, ("wan2.5-i2i-preview",), "wider", old, new, ())


def test_a_change_counts_once_however_many_runs_find_it(tmp_path: Path) -> None:
    path = history_path(tmp_path / "live.db")
    assert path.name == "live.history.jsonl" and recorded_changes(path) == {}
    record_run(path, "2026-11-28", [])
    assert not path.exists()
    for date in ("2026-11-28", "2026-11-29"):
        record_run(path, date, [wider("wan2.5/n.max", 4, 5), wider("wan2.5/seed.max", 9, 10)])
    record_run(path, "2026-11-30", [wider("wan2.5/n.max", 5, 6)])
    assert recorded_changes(path) == {"wan2.5/n.max": 2, "wan2.5/seed.max": 1}
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.parametrize("line", ["{", "[]", '{"changes": [{"rule": "wan2.5/n.max"}]}', "7"])
def test_a_damaged_line_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "live.history.jsonl"
    path.write_text(json.dumps({"date": "2026-11-28", "changes": []}) + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(HistoryError, match="line 2: not a record of a run; remove the line"):
        recorded_changes(path)
