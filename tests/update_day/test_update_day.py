"""A part of the day in this process: the reports and migrations are right, and a problem is not hidden."""

from collections.abc import Sequence
from pathlib import Path
from subprocess import run as run_process

import pytest
from typer.testing import CliRunner

from tests.update_day.commands import Ran, Run, Transcript
from tests.update_day.day import SECRET, UpdateDay, change_limit
from wanlib.cli.app import app
from wanlib.spec import load


def _in_this_process(folder: Path) -> Run:
    def run(command: Sequence[str], stdin: str) -> Ran:
        if command[0] == "wanlib":
            result = CliRunner().invoke(app(), list(command[1:]), input=stdin, prog_name="wanlib")
            return Ran(result.exit_code, result.stdout, result.stderr)
        done = run_process(
            list(command), cwd=folder, input=stdin, capture_output=True, text=True, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


def test_the_migrations_of_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown: list[str] = []
    transcript = Transcript(_in_this_process(tmp_path), shown.append)
    UpdateDay(tmp_path, transcript).migrate()
    transcript.summarize()
    assert transcript.results == {"wanlib migrate: the guide's questions": []}, shown
    assert shown.count("$ wanlib check -") == 3


def test_a_problem_is_counted_and_summarized(tmp_path: Path) -> None:
    shown: list[str] = []
    transcript = Transcript(lambda command, stdin: Ran(1, "", ""), shown.append)
    day = UpdateDay(tmp_path, transcript)
    day.look_at_the_page(["light: contrast 1.0 of 'a'"])
    transcript.run("wanlib", "check", "-")
    transcript.summarize()
    assert transcript.problems == 2
    assert any(line.startswith("  2 wrong") for line in shown)


def test_the_secret_is_one_change_of_a_spec_that_loads(tmp_path: Path) -> None:
    spec = load()
    rule = spec.rules[SECRET]
    for name in ("wan2.7.yaml",):
        (tmp_path / name).write_bytes((Path(__file__).parents[2] / "spec" / name).read_bytes())
    change_limit(tmp_path, rule, rule.limit + 1)
    changed = load(tmp_path)
    assert [name for name in spec.rules if spec.rules[name].limit != changed.rules[name].limit] == [SECRET]
