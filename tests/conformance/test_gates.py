"""Quality gates: what is counted, which limits fail a run, and broken files."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from wan_conformance.engine.execute import RunRequest, execute
from wan_conformance.engine.known_failures import EntryFileError, load_entries
from wan_conformance.gates import gate_results, parse_gate
from wan_conformance.report.log import VerdictLogError, read_log, write_log
from wan_conformance.report.tally import tally
from wan_conformance.report.terminal import print_totals

from tests.conformance.tiny import HEAD, WORD, saved, verdict

VERDICTS = (
    verdict(name="edge:1"),
    verdict(name="edge:2"),
    verdict("known", name="edge:3", reason="no kettle"),
    verdict("skip", WORD, "edge:4", reason="not judged by tiny"),
    verdict(about=None, name="vector:1"),
    verdict("fail", WORD, f"coverage:{WORD}"),
)


@pytest.mark.parametrize(
    ("gate", "text", "passed"),
    [
        ({"min_rules": 1}, "tiny: rules judged: 1, at least 1", True),
        ({"min_rules": 2}, "tiny: rules judged: 1, at least 2", False),
        ({"min_cases": 5}, "tiny: cases judged: 4, at least 5", False),
        ({"max_unjudged": 0}, "tiny: rules not judged: 1, at most 0", False),
        ({"max_unjudged": 1}, "tiny: rules not judged: 1, at most 1", True),
        ({"max_skipped": 0, "target": "ti*"}, "tiny: cases skipped: 1, at most 0", False),
        ({"max_known": 1}, "tiny: known failures: 1, at most 1", True),
        ({"max_known": 1, "target": "other"}, "no target of the run matches 'other'", False),
    ],
)
def test_limits(gate: dict[str, Any], text: str, passed: bool) -> None:
    (result,) = gate_results(HEAD | {"gates": [gate]}, VERDICTS)
    assert (result.text, result.passed) == (text, passed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{min_rules: 1}", "gates.yaml: holds object, expected a list"),
        ("- 5", "gates.yaml: entry 1: is 5, expected a mapping of target, min_rules"),
        ("- {min_rule: 5}", "entry 1: has 'min_rule'; did you mean 'min_rules'"),
        ("- {min_rules: 1.5}", "min_rules is 1.5, expected a whole number of 0 or more"),
        ("- {min_rules: true}", "min_rules is True"),
        ("- {max_known: -1}", "max_known is -1"),
        ("- {target: http}", "has no limit, expected one of min_rules"),
        ("- {target: 5, max_known: 1}", "target is 5, expected a glob"),
    ],
)
def test_broken_files(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EntryFileError) as caught:
        load_entries(saved(tmp_path / "gates.yaml", text), parse_gate)
    assert message in str(caught.value)


def test_a_run_fails_by_its_gates_and_so_does_each_later_reading(tmp_path: Path) -> None:
    gates = saved(tmp_path / "gates.json", '[{"target": "interpreted", "min_rules": 1, "max_skipped": 0}]')
    case = ("edge:wan2.7/n.max/breaks/5@wan2.7-image",)
    request = RunRequest(tmp_path, ("interpreted",), cases=case, gates=gates)
    assert tally(execute(request)).conforms
    gates.write_text(gates.read_text("utf-8").replace('"min_rules": 1', '"min_rules": 2'), "utf-8")
    execute(request)
    log = read_log(tmp_path / "verdicts.ndjson")
    counted = tally(log)
    assert (counted.conforms, counted.failures) == (False, [])
    assert [str(gate) for gate in counted.gates] == [
        "gate FAILED: interpreted: rules judged: 1, at least 2",
        "gate passed: interpreted: cases skipped: 0, at most 0",
    ]
    assert "gate FAILED" in (tmp_path / "report.md").read_text("utf-8")
    print_totals(log, Console(file=(printed := StringIO())))
    line = f"does not conform: {counted}; gate FAILED: interpreted: rules judged: 1, at least 2\n"
    assert printed.getvalue() == line


@pytest.mark.parametrize("gates", [5, [5], [{"min_rules": "x"}]])
def test_a_log_with_other_gates_is_refused(tmp_path: Path, gates: Any) -> None:
    write_log(tmp_path / "log", HEAD | {"gates": gates}, VERDICTS)
    with pytest.raises(VerdictLogError, match=r"log:1: .*expected"):
        read_log(tmp_path / "log")
