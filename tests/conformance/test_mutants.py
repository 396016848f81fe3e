"""Mutants of the spec: each is served and detected by its rule. `make mutants` runs all of them."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.engine import mutation_check as harness
from wan_conformance.engine.mutation_check import run_mutants
from wan_conformance.judge import judge
from wan_conformance.targets.server.server import ApiServer, emulator_server
from wan_conformance.targets.server.target import HttpTarget

from tests.conformance.servers import refused
from tests.emulator.api_client import PLAIN, SPEC, URL, create, messages, rules
from tests.support.api_facts import limit_of
from wanlib.boundary.cases import boundary_cases
from wanlib.emulator import Emulator
from wanlib.spec import Rule
from wanlib.spec.mutations import list_mutations, mutate_spec

RULES = [rule for rule in SPEC.rules.values() if rule.scope == "body"]


def sample() -> Iterator[tuple[Rule, str]]:
    """Every way of every kind once, each time of another rule where there is one."""
    tried: dict[tuple[str, str, str], int] = {}
    for rule in reversed(RULES):
        for way in list_mutations(SPEC, rule.id):
            count = tried.setdefault((rule.kind, way, rule.outcome), 0)
            if not count and rule.kind != "max_bytes":
                tried[rule.kind, way, rule.outcome] = 1
                yield rule, way


SAMPLE = [*sample()]


def test_the_sample_is_of_all_kinds() -> None:
    kinds = {rule.kind for rule in RULES}
    assert {rule.kind for rule, _ in SAMPLE} == kinds - {"max_bytes"}
    assert len({rule.id for rule, _ in SAMPLE}) >= 40


@pytest.mark.parametrize(("rule", "way"), SAMPLE, ids=[f"{rule.id}={way}" for rule, way in SAMPLE])
def test_a_mutant_is_detected_by_its_rule(rule: Rule, way: str) -> None:
    target = HttpTarget(SPEC, emulator_server(mutate_spec(SPEC, f"{rule.id}={way}")))
    results = [judge(case, target, target.observe(case.question)) for case in boundary_cases(SPEC, rule.id)]
    failed = [result for result in results if result.verdict == "fail"]
    assert failed and {result.rule for result in failed} == {rule.id}
    assert not [result for result in results if result.verdict == "error"]  # a fault, not a ruin


def test_every_rule_has_a_mutant_and_the_spec_is_unchanged() -> None:
    before = dict(SPEC.rules)
    for rule in RULES:
        assert list_mutations(SPEC, rule.id), rule.id
        for make in list_mutations(SPEC, rule.id).values():
            make()
    assert dict(SPEC.rules) == before


def test_the_original_spec_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "list_mutations", lambda spec, rule: {"wider": lambda: spec})
    results = list(run_mutants(SPEC, [SPEC.rules["wan2.7/n.max"], SPEC.rules["wan2.7/unknown"]]))
    assert [(result.name, result.verdict) for result in results] == [
        ("wan2.7/n.max=wider", "survived"),
        ("wan2.7/unknown=wider", "survived"),
        ("wan2.7/unknown=outcome", "equivalent"),
    ]
    result = CliRunner().invoke(app, ["mutants", "--rule", "wan2.7/n.max"])
    assert result.exit_code == 1
    assert (
        result.output
        == "SURVIVED wan2.7/n.max=wider\n1 rules, 1 mutants: 0 killed, 1 survived, 0 equivalent\n"
    )


def test_a_crashing_service_does_not_count_as_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    ruin = ApiServer(SPEC, lambda request: refused(500, "InternalError"), "http://ruin.test", pays=False)
    monkeypatch.setattr(harness, "emulator_server", lambda spec: ruin)
    results = run_mutants(SPEC, [SPEC.rules["wan2.7/n.max"]], first=True)
    assert [result.verdict for result in results] == ["survived"]


def test_the_command_counts() -> None:
    result = CliRunner().invoke(app, ["mutants", "--rule", "wan2.7/n.m*"])
    assert result.exit_code == 0 and result.output.endswith("killed, 0 survived, 0 equivalent\n")
    assert CliRunner().invoke(app, ["mutants", "--rule", "tea"]).exit_code == 2


def test_an_emulator_of_a_mutant() -> None:
    most = limit_of("wan2.7/n.max")
    more = messages(PLAIN, URL, n=most + 1)
    assert rules(create(Emulator(), more)) == {"wan2.7/n.max": "rejected"}
    for name in ("wan2.7/n.max", "wan2.7/n.max=wider", "wan2.7/n.max=dropped"):
        answer = create(Emulator(mutant=name), more)
        assert answer.status == 200 and rules(answer) == {}
    answer = create(Emulator(mutant="wan2.7/n.max=outcome"), more)
    assert answer.status == 200 and rules(answer) == {"wan2.7/n.max": "unspecified"}
    assert create(Emulator(mutant="wan2.7/n.max=tighter"), messages(PLAIN, URL, n=most)).status == 400


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wan2.7/n.maxx", r"'wan2.7/n.maxx' is not a rule on bodies; did you mean 'wan2.7/n.max'\?"),
        ("tea", "'tea' is not a rule on bodies; `wanlib rules` lists them"),
        ("task/expires", "is not a rule on bodies"),
        (
            "wan2.7/n.max=tea",
            "no fault 'tea' for wan2.7/n.max, expected one of wider, dropped, outcome, tight",
        ),
    ],
)
def test_an_unknown_mutant_is_refused(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Emulator(mutant=name)


def test_mutants_do_not_import_the_harness() -> None:
    code = "import sys, wanlib.emulator; wanlib.emulator.Emulator(mutant='wan2.7/n.max'); print(*sys.modules)"
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert "conformance" not in run.stdout.split()
