"""Validators of other projects as targets: functions, their answers, claims, and what they implement."""

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.engine import execute as job
from wan_conformance.engine.execute import RunRequest, execute
from wan_conformance.engine.vectors import Vector
from wan_conformance.engine.vectors import load as load_vectors
from wan_conformance.errors import RunUsageError
from wan_conformance.model import Observation
from wan_conformance.report.causes.grouping import failure_text, group_by_cause
from wan_conformance.report.causes.requests import replay_command
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.tally import tally
from wan_conformance.targets.validator.answers import AnswerError, ValidatorAnswerReader
from wan_conformance.targets.validator.functions import FunctionValidator

from wanlib import check
from wanlib.boundary.case import Question
from wanlib.spec import load

SPEC = load()
MAX, SEQUENTIAL, MIN = "wan2.7/n.max", "wan2.7/n.max:sequential", "wan2.7/n.min"
RULES = ("wan2.7/n.*",)
EXAMPLE = Path(__file__).parents[2] / "examples/validator"
VALIDATOR = """
from wanlib import check

def n_of(body):
    parameters = body.get("parameters") if isinstance(body, dict) else None
    n = parameters.get("n") if isinstance(parameters, dict) else None
    return n if type(n) in (int, float) else 1

def refuses(body):
    return n_of(body) > 4

def is_valid(body):
    return n_of(body) <= 12

def messages(body):
    return ["n must be at most 4"] if n_of(body) > 4 else []

def raises(body):
    return body["parameters"]["n"] > 4

def exits(body):
    raise SystemExit(0)

def mutates(body):
    body.clear()
    return []

def of_call(body, call=None):
    return check(body, call=call)

def declared(body):
    return [v for v in check(body) if v.rule != "wan2.7/n.max"]
declared.claims = ["wan2.7/n.m*", "wan2.6/n.min"]

class Suite:
    validate = staticmethod(check)

async def waits(body):
    return []

one = 1
bad_claims = lambda body: []
bad_claims.claims = "max"
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A separate module for each test, in the working directory."""
    name = f"validators_{abs(hash(tmp_path))}"
    (tmp_path / f"{name}.py").write_text(VALIDATOR, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(job, "choose_vectors", lambda *_: (packaged_vectors(), []))
    monkeypatch.setattr(job, "load", lambda _: SPEC)
    return name


@cache
def packaged_vectors() -> list[Vector]:
    """The vectors, read once: each test has a separate run."""
    return load_vectors()


def judged(target: str, rules: Sequence[str] = RULES, **more: Any) -> VerdictLog:
    return execute(RunRequest(Path("report"), (target,), tuple(rules), examples=2, **more))


def failing(log: VerdictLog) -> set[str | None]:
    return {verdict.rule for verdict in tally(log).failures}


# Answers


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (True, Observation(False, (), unnamed=True)),
        (False, Observation(True, (), unnamed=True)),
        ([], Observation(True, (), unnamed=True)),
        (["n is too large"], Observation(False, (), unnamed=True)),
        ([{"msg": "n is too large"}], Observation(False, (), unnamed=True)),
        ((MAX, MAX, MIN), Observation(False, (MAX, MIN))),
        ((rule for rule in [MAX]), Observation(False, (MAX,))),
        ([{"rule": MAX, "path": "/parameters/n"}], Observation(False, (MAX,))),
        (["wan2.5/seed.min"], Observation(False, ("wan2.5/seed.min",))),
        ({"violations": [{"rule": MAX}], "ok": False, "model": None}, Observation(False, (MAX,))),
        ({"refused": False}, Observation(True, (), unnamed=True)),
        ({"skip": "no images"}, Observation(None, (), skipped="no images")),
    ],
)
def test_answers(answer: Any, expected: Observation) -> None:
    assert ValidatorAnswerReader(SPEC.rules).read(answer, {}) == expected


def test_our_violations_are_an_answer() -> None:
    body = {"model": "wan2.7-image", "parameters": {"n": 5}}
    assert MAX in ValidatorAnswerReader(SPEC.rules).read(check(body), body).rules


