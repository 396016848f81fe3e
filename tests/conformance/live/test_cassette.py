"""A cassette answers again what was recorded, shows no secret, and says what it does not have."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from wan_conformance.live.cassette import CassetteError, CassettePlayer, CassetteRecorder, recording
from wan_conformance.live.connection import live_server
from wan_conformance.live.ledger import ProbeLedger
from wan_conformance.live.probe import Probe, ProbeAnswer
from wan_conformance.live.sender import LiveSender
from wan_conformance.targets.server.remote import ServerUnreachableError

from wanlib.base.clock import ManualClock
from wanlib.emulator import Emulator, Settings
from wanlib.emulator.core.fault import parse_fault
from wanlib.emulator.transport import EmulatorTransport
from wanlib.spec import load

KEY = "sk-a-secret-key-of-this-test"
DATA = "data:image/png;base64," + "iVBORw0KGgo1" * 20


def _probes() -> list[Probe]:
    def probe(name: str, n: int, call: str, text: str = "A bridge") -> Probe:
        content = [{"text": text}]
        body = {
            "model": "wan2.7-image",
            "input": {"messages": [{"role": "user", "content": content}]},
            "parameters": {"n": n},
        }
        return Probe(name, "wan2.7-image", body, call, (), "refused")

    return [
        probe("refused", 13, "async"),
        probe("accepted", 1, "async", DATA),
        probe("sync", 2, "sync"),
        probe("lost", 1, "async"),
        probe("again", 1, "async"),
    ]


def _run(
    send: Callable[[httpx.Request], httpx.Response], ledger: Path, clock: ManualClock
) -> list[ProbeAnswer]:
    book = ProbeLedger(ledger, Decimal(50), "CNY")
    server = live_server(load(), send, "http://service.invalid", KEY, clock)
    sender = LiveSender(load(), server, book, clock, None)
    answers = [sender.send(probe) for probe in _probes()]
    book.close()
    return answers


def _record(tmp_path: Path) -> tuple[Path, list[ProbeAnswer]]:
    clock = ManualClock(1_780_000_000.0)
    emulator = Emulator(load(), settings=Settings(waiting=2.0), clock=clock)
    send = EmulatorTransport(emulator).handle_request
    path = tmp_path / "cassette"

    def with_faults(request: httpx.Request) -> httpx.Response:
        if b'"n":1}' in request.read() and b"data:" not in request.read() and not emulator.faults._queue:
            faults = [parse_fault("cut where=before on=async")] if with_faults.lost else []  # type: ignore[attr-defined]
            with_faults.lost = False  # type: ignore[attr-defined]
            emulator.faults.queue(faults)
        return send(request)

    with_faults.lost = True  # type: ignore[attr-defined]
    with recording(path, with_faults, load(), clock) as recorder:
        answers = _run(recorder, tmp_path / "first", clock)
    return path, answers


def test_a_replay_gives_the_same_answers(tmp_path: Path) -> None:
    path, answers = _record(tmp_path)
    assert [answer.accepted for answer in answers] == [False, True, True, None, True]
    player = CassettePlayer(path)
    assert _run(player, tmp_path / "second", ManualClock(player.recorded_at)) == answers


def test_a_cassette_holds_no_secret(tmp_path: Path) -> None:
    path, _ = _record(tmp_path)
    text = path.read_text()
    assert KEY not in text and "authorization" not in text.lower()
    assert DATA[:60] not in text and "Expires" not in text and "Signature" not in text
    assert path.stat().st_mode & 0o777 == 0o600
    rows = [row for line in map(json.loads, text.splitlines()) for row in _rows(line)]
    assert rows and all(row["caller_uid"] == row["api_key_id"] == "***" for row in rows)


def _rows(line: Any) -> list[Any]:
    body = line.get("response", {}).get("json", {})
    return body.get("data", []) if isinstance(body, dict) else []


def test_keys_that_a_server_echoes_are_hidden(tmp_path: Path) -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        sent = request.headers["authorization"]
        signed = "https://bucket.invalid/1.png?Expires=1&Signature=abc"
        return httpx.Response(200, json={"message": sent, sent: [signed, DATA, f"see {DATA}"]})

    path = tmp_path / "cassette"
    with recording(path, echo, load(), ManualClock(0.0)) as recorder:
        live_server(load(), recorder, "http://service.invalid", KEY, ManualClock(0.0))
    text = path.read_text()
    assert KEY not in text and "Signature" not in text and DATA[30:90] not in text
    assert "https://bucket.invalid/1.png" in text


@pytest.mark.parametrize("content", ['{"a": 1, "a": 2}', "<html>", "", "[NaN]", '{"a": [1, 2.50]}'])
def test_a_response_of_any_form_is_answered_again(tmp_path: Path, content: str) -> None:
    path, request = tmp_path / "cassette", httpx.Request("GET", "http://service.invalid/x")
    with recording(path, lambda _: httpx.Response(200, text=content), load(), ManualClock(0.0)) as recorder:
        recorder(request)
    assert CassettePlayer(path)(request).text.replace(".50", ".5") == content.replace(".50", ".5")


def test_a_request_that_is_not_recorded_is_named(tmp_path: Path) -> None:
    path, _ = _record(tmp_path)
    player = CassettePlayer(path)
    request = httpx.Request("POST", "http://service.invalid/api/v1/other", json={"model": "wan2.7-image"})
    with pytest.raises(CassetteError, match="POST /api/v1/other"):
        player(request)
    first = httpx.Request("GET", "http://service.invalid/api/v1/tasks?page_size=1")
    assert player(first).status_code == 200
    with pytest.raises(CassetteError, match="1 exchanges"):
        player(first)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no JSON",
        "[]",
        '{"cassette": 2}',
        '{"cassette": 1}\n{}',
        '{"cassette": 1}\n{"at": 0, "request": {"digest": "x"}, "error": "SystemExit"}',
        '{"cassette": 1}\n{"at": 0, "request": {"digest": "x"}, "response": {}}',
        '{"cassette": 1}\n[1]',
    ],
)
def test_a_file_that_is_not_a_cassette_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cassette"
    path.write_text(content)
    with pytest.raises(CassetteError):
        CassettePlayer(path)


def test_a_cassette_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "cassette"
    path.write_text("important")
    with pytest.raises(CassetteError), recording(path, lambda request: None, load(), ManualClock(0.0)):  # type: ignore[arg-type,return-value]
        pass
    assert path.read_text() == "important"
    with pytest.raises(CassetteError):
        CassettePlayer(tmp_path / "missing")


@pytest.mark.parametrize(("status", "word"), [(401, "key"), (403, "key"), (404, "404"), (500, "500")])
def test_a_service_that_cannot_be_probed_is_named(status: int, word: str) -> None:
    clock = ManualClock(0.0)
    with pytest.raises(ServerUnreachableError, match=word):
        live_server(load(), lambda request: httpx.Response(status), "http://service.invalid", KEY, clock)


def test_an_unreachable_service_is_named() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    with pytest.raises(ServerUnreachableError):
        live_server(load(), refuse, "http://service.invalid", KEY, ManualClock(0.0))


def test_an_exchange_is_written_before_its_answer_is_used(tmp_path: Path) -> None:
    with (tmp_path / "cassette").open("w") as file:
        recorder = CassetteRecorder(lambda request: httpx.Response(200), file, load(), ManualClock(0.0))
        recorder(httpx.Request("GET", "http://service.invalid/"))
        assert len((tmp_path / "cassette").read_text().splitlines()) == 2
