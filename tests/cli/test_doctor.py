"""`wanlib doctor`: each thing that keeps calls from working is named, with what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import in_process
from tests.cli.service import KEY, Service
from tests.client.journal.test_journal import CALL
from wanlib.base.clock import ClockOffset
from wanlib.base.identifiers import NO_TASK
from wanlib.cli.commands import doctor as module
from wanlib.client.journal.journal import Journal

Command = Callable[..., Any]
UNKNOWN = {"output": {"task_id": NO_TASK, "task_status": "UNKNOWN"}, "request_id": "r-1"}


def states(ran: Any) -> dict[str, str]:
    return {finding["check"]: finding["state"] for finding in json.loads(ran.out)}


@pytest.fixture
def healthy(service: Service) -> Service:
    service.answers[f"/tasks/{NO_TASK}"] = (200, UNKNOWN)
    return service


def test_a_working_setup_is_ok(call: Command, healthy: Service) -> None:
    ran = call("doctor")
    assert ran.code == 0 and "problem" not in ran.out and "with the documented status" in ran.out
    assert [request.path for request in healthy.seen] == [f"/api/v1/tasks/{NO_TASK}"]


def test_the_key_is_missing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    ran = in_process("doctor", "--json")
    assert ran.code == 1 and states(ran)["settings"] == "problem"
    assert "set DASHSCOPE_API_KEY" in ran.out


def test_the_address_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    ran = in_process("doctor", "--base-url", "ftp://example.com", "--json")
    assert ran.code == 1 and states(ran)["settings"] == "problem" and KEY not in ran.out


@pytest.mark.parametrize(
    ("answer", "state", "text"),
    [
        ((401, {"code": "InvalidApiKey", "message": "no", "request_id": "r"}), "problem", "InvalidApiKey"),
        ((200, b"<html>sign in</html>"), "problem", "JSON"),
        (
            (200, {"output": {"task_id": NO_TASK, "task_status": "RUNNING"}}),
            "warning",
            "expected UNKNOWN",
        ),
    ],
)
def test_a_service_that_is_not_right(
    call: Command, service: Service, answer: Any, state: str, text: str
) -> None:
    service.answers[f"/tasks/{NO_TASK}"] = answer
    ran = call("doctor", "--json")
    assert states(ran)["service"] == state and text in ran.out and NO_TASK not in ran.out
    assert ran.code == (1 if state == "problem" else 0)


def test_nothing_is_sent_offline(call: Command, service: Service) -> None:
    assert call("doctor", "--offline").code == 0
    assert service.seen == []


def test_a_clock_that_differs_is_a_warning(call: Command, healthy: Service) -> None:
    """The clock of the tests differs from the service's."""
    assert states(call("doctor", "--json"))["clock"] in ("warning", "note")
    for low, high, state in (
        (-2.0, 1.0, "ok"),
        (50.0, 52.0, "ok"),
        (90.0, 92.0, "warning"),
        (-400.0, -398.0, "warning"),
    ):
        assert module._check_clock(ClockOffset(low, high)).state == state
    assert "behind" in module._check_clock(ClockOffset(90.0, 92.0)).text
    assert "ahead of" in module._check_clock(ClockOffset(-400.0, -398.0)).text
    assert module._check_clock(None).state == "note"


def test_proxies_and_certificates_of_the_environment(
    call: Command, healthy: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:PASSWORD@proxy.example.com:8080")
    monkeypatch.setenv("SSL_CERT_DIR", "/no/such/folder")
    ran = call("doctor", "--json")
    assert states(ran)["proxy"] == "note" and states(ran)["tls"] == "problem" and ran.code == 1
    assert "proxy.example.com" in ran.out and "PASSWORD" not in ran.out


def test_the_journal_may_have_unfinished_calls(call: Command, healthy: Service, tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    assert states(call("doctor", "--json", "--journal", path))["journal"] == "ok"
    with Journal(path) as journal:
        journal.record_intent(**CALL, at=1_800_000_000.0)
    ran = call("doctor", "--journal", path)
    assert "1 unfinished call" in ran.out and "wanlib resume" in ran.out