def test_an_empty_list_names_no_rule_once_the_validator_names_rules() -> None:
    reader = ValidatorAnswerReader(SPEC.rules)
    reader.read([MAX], {})
    assert reader.read([], {}) == Observation(True, ())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "returned None, expected rule ids"),
        (7, "returned 7"),
        ("wan2.7/n.max", "returned 'wan2.7/n.max', expected rule ids"),
        ({"ok": True}, "expected rule ids.* an object with one of violations, refused, error, skip"),
        ({"refused": 1}, "expected"),
        ({"error": "no such model"}, "reports an error: no such model"),
        (
            ["wan2.7/n.maxi"],
            "'wan2.7/n.maxi', which is not a rule of this spec; did you mean 'wan2.7/n.max'",
        ),
        ([MAX, "too large"], "returned rule ids and 'too large', which is not one"),
        (iter(int, 1), "more than 10,000 violations"),
    ],
)
def test_answers_that_cannot_be_read(answer: Any, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        ValidatorAnswerReader(SPEC.rules).read(answer, {})


# Functions


@pytest.mark.parametrize("name", ["of_call", "Suite.validate"])
def test_a_complete_validator_conforms(module: str, name: str) -> None:
    log = judged(f"{module}:{name}", ("wan2.6/n.*", "wan2.6/enable_interleave.*"))
    assert tally(log).conforms
    assert log.run["not_implemented"] == {f"{module}:{name}": []}


def test_a_validator_that_names_no_rules_is_judged_by_the_rules_it_implements(module: str) -> None:
    """It refuses n over 4: right, but also with enable_sequential, where 12 are allowed."""
    log = judged(f"{module}:refuses")
    assert failing(log) == {SEQUENTIAL}
    assert {verdict.rule for verdict in log.verdicts} == {MAX, SEQUENTIAL}
    assert tally(log).validators == [
        f"{module}:refuses: right about 1 rule: {MAX}",
        f"{module}:refuses: wrong about 1 rule: {SEQUENTIAL}",
        f"{module}:refuses: not implemented: 2 rules",
    ]
    assert failing(judged(f"{module}:messages")) == {SEQUENTIAL}


def test_only_bodies_of_the_models_that_it_has_rules_of_are_asked(module: str) -> None:
    log = judged(f"{module}:refuses", ("*",), claims=(MAX,), cases=("strategy:valid/*", "vector:wan2.6-n*"))
    valid = [f"strategy:valid/{model}" for model in ("wan2.7-image", "wan2.7-image-pro")]
    assert [verdict.case for verdict in log.verdicts] == valid


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("is_valid", "refuses every valid body; true, or a list with items, means that a body is refused"),
        ("exits", "ends the process with exit code 0"),
        ("mutates", "refuses no body that violates a rule of this run"),
    ],
)
def test_a_validator_that_implements_nothing_gets_one_failure(module: str, name: str, reason: str) -> None:
    log = judged(f"{module}:{name}")
    (verdict,) = log.verdicts
    assert (verdict.verdict, verdict.case, verdict.reason) == ("fail", f"end:{module}:{name}", reason)
    (cause,) = group_by_cause(log)
    assert cause.replay == f"wan-conformance run --target {module}:{name} --rule 'wan2.7/n.*'"
    assert "expected" not in failure_text(cause)


def test_an_exception_of_a_function_is_an_error(module: str) -> None:
    case = "edge:wire/messages.parameters.type/keeps/*"
    log = judged(f"{module}:raises", ("wire/*",), claims=("wire/messages.parameters.type",), cases=(case,))
    assert {verdict.verdict for verdict in log.verdicts} == {"error"}
    assert {verdict.observed.error for verdict in log.verdicts} == {"raises KeyError('n')"}


def test_a_function_gets_a_copy_of_the_body(module: str) -> None:
    body = {"model": "wan2.7-image"}
    assert FunctionValidator(f"{module}:mutates").answer(Question(body, None)) == []
    assert body == {"model": "wan2.7-image"}


def test_declared_rules_are_judged_and_no_others(module: str) -> None:
    """Whether a rule is implemented is then not asked: the one that it never names fails."""
    log = judged(f"{module}:declared", ("wan2.7/n.*", "wan2.7/seed.min"), cases=("edge:*",))
    assert failing(log) == {MAX}
    assert {verdict.rule for verdict in log.verdicts} == {MAX, SEQUENTIAL, MIN}
    assert tally(log).validators == [
        f"{module}:declared: right about 2 rules: {MIN}, {SEQUENTIAL}",
        f"{module}:declared: wrong about 1 rule: {MAX}",
    ]
    log = judged(f"{module}:declared", (MIN,), claims=("min",))
    assert ({verdict.rule for verdict in log.verdicts}, failing(log)) == ({MIN}, set())


