"""Programs as validators: one process that answers line by line, and what goes wrong with it."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.engine.execute import RunRequest, execute
from wan_conformance.report.tally import tally
from wan_conformance.targets.validator import programs
from wan_conformance.targets.validator.answers import AnswerError
from wan_conformance.targets.validator.programs import ProgramValidator

from tests.support.patience import PATIENCE
from wanlib.boundary.case import Question

EXAMPLES = Path(__file__).parents[2] / "examples/validator"
LOOP = """import json, sys
for number, line in enumerate(sys.stdin, 1):
    question = json.loads(line)
    """
"""The head of a program that answers each question by the code that follows."""


def program(code: str, timeout: float = PATIENCE) -> ProgramValidator:
    return ProgramValidator(shlex.join([sys.executable, "-SEuc", code]), timeout)


def ask(validator: ProgramValidator, body: Any = None, times: int = 1) -> list[object]:
    """Ask the same question several times, and return the answers or errors."""
    answers: list[object] = []
    for _ in range(times):
        try:
            answers.append(validator.answer(Question(body, "sync")))
        except AnswerError as error:
            answers.append(str(error))
    return answers


def test_one_process_answers_all_questions() -> None:
    validator = program(LOOP + "print(json.dumps([number, question]))")
    body = {"é": "\ud800"}
    assert ask(validator, body, 2) == [
        [number, {"id": str(number), "call": "sync", "body": body}] for number in (1, 2)
    ]
    assert validator.finish() is None


def test_bodies_of_many_megabytes_fill_no_pipe() -> None:
    validator = program(LOOP + "print(len(line)); print('x' * 200_000, file=sys.stderr)")
    assert all(isinstance(size, int) and size > 3_000_000 for size in ask(validator, "a" * 3_000_000, 2))
    validator.close()


def test_the_id_of_a_question_may_be_repeated() -> None:
    right = program(LOOP + "print(json.dumps({'id': question['id'], 'refused': True}))")
    assert ask(right, times=2) == [{"refused": True}] * 2
    right.close()
    shifted = program(LOOP + "print(json.dumps({'id': '7', 'refused': True}))")
    assert ask(shifted) == ["answered question '7', expected an answer to 1"]


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (LOOP + "sys.exit('no https://a.example/b?token=1')", "exit code 1: 'no https://a.example/b?…'"),
        ("", "ended with exit code 0"),
        (LOOP + "import os; os.kill(os.getpid(), 9)", "was ended by signal 9"),
        (LOOP + "print('it is fine')", "answered 'it is fine', which is not JSON"),
        (LOOP + "print()", "answered '', which is not JSON"),
        (LOOP + "print('[' * 100_000)", "which is not JSON"),
        (LOOP + "print('1' * 2_000_000)", "answered with a line of more than 1,048,576 bytes"),
    ],
)
def test_each_failure_of_a_program_is_named(code: str, answer: str) -> None:
    (error,) = ask(program(code))
    assert str(error).endswith(answer)


def test_a_program_that_fails_is_started_again_a_number_of_times() -> None:
    validator = program(LOOP + "\n    if number == 2: sys.exit(4)\n    print('true')")
    assert ask(validator, times=4) == [True, "ended with exit code 4", True, "ended with exit code 4"]
    validator = program("")
    stopped = "is not asked again after too many failures; the last: ended with exit code 0"
    assert ask(validator, times=22) == ["ended with exit code 0"] * 20 + [stopped] * 2


def test_silence_ends_at_the_deadline() -> None:
    validator = program("import sys\nfor line in sys.stdin: pass", timeout=0.02)
    silent, stopped = "gave no answer within 0.02 s", "is not asked again after too many failures"
    assert ask(validator, times=4) == [silent, silent, silent, f"{stopped}; the last: {silent}"]


def test_a_second_answer_is_found() -> None:
    """At once if it is there, at the end at the latest."""
    validator = program(LOOP + "print('true\\ntrue')")
    answers = ask(validator, times=3)
    at_the_end = validator.finish()
    assert "answered an earlier question twice: 'true'" in answers or (
        at_the_end == "answered without a question at the end: 'true'"
    )
    validator = program(LOOP + "print('false')\nprint('and that is all')")
    assert ask(validator) == [False]
    assert validator.finish() == "answered without a question at the end: 'and that is all'"


def test_a_body_that_no_json_expresses_is_skipped() -> None:
    assert ask(program(""), float("nan")) == [{"skip": "no JSON that every program can read expresses this"}]


def test_no_process_is_left() -> None:
    validator = program(LOOP + "print('true')")
    ask(validator)
    process = validator._process
    assert process is not None and process._popen.poll() is None
    validator.close()
    validator.close()
    assert process._popen.returncode == -9


def test_a_process_that_left_the_group_is_not_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds the pipes open for half a minute."""
    monkeypatch.setattr(programs, "_GRACE", 0.0)
    detached = "import subprocess\nchild = subprocess.Popen(['sleep', '30'], start_new_session=True)\n"
    validator = program(detached + LOOP + "print(child.pid)")
    (child,) = ask(validator)
    process = validator._process
    assert process is not None
    validator.close()
    assert any(thread.is_alive() for thread in process._threads)
    os.kill(int(str(child)), signal.SIGKILL)


