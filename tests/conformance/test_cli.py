"""`wan-conformance`: exit codes, files, messages; no error prints a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result
from wan_conformance.cli.commands import app
from wan_conformance.engine import execute as job
from wan_conformance.engine.known_failures import load_known
from wan_conformance.model import Strategy
from wan_conformance.report.log import read_log

from tests.conformance.tiny import MAX, RULES, Tiny, all_cases, case, raises, right, saved, source

SCHEMES = "wan2.7/images.each.schemes"
ROOT = Path(__file__).parents[2]
RIGHT, WRONG = Tiny(right, "right"), Tiny(lambda body: [], "wrong")


def select(monkeypatch: pytest.MonkeyPatch, sources: list[Any]) -> None:
    """Let the run have these sources."""
    monkeypatch.setattr(job, "select_units", lambda *_: SimpleNamespace(sources=lambda part=None: sources))


@pytest.fixture(autouse=True)
def tea(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command with tiny targets and cases, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    put(monkeypatch, RIGHT)
    select(monkeypatch, [source(all_cases())])
    monkeypatch.setattr(job, "selected_rules", lambda *_: RULES)
    monkeypatch.setattr(job, "selection_problem", lambda *_: None)
    monkeypatch.setattr(job, "load_known", lambda own: load_known(own, saved(tmp_path / "none.yaml", "[]")))


def put(monkeypatch: pytest.MonkeyPatch, *targets: Tiny) -> None:
    monkeypatch.setattr(
        job, "TARGETS", {target.name: lambda spec, target=target: target for target in targets}
    )


def command(*arguments: Any) -> Result:
    """Run the command; it must end with an exit code, never with an exception."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def line(result: Result) -> str:
    """Return the error message, which is one line on stderr."""
    (message,) = result.stderr.splitlines()
    return message


def test_a_run_that_conforms() -> None:
    result = command("run")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "conforms" in result.stdout.splitlines()
    assert "\x1b" not in result.stdout
    assert result.stdout.splitlines()[-1].endswith(", reports/last/report.html")


def test_a_run_writes_its_log_and_reports(tmp_path: Path) -> None:
    command("run", "--report", "out/deep", "--seed", 7)
    log = read_log(tmp_path / "out/deep/verdicts.ndjson")
    assert {verdict.verdict for verdict in log.verdicts} == {"pass"}
    assert log.run["seed"] == 7
    assert set(log.run) >= {"spec", "versions", "started", "seed", "arguments"}
    assert len(log.run["spec"]) == 64
    assert ET.parse(tmp_path / "out/deep/junit.xml").getroot().get("tests") == "4"
    assert (tmp_path / "out/deep/report.md").read_text("utf-8").startswith("# Conformance: conforms")
    assert "<title>Conformance: conforms</title>" in (tmp_path / "out/deep/report.html").read_text("utf-8")


def test_a_broken_vector_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("- {id: mine, body: {}, expect: []}\n", "utf-8")
    result = command("run", "--vectors", tmp_path)
    expected = "wan-conformance: mine.yaml:1: mine: statement is missing"
    assert (result.exit_code, line(result).startswith(expected)) == (2, True)


def test_seed_and_examples_reach_the_strategies(monkeypatch: pytest.MonkeyPatch) -> None:
    draws: list[tuple[int, int]] = []
    strategy = Strategy(
        "strategy:tea", MAX, lambda seed, count, put: draws.append((seed, count)), lambda *_: None
    )
    select(monkeypatch, [source([strategy])])
    assert command("run", "--seed", 7, "--examples", 3).exit_code == 1  # no example, no pass
    command("run")
    assert draws == [(7, 3), (0, 10)]
    assert command("run", "--examples", 0).exit_code == 2


@pytest.mark.parametrize("bad", [WRONG, Tiny(raises, "raises"), Tiny(lambda body: None, "mute")])
def test_a_run_that_does_not_conform(monkeypatch: pytest.MonkeyPatch, bad: Tiny) -> None:
    put(monkeypatch, RIGHT, bad)
    result = command("run")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-2] == "does not conform"
    assert f"wanlib explain {MAX}" in result.stdout
    assert command("run", "--target", "right").exit_code == 0


