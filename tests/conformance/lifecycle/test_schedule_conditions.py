"""Planted faults of clients about connections, journals and shared accounts: schedules detect each."""

from typing import Any

import pytest
from wan_conformance.lifecycle.schedules.scenario_runner import ScenarioRunner
from wan_conformance.lifecycle.schedules.schedules import CLOCKS, OUR_CLIENTS

from tests.conformance.lifecycle.fault_points import (
    ACCEPT_CALL,
    CHECK_TASK_ID,
    DEADLINE_REMAINING,
    EXCHANGE_LIMITS,
    FINISH_RESPONSE,
    JOURNAL_ENTRY,
    PICTURE_REQUEST,
    RECORD_OUTCOME,
    RESUME,
    SERVICE_OFFSET,
    violated,
)
from wanlib.client.network.limits import ConnectionState, ExchangeLimits
from wanlib.client.protocol.effects import Steps
from wanlib.client.tasks.journaling import use_journal


@pytest.mark.parametrize("client", OUR_CLIENTS)
def test_reusing_a_connection_with_unread_bytes_is_detected(
    runner: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KeptLimits(ExchangeLimits):
        def __init__(self, seconds: float, **options: Any) -> None:
            super().__init__(seconds, **options | {"reuse": True})

    def keep(self: ConnectionState, _: int) -> None:
        self.is_reusable = True

    EXCHANGE_LIMITS.inject(monkeypatch, KeptLimits)
    FINISH_RESPONSE.inject(monkeypatch, keep)
    violated(runner, f"two/{client}/create=twice")


def test_a_late_answer_about_another_task_is_not_believed(
    runner: ScenarioRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    CHECK_TASK_ID.inject(monkeypatch, lambda *_: None)
    assert "VIOLATED untrue: save ended with saved (list), with a picture of " in violated(
        runner, "two/sync/poll3=later"
    )


@pytest.mark.parametrize("client", OUR_CLIENTS)
def test_believing_an_answer_about_another_task_is_detected(
    runner: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    CHECK_TASK_ID.inject(monkeypatch, lambda *_: None)
    text = violated(runner, f"late/{client}/poll2=other")
    assert "VIOLATED untrue: wait ended with failed (TaskFailedError), which no response reported" in text


@pytest.mark.parametrize("client", OUR_CLIENTS)
def test_taking_a_task_id_that_another_call_has_is_detected(
    runner: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ACCEPT_CALL.inject(monkeypatch, lambda *_: True)
    JOURNAL_ENTRY.inject(monkeypatch, lambda *_: None)
    text = violated(runner, f"two/{client}/create2=reused")
    assert "VIOLATED lost: the service accepted task " in text
    assert "the service has not accepted such a task" in text


@pytest.mark.parametrize("client", OUR_CLIENTS)
def test_adopting_the_task_of_another_client_is_detected(
    runner: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resume = RESUME.original

    def adopt(self: Any, timeout: Any, on_status: Any, _: bool) -> Any:
        return resume(self, timeout, on_status, True)

    RESUME.inject(monkeypatch, adopt)
    text = violated(runner, f"edit/{client}/create=unread/account=shared")
    assert "VIOLATED foreign: resume ended with " in text
    assert "of another client is in the journal" in text


@pytest.mark.parametrize("clock", CLOCKS)
def test_searching_by_the_clock_of_the_client_alone_is_detected(
    runner: ScenarioRunner, clock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    SERVICE_OFFSET.inject(monkeypatch, None)
    text = violated(runner, f"edit/sync/create=lost/clock={clock}")
    assert "of the lost call is not in it" in text


@pytest.mark.parametrize("client", OUR_CLIENTS)
@pytest.mark.parametrize("number", [2, 3])
def test_a_journal_that_replaces_an_outcome_is_detected(
    runner: ScenarioRunner, client: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_failure(context: Any, deadline: Any, action: Any, **_: Any) -> Steps[None]:
        yield from use_journal(context, deadline, action)

    RECORD_OUTCOME.inject(monkeypatch, raise_failure)
    for fault in ("once", "full"):
        violated(runner, f"edit/{client}/write{number}={fault}")


@pytest.mark.parametrize("client", OUR_CLIENTS)
def test_a_download_with_a_total_timeout_is_detected(
    runner: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = PICTURE_REQUEST.original

    def from_the_start(deadline: Any, url: str, _: Any) -> Any:
        return request(deadline, url, {})._replace(timeout=60.0)

    PICTURE_REQUEST.inject(monkeypatch, from_the_start)
    assert "VIOLATED wrong end: save ended with " in violated(runner, f"edit/{client}/downloads=slow")


def test_waiting_longer_than_the_deadline_for_an_answer_is_detected(
    runner: ScenarioRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    DEADLINE_REMAINING.inject(monkeypatch, 10_000.0)
    assert "VIOLATED endless: wait took " in violated(runner, "stuck/sync/poll3=silent")