@pytest.mark.parametrize(("runtime", "script"), [("bash", "validator.sh"), ("node", "validator.js")])
def test_the_examples(runtime: str, script: str, tmp_path: Path) -> None:
    if shutil.which(runtime) is None:
        pytest.skip(f"{runtime} is not installed")
    target = f"exec:{runtime} {shlex.quote(str(EXAMPLES / script))}"
    log = execute(RunRequest(tmp_path, (target,), ("wan2.7/n.*",), examples=2))
    counted = tally(log)
    assert counted.conforms, counted.failures[:2]
    implemented = {verdict.rule for verdict in log.verdicts}
    assert implemented >= {"wan2.7/n.max", "wan2.7/n.max:sequential"} and "wan2.7/n.type" not in implemented


def test_exported_cases_are_questions(tmp_path: Path) -> None:
    """The members that a program reads are the same."""
    result = CliRunner().invoke(app, ["cases", "--rule", "wan2.7/n.max*", "--model", "wan2.7-image"])
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    edge = next(case for case in lines if case["id"] == "edge:wan2.7/n.max/breaks/5@wan2.7-image")
    body = edge.pop("body")
    assert body["parameters"] == {"n": 5}
    assert edge.pop("source").startswith("spec/wan2.7.yaml:")
    assert edge == {
        "id": "edge:wan2.7/n.max/breaks/5@wan2.7-image",
        "rule": "wan2.7/n.max",
        "written": None,
        "model": "wan2.7-image",
        "modes": [],
        "expected": "rejected",
        "violations": [{"rule": "wan2.7/n.max", "outcome": "rejected"}],
        "call": None,
    }
    assert {"accepted", "rejected"} == {case["expected"] for case in lines}
    assert ["sequential"] in [case["modes"] for case in lines]
    assert any(str(case["written"]).startswith("wan2.7.yaml:") for case in lines)
    command = ["bash", str(EXAMPLES / "validator.sh")]
    ran = subprocess.run(command, input=result.stdout, capture_output=True, text=True, check=True)
    refused = [case["expected"] == "rejected" for case in lines]
    assert [answer == "true" for answer in ran.stdout.split()] == refused


def test_large_lines_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wan_conformance.engine.case_lines.LARGE", 420)
    arguments = ["cases", "--case", "edge:wan2.7/n.max/*"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    kept, everything = result.stdout.count("\n"), CliRunner().invoke(app, [*arguments, "--large"])
    left_out = everything.stdout.count("\n") - kept
    assert result.stderr == f"left out: {left_out} cases of more than a megabyte; --large writes them\n"
    assert kept and left_out and everything.stderr == ""
    assert CliRunner().invoke(app, ["cases", "--rule", "no/rule"]).exit_code == 2
