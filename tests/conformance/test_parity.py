"""The comparison with the official SDK, without the SDK: its requests are written by hand here."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from wan_conformance.engine.known_failures import EntryFileError
from wan_conformance.parity import __main__ as command
from wan_conformance.parity import sdk
from wan_conformance.parity.calls import FACES, SdkCall, sample_calls
from wan_conformance.parity.compare import (
    ComparisonResult,
    DeclaredDifference,
    compare,
    read_declared,
)
from wan_conformance.parity.requests import Difference, WanRequests, WireRequest, differences, parse_request
from wan_conformance.parity.sdk import ParitySdkError, SdkResult, run_sdk

from wanlib.spec import Spec, load

KEY = "sk-parity"
STRAY = DeclaredDifference(
    "*/create/async/body/parameters/is_async", "sdk only", ("pinned",), "its own switch"
)


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load()


@pytest.fixture(scope="module")
def calls(spec: Spec) -> list[SdkCall]:
    return sample_calls(spec, 50, 0)


def test_calls_cover_every_model_and_are_reproducible(spec: Spec, calls: list[SdkCall]) -> None:
    assert {call.body["model"] for call in calls if call.body} == set(spec.models)
    assert {call.verb for call in calls} == {"create", "poll", "fetch", "cancel", "list"}
    assert {call.face for call in calls} == set(FACES)
    assert [call.to_json() for call in calls] == [call.to_json() for call in sample_calls(spec, 50, 0)]
    assert all(json.loads(json.dumps(call.to_json())) == call.to_json() for call in calls)


def test_the_client_sends_the_requested_call(spec: Spec, calls: list[SdkCall]) -> None:
    client = WanRequests(spec, KEY)
    for call in calls:
        sent = client.request_for(call)
        assert sent.headers["authorization"] == f"Bearer {KEY}"
        if call.verb == "create":
            assert sent.method == "POST" and sent.body["model"] == call.body["model"]
            assert sent.body["parameters"] == call.body["parameters"]
        else:
            assert sent.path.startswith("/tasks")


# Two requests held together.


def request(target: str = "/tasks", body: Any = None, **headers: str) -> WireRequest:
    content = b"" if body is None else json.dumps(body).encode()
    return parse_request(
        "POST", target, {name.replace("_", "-"): value for name, value in headers.items()}, content
    )


@pytest.mark.parametrize(
    ("theirs", "result"),
    [
        (request("/a?x=1", {"n": 1, "m": [1]}, Accept="b", Host="loopback"), []),
        (request("/a/?x=1", {"n": 1, "m": [1]}, Accept="b"), [("path", "differs")]),
        (request("/a?x=1&y=2", {"n": 1, "m": [1]}, Accept="b"), [("query/y", "sdk only")]),
        (request("/a", {"n": 1, "m": [1]}, Accept="b"), [("query/x", "ours only")]),
        (request("/a?x=1", {"n": 1, "m": [1]}, accept="c"), [("header/accept", "differs")]),
        (request("/a?x=1", {"n": 1, "m": [1]}, Accept="b", X_A="1"), [("header/x-a", "sdk only")]),
        (request("/a?x=1", {"n": 1.0, "m": [1]}, Accept="b"), [("body/n", "differs")]),
        (request("/a?x=1", {"n": 1, "m": [2]}, Accept="b"), [("body/m/0", "differs")]),
        (request("/a?x=1", {"n": 1, "m": [1, 2]}, Accept="b"), [("body/m", "differs")]),
        (request("/a?x=1", {"n": True, "m": [1]}, Accept="b"), [("body/n", "differs")]),
        (request("/a?x=1", {"m": [1]}, Accept="b"), [("body/n", "ours only")]),
        (request("/a?x=1", None, Accept="b"), [("body", "differs")]),
    ],
)
def test_differences(theirs: WireRequest, result: list[tuple[str, str]]) -> None:
    own = request("/a?x=1", {"n": 1, "m": [1]}, Accept="b")
    assert list(differences(None, own, theirs)) == [Difference(*each) for each in result]


def test_another_method_is_a_difference() -> None:
    own = request("/a")
    assert list(differences(None, own, own._replace(method="GET"))) == [Difference("method", "differs")]


# What is declared.


def echo(spec: Spec, calls: list[SdkCall], change: Any = None) -> list[SdkResult]:
    """An SDK that sends what the client sends, but for one change."""
    client = WanRequests(spec, KEY)
    answers = []
    for call in calls:
        sent = client.request_for(call)
        if change is not None and call.verb == "create":
            sent = change(call, sent)
        answers.append(SdkResult([sent] if call.verb != "poll" else [sent, sent], None))
    return answers


def compared(
    spec: Spec, calls: list[SdkCall], theirs: list[SdkResult], *declared: DeclaredDifference
) -> ComparisonResult:
    client = WanRequests(spec, KEY)
    return compare(spec, "pinned", calls, [client.request_for(call) for call in calls], theirs, declared)


def stray(call: SdkCall, sent: WireRequest) -> WireRequest:
    if call.call != "async":
        return sent
    parameters = {**sent.body["parameters"], "is_async": True}
    return sent._replace(body={**sent.body, "parameters": parameters})


def test_the_same_requests_are_parity(spec: Spec, calls: list[SdkCall]) -> None:
    result = compared(spec, calls, echo(spec, calls))
    assert result.problems == [] and result.equal == result.calls == len(calls)


def test_a_declared_difference_is_counted(spec: Spec, calls: list[SdkCall]) -> None:
    result = compared(spec, calls, echo(spec, calls, stray), STRAY)
    asynchronous = sum(call.verb == "create" and call.call == "async" for call in calls)
    assert result.problems == [] and result.declared_counts[STRAY] == asynchronous


def test_an_undeclared_difference_is_a_problem(spec: Spec, calls: list[SdkCall]) -> None:
    result = compared(spec, calls, echo(spec, calls, stray))
    assert result.problems and all("is_async sdk only" in fault for fault in result.problems)
    assert result.equal == result.calls - len(result.problems)


def test_a_declared_difference_that_does_not_occur_is_a_problem(spec: Spec, calls: list[SdkCall]) -> None:
    (fault,) = compared(spec, calls, echo(spec, calls), STRAY).problems
    assert fault == "declared, but it does not occur: */create/async/body/parameters/is_async sdk only"


def test_a_declaration_holds_only_for_its_sdks(spec: Spec, calls: list[SdkCall]) -> None:
    other = DeclaredDifference(STRAY.pattern, STRAY.how, ("newest",), STRAY.reason)
    assert compared(spec, calls, echo(spec, calls, stray), other).problems


def test_images_in_another_order_are_a_difference(spec: Spec) -> None:
    result: set[str] = set()

    def swapped(call: SdkCall, sent: WireRequest) -> WireRequest:
        body = json.loads(json.dumps(sent.body))
        for message in body["input"].get("messages", ()):
            message["content"].reverse()
        return sent._replace(body=body)

    calls = [
        call for call in sample_calls(spec, 100, 0) if call.client_call and len(call.client_call.images) > 1
    ]
    result.update(compared(spec, calls, echo(spec, calls, swapped)).problems)
    assert result and all("/content/" in fault for fault in result)


def test_refused_and_repeated_requests_are_differences(spec: Spec, calls: list[SdkCall]) -> None:
    theirs = echo(spec, calls[:2])
    theirs = [SdkResult([], "InputRequired"), SdkResult([*theirs[1].requests] * 3, None)]
    first, second = compared(spec, calls[:2], theirs).problems
    assert first.endswith("raised/InputRequired refused") and second.endswith("requests/3 differs")


# The file.


def test_the_file_of_differences_is_sound() -> None:
    declared = read_declared(command.NAMES)
    assert len(declared) == len({(each.pattern, each.how, each.sdks) for each in declared})
    known = {each.pattern for each in declared}
    assert {"*/create/async/body/parameters/is_async", "aio/fetch/task/path", "aio/poll/*/query/*"} <= known


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1", "expected a list"),
        ("- 1", "entry 1: expected at, how, sdks and reason"),
        ("- {at: a, how: often, sdks: [pinned], reason: because of that}", "how is 'often'"),
        (
            "- {at: a, how: differs, sdks: [oldest], reason: because of that}",
            "expected some of pinned, newest",
        ),
        ("- {at: a, how: differs, sdks: [], reason: because of that}", "expected some of"),
        ("- {at: a, how: differs, sdks: [pinned], reason: so}", "expected a text of at least 10 characters"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "differences.yaml"
    path.write_text(text)
    with pytest.raises(EntryFileError, match=message):
        read_declared(command.NAMES, path)


# The process.

FAKE = """
import json, sys, urllib.request
where = json.loads(sys.stdin.readline())
print(json.dumps("0.0.1"))
for number, line in enumerate(sys.stdin):
    order = json.loads(line)
    url = f"{where['address']}/{number}{where['base_path']}/tasks/{order['verb']}?a=1"
    request = urllib.request.Request(url, json.dumps(order["body"]).encode(), {"X-Key": where["key"]})
    urllib.request.urlopen(request).read()
    print(json.dumps("KeyError" if order["verb"] == "list" else None))