def test_rules_that_are_not_declared_do_not_count(module: str) -> None:
    """The body violates several rules, and the validator names them all."""
    several = ("vector:wan2.7-several-parameters",)
    log = judged(f"{module}:of_call", ("*",), claims=("wan2.7/n.max",), cases=several)
    assert [(verdict.verdict, verdict.observed.rules) for verdict in log.verdicts] == [("pass", (MAX,))]
    assert replay_command(log.verdicts[0], log.run) == (
        f"wan-conformance run --target {module}:of_call --case {several[0]} --claims wan2.7/n.max"
    )


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_such_module:f", "no module 'no_such_module' in the working directory, and none is installed"),
        ("no-module:f", "'no-module' is not the name of a module"),
        ("{}:refuse", "has no 'refuse'; did you mean 'refuses'"),
        ("{}:one", "is 1, expected a function"),
        ("{}:waits", "{}:waits is a coroutine function, expected one that returns its answer"),
        ("{}:bad_claims", "claims is 'max', expected a list of kinds and globs"),
        ("broken:f", "importing 'broken' fails: ZeroDivisionError"),
        ("leaves:f", "importing 'leaves' fails: SystemExit"),
        ("lacks:f", "the module 'lacks' needs 'no_such_module', which is not installed"),
        ("exec:", "exec: needs a command"),
        ("exec:no-such-program --x", "exec: the program 'no-such-program' does not exist"),
        ("exec:'", 'the command "\'" has an error: No closing quotation'),
    ],
)
def test_targets_that_cannot_be_loaded(module: str, target: str, message: str) -> None:
    Path("broken.py").write_text("1 / 0", "utf-8")
    Path("leaves.py").write_text("raise SystemExit(0)", "utf-8")
    Path("lacks.py").write_text("import no_such_module", "utf-8")
    with pytest.raises(RunUsageError, match="--target") as caught:
        judged(target.format(module))
    assert message.format(module) in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "{}:refuses", "--claims", "maxi"], "'maxi' is neither a kind of rule nor"),
        (["--target", "generated", "--claims", "max"], "--claims requires a validator"),
        (["--model", "wan2.7-imge"], "no model 'wan2.7-imge'; did you mean 'wan2.7-image'"),
        (["--rule", "wan2.7/n.mx"], "matches 'wan2.7/n.mx'; did you mean 'wan2.7/n.max'"),
        (["--case", "edge:wan2.7/n.max/breaks/6@wan2.7-image"], "did you mean 'edge:wan2.7/n.max/breaks/5@"),
        (["--case", "vector:wan2.7-n-12-sequentia"], "did you mean 'vector:wan2.7-n-12-sequential'"),
        (["--rule", "wan2.6/n.*", "--model", "wan2.7-image"], "no case of the rules wan2.6/n.* is about"),
        (["--target", "generatd"], "no target 'generatd'; did you mean 'generated'"),
    ],
)  # fmt: skip
def test_names_that_do_not_exist(module: str, arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["run", *(word.format(module) for word in arguments)])
    assert (result.exit_code, "Traceback" in result.output) == (2, False)
    assert message in result.stderr


# A part of the cases


def test_a_single_case_runs_again() -> None:
    edge, drawn = "edge:wan2.7/n.max/breaks/5@wan2.7-image", "strategy:breaking/wan2.7/n.max"
    log = judged("interpreted", (), cases=(edge, drawn))
    assert [verdict.case for verdict in log.verdicts] == [edge, drawn]
    assert tally(log).conforms


def test_the_cases_of_a_model() -> None:
    """Rules of other models, and rules on files that are tested with another model, are no failures."""
    model = "wan2.7-image-pro"
    rules = ("wan2.7/n.max", "wan2.7/images.each.encoding", "wire/model", "wire/endpoints")
    log = judged("interpreted", rules, models=(model,))
    assert tally(log).conforms
    assert {verdict.model for verdict in log.verdicts} == {model}
    assert {verdict.case.partition(":")[0] for verdict in log.verdicts} == {"vector", "edge", "strategy"}


def test_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    log = judged("my_validator:validate")
    assert failing(log) == {MAX}
    assert log.run["not_implemented"] == {"my_validator:validate": ["wan2.7/n.type"]}
