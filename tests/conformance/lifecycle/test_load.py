"""Load tests with some hundred calls, and injected faults that must be detected.

`make lifecycle` has 10,000 calls.
"""

from dataclasses import replace
from typing import Any

import pytest
from wan_conformance.lifecycle.load.run import run_calls
from wan_conformance.lifecycle.load.service import max_per_second

from tests.conformance.lifecycle.fault_points import (
    LOAD_FAULT_RATE,
    LOAD_FAULTS,
    LOAD_TIMEOUT,
    PARSE_SNAPSHOT,
    RESERVE_MOMENT,
    TRANSLATE_EXCEPTION,
)
from tests.conformance.lifecycle.memory_per_waiter import memory_per_waiter
from wanlib.client.http.messages import NotSentError
from wanlib.emulator import Fault


@pytest.mark.parametrize(("count", "client"), [(250, "async"), (60, "sync")])
def test_all_calls_end(count: int, client: str) -> None:
    lines: list[str] = []
    assert run_calls(count, lines.append, client), lines
    assert lines[0].startswith(f"{count} calls, ")


def test_a_client_without_rate_limits_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    RESERVE_MOMENT.inject(monkeypatch, lambda *_: 0.0)
    assert "too fast: " in _violations(120)


def test_a_client_that_repeats_a_create_after_a_cut_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    TRANSLATE_EXCEPTION.inject(monkeypatch, lambda error: NotSentError(str(error)))
    LOAD_FAULT_RATE.inject(monkeypatch, 0.2)
    LOAD_FAULTS.inject(monkeypatch, (Fault("cut", on=("async",)),))
    assert "paid twice: the service accepted 2 tasks for 1 calls" in _violations(20)


def test_a_client_that_polls_an_unknown_task_on_is_detected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ignore_unknown(*arguments: Any) -> Any:
        status = parse_snapshot(*arguments)
        return replace(status, ended=status.ended and status.status != "UNKNOWN")

    parse_snapshot = PARSE_SNAPSHOT.original
    PARSE_SNAPSHOT.inject(monkeypatch, ignore_unknown)
    LOAD_TIMEOUT.inject(monkeypatch, 300.0)
    assert "ended with late (DeadlineExceededError): untrue: expected 'forgotten'" in _violations(30)


def test_max_per_second() -> None:
    assert max_per_second([]) == 0
    assert max_per_second([0.0, 0.5, 0.999, 1.0, 1.4]) == 4
    assert max_per_second([0.0, 1.0, 2.0]) == 1


def test_the_memory_of_a_waiting_call() -> None:
    assert 0 < memory_per_waiter(50) < 20_000


def _violations(count: int) -> str:
    lines: list[str] = []
    assert not run_calls(count, lines.append)
    return "\n".join(lines)
