"""Commands of the harness with workers: the same result, and work that cannot be distributed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.engine.execute import RunRequest, execute
from wan_conformance.engine.mutation_check import run_mutants
from wan_conformance.engine.sources import select_units
from wan_conformance.selection import Selection
from wan_conformance.shards import cases as shared_cases
from wan_conformance.shards.mutants import shared_mutants

from tests.support.api_facts import SPEC
from wanlib.scale import sharing
from wanlib.scale.workers import Workers

RULES = ("wan2.5/n.*",)


@contextmanager
def in_this_process(workers: Workers) -> Iterator[None]:
    """Open no pool: tasks run here."""
    yield None


@pytest.fixture
def few_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of one unit."""
    monkeypatch.setattr(shared_cases, "_UNITS", dict.fromkeys(shared_cases._UNITS, 1))


def verdict_lines(path: Path) -> list[dict[str, Any]]:
    """Return the verdicts of a log without their times."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()[1:]]
    return [line | {"ms": 0} for line in lines]


def test_parts_of_sources_have_each_case_once() -> None:
    units = select_units(SPEC, Selection(rules=RULES))
    for number, source in enumerate(units.sources()):
        whole = [case.id for case in source.cases]
        parts = [
            shared_cases.SourcePart(source.name, first, first + 3) for first in range(0, source.total, 3)
        ]
        found = []
        for part in parts:
            sources = units.sources(part)
            assert all(other.total == 0 for other in sources if other.name != source.name)
            found += [case.id for case in sources[number].cases]
        assert found == whole


def test_a_shared_run_has_the_log_of_one_process(
    tmp_path: Path, few_units: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = RunRequest(tmp_path / "alone", targets=("generated",), rules=RULES)
    execute(request)
    monkeypatch.setattr(sharing, "open_pool", in_this_process)
    shared_cases._runner.cache_clear()
    request = replace(request, folder=tmp_path / "shared")
    execute(request, elsewhere=lambda run, request: shared_cases.judge_shared(run, request, Workers(2)))
    alone, shared = (verdict_lines(tmp_path / name / "verdicts.ndjson") for name in ("alone", "shared"))
    assert alone == shared
    assert len(alone) > 10


def test_workers_judge_python_only(tmp_path: Path) -> None:
    for options in (["--target", "exec:cat"], ["--target", "http", "--base-url", "http://127.0.0.1:9"]):
        ran = CliRunner().invoke(app, ["run", "--workers", "2", "--report", str(tmp_path), *options])
        assert ran.exit_code == 2
        assert "--workers judges what is in Python" in ran.stderr
    ran = CliRunner().invoke(app, ["mutants", "--workers", "some"])
    assert ran.exit_code == 2
    assert "--workers is 'some'" in ran.stderr


def test_shared_mutants_are_those_of_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [rule for rule in SPEC.rules.values() if rule.id.startswith("wan2.5/n.")]
    monkeypatch.setattr(sharing, "open_pool", in_this_process)
    assert [*shared_mutants(None, rules, Workers(2))] == [*run_mutants(SPEC, rules)]
