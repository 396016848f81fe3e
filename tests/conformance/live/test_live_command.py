"""The command `live`: plan, budget, consent, cassette, patch and exit codes, with an emulator on a socket."""

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner
from wan_conformance.cli import live as live_command
from wan_conformance.cli.commands import app
from wan_conformance.live.planning import sentinel
from wan_conformance.live.planning.not_judged import DOWNLOADED, SILENT, UNPRICED, UNSPECIFIED

from tests.conformance.servers import serving
from tests.setup.readme import ROOT, blocks, matches
from wanlib.emulator import Emulator, Settings
from wanlib.spec import Spec, load
from wanlib.spec.mutations import mutate_spec

SPEC = load()
RULE = "wan2.5/n.max"
READY = ("--base-url", "http://localhost:1", "--budget", "1", "--yes")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-secret-of-this-test")
    monkeypatch.chdir(tmp_path)


def live(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["live", "--rule", RULE, *arguments])


def probe(service: Spec, *arguments: str) -> Result:
    with serving(Emulator(service, settings=Settings(waiting=600.0)), names=False) as url:
        return live("--base-url", url, "--budget", "5", "--yes", *arguments)


def test_a_change_is_printed_with_a_patch_and_recorded() -> None:
    result = probe(mutate_spec(SPEC, f"{RULE}=wider"), "--cassette", "live.jsonl")
    assert result.exit_code == 1, result.output
    assert f"CHANGED {RULE} allows more now: 5 (was 4)." in result.output
    assert "+    max: {is: 5, notes: " in result.output
    page = (ROOT / "docs" / "probe-the-service.md").read_text("utf-8")
    (shown,) = [block.text for block in blocks(page) if block.kind == "text"]
    shown = re.sub(r"[0-9a-f]{8}-…", "…", shown)
    assert matches(shown, result.stdout), (
        "docs/probe-the-service.md shows other output than this:\n" + result.stdout
    )
    recorded = Path("live.jsonl").read_text(encoding="utf-8")
    assert "sk-secret" not in recorded and "sk-secret" not in result.output
    replayed = live("--replay", "live.jsonl", "--patch", "spec.patch")
    assert replayed.exit_code == 1, replayed.output
    assert f"CHANGED {RULE} allows more now: 5 (was 4)." in replayed.output
    assert "+    max: {is: 5, notes: " in Path("spec.patch").read_text(encoding="utf-8")


def test_no_change_exits_with_0() -> None:
    Path("old.patch").write_text("--- a/spec/wan2.7.yaml\n", encoding="utf-8")
    result = probe(SPEC, "--json", "--patch", "old.patch")
    assert result.exit_code == 0, result.output
    assert not Path("old.patch").exists()  # it states the findings of an earlier run
    report: dict[str, Any] = json.loads(result.stdout)
    assert report["findings"] == [] and report["patch"] == "" and report["unanswered"] == []
    assert report["sent"] == sum(report["planned"].values())


def test_a_file_that_is_not_a_patch_is_not_replaced() -> None:
    Path("notes.md").write_text("# Notes", encoding="utf-8")
    result = live("--plan", "--patch", "notes.md")
    assert result.exit_code == 2 and "--patch notes.md: exists and is not a patch" in result.output
    assert Path("notes.md").read_text(encoding="utf-8") == "# Notes"


def test_a_patch_that_is_no_regular_file_is_neither_read_nor_removed() -> None:
    patch = Path("a-socket")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(patch))
    assert live("--plan", "--patch", str(patch)).exit_code == 0
    live_command._remove_patch(patch)
    assert patch.exists()


def test_a_request_beyond_the_budget_is_not_sent_but_reported() -> None:
    with serving(Emulator(SPEC, settings=Settings(waiting=600.0)), names=False) as url:
        result = live("--base-url", url, "--budget", "0.01", "--yes")
    assert result.exit_code == 1  # nothing was asked, so nothing is known
    assert "not sent: 2 requests, " in result.output and "a probe can cost " in result.output
    assert "raise the budget" in result.output
    assert result.stdout.endswith(
        "0 requests: no change; 0 CNY spent\nINCOMPLETE: 2 of 2 requests have no answer\n"
    )


