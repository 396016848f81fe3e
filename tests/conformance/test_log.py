"""The verdict log: it is read as it was written, and anything else is refused with its line."""

import json
from pathlib import Path
from typing import Any

import pytest
from wan_conformance.model import Observation, Verdict
from wan_conformance.report.log import MAX_BYTES, VerdictLogError, read_log, verdict_to_json, write_log

from tests.conformance.tiny import HEAD, MAX, saved, verdict
from wanlib.base.redaction import redact_json

VERDICTS = [
    verdict(),
    verdict("fail", name="edge:2", body={"cups": 5, "note": "tea\u2028\x85\x00 茶"}, seed=3, model="tea-1"),
    verdict("error", None, "edge:3", observed=Observation(None, (), error="broke"), body=None),
    verdict("skip", name="edge:4", reason="not judged by tiny", body=[1]),
    verdict("known", name="edge:5", reason="no kettle (2026-01-31)", body="x"),
]


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.ndjson"
    write_log(path, HEAD, VERDICTS)
    log = read_log(path)
    assert log.verdicts == tuple(VERDICTS)
    assert log.run == HEAD


def test_the_lines_are_as_documented(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.ndjson"
    write_log(path, HEAD, VERDICTS)
    first, passed, failed, broke, *_ = map(json.loads, path.read_bytes().splitlines())
    assert first == {"run": HEAD}
    assert passed == {
        "rule": MAX,
        "case": "edge:1",
        "target": "tiny",
        "verdict": "pass",
        "expected": {"accepted": True, "rules": []},
        "observed": {"accepted": True, "rules": []},
        "seed": 0,
        "ms": 1.5,
    }
    assert failed["body"]["cups"] == 5
    assert (broke["rule"], broke["observed"], broke["body"]) == (None, {"error": "broke"}, None)


def test_lines_contain_no_other_line_ends(tmp_path: Path) -> None:
    """Some readers take U+2028 or U+0085 for the end of a line."""
    path = tmp_path / "verdicts.ndjson"
    write_log(path, HEAD, VERDICTS)
    assert len(path.read_text("utf-8").splitlines()) == len(VERDICTS) + 1


def test_an_interrupted_run_leaves_its_verdicts(tmp_path: Path) -> None:
    def breaks() -> Any:
        yield verdict()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_log(tmp_path / "log", HEAD, breaks())
    assert len(read_log(tmp_path / "log").verdicts) == 1


def test_errors_are_truncated_and_redacted() -> None:
    observation = Observation(None, (), error="GET https://tea.example/x?key=secret \ud800" + "x" * 500)
    error = verdict_to_json(verdict("error", observed=observation))["observed"]["error"]
    assert "secret" not in error
    assert 100 < len(error) <= 310
    error.encode("utf-8")


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": [1, 2.5, True, None]}, {"a": [1, 2.5, True, None]}),
        ("x" * 500, "x" * 79 + "…"),
        ("https://tea.example/x.png?Signature=secret", "https://tea.example/x.png?…"),
        ({"https://tea.example/x?a=secret": "\ud800"}, {"https://tea.example/x?…": "\\ud800"}),
        ([0] * 30, [0] * 20 + ["… and 10 more"]),
        (float("nan"), "nan"),
        (10**400, "1" + "0" * 78 + "…"),
    ],
)
def test_redacted_bodies(value: Any, shown: Any) -> None:
    assert redact_json(value) == shown


def test_redacted_bodies_end() -> None:
    assert redact_json({str(number): 0 for number in range(30)})["…"] == "and 10 more"
    text = json.dumps(redact_json(nested(100_000)))
    assert len(text) < 100
    assert "AAAA" not in json.dumps(redact_json([{"image": "data:image/png;base64," + "A" * 100}]))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"log:2: is not JSON \(Expecting"),
        ("[]", "log:2: is \\[\\], expected an object"),
        ("[" * 100_000, "log:2: is nested too deeply"),
        ("{}", "log:2: rule is missing, expected str or null"),
        ('{"rule": 5}', "log:2: rule is 5, expected str or null"),
        ('{"rule": null}', "log:2: case is missing, expected str"),
        ({"case": None}, "log:2: case is None, expected str"),
        ({"verdict": "passed"}, "log:2: verdict is 'passed', expected one of pass, fail, error, known, skip"),
        ({"expected": {"rules": []}}, "log:2: expected is"),
        ({"expected": {"error": "x"}}, "log:2: expected is"),
        ({"expected": {"accepted": 1, "rules": []}}, "log:2: expected is"),
        ({"expected": {"accepted": True, "rules": [1]}}, "log:2: expected is"),
        ({"observed": {"error": 5}}, "log:2: observed is"),
        ({"observed": []}, "log:2: observed is"),
        ({"ms": "1"}, "log:2: ms is '1', expected int or float"),
    ],
)
def test_broken_lines_are_refused(tmp_path: Path, line: Any, message: str) -> None:
    good = verdict_to_json(verdict())
    text = line if isinstance(line, str) else json.dumps(good | line)
    with pytest.raises(VerdictLogError, match=message):
        read_log(saved(tmp_path / "log", json.dumps(good), text))


@pytest.mark.parametrize(
    "run",
    [
        5,
        {"families": {"a": 1}},
        {"families": []},
        {"targets": "tiny"},
        {"models": [1]},
        {"rules": []},
        {"rules": {"a": 1}},
    ],
)
def test_a_broken_first_line_is_refused(tmp_path: Path, run: Any) -> None:
    with pytest.raises(VerdictLogError, match="log:1: run"):
        read_log(saved(tmp_path / "log", json.dumps({"run": run})))
    with pytest.raises(VerdictLogError, match=r"log:1: run\.rules"):
        read_log(saved(tmp_path / "log", json.dumps({"run": {"rules": {"a": {"limit": 1}}}})))


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "blank").write_bytes(b" \n")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    for name, message in (
        ("none", "does not exist"),
        (".", "is not a regular file"),
        ("binary", "byte 0 is not UTF-8"),
        ("blank", "is empty"),
        ("huge", "has more than 419,430,400 bytes"),
    ):
        with pytest.raises(VerdictLogError, match=f"{message}, expected a verdict log"):
            read_log(tmp_path / name)


def test_members_omitted_from_a_baseline_have_defaults(tmp_path: Path) -> None:
    line = {name: value for name, value in verdict_to_json(verdict()).items() if name not in ("ms", "seed")}
    (parsed,) = read_log(saved(tmp_path / "log", json.dumps(line))).verdicts
    assert isinstance(parsed, Verdict)
    assert (parsed.ms, parsed.seed) == (0, 0)