"""


def test_the_requests_of_a_process_are_recorded(
    spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    monkeypatch.setattr(sdk, "_SCRIPT", script)
    calls = [SdkCall("sync", verb, "", {"n": 1}) for verb in ("fetch", "list")]
    version, (first, second) = run_sdk(Path(sys.executable), spec, KEY, calls)
    assert version == "0.0.1" and first.raised is None and second.raised == "KeyError"
    assert [(each.path, each.query, each.body) for each in first.requests] == [
        ("/tasks/fetch", {"a": "1"}, {"n": 1})
    ]
    assert second.requests[0].headers["x-key"] == KEY and second.requests[0].method == "POST"


def test_a_failing_process_is_an_error(spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "fake.py"
    script.write_text("raise SystemExit('no dashscope here')")
    monkeypatch.setattr(sdk, "_SCRIPT", script)
    with pytest.raises(ParitySdkError, match="exit 1, no dashscope here"):
        run_sdk(Path(sys.executable), spec, KEY, [])


def test_output_and_exit_code_of_the_command(
    spec: Spec, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def played(python: Path, spec: Spec, key: str, calls: list[SdkCall]) -> tuple[str, list[SdkResult]]:
        return "1.0", echo(spec, calls, stray)

    monkeypatch.setattr(command, "run_sdk", played)
    monkeypatch.setattr(command, "read_declared", lambda names: [STRAY])
    monkeypatch.setattr(sys, "argv", ["parity", "--sdk", "pinned=python", "--calls", "20"])
    assert command.main() == 0
    assert "dashscope 1.0 (pinned)" in capsys.readouterr().out
    monkeypatch.setattr(command, "read_declared", lambda names: [])
    assert command.main() == 1
    assert "DIFFERS  wan" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["parity", "--sdk", "other=python"])
    with pytest.raises(SystemExit, match="2"):
        command.main()
