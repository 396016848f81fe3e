"""`wan-conformance observe`: recordings of each format are judged as the service's own record is."""

import base64
import io
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.conduct.inference import SeenExchange, infer_record
from wan_conformance.conduct.recordings import RecordingError, read_recording
from wan_conformance.live.cassette import CassetteRecorder

from tests.conduct.simple_client import FLAWS, FailedError, Given, SimpleClient
from tests.conduct.test_rules import KEY, MODEL, SITUATIONS, START, WHERE, LimitedClock, Stopped
from wanlib import Wan
from wanlib.conduct.judge import judge
from wanlib.conduct.report_file import write_report
from wanlib.conduct.rules import RULES
from wanlib.emulator import Emulator, Settings
from wanlib.emulator.transport import EmulatorTransport
from wanlib.spec import load

SPEC = load()
BOOKS = {rule.id for rule in RULES.values() if rule.needs_books}
KEYS = {rule.id for rule in RULES.values() if rule.needs_keys}


class RecordingTransport(httpx.BaseTransport):
    """Passes requests on, and writes each exchange down as an entry of a HAR file."""

    def __init__(self, inner: httpx.BaseTransport, clock: LimitedClock, encode: bool = False) -> None:
        self._inner, self._clock, self._encode = inner, clock, encode
        self.entries: list[dict[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        at = datetime.fromtimestamp(self._clock.wall(), UTC).isoformat()
        sent = {
            "method": request.method,
            "url": str(request.url),
            "headers": [{"name": name, "value": value} for name, value in request.headers.items()],
            "postData": {"text": request.content.decode()},
        }
        entry = {"startedDateTime": at, "request": sent, "response": {"status": 0, "headers": []}}
        self.entries.append(entry)
        response = self._inner.handle_request(request)
        response.read()
        is_json = "json" in response.headers.get("content-type", "")
        text = response.text if is_json else ""
        content = {"text": base64.b64encode(text.encode()).decode(), "encoding": "base64"}
        entry["response"] = {
            "status": response.status_code,
            "headers": [{"name": name, "value": value} for name, value in response.headers.items()],
            "content": content if self._encode else {"text": text},
        }
        return response


Wrap = Callable[[httpx.BaseTransport, LimitedClock], httpx.BaseTransport]


def record(flaw: str, wrap: Wrap) -> Emulator:
    """Run a client in the situation in which its flaw shows, and return the service."""
    arrange, settings = SITUATIONS[WHERE.get(flaw, "all is well")]
    clock = LimitedClock(START)
    emulator = Emulator(SPEC, clock=clock, settings=settings)
    arrange(emulator)
    with httpx.Client(transport=wrap(EmulatorTransport(emulator, clock.sleep), clock)) as http:
        client = SimpleClient(Given("http://emulator/api/v1", KEY, http, clock.wall, clock.sleep), flaw)
        with suppress(FailedError, Stopped):
            client.run(MODEL, "A bridge", 2, timeout=300.0)
    return emulator


def verdicts(path: Path) -> dict[str, str]:
    recording = read_recording(path, SPEC)
    report = judge(recording.record, SPEC, rules=recording.rules)
    return {verdict.rule: verdict.verdict for verdict in report.verdicts}


def of_service(emulator: Emulator) -> dict[str, str]:
    return {verdict.rule: verdict.verdict for verdict in judge(emulator.record(), SPEC).verdicts}


def same_but(one: dict[str, str], other: dict[str, str], hidden: set[str]) -> None:
    assert {rule: verdict for rule, verdict in one.items() if rule not in hidden} == {
        rule: verdict for rule, verdict in other.items() if rule not in hidden
    }
    assert all(one[rule] == "not judged" for rule in hidden)


@pytest.mark.parametrize("flaw", ["", *FLAWS])
def test_a_har_file_is_judged_as_the_record_of_the_service_is(flaw: str, tmp_path: Path) -> None:
    transports: list[RecordingTransport] = []

    def wrap(inner: httpx.BaseTransport, clock: LimitedClock) -> httpx.BaseTransport:
        transports.append(RecordingTransport(inner, clock, encode=bool(flaw)))
        return transports[-1]

    emulator = record(flaw, wrap)
    path = tmp_path / "traffic.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": transports[0].entries}}))
    same_but(verdicts(path), of_service(emulator), BOOKS)