def test_known_failures_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("known.yaml")
    path.write_text("- {rule: tea/*, reason: no kettle, date: 2026-01-31}\n", "utf-8")
    monkeypatch.setattr(job, "load_known", lambda own: load_known(own, path))
    assert command("run").exit_code == 1
    path.write_text("- {rule: coffee/*, reason: no kettle, date: 2026-01-31}\n", "utf-8")
    assert command("run").exit_code == 1
    assert command("run", "--rule", "tea/*").exit_code == 0
    path.write_text("- {rule: 5}\n", "utf-8")
    result = command("run")
    assert (result.exit_code, line(result).startswith("wan-conformance: known.yaml: entry 1")) == (2, True)


def test_a_baseline_is_accepted_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "accepted: base" in command("run", "--accept", "base").stdout
    assert (
        command("run", "--baseline", "base")
        .stdout.splitlines()[-2]
        .endswith("0 other changes, 0 regressions")
    )
    select(monkeypatch, [source([*all_cases(), case(3), case(2)][1:])])
    result = command("run", "--baseline", "base")
    assert result.exit_code == 1
    assert "REGRESSION gone: right: edge:tea/cups.max/keeps/4black@tea-1: pass -> none" in result.stdout
    assert "new: right: edge:tea/cups.max/keeps/3black@tea-1: none -> pass" in result.stdout
    assert "3 other changes, 1 regressions" in result.stdout


def test_a_part_is_compared_with_its_part_of_the_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, RIGHT, Tiny(right, "other"))
    command("run", "--accept", "base")
    assert command("run", "--baseline", "base", "--target", "right").exit_code == 0
    select(monkeypatch, [source(all_cases()[:2])])
    monkeypatch.setattr(job, "selected_rules", lambda *_: RULES[:1])
    assert command("run", "--baseline", "base", "--rule", "tea/cups.*").exit_code == 0


def test_a_run_with_a_server_is_not_a_baseline_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its target http is another implementation than the emulator."""
    put(monkeypatch, RIGHT, Tiny(right, "http"))
    monkeypatch.setattr(job, "_http_target", lambda spec, request: Tiny(right, "http"))
    command("run", "--accept", "base")
    result = command("run", "--base-url", "http://127.0.0.1:9", "--accept", "base")
    assert (
        result.exit_code,
        "covers everything, and this run covers target right, http" in line(result),
    ) == (
        2,
        True,
    )
    command("run", "--base-url", "http://127.0.0.1:9", "--accept", "server")
    assert read_log(Path("server")).run["covers"] == {"targets": ["right", "http"]}


def test_a_run_that_does_not_conform_is_not_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, WRONG)
    result = command("run", "--accept", "base")
    assert result.exit_code == 1
    assert "base is not written: the run does not conform" in line(result)
    assert not Path("base").exists()


def test_a_partial_baseline_is_compared_in_the_common_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, RIGHT, Tiny(right, "other"))
    assert command("run", "--target", "right", "--accept", "part").exit_code == 0
    assert read_log(Path("part")).run["covers"] == {"targets": ["right"]}
    result = command("run", "--baseline", "part")
    assert "compared is what both cover: target right and everything" in result.stdout
    assert result.stdout.splitlines()[-2].endswith("0 other changes, 0 regressions")
    put(monkeypatch, RIGHT, Tiny(lambda body: [], "other"), Tiny(lambda body: [], "right"))
    assert "2 regressions" in command("run", "--baseline", "part").stdout
    result = command("run", "--target", "other", "--baseline", "part")
    assert result.exit_code == 2
    assert "the two logs have no case in common; they cover target right and target other" in line(result)


def test_a_baseline_replaces_only_one_that_covers_the_same() -> None:
    command("run", "--accept", "base")
    before = Path("base").read_bytes()
    result = command("run", "--target", "right", "--accept", "base")
    assert (result.exit_code, "covers everything, and this run covers target right" in line(result)) == (
        2,
        True,
    )
    assert Path("base").read_bytes() == before
    assert command("run", "--accept", "base").exit_code == 0
    Path("notes.txt").write_text("not a log", "utf-8")
    assert command("run", "--accept", "notes.txt").exit_code == 2
    assert command("run", "--accept", "base", "--baseline", "base").exit_code == 2


def test_own_known_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are expected to match where the run has their target and all cases."""
    put(monkeypatch, RIGHT, WRONG)
    entry = "- {target: wrong, rule: tea/%s.*, case: '*/breaks/*', reason: no kettle, date: 2026-01-31}"
    mine = saved(Path("mine.yaml"), entry % "cups", entry % "sort")
    assert command("run", "--target", "wrong").exit_code == 1
    assert command("run", "--target", "wrong", "--known", mine).exit_code == 0
    assert command("run", "--target", "right", "--known", mine).exit_code == 0
    mine.write_text(mine.read_text("utf-8").replace("tea/sort", "coffee/sort"), "utf-8")
    result = command("run", "--target", "wrong", "--known", mine)
    assert "no judged case matches this entry of mine.yaml: remove it" in result.stdout
    assert command("run", "--known", "nowhere.yaml").exit_code == 2


