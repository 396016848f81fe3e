"""Servers that trickle, flood, mislead or never answer: a verdict for each, and every run ends."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.targets.server import network
from wan_conformance.targets.server.cost import CostTarget
from wan_conformance.targets.server.network import NoResponseError, RemoteConnection, RunOverError
from wan_conformance.targets.server.outage import Outage
from wan_conformance.targets.server.target import HttpTarget

from tests.client.socket_server import Script, ServerConnection, SocketServer, repeating, trickling
from tests.conformance.servers import created, ended, http, refused, serving
from tests.emulator.api_client import BODIES, PLAIN, SPEC
from wanlib.boundary.case import Question
from wanlib.emulator import Emulator

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
QUESTION = Question(BODIES[PLAIN], "async")


@pytest.fixture
def serve() -> Iterator[Callable[[Script], SocketServer]]:
    opened: list[SocketServer] = []

    def play(script: Script) -> SocketServer:
        opened.append(SocketServer(script))
        return opened[-1]

    yield play
    for one in opened:
        one.close()


def test_a_server_may_close_a_connection_after_any_response(
    serve: Callable[[Script], SocketServer],
) -> None:
    def closes_before_the_next_request(connection: ServerConnection) -> None:
        connection.read()
        connection.send(HEAD + b"Content-Length: 2\r\n\r\n{}")
        connection.read()

    server = serve(closes_before_the_next_request)
    connection = RemoteConnection(server.url, 60)
    assert [connection.send(httpx.Request("GET", server.url)).status_code for _ in range(3)] == [200] * 3
    connection.close()


@pytest.mark.parametrize(
    "script",
    [
        trickling(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 9999),
        trickling(HEAD + b"Content-Length: 9999\r\n\r\n", b"x" * 9999),
        repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        lambda connection: connection.hang(),
    ],
    ids=["head", "body", "100 Continue", "silence"],
)
def test_every_exchange_ends(serve: Callable[[Script], SocketServer], script: Script) -> None:
    server = serve(script)
    connection = RemoteConnection(server.url, 60)
    request = httpx.Request("GET", server.url, extensions={"timeout": {"read": 0.1}})
    with pytest.raises(NoResponseError, match="no complete answer within"):
        connection.send(request)
    connection.close()


def test_the_time_of_a_run_ends(serve: Callable[[Script], SocketServer]) -> None:
    now = [0.0]
    connection = RemoteConnection("http://127.0.0.1:9", 60, lambda: now[0])
    now[0] = 60.0
    with pytest.raises(RunOverError, match="the 60 s of the run are over"):
        connection.send(httpx.Request("GET", "http://127.0.0.1:9/"))
    connection.close()


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_is_bounded(
    serve: Callable[[Script], SocketServer], monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr(network, "_MAX_BYTES", 1000)
    body = gzip.compress(b" " * 100_000) if packed else b" " * 100_000
    encoding = b"Content-Encoding: gzip\r\n" if packed else b""

    def script(connection: ServerConnection) -> None:
        connection.read()
        connection.send(HEAD + encoding + b"Connection: close\r\n\r\n" + body)

    connection = RemoteConnection((server := serve(script)).url, 60)
    with pytest.raises(NoResponseError, match="larger than 1,000 bytes"):
        connection.send(httpx.Request("GET", server.url))
    connection.close()


@pytest.mark.parametrize(
    ("link", "reason"),
    [("http://127.0.0.1:{port}/x", "public address"), ("file:///etc/passwd", "the scheme 'file'")],
)
def test_a_public_server_leads_to_no_private_address(
    serve: Callable[[Script], SocketServer], link: str, reason: str
) -> None:
    server = serve(lambda connection: connection.read())
    connection = RemoteConnection("https://gateway.example.com", 60)
    url = link.format(port=httpx.URL(server.url).port)
    with pytest.raises(NoResponseError, match=reason):
        connection.send(httpx.Request("GET", url))
    assert server.connections == 0
    connection.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"output": {"task_id": "a", "task_id": "b", "task_status": "PENDING"}}', "task_id"),
        ('{"output": {"task_id": "a", "task_status": "PENDING", "x": NaN}, "request_id": "r"}', "NaN"),
        ("\ufeff{}", "byte order mark"),
        ("[" * 100_000, "is None, expected an object"),
    ],
)
def test_json_that_readers_understand_differently_is_an_error(text: str, says: str) -> None:
    observation = http(lambda request: httpx.Response(200, content=text.encode())).observe(QUESTION)
    assert says in (observation.error or "") and observation.accepted is None


def test_an_answer_about_another_task_is_an_error() -> None:
    target = http(
        lambda request: created() if request.method == "POST" else ended(task_id="another"), pays=True
    )
    assert "was answered for 'another'" in (target.observe(QUESTION).error or "")


# A server that is down.


def test_a_server_that_is_down_gets_few_requests() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(502, html="<h1>Bad Gateway</h1>") if len(sent) < 100 else refused()

    target = http(answer, pays=True)
    begun = len(sent)
    errors = [target.observe(QUESTION).error or "" for _ in range(1000)]
    assert len(sent) - begun == 50 + 1000 // 50 - 1
    assert all("answered 502 with HTML" in error for error in errors)
    assert errors[50].startswith("not sent, after 50 cases in a row with: ")


def test_one_case_that_ends_differently_ends_the_outage() -> None:
    outage = Outage()
    for _ in range(50):
        outage.record("down")
    assert outage.problem() is not None
    outage.record(None)
    assert outage.problem() is None


def test_a_server_at_a_url_is_not_asked_for_the_smallest_body(tmp_path: Path) -> None:
    """A failing strategy costs no more than announced: no further requests are sent to reduce a body."""
    asked: list[str] = []
    with serving(Emulator(mutant="wan2.7/n.max=dropped"), asked, names=False) as address:
        words = ["run", "--target", "http", "--base-url", address, "--report", str(tmp_path)]
        result = CliRunner().invoke(app, [*words, "--case", "strategy:breaking/wan2.7/n.max"])
    assert result.exit_code == 1
    assert "every request of the run should be refused, which costs nothing" in result.output
    assert sum(line.endswith("/generation 200") for line in asked) == 1
    line = json.loads((tmp_path / "verdicts.ndjson").read_text().splitlines()[-1])
    assert line["verdict"] == "fail"


def test_the_costs_are_stated_before_the_first_case(tmp_path: Path) -> None:
    def run(address: str, *more: str) -> str:
        words = [
            "run",
            "--target",
            "http",
            "--base-url",
            address,
            "--report",
            str(tmp_path),
            "--examples",
            "1",
        ]
        return CliRunner().invoke(app, [*words, "--rule", "task:*:wan2.7-image", *more]).output

    with serving(Emulator(), names=False) as address:
        text = run(address)
    assert "creates up to 4 tasks and makes 1 synchronous call, 8 pictures in total: at most 1.60 CNY" in text
    with serving(Emulator()) as address:
        assert "at most" not in run(address)


def test_the_costs_are_those_of_the_spec_of_the_run() -> None:
    wire = SPEC.wire | {"prices": {"wan2.7-image": {"beijing": "7"}}}
    target = CostTarget(replace(SPEC, wire=wire))
    target.observe(QUESTION)
    assert next(target.lines()).endswith("2 pictures in total: at most 14.00 CNY")


def test_a_declined_run_sends_no_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wan_conformance.cli.run.is_interactive", lambda: True)
    asked: list[str] = []
    with serving(Emulator(), asked, names=False) as address:
        words = ["run", "--target", "http", "--base-url", address, "--report", str(tmp_path)]
        words += ["--rule", "wan2.7/n.max"]
        result = CliRunner().invoke(app, words, input="n\n")
        assert result.exit_code == 1 and "the run was declined" in result.output
        assert not any(line.endswith(" 200") for line in asked)
        assert CliRunner().invoke(app, [*words, "--examples", "1"], input="y\n").exit_code == 0


def test_a_target_of_a_server_that_never_answers_is_made() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("no answer", request=request)

    target = http(broken, pays=True)
    assert isinstance(target, HttpTarget) and target.pays
    assert target.observe(QUESTION).error == "the call failed: no answer"
    assert all(text.startswith("the call failed") for text in target.problems())
    assert SPEC.models