@pytest.mark.parametrize("flaw", ["", "takes the first picture", "polls every second", "ignores retry-after"])
def test_a_cassette_is_judged_by_every_rule_but_those_of_keys_and_books(flaw: str, tmp_path: Path) -> None:
    lines = io.StringIO()

    def wrap(inner: httpx.BaseTransport, clock: LimitedClock) -> httpx.BaseTransport:
        return httpx.MockTransport(CassetteRecorder(inner.handle_request, lines, SPEC, clock))

    emulator = record(flaw, wrap)
    path = tmp_path / "cassette.jsonl"
    path.write_text(lines.getvalue())
    same_but(verdicts(path), of_service(emulator), BOOKS | KEYS)


def test_a_report_of_the_service_has_its_books(tmp_path: Path) -> None:
    emulator = record("retries blindly", lambda inner, _: inner)
    path = tmp_path / "report.json"
    write_report(path, emulator.record(), judge(emulator.record(), SPEC))
    assert verdicts(path) == of_service(emulator)
    ran = CliRunner().invoke(app, ["observe", str(path)])
    assert ran.exit_code == 1
    assert "client/never-pays-twice: paid 2 times for one call" in ran.stdout
    assert "client/has-a-deadline (needs a run with a known order)" in ran.stdout


@pytest.mark.parametrize(
    ("does", "broken"), [("saves", ""), ("waits", "client/fetches"), ("leaves", "client/leaves")]
)
def test_a_journal_shows_paid_pictures_that_were_not_fetched(does: str, broken: str, tmp_path: Path) -> None:
    clock = LimitedClock(START)
    emulator = Emulator(SPEC, clock=clock, settings=Settings(working=30))
    path = tmp_path / "journal.sqlite"
    http = httpx.Client(transport=EmulatorTransport(emulator, clock.sleep))
    options = {"base_url": "http://127.0.0.1/api/v1", "clock": clock, "journal": path}
    with http, Wan(KEY, http_client=http, **options) as wan:
        task = wan.submit(MODEL, "A bridge", n=1, size="1K")
        if does != "leaves":
            output = task.wait(timeout=600)
        if does == "saves":
            output.save(tmp_path / "out")
    before = path.read_bytes()
    report = judge(read_recording(path, SPEC).record, SPEC, rules=read_recording(path, SPEC).rules)
    assert [finding.rule.startswith(broken) for finding in report.findings] == ([True] if broken else [])
    assert path.read_bytes() == before
    ran = CliRunner().invoke(app, ["observe", str(path), "--json"])
    printed = json.loads(ran.stdout)
    assert ran.exit_code == bool(broken) and printed["kind"] == "journal"
    assert "client/poll-interval" in printed["not_shown"]


def test_traffic_that_goes_on_is_not_taken_for_left(tmp_path: Path) -> None:
    emulator = record("downloads nothing", lambda inner, _: inner)
    path = tmp_path / "report.json"
    write_report(path, emulator.record(), judge(emulator.record(), SPEC))
    assert CliRunner().invoke(app, ["observe", str(path)]).exit_code == 1
    assert CliRunner().invoke(app, ["observe", str(path), "--ongoing"]).exit_code == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        '{"log": {"entries": [{}]}}',
        '{"log": {"entries": [{"startedDateTime": "2026-01-01", "request": {"method": "GET", "url": ""},'
        ' "response": {"status": 200}}]}}',
        '{"cassette": 1}\n{"at": 1}',
        '{"cassette": 1}\nx',
        '{"log": {"entries": [{"startedDateTime": "2026-01-01T00:00:00Z", "request": {"method": "GET",'
        ' "url": ""}, "response": {"status": Infinity}}]}}',
        '{"format": "wanlib-conduct-1"}',
        "SQLite format 3\x00 and no more",
        "\ud800".encode("utf-16", "surrogatepass").decode("latin-1"),
    ],
)
def test_a_file_that_is_not_a_recording_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(text, "utf-8")
    with pytest.raises(RecordingError) as refused:
        read_recording(path, SPEC)
    assert "Error" not in str(refused.value)  # the names of exceptions say nothing to users
    ran = CliRunner().invoke(app, ["observe", str(path)])
    assert ran.exit_code == 2 and ran.stderr.count("\n") == 1 and str(path) in ran.stderr


def test_a_stream_that_ends_with_an_error_has_its_code() -> None:
    path = SPEC.wire["base_path"] + SPEC.wire["endpoints"][MODEL]["async"].partition(" ")[2]
    events = ({"output": {"choices": []}}, {"code": "Throttling"})
    seen = SeenExchange(START, "POST", path, {}, b"{}", 200, events, {})
    (exchange,) = infer_record([seen], SPEC).exchanges
    assert exchange.code == "Throttling"


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["observe", str(tmp_path / "none")])
    assert ran.exit_code == 2 and "No such file" in ran.stderr
