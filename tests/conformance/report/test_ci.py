"""Reports for machines: JUnit, SARIF, GitHub Actions, badge; and that no report holds a secret."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import xmlschema
from rich.console import Console
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.model import Observation, ServerAnswer
from wan_conformance.report.ci import annotation_lines, append_step_summary, write_badge, write_sarif
from wan_conformance.report.files import write_reports
from wan_conformance.report.html.page import write_html
from wan_conformance.report.junit import write_junit
from wan_conformance.report.log import VerdictLog, read_log, write_log
from wan_conformance.report.markdown import write_markdown
from wan_conformance.report.terminal import print_log
from wan_conformance.targets.server.response_checks import with_traffic
from wan_conformance.targets.server.server import ServerResponse

from tests.conformance.report.examples import (
    HOSTILE,
    KEY,
    MIXED,
    PIXELS,
    RULE,
    RUN,
    SECRETS,
    SIGNATURE,
    failing,
    passing,
    secret_log,
)
from tests.support.sarif_schema import sarif_errors
from wanlib.base.redaction import Secret

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))
GATES = [{"target": "generated", "min_cases": 2}]
GOOD = VerdictLog(RUN, (passing(1),))


def _annotate(log: VerdictLog, path: Path) -> None:
    path.write_text("\n".join(annotation_lines(log)), "utf-8")


def _print(log: VerdictLog, path: Path) -> None:
    out = io.StringIO()
    print_log(log, Console(file=out, width=200))
    path.write_text(out.getvalue(), "utf-8")


WRITERS: dict[str, Callable[[VerdictLog, Path], object]] = {
    "log": lambda log, path: write_log(path, log.run, log.verdicts),
    "html": write_html,
    "junit": write_junit,
    "markdown": write_markdown,
    "sarif": write_sarif,
    "summary": append_step_summary,
    "badge": write_badge,
    "annotations": _annotate,
    "terminal": _print,
}


@pytest.mark.parametrize("log", [MIXED, HOSTILE, GOOD, VerdictLog({}, ())])
def test_junit_is_valid(log: VerdictLog, tmp_path: Path) -> None:
    write_junit(log, tmp_path / "junit.xml")
    assert [error.reason for error in SCHEMA.iter_errors(tmp_path / "junit.xml")] == []


@pytest.mark.parametrize("log", [MIXED, HOSTILE, GOOD, VerdictLog({}, ())])
def test_sarif_is_valid(log: VerdictLog, tmp_path: Path) -> None:
    write_sarif(log, tmp_path / "sarif.json")
    assert sarif_errors(json.loads((tmp_path / "sarif.json").read_text("utf-8"))) == []


def test_sarif_marks_the_line_of_the_rule(tmp_path: Path) -> None:
    write_sarif(MIXED, tmp_path / "sarif.json")
    results = json.loads((tmp_path / "sarif.json").read_text("utf-8"))["runs"][0]["results"]
    place = results[0]["locations"][0]["physicalLocation"]
    file, line = RUN["places"][RULE].split(":")
    assert (results[0]["ruleId"], place["artifactLocation"]["uri"], place["region"]["startLine"]) == (
        RULE,
        file,
        int(line),
    )
    assert [result["properties"]["cases"] for result in results] == [2, 1, 1]


def test_annotations_mark_the_lines_of_the_spec_and_are_few() -> None:
    first, *others = annotation_lines(MIXED)
    file, line = RUN["places"][RULE].split(":")
    assert first.startswith(f"::error file={file},line={line},title=http%3A accepts what must be refused")
    assert "%0A  rule" in first and "\n" not in first and len(others) == 2
    errors = (
        failing(number, verdict="error", observed=Observation(None, (), error=f"broke {number}"))
        for number in range(30)
    )
    lines = [*annotation_lines(VerdictLog(RUN, tuple(errors)))]
    assert len(lines) == 10 and "21 more causes" in lines[-1]


def test_a_gate_that_failed_is_annotated() -> None:
    (line,) = annotation_lines(VerdictLog({**RUN, "gates": GATES}, (passing(1),)))
    assert line.startswith("::error title=wan-conformance::gate FAILED: ")


def test_a_hostile_text_is_not_a_workflow_command() -> None:
    evil = "x\n::set-output name=a::b"
    log = VerdictLog(RUN, (failing(verdict="error", observed=Observation(None, (), error=evil)),))
    assert len([*annotation_lines(log)]) == 1
    assert "\n" not in next(annotation_lines(log))


def test_the_step_summary_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_text("before\n")
    append_step_summary(MIXED, path)
    text = path.read_text("utf-8")
    assert text.startswith("before\n# Conformance: does not conform\n")
    assert "Failures by cause (3)" in text and "| rule |" not in text


@pytest.mark.parametrize(
    ("log", "message", "color"),
    [
        (GOOD, "1 rule", "brightgreen"),
        (MIXED, "3 causes of failures", "red"),
        (VerdictLog(RUN, ()), "nothing judged", "red"),
        (VerdictLog({**RUN, "gates": GATES}, (passing(1),)), "quality gate failed", "red"),
    ],
)
def test_the_badge(log: VerdictLog, message: str, color: str, tmp_path: Path) -> None:
    write_badge(log, tmp_path / "badge.json")
    badge = json.loads((tmp_path / "badge.json").read_text("utf-8"))
    assert badge == {"schemaVersion": 1, "label": "wan conformance", "message": message, "color": color}


def test_the_options_write_every_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "steps"))
    write_log(tmp_path / "log", MIXED.run, MIXED.verdicts)
    names = ("html", "junit", "markdown", "sarif", "summary", "badge")
    options = [word for name in names for word in (f"--{name}", str(tmp_path / "out" / name))]
    result = CliRunner().invoke(app, ["report", str(tmp_path / "log"), *options, "--github"])
    assert result.exit_code == 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(names)
    assert result.stdout.startswith("::error ") and (tmp_path / "steps").stat().st_size


def test_a_run_replaces_the_patches_of_the_run_before(tmp_path: Path) -> None:
    write_reports(MIXED, tmp_path)
    first = {path.name for path in (tmp_path / "vectors").iterdir()}
    assert len(first) == 3
    (tmp_path / "vectors/mine.patch").touch()
    write_reports(GOOD, tmp_path)
    assert [path.name for path in (tmp_path / "vectors").iterdir()] == ["mine.patch"]
    assert {path.name for path in tmp_path.iterdir()} == {"report.md", "junit.xml", "report.html", "vectors"}


# Secrets


@pytest.mark.parametrize("name", WRITERS)
def test_no_report_holds_a_secret_or_an_image(name: str, tmp_path: Path) -> None:
    held = Secret.of(KEY)
    url = f"https://example.com/a.png?Signature={SIGNATURE}"
    text = f"{KEY} {url} data:image/png;base64,{PIXELS}"
    failure = {"code": text, "message": url, "request_id": PIXELS}
    responses = [ServerResponse(400, failure, "", ())]
    for observation in (
        with_traffic(Observation(True, ()), responses),
        Observation(None, (), error=f"the server said {text}"),
        Observation(True, (), answer=ServerAnswer(200)),
    ):
        log = secret_log(observation)
        write_log(tmp_path / "verdicts", log.run, log.verdicts)
        path = tmp_path / "report"
        WRITERS[name](read_log(tmp_path / "verdicts"), path)
        written = path.read_text("utf-8")
        assert [secret for secret in SECRETS if secret in written] == []
        path.unlink()
    assert held
