"""Conformance as pytest items: their ids, selection, failures, and how they run together."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import NoReturn

import pytest
from wan_conformance.engine.execute import Confirm, RunRequest
from wan_conformance.engine.runner import Runner
from wan_conformance.errors import RunDeclinedError
from wan_conformance.model import Observation, Verdict
from wan_conformance.plugin import items
from wan_conformance.targets import TARGETS
from wan_conformance.targets.readings import GeneratedTarget
from wan_conformance.targets.validator.target import ValidatorTarget

from tests.plugin.inner import run
from wanlib.boundary.case import Question

pytest_plugins = ["pytester"]

RULE = "spec/wan2.7.yaml::n.max:sequential"
READINGS = ("--wan-target", "generated", "--wan-target", "interpreted")


class ForgetfulTarget(GeneratedTarget):
    """A target that lacks one rule."""

    def observe(self, question: Question) -> Observation:
        observation = super().observe(question)
        rules = tuple(rule for rule in observation.rules if rule != "wan2.7/n.max:sequential")
        return Observation(not rules, rules)


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TARGETS, "generated", ForgetfulTarget)  # type: ignore[misc]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The targets of each run."""
    made: list[list[str]] = []
    verdicts = Runner.case_verdicts

    def recorded(self: Runner) -> Iterator[Verdict]:
        made.append([target.name for target in self.targets])
        return verdicts(self)

    monkeypatch.setattr(Runner, "case_verdicts", recorded)
    return made


def test_each_rule_and_target_is_an_item(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_own(): pass", "--wan-conformance", "--collect-only", "-q")
    lines = result.stdout.lines
    assert {f"{RULE}[{target}]" for target in TARGETS} <= {*lines}
    assert "spec/task.yaml::list:wan2.7-image[http]" in lines or any(
        "spec/task.yaml::" in line for line in lines
    )
    assert not any("test_own" in line for line in lines)
    ids = [line for line in lines if line.startswith("spec/")]
    assert len(ids) == len(set(ids)) > 1000


def test_items_stand_beside_files_and_a_failure_is_described(
    pytester: pytest.Pytester, forgetful: None, runs: list[list[str]]
) -> None:
    """The targets that are selected are judged together, once."""
    targets = (*READINGS, "--wan-target", "http", "--deselect", f"{RULE}[interpreted]")
    arguments = ("test_inner.py", RULE, *targets, "--junitxml", "junit.xml")
    result = run(pytester, "def test_own(): pass", "--wan-conformance", "-v", *arguments)
    result.assert_outcomes(passed=2, failed=1, deselected=1)
    assert runs == [["generated", "http"]]
    result.stdout.fnmatch_lines(["test_inner.py::test_own PASSED*", f"{RULE}[[]http] *PASSED*"])
    text = result.stdout.str().partition("n.max:sequential on generated __")[2].partition("=====")[0]
    lines = text.strip("_\n").splitlines()
    labels = [line.split()[0] for line in lines]
    assert len(lines) <= 13  # with the line about the XML file
    assert {"FAIL", "rule", "case", "body", "expected", "observed", "repeat"} < {*labels}
    assert "spec/wan2.7.yaml:" in lines[labels.index("rule")]
    assert 'name="n.max:sequential[generated]"' in (pytester.path / "junit.xml").read_text()


def test_an_item_that_does_not_exist_is_a_usage_error(pytester: pytest.Pytester) -> None:
    result = run(pytester, "", "--wan-conformance", "spec/wan2.7.yaml::n.mx", *READINGS)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: no item 'spec/wan2.7.yaml::n.mx'; did you mean *"])


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--wan-target", "http"], "--wan-target needs --wan-conformance"),
        (["--wan-conformance", "--wan-target", "htp"], "no target 'htp'"),
        (["--wan-conformance", "--wan-spec", "nowhere"], "nowhere:1: is not a folder"),
    ],
)
def test_a_wrong_option_is_a_usage_error(
    pytester: pytest.Pytester, arguments: list[str], message: str
) -> None:
    result = run(pytester, "", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str() and "Traceback" not in result.stderr.str()


def test_a_validator_without_rules_is_a_usage_error(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would pass every item that is left."""
    monkeypatch.setattr(ValidatorTarget, "prepare", lambda self, rules: None)
    pytester.makepyfile(accepting="def validate(body): return []")
    result = run(pytester, "", "--wan-conformance", "--wan-target", "accepting:validate")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*: accepting:validate: refuses no body that violates a rule of this run"])


def test_only_the_last_failures_run_again_and_leave_a_patch(
    pytester: pytest.Pytester, forgetful: None, runs: list[list[str]]
) -> None:
    """With the cache, a failure shows how its smallest case becomes a vector."""
    selected = ("-p", "pytest_wanlib", "--wan-conformance", *READINGS, "-k", "n.max:sequential")
    result = pytester.runpytest_inprocess(*selected)
    result.assert_outcomes(passed=1, failed=1)
    (command,) = {line for line in result.stdout.lines if line.startswith("  keep it")}  # twice in CI
    assert (
        (pytester.path / command.split()[-1])
        .read_text()
        .startswith("diff --git a/vectors/found-wan2.7-n.max")
    )
    pytester.runpytest_inprocess(*selected, "--lf").assert_outcomes(failed=1)
    assert runs == [["generated", "interpreted"], ["generated"]]


def test_a_server_that_may_bill_is_not_judged(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def prepare(request: RunRequest, stack: ExitStack, confirm: Confirm) -> NoReturn:
        asked.append(confirm([], False))
        asked.append(confirm([], True))
        raise RunDeclinedError

    monkeypatch.setattr(items, "prepare_run", prepare)
    for url in ("https://wan.invented.example/api/v1", "http://127.0.0.1:9/api/v1"):
        result = run(pytester, "", "--wan-conformance", "--wan-target", "http", "--wan-base-url", url)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"*{url}' may bill: judge it with 'wan-conformance run*"])
    assert asked == [True, False, True, True]
