"""The target `http`: the emulator conforms, every fault of a server is detected, costs stay low."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.engine.sources import matching_body_rules, select_units
from wan_conformance.judge import judge
from wan_conformance.model import Observation, Verdict
from wan_conformance.report.log import read_log
from wan_conformance.response_schema import schema_problems
from wan_conformance.targets.server.remote import remote_server
from wan_conformance.targets.server.server import ApiServer
from wan_conformance.targets.server.target import HttpTarget, dump_large_json

from tests.conformance.servers import Answer, answered, body_of, created, ended, http, refused, serving
from tests.emulator.api_client import (
    BODIES,
    INTERLEAVED,
    OLDER,
    PLAIN,
    SPEC,
    URL,
    data_uri,
    functional,
    messages,
)
from wanlib.boundary.case import Case, Question
from wanlib.boundary.cases import boundary_cases
from wanlib.emulator import Emulator, Settings

HEAVY = ("max_bytes", "max_side")
STRICT = Settings()
MANY = messages(PLAIN, URL, n=99)
SMALL = messages(PLAIN, data_uri(100, 240))
OPEN = messages(PLAIN, URL, kettle=1)
CUT = messages(PLAIN, prompt="x" * 9999)


def cases(*rules: str) -> list[Case]:
    return [case for rule in rules for case in boundary_cases(SPEC, rule)]


def judged(target: HttpTarget, some: list[Case]) -> list[Verdict]:
    return [judge(case, target, target.observe(case.question)) for case in some]


def observe(target: HttpTarget, body: Any, call: str | None = None) -> Observation:
    return target.observe(Question(body, call))


def test_an_observation_has_the_last_response_and_the_states_of_the_task() -> None:
    target = HttpTarget(SPEC)
    answer = observe(target, MANY).answer
    assert answer is not None and (answer.status, answer.code) == (400, "InvalidParameter")
    assert answer.message and answer.request_id
    accepted = observe(target, OPEN)
    assert accepted.answer is not None and (accepted.answer.status, accepted.answer.code) == (200, None)
    assert accepted.states == ("PENDING", "SUCCEEDED")
    failing = http(follows(ended("FAILED", code="InvalidImage.ImageSize", message="no")))
    failed = observe(failing, SMALL)
    assert failed.answer is not None
    assert (failed.answer.status, failed.answer.code) == (200, "InvalidImage.ImageSize")
    assert failed.states == ("PENDING", "FAILED")


def test_the_embedded_emulator_conforms() -> None:
    light = [rule.id for rule in matching_body_rules(SPEC) if rule.kind not in HEAVY]
    vectors, target = select_units(SPEC).sources()[0], HttpTarget(SPEC)
    some = [*vectors.cases, *cases(*light[::3])]
    verdicts = Counter(verdict.verdict for verdict in judged(target, some))  # type: ignore[arg-type]
    assert set(verdicts) == {"pass"} and verdicts["pass"] > 1200


def test_observation_of_each_outcome() -> None:
    target = HttpTarget(SPEC)
    assert observe(target, MANY) == Observation(False, ("wan2.7/n.max",))
    assert observe(target, OPEN) == Observation(True, ("wan2.7/unknown",))
    assert observe(target, CUT) == Observation(True, ("wan2.7/prompt.max_chars",))
    assert observe(target, INTERLEAVED, "stream") == Observation(True, ())
    assert observe(target, BODIES[OLDER], "sync") == Observation(True, ())
    assert observe(target, None) == Observation(False, ("wire/model",))
    assert target.refuses == {"rejected"} and target.claims("max") and not target.claims("kettle")


@pytest.mark.parametrize("body", [float("nan"), {"model": "x" * 9, "y": 10**5000}])
def test_bodies_that_no_json_expresses_are_skipped(body: Any) -> None:
    assert "no JSON" in (observe(HttpTarget(SPEC), body).skipped or "")


def test_a_file_in_storage_is_uploaded_first() -> None:
    target = HttpTarget(SPEC)
    assert observe(target, messages(PLAIN, "OSS://a/b.png")) == Observation(True, ())
    assert observe(target, messages(PLAIN, "oss://a/b.png", n=99)) == Observation(False, ("wan2.7/n.max",))
    assert observe(target, functional("oss://a/b.png")) == Observation(True, ())
    assert observe(target, messages(PLAIN, "oss://a/猫.png")) == Observation(True, ())


def test_a_case_that_depends_on_a_stored_file_is_skipped() -> None:
    far = messages(PLAIN, "oss://a/b.png", bbox_list=[[[0, 0, 900, 900]]])
    assert "in storage" in (observe(HttpTarget(SPEC), far).skipped or "")


def test_without_a_storage_such_a_body_is_skipped() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return refused(404, "NotFound") if request.method == "GET" else created()

    assert "in storage" in (observe(http(answer), messages(PLAIN, "oss://a/b.png")).skipped or "")


def test_long_texts_are_written_as_they_are() -> None:

    long, odd = "data:image/png;base64," + "Az9+/=" * 20_000, '"\\\n\ud800' * 20_000
    body = {"a": [long, {"b": odd, "c": long}], "d": None, "e": "猫" * 70_000, "f": 1.5}
    assert json.loads(dump_large_json(body)) == body and dump_large_json(body).isascii()


# Wrong servers.


def everything(request: httpx.Request) -> httpx.Response:
    """Accepts whatever comes."""
    if request.method == "GET":
        return ended()
    return created() if request.headers.get("x-dashscope-async") else ended()


def page(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, html="<h1>Welcome</h1>")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (page, "is None, expected an object"),
        (
            lambda request: httpx.Response(502, html="<h1>Bad Gateway</h1>"),
            "answered 502 with HTML, expected",
        ),
        (lambda request: httpx.Response(302, headers={"location": "/"}), "answered 302"),
        (lambda request: httpx.Response(400, html="<h1>no</h1>"), "not of the form error"),
        (lambda request: answered(400, {"message": "no"}), "/code is missing; /request_id is missing"),
        (lambda request: answered(400, {"code": 400, "message": "no", "request_id": None}), "/code is 400"),
        (lambda request: refused(401, "InvalidApiKey"), "is not about the body"),
        (lambda request: refused(400, "Arrearage"), "is not about the body"),
        (lambda request: refused(403, "Whatever"), "is not about the body"),
        (lambda request: refused(500, "InternalError"), "answered 500"),
        (lambda request: refused(200), "answered 200 with an error inside"),
        (lambda request: answered(200, []), "is [], expected an object"),
        (lambda request: answered(200, {"output": {}, "request_id": "r"}), "/output/task_id is missing"),
        (lambda request: created(task_status="RUNNING"), "expected PENDING"),
        (lambda request: created(task_id="../x"), "task_id is '../x'"),
    ],
)
def test_a_malformed_response_is_an_error(answer: Answer, message: str) -> None:
    observation = observe(http(answer), MANY)
    assert observation.error is not None and message in observation.error and observation.accepted is None


def follows(answer: httpx.Response) -> Answer:
    return lambda request: answer if request.method == "GET" else created()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (ended("UNKNOWN"), "the task is UNKNOWN"),
        (ended("RUNNING"), "is RUNNING after 300 s of queries"),
        (ended("LOST"), "expected PENDING or"),
        (ended("FAILED", code="InternalError", message="no"), "is not about the body"),
        (ended("FAILED", code="InvalidParameter"), "/message is missing"),
        (ended("FAILED", code="InvalidParameter", message="no", task_id=5), "/output/task_id is 5"),
        (ended(task_id="other"), "was answered for 'other'"),
        (ended(choices={}), "/output/choices is {}"),
        (refused(500, "InternalError"), "a query was answered 500 'InternalError' 'no', 3 times in a row"),
        (refused(404, "NotFound"), "a query was answered 404 'NotFound' 'no'"),
        (httpx.Response(200, html="<h1>Welcome</h1>"), "is None, expected an object"),
    ],
)
def test_a_task_that_goes_wrong_is_an_error(answer: httpx.Response, message: str) -> None:
    observation = observe(http(follows(answer)), MANY)
    assert observation.error is not None and message in observation.error


@pytest.mark.parametrize("form", ["nested", "flat"])
def test_a_task_that_fails_for_the_body_is_a_refusal(form: str) -> None:
    observation = {"code": "InvalidImage.ImageSize", "message": "no"}
    answer = (
        ended("FAILED", **observation)
        if form == "nested"
        else answered(200, observation | {"request_id": "r"})
    )
    for pays in (False, True):
        assert observe(http(follows(answer), pays=pays), SMALL) == Observation(False, (), unnamed=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no event"),
        ("data: x\n\n", "expected an object"),
        ('data: {"code": "InternalError", "message": "no", "request_id": "r"}\n\n', "with an error inside"),
        (f"data: {ended().text}\n\ndata: {ended(choices=[]).text}\n\n", "finish_reason None"),
    ],
)
def test_a_stream_that_goes_wrong_is_an_error(text: str, message: str) -> None:
    target = http(lambda request: httpx.Response(200, text=text))
    observation = observe(target, INTERLEAVED, "stream")
    assert observation.error is not None and message in observation.error


def test_a_server_that_accepts_everything_fails_rejected_cases() -> None:
    some = cases(
        "wan2.7/n.max", "wan2.7/unknown", "wan2.7/prompt.max_chars", "wan2.7/thinking_mode.effective"
    )
    for verdict in judged(http(everything), some):
        expected = "fail" if verdict.expected.accepted is False else "pass"
        assert verdict.verdict == expected and verdict.observed.unnamed and verdict.rule
    assert all(verdict.verdict in ("error", "fail") for verdict in judged(http(page), some))


def test_a_server_that_refuses_everything_fails_accepted_cases() -> None:
    some = cases("wan2.7/n.max", "wan2.7/unknown", "wan2.7/prompt.max_chars")
    for verdict in judged(http(lambda request: refused()), some):
        expected = "fail" if verdict.expected.accepted else "pass"
        assert verdict.verdict == expected


def test_a_call_that_a_model_lacks_may_be_forbidden() -> None:
    target = http(lambda request: refused(403, "AccessDenied"))
    assert observe(target, BODIES["wan2.5-i2i-preview"], "sync").accepted is False
    assert observe(target, BODIES[PLAIN], "sync").error
    unpaid = http(lambda request: refused(401, "AccessDenied"))
    assert observe(unpaid, BODIES["wan2.5-i2i-preview"], "sync").error


@pytest.mark.parametrize(
    ("observation", "value", "message"),
    [
        ({"type": "integer"}, 1.5, "/a is 1.5, expected a whole number"),
        ({"type": "integer"}, float("inf"), "/a is inf, expected a whole number"),
        ({"type": "integer"}, True, "/a is True, expected a whole number"),
        ({"type": "integer"}, 4.0, None),
        ({"type": "text"}, None, None),
        ({"type": "text", "required": True}, None, "/a is null"),
        ({"type": "list", "each": {"type": "text"}}, ["x", 5], "/a/1 is 5, expected text"),
        ({"members": {"b": {"required": True}}}, {}, "/a/b is missing"),
        ({"members": {"b": {}}}, [], "/a is [], expected an object"),
    ],
)
def test_a_member_is_of_its_type(observation: Any, value: Any, message: str | None) -> None:
    assert [*schema_problems({"a": observation}, {"a": value, "more": 1})] == ([message] if message else [])


def test_the_target_waits_if_the_rate_is_limited() -> None:
    slept: list[float] = []
    answers = [
        answered(429, {"code": "Throttling", "message": "no", "request_id": "r"}, retry_after="7"),
        refused(429, "Throttling.RateQuota"),
        refused(),
    ]
    target = http(lambda request: answers.pop(0) if request.content != b"{}" else refused(), slept=slept)
    assert observe(target, MANY).accepted is False and slept == [7, 2]
    slept.clear()
    assert observe(http(lambda request: refused(429, "PrepaidBillOverdue"), slept=slept), MANY).error
    assert slept == []


# Over a socket.


def test_a_billing_server_whose_every_query_answers_500_does_not_conform() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return refused(500, "InternalError") if request.method == "GET" else created()

    slept: list[float] = []
    observation = observe(http(answer, pays=True, slept=slept), BODIES[PLAIN], "async")
    assert "a query was answered 500" in (observation.error or "") and len(slept) == 2


def test_a_task_that_still_waits_after_its_cancel_is_an_error() -> None:
    for status, problem in (("PENDING", "the task is PENDING after it was canceled"), ("CANCELED", None)):
        target = http(follows(ended(status)), pays=True)
        assert observe(target, BODIES[PLAIN], "async").error == problem


def test_a_task_that_returns_to_an_earlier_state_is_an_error() -> None:
    answers = [ended("PENDING"), ended("RUNNING"), ended("PENDING")]

    def answer(request: httpx.Request) -> httpx.Response:
        return answers.pop(0) if request.method == "GET" else created()

    error = observe(http(answer), BODIES[PLAIN], "async").error
    assert error == "the task was RUNNING and is PENDING now"


def test_a_query_that_is_answered_in_the_end_counts() -> None:
    answers = [refused(503, "ServiceUnavailable"), ended("CANCELED")]

    def answer(request: httpx.Request) -> httpx.Response:
        return answers.pop(0) if request.method == "GET" else created()

    assert observe(http(answer, pays=True), BODIES[PLAIN], "async").accepted is True


def test_tasks_on_a_billing_server_are_canceled_at_once() -> None:
    asked: list[str] = []
    emulator = Emulator(settings=Settings(waiting=60))
    with serving(emulator, asked, names=False) as address:
        target = HttpTarget(SPEC, remote_server(SPEC, address, "sk-mine"))
        verdicts = judged(target, cases("wan2.7/n.max", "wan2.7/images.each.min_side"))
    assert {verdict.verdict for verdict in verdicts} == {"pass"}
    kept = sum(verdict.expected.accepted is True for verdict in verdicts)
    assert sum(line.endswith("/cancel 200") for line in asked) == kept > 10
    assert sum(line.startswith("GET") for line in asked) == kept  # the state of each
    assert sum(verdict.pictures for verdict in emulator.ledger()) == 0


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["run", *map(str, arguments)])
    return result.exit_code, result.output


def test_the_command_judges_a_server_by_its_url(tmp_path: Path) -> None:
    rule = ("--rule", "wan2.7/n.max", "--report", tmp_path, "--target", "http", "--examples", 1)
    with serving(Emulator(settings=STRICT)) as address:
        assert run(*rule, "--base-url", address)[0] == 0
        assert run(*rule, "--base-url", f"{address}/api/v1/")[0] == 0
    with serving(Emulator(settings=STRICT, mutant="wan2.7/n.max"), names=False) as address:
        code, output = run(*rule, "--base-url", address)
    assert code == 1 and "wan2.7/n.max" in output
    failed = [
        verdict for verdict in read_log(tmp_path / "verdicts.ndjson").verdicts if verdict.verdict != "pass"
    ]
    assert failed and {verdict.rule for verdict in failed} == {"wan2.7/n.max"}


def test_usage_errors_of_the_server_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Emulator()) as address:
        pass
    code, output = run("--target", "http", "--base-url", address, "--report", tmp_path)
    assert code == 1 and len(output.splitlines()) == 1 and "can't be reached" in output
    monkeypatch.setenv("HELD", "sk-\n1")
    for wrong, message in (
        (
            ("--base-url", "127.0.0.1:8686"),
            "it does not begin with https:// or http://; allowed: a URL such as",
        ),
        (("--base-url", "http://me:word@x.test"), "it has a user in it"),
        (("--base-url", "http://x.test?key=1"), "it has a query or a fragment"),
        (("--base-url", address, "--target", "generated"), "requires the target http"),
        (("--base-url", address, "--api-key-env", "NOT_THERE"), "NOT_THERE has no usable key"),
        (("--base-url", address, "--api-key-env", "HELD"), "HELD has no usable key"),
    ):
        code, output = run(*wrong, "--report", tmp_path)
        assert code == 2 and message in output and len(output.splitlines()) == 1 and "word@" not in output


def test_the_key_is_sent_unchanged() -> None:
    keys: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["authorization"])
        assert body_of(request) is not None
        return refused()

    HttpTarget(SPEC, ApiServer(SPEC, note, "http://x.test/", "sk-mine", pays=True))
    assert keys == ["Bearer sk-mine"]