def test_less_output() -> None:
    full, failures = command("run").stdout, command("run", "--only-failures").stdout
    assert "tea/cups.max" not in failures and "conforms" in failures.splitlines() and failures in full
    assert command("run", "--quiet").stdout == "conforms: 2 rules, 4 cases: 4 pass\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "tea"], "no target 'tea', expected one of right"),
        (["--spec", "nowhere"], "nowhere"),
        (["--baseline", "nowhere"], "nowhere: does not exist"),
        (["--baseline", "."], "is not a regular file"),
        (["--report", "taken"], "--report taken/verdicts.ndjson: the folder taken can't be written to"),
        (["--accept", "nowhere/base"], "--accept nowhere/base: the folder nowhere does not exist"),
        (["--html", "folder"], "--html folder: is a folder; name a file"),
        (["--junit", "folder"], "--junit folder: is a folder; name a file"),
        (["--sarif", "one", "--badge", "./one"], "--sarif and --badge name the same file, one"),
        (["--html", "-"], "--html -: is not written to standard output"),
        (["--known", "taken", "--summary", "taken"], "--summary taken: --known reads this file"),
        (["--junit", "reports/last/junit.xml"], "--junit and --report name the same file"),
        (
            ["--baseline", "reports/last/verdicts.ndjson"],
            "verdicts.ndjson: --baseline reads this file",
        ),
        (["--examples", "100001"], "1<=x<=100000"),
        (["--answer-timeout", "nan"], "--answer-timeout is nan; allowed: 0.01 to 604800 seconds"),
        (["--answer-timeout", "1e30"], "--answer-timeout is 1e+30; allowed: 0.01 to 604800 seconds"),
        (["--deadline", "nan"], "--deadline is nan; allowed: 1 to 604800 seconds"),
        (["--deadline", "0.5"], "--deadline is 0.5; allowed: 1 to 604800 seconds"),
        (["--deadline", "60"], "--deadline is for a server: name it with --base-url"),
        (["--api-key-env", "MY_KEY"], "--api-key-env is for a server: name it with --base-url"),
    ],
)
def test_usage_errors(arguments: list[str], message: str) -> None:
    """They are found before anything is judged."""
    Path("taken").write_text("", "utf-8")
    Path("folder").mkdir()
    result = command("run", *arguments)
    assert result.exit_code == 2
    assert not Path("reports").exists()
    assert message in result.stderr


@pytest.mark.parametrize(
    "arguments", [["tea"], ["run", "--seed", "x"], ["run", "--tea"], ["report"], ["diff", "a"]]
)
def test_wrong_arguments(arguments: list[str]) -> None:
    assert command(*arguments).exit_code == 2


def test_an_internal_error_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    select(monkeypatch, [source([case(4), case(4)])])
    result = command("run")
    assert result.exit_code == 3
    assert line(result).startswith(
        "wan-conformance: internal error: DuplicateCaseError('two cases have the id edge:"
    )
    assert " at runner.py:" in line(result)