def test_a_plan_sends_nothing_and_needs_neither_key_nor_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    result = live("--plan")
    assert result.exit_code == 0
    assert result.stdout.startswith("2 requests about 1 rule:\n  1 that must be refused")
    printed = json.loads(live("--plan", "--json").stdout)
    assert (printed["requests"], printed["rules"], printed["not_judged"]) == (2, 1, {})


def test_rules_that_no_request_can_judge_are_reported() -> None:
    """Rules without a documented outcome, a text that is cut, values that need a public image."""
    arguments = ("live", "--plan", "--json", "--model", "wan2.5-i2i-preview")
    rules = ("--rule", "wan2.5/prompt.*", "--rule", "wan2.5/images.each.schemes", "--rule", "wire/model")
    runner = CliRunner()
    without = json.loads(runner.invoke(app, [*arguments, *rules]).stdout)["not_judged"]
    assert without == {
        UNPRICED: ["wire/model"],
        UNSPECIFIED: ["wan2.5/prompt.not_blank"],
        SILENT: ["wan2.5/prompt.max_chars"],
        DOWNLOADED: ["wan2.5/images.each.schemes"],
    }
    of_others = json.loads(runner.invoke(app, [*arguments, "--rule", "wire/*"]).stdout)["not_judged"]
    assert not any(name.startswith("wire/messages") for rules in of_others.values() for name in rules)
    url = ("--image-url", "https://example.org/1.png")
    assert DOWNLOADED not in json.loads(runner.invoke(app, [*arguments, *rules, *url]).stdout)["not_judged"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--base-url", "http://localhost:1", "--yes"], "--budget is missing"),
        (["--base-url", "http://localhost:1", "--budget", "much", "--yes"], "--budget is 'much'"),
        (["--budget", "1", "--yes"], "--base-url is missing"),
        (["--base-url", "http://localhost:1", "--budget", "1"], "pass --yes"),
        (["--model", "wan2.9-image", "--plan"], "wan2.9-image"),
        (["--rule", "wan9*", "--plan"], "no rule matches 'wan9*'"),
        (["--replay", "absent.jsonl"], "absent.jsonl"),
        (
            ["--base-url", "http://localhost:1", "--budget", "1", "--yes", "--patch", "no/such.patch"],
            "--patch",
        ),
        (["--base-url", "http://localhost:1", "--budget", "1", "--yes", "--ledger", "."], "is a folder"),
        (["--base-url", "localhost", "--budget", "1", "--yes"], "it does not begin with https:// or http://"),
        (["--base-url", "http://localhost:99999", "--budget", "1", "--yes"], "it has no valid host"),
        (["--plan", "--base-url", ""], "--base-url is ''"),
        (["--plan", "--budget", "nan"], "--budget is 'nan'"),
        (["--plan", "--image-url", "a.png"], "--image-url is 'a.png'"),
        (["--plan", "--patch", "own.db", "--ledger", "own.db"], "--patch and --ledger name the same file"),
        (["--plan", "--patch", "own.history.jsonl", "--ledger", "own.db"], "--patch and --ledger name"),
        (["--replay", "a", "--cassette", "./a"], "--cassette a: --replay reads this file"),
    ],
)
def test_wrong_usage_is_explained(arguments: list[str], problem: str) -> None:
    result = live(*arguments)
    assert result.exit_code == 2 and problem in result.output, result.output


def test_an_unreachable_service_is_a_failure() -> None:
    result = live("--base-url", "http://127.0.0.1:1", "--budget", "1", "--yes")
    assert result.exit_code == 1 and "can't be reached" in result.output


def test_the_nightly_run_covers_findings_of_earlier_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    result = probe(mutate_spec(SPEC, f"{RULE}=wider"), "--ledger", "own.db")
    assert result.exit_code == 1, result.output
    seen: list[dict[str, int]] = []
    planned = sentinel.sentinel_plan
    monkeypatch.setattr(
        sentinel, "sentinel_plan", lambda plan, changes: seen.append(changes) or planned(plan, changes)
    )
    for ledger in ("own.db", "other.db"):
        assert live("--sentinel", "--plan", "--ledger", ledger).exit_code == 0
    assert seen[0][RULE] == seen[1][RULE] + 1
    Path("own.history.jsonl").write_text("no record\n", encoding="utf-8")
    damaged = live("--sentinel", "--plan", "--ledger", "own.db")
    assert damaged.exit_code == 2 and "own.history.jsonl, line 1: not a record" in damaged.output