def test_report_creates_the_reports_again(tmp_path: Path) -> None:
    shown = command("run").stdout
    folder = tmp_path / "reports/last"
    result = command("report", folder / "verdicts.ndjson", "--junit", "j.xml", "--markdown", "r.md")
    assert (result.exit_code, result.stdout) == (0, "")
    assert Path("j.xml").read_bytes() == (folder / "junit.xml").read_bytes()
    assert Path("r.md").read_bytes() == (folder / "report.md").read_bytes()
    assert command("report", folder / "verdicts.ndjson").stdout in shown


@pytest.mark.parametrize("option", ["--html", "--junit", "--markdown", "--sarif", "--summary", "--badge"])
def test_no_report_overwrites_the_log_it_is_made_from(tmp_path: Path, option: str) -> None:
    log = saved(tmp_path / "log.ndjson", "{}")
    (tmp_path / "link").symlink_to(log)
    for name in ("log.ndjson", "./link"):
        result = command("report", log, option, name)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"{option} {Path(name)}: LOG reads this file; name another one" in line(result)
    assert log.read_text("utf-8") == "{}\n"


def test_exit_codes_of_report_and_diff(monkeypatch: pytest.MonkeyPatch) -> None:
    command("run", "--report", "good")
    monkeypatch.setattr(Tiny, "observe", WRONG.observe)
    command("run", "--report", "bad")
    good, bad = "good/verdicts.ndjson", "bad/verdicts.ndjson"
    assert [command("report", path).exit_code for path in (good, bad)] == [0, 1]
    assert command("diff", good, good).exit_code == 0
    assert command("diff", bad, good).exit_code == 0
    assert "2 other changes, 2 regressions" in command("diff", good, bad).stdout
    assert command("diff", good, bad).exit_code == 1


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b"{", b"[" * 100_000, b"5", b'{"rule": 1}'])
def test_unreadable_logs(content: bytes | None) -> None:
    if content is not None:
        Path("log").write_bytes(content)
    for arguments in (
        ["report", "log"],
        ["diff", "log", "log"],
        ["run", "--baseline", "log"],
        ["report", "."],
    ):
        result = command(*arguments)
        assert result.exit_code == 2
        assert "expected" in line(result)


def started(*arguments: str, code: str = "from wan_conformance.cli.main import main; main()") -> Any:
    """The command in a separate process, with ASCII output and no terminal."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    call = [sys.executable, "-c", code, *arguments]
    return subprocess.run(call, env=environment, capture_output=True, text=True, check=False)


def test_one_rule_with_the_packaged_spec_and_targets(tmp_path: Path) -> None:
    """The packaged spec, cases and targets; output that only takes ASCII."""
    result = started(
        "run", "--rule", SCHEMES, "--target", "generated", "--examples", "2", "--report", str(tmp_path)
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "http https data oss" in result.stdout
    lines = (tmp_path / "verdicts.ndjson").read_text("utf-8").splitlines()
    assert {json.loads(row)["verdict"] for row in lines[1:]} == {"pass"}


def without(*packages: str) -> str:
    """Return code that runs the command where these packages cannot be imported."""
    hide = f"import sys; sys.modules.update(dict.fromkeys({packages!r}))"
    return f"{hide}; from wan_conformance.cli.main import main; main()"


def test_missing_extras_are_named() -> None:
    result = started("--help", code=without("typer"))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "wan-conformance: typer is not installed: pip install 'wanlib[conformance]'\n"
    result = started("cases", code=without("jsonschema"))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "wan-conformance: this needs jsonschema: pip install 'wanlib[conformance]'\n"


def test_help_loads_nothing_that_a_run_needs() -> None:
    heavy = ("httpx", "yaml", "jsonschema", "hypothesis", "rich", "PIL", "wanlib.spec", "wanlib.client")
    result = started("--help", code=without(*heavy))
    assert (result.returncode, result.stderr) == (0, "")
    assert "lifecycle" in result.stdout
